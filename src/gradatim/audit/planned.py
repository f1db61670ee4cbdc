"""The planned rate at any step of a log, also between two steps, and where it has a given value."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gradatim.core.pieces import last_boundary
from gradatim.core.run.by_updates import ByUpdates, clock_for
from gradatim.drive import Plan, Target
from gradatim.errors import GradatimError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Steps = NDArray[np.int64]

Interval = tuple[float, float]

MOST_TIMES = 2000
"""The times at which a plan has one rate: one that comes back more often says too little."""
_BISECTIONS = 20
LONGEST = 4_000_000
"""The updates of a plan that an audit looks at."""


class Planned:
    """The schedule of a target as a curve over the updates of a run.

    Args:
        plan: The plan.
        target: Which of its schedules.
        last: The last logged step.

    Raises:
        GradatimError: If the clock of the plan cannot be known from a log, or it is too long.
    """

    def __init__(self, plan: Plan, target: Target, last: int) -> None:
        self.name = str(target)
        self.schedule = plan[target]
        self.clock = clock_for(self.schedule, plan.run)
        if isinstance(self.schedule, ByUpdates):
            self.schedule = self.schedule.schedule
        self._ticks: Floats | None = None
        length = plan.steps if self.clock != "updates" else self.schedule.length
        # A schedule without end is looked at as far as a run four times as fast would come.
        ends = length if length is not None else max(last_boundary(self.schedule), 4 * last)
        self.length = length
        self.steps = max(int(ends), 1)
        if max(self.steps, last) > LONGEST:
            raise GradatimError(
                f"audit: {self.name} has {max(self.steps, last):,} steps, more than the "
                f"{LONGEST:,} that are looked at. Count in a coarser unit: schedule.stretched(...)."
            )
        if self.clock != "updates":
            self._ticks = _ticks(plan, self.name, self.clock, self.steps)

    def at(self, steps: Floats) -> Floats:
        """The planned rates; before the first update, the first one."""
        at = np.maximum(steps, 0.0)
        if self._ticks is not None:
            ticks = np.interp(at, np.arange(len(self._ticks)), self._ticks)
            at = ticks if (at % 1).any() else np.rint(ticks)
        at = np.minimum(at, 2.0**53)
        whole = not (at % 1).any()
        values: Any = self.schedule(at.astype(np.int64) if whole else at)
        return np.asarray(values, dtype=np.float64)

    @cached_property
    def table(self) -> Floats:
        """The rate of every update, and that after the last one."""
        return self.at(np.arange(self.steps + 1, dtype=np.float64))

    @cached_property
    def height(self) -> float:
        """The highest planned rate."""
        return float(np.abs(self.table).max())

    def times_of(self, rates: Floats, tolerance: Floats) -> list[list[Interval]]:
        """For each rate the stretches of time, in updates, in which it is the planned one.

        The first may have no beginning, and the last no end: before the run a plan is taken to have
        its first rate, and after its length a schedule keeps its last one.
        """
        lows, highs = rates - tolerance, rates + tolerance
        cells = [self._cells(low, high) for low, high in zip(lows, highs, strict=True)]
        counts = [len(one) for one in cells]
        every = np.concatenate(cells)
        low, high = np.repeat(lows, counts), np.repeat(highs, counts)
        # All crossings at once: each look at the schedule costs more than its arithmetic.
        outer = np.concatenate([every[:, 0], every[:, 1]])
        inner = np.concatenate([every[:, 0] + 1, every[:, 1] - 1])
        edges = self._crossings(outer, inner, np.tile(low, 2), np.tile(high, 2)).reshape(2, -1).T
        ends = np.cumsum(counts)[:-1]
        return [
            self._with_ends([(float(a), float(b)) for a, b in pairs], float(low), float(high))
            for pairs, low, high in zip(np.split(edges, ends), lows, highs, strict=True)
        ]

    def _cells(self, low: float, high: float) -> Steps:
        """The runs of updates between which the curve meets a band: first and last of each."""
        meets = (self._lower <= high) & (self._upper >= low)
        edges = np.flatnonzero(np.diff(np.concatenate(([False], meets, [False])).astype(np.int8)))
        return edges.reshape(-1, 2)[:MOST_TIMES]

    @cached_property
    def _lower(self) -> Floats:
        return np.minimum(self.table[:-1], self.table[1:])

    @cached_property
    def _upper(self) -> Floats:
        return np.maximum(self.table[:-1], self.table[1:])

    def _with_ends(self, found: list[Interval], low: float, high: float) -> list[Interval]:
        """The times, with those before the run and after the end of the schedule."""
        if self.length is not None and low <= self.table[-1] <= high:
            begin = found[-1][0] if found and found[-1][1] >= self.steps else float(self.steps)
            found = [*(pair for pair in found if pair[1] < self.steps), (begin, np.inf)]
        if found and found[0][0] == 0.0 and low <= self.table[0] <= high:
            found[0] = (-np.inf, found[0][1])
        return found

    def _crossings(self, outer: Steps, inner: Steps, low: Floats, high: Floats) -> Floats:
        """Where between two neighbouring updates the curve enters the band, by bisection."""
        far = self.table[outer]
        below, above = far < low, far > high
        a, b = outer.astype(np.float64), inner.astype(np.float64)
        b = np.where(below | above, b, a)
        for _ in range(_BISECTIONS):
            middle = (a + b) / 2
            values = self.at(middle)
            outside = np.where(below, values < low, values > high)
            a, b = np.where(outside, middle, a), np.where(outside, b, middle)
        return a


def _ticks(plan: Plan, name: str, clock: str, steps: int) -> Floats:
    """The tick of the clock after each update."""
    assert plan.run is not None
    ticks = [plan.run.tick_after(position) for position in range(steps + 1)]
    if any(tick is None for tick in ticks):
        raise GradatimError(
            f"audit: {name} is measured by the clock {clock!r}, and a log of steps does not say "
            "when each step was. Audit its history instead: gradatim history FILE --verify."
        )
    return np.array(ticks, dtype=np.float64)
