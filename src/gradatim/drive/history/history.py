"""The values that each update of a run used."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from gradatim.drive.plan import Plan, Target
from gradatim.drive.values import Column, columns_of, values_at
from gradatim.errors import GradatimError, unknown_name


class Segment(NamedTuple):
    """From position ``start`` on, these schedules and scales were in force."""

    start: int
    plan: Plan
    scales: Mapping[str, float]

    def columns(self) -> list[Column]:
        """What the values of the targets are computed from."""
        return columns_of(self.plan, self.scales)


class Row(NamedTuple):
    """One update."""

    position: int
    """The completed updates before it."""
    tick: int
    """What its schedules were asked for."""
    values: dict[str, float]
    """What it used."""
    written: list[str]
    """The names of the values that other code had written."""


class History:
    """Which schedules and scales were in force from which update on, and what others wrote.

    Nothing is stored for an update that used the values of its schedules: they are computed again
    when asked for. Only values that other code wrote into the optimizer are kept one by one.

    Args:
        start: The position at which it begins.
        plan: The schedules in force there.
        scales: The scales of the rules in force there.
        tick_at: The tick of the update after a position.
        loaded: Whether a state was loaded there.
    """

    def __init__(
        self,
        start: int,
        plan: Plan,
        scales: Mapping[str, float],
        tick_at: Callable[[int], int],
        *,
        loaded: bool = False,
    ) -> None:
        self._segments, self._tick_at = [Segment(start, plan, scales)], tick_at
        self._written: dict[int, dict[Target, float]] = {}
        self.loaded = loaded
        self.saved = 0
        """The number of updates that have been written to a file."""

    @property
    def start(self) -> int:
        """The position at which this history begins: 0, or where a state was loaded."""
        return self._segments[0].start

    @property
    def clock(self) -> str:
        """What the ticks are: "updates", "time", "tokens", ..."""
        run = self._segments[-1].plan.run
        return "updates" if run is None else run.clock

    def begin(self, start: int, plan: Plan, scales: Mapping[str, float]) -> None:
        """From this position on, other schedules or scales are in force."""
        last = self._segments[-1]
        if plan is not last.plan or scales != last.scales:
            self._segments = [s for s in self._segments if s.start < start]
            self._segments.append(Segment(start, plan, scales))

    def wrote(self, position: int, values: Mapping[Target, float]) -> None:
        """The update after ``position`` used these values, which other code had written."""
        self._written[position] = {**self._written.get(position, {}), **values}

    def rewind(self, position: int) -> None:
        """Forget the updates after ``position``: they did not happen."""
        last = self._segments[-1]
        earlier = [segment for segment in self._segments if segment.start < position]
        self._segments = [*earlier, last._replace(start=min(last.start, position))]
        self._written = {p: values for p, values in self._written.items() if p < position}

    def at(self, position: int) -> dict[str, float] | None:
        """The values of the update after ``position``; None before the start of this history."""
        if position < self.start:
            return None
        last = bisect_right(self._segments, position, key=lambda segment: segment.start) - 1
        return next(self._rows(self._segments[last], range(position, position + 1))).values

    def segments(self, end: int) -> Iterator[tuple[Segment, Iterator[Row]]]:
        """Each part of the history before position ``end``, and the updates in it."""
        ends = [segment.start for segment in self._segments[1:]] + [end]
        for segment, until in zip(self._segments, ends, strict=True):
            yield segment, self._rows(segment, range(segment.start, min(until, end)))

    def _rows(self, segment: Segment, positions: range) -> Iterator[Row]:
        columns, names = segment.columns(), [str(target) for target in segment.plan]
        for position in positions:
            tick = self._tick_at(position)
            values = dict(zip(names, values_at(columns, tick, position), strict=True))
            written = {str(t): float(v) for t, v in self._written.get(position, {}).items()}
            values.update(written)
            yield Row(position, tick, values, list(written))

    def targets(self) -> list[Target]:
        """Every target that was ever driven, and every group that other code wrote to."""
        driven = (target for segment in self._segments for target in segment.plan)
        written = (target for values in self._written.values() for target in values)
        return list(dict.fromkeys((*driven, *written)))

    def values(self, name: str, end: int) -> Iterator[tuple[int, float]]:
        """Each position before ``end`` at which a target was used, and its value there."""
        target, known = Target.read(name), self.targets()
        if target not in known:
            raise unknown_name("history", "target", name, map(str, known))
        return self._values(target, end)

    def _values(self, target: Target, end: int) -> Iterator[tuple[int, float]]:
        ends = [segment.start for segment in self._segments[1:]] + [end]
        for segment, until in zip(self._segments, ends, strict=True):
            columns = [column for column in segment.columns() if column[2] == target]
            for position in range(segment.start, min(until, end)):
                written = self._written.get(position, {}).get(target)
                if written is not None:
                    yield position, written
                elif columns:
                    yield position, values_at(columns, self._tick_at(position), position)[0]


def check_same_run(position: int, history: History, end: int, where: str) -> None:
    """Refuse to replace the file of a longer run by that of one which has just begun."""
    if not history.loaded and position >= max(end, history.saved):
        raise GradatimError(
            f"{where}: it holds the update after {position}, and this run has made {end} and "
            "loaded no state, so the file is that of another run. Load its checkpoint to continue "
            "it, or give another name."
        )
