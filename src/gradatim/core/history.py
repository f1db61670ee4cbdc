"""What each update of a run used, worked out from what was in force when."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gradatim.core import atomic
from gradatim.core.errors import unknown
from gradatim.core.resume import Plan


class _Segment(NamedTuple):
    """From ``start`` on, this plan with these scales was in force."""

    start: int
    plan: Plan
    scales: Mapping[str, float]


class History:
    """The plans and scales of a run, each from the update on that first used it.

    Nothing is kept for an update: its values are a function of its number.
    """

    def __init__(self, start: int, plan: Plan, scales: Mapping[str, float]) -> None:
        self._segments = [_Segment(start, plan, scales)]

    @property
    def start(self) -> int:
        """The updates that were completed before the first one that is known of."""
        return self._segments[0].start

    def begin(self, start: int, plan: Plan, scales: Mapping[str, float]) -> None:
        """Take note that from an update on something else is in force."""
        last = self._segments[-1]
        if plan is not last.plan or scales != last.scales:
            earlier = [segment for segment in self._segments if segment.start < start]
            self._segments = [*earlier, _Segment(start, plan, scales)]

    def at(self, position: int) -> dict[str, float] | None:
        """The values that update ``position + 1`` used; None if it is before all that is known."""
        segment = next((s for s in reversed(self._segments) if s.start <= position), None)
        return None if segment is None else segment.plan.values(segment.scales, position)

    def values(self, name: str, begin: int, end: int) -> Iterator[tuple[int, float]]:
        """The value of one name at each position from ``begin`` to before ``end``."""
        ends = [segment.start for segment in self._segments[1:]] + [end]
        for segment, until in zip(self._segments, ends, strict=True):
            if name in segment.plan.schedules:
                for position in range(max(segment.start, begin), min(until, end)):
                    yield position, segment.plan.value(segment.scales, name, position)

    def names(self) -> list[str]:
        """Every name that was ever driven."""
        return list(dict.fromkeys(name for s in self._segments for name in s.plan.schedules))

    def known(self, name: str) -> str:
        """The name, or an error if it was never driven."""
        if name not in (names := self.names()):
            raise unknown("history", "value", name, names)
        return name

    def write(self, path: str | os.PathLike[str], end: int) -> None:
        """Write a CSV file: a row an update, a column a name, empty where it was not driven yet."""
        import csv  # not needed to drive: to import gradatim costs little
        import io

        names = self.names()
        # Each is driven from some update on to the end.
        columns = [self.values(name, self.start, end) for name in names]
        coming = [next(column, None) for column in columns]
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(["position", *names])
        for position in range(self.start, end):
            row: list[float | str] = []
            for i, first in enumerate(coming):
                if first is None or first[0] > position:
                    row.append("")
                else:
                    row.append(first[1])
                    coming[i] = next(columns[i], None)
            rows.writerow([position, *row])
        atomic.write(path, text.getvalue())
