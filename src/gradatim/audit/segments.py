"""A log as stretches, each of which is one change of the plan: the fewest that describe it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gradatim.audit.change import COST, Change
from gradatim.audit.searches import COUNTS, Window
from gradatim.logs.rate_series import RateSeries

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradatim.audit.planned import Planned

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

FEWEST = 3
"""Points that a stretch needs: through fewer, anything goes."""
MOST_BREAKS = 3
_WINDOW = 8
_TESTED = 64
_BRANCHES = 6
_MANY = 6
"""Different rates of few digits that are no coincidence."""
_MOST_WINDOWS = 80
"""Stretches that are looked at before a log is called one of another shape."""


@dataclass(frozen=True)
class Segment:
    """A stretch of a log."""

    first: int
    """Its first point."""
    end: int
    """The point after its last one."""
    change: Change
    """What it is."""
    others: tuple[Change, ...] = ()
    """What describes it equally well."""


class Segmentation:
    """The search for the fewest stretches.

    Args:
        planned: The plan.
        series: The log, with its steps in updates.
        counts: What the log may add to its steps, besides -1, 0 and 1.
    """

    def __init__(self, planned: Planned, series: RateSeries, counts: tuple[int, ...] = ()) -> None:
        self.planned, self.series = planned, series
        self.counts = tuple(dict.fromkeys((*COUNTS, *counts)))
        self.tolerance = _believed(planned, series)
        self._fits: dict[int, list[Change]] = {}
        self._begun: dict[int, list[tuple[int, list[Change]]]] = {}
        self._failed: set[tuple[int, int]] = set()
        self._windows = 0

    def find(self) -> list[Segment]:
        """The stretches: one if the whole log is one change of the plan."""
        for breaks in range(MOST_BREAKS + 1):
            found = self._from(0, breaks)
            if found is not None:
                return found
        # Nothing describes it all: as planned for as long as it is, and then something else.
        end, change = self._longest_same(0)
        rest = Segment(end, len(self.series), Change("unknown"))
        return [Segment(0, end, change), rest] if end >= FEWEST else [replace(rest, first=0)]

    def _from(self, first: int, breaks: int) -> list[Segment] | None:
        """The stretches from a point on, with at most so many breaks."""
        n = len(self.series)
        if first == n:
            return []
        if fits := self.whole(first):
            return [Segment(first, n, fits[0], tuple(fits[1:]))]
        if n - first < FEWEST and first:
            return [Segment(first, n, Change("unknown"))]
        if not breaks or (first, breaks) in self._failed:
            return None
        if first not in self._begun:
            self._begun[first] = self._beginnings(first)
        for end, changes in self._begun[first]:
            rest = self._from(end, breaks - 1)
            if rest is not None:
                return [Segment(first, end, changes[0], tuple(changes[1:])), *rest]
        self._failed.add((first, breaks))
        return None

    def whole(self, first: int) -> list[Change]:
        """The changes that describe all points from one on, the simplest first."""
        if first not in self._fits:
            self._fits[first] = self._whole(first)
        return self._fits[first]

    def _whole(self, first: int) -> list[Change]:
        n = len(self.series)
        same = [Change("same", c) for c in self.counts if self.same[c][first:].all()]
        if same:
            return same[:1]
        mixed = np.logical_or.reduce([fine[first:] for fine in self.same.values()])
        if n - first >= FEWEST and mixed.all():
            return [Change("same")]
        if n - first < FEWEST or self._windows > _MOST_WINDOWS:
            return []
        return self._described(self._window(first, n), first, n)

    def _described(self, window: Window, first: int, end: int) -> list[Change]:
        """The candidates that describe a stretch, one of each kind, the simplest first."""
        found: dict[str, Change] = {}
        cheapest = 99
        for change in window.candidates():
            if change.kind in found or COST[change.kind] > cheapest:
                continue
            if self._extent(change, first, end) == end - first and self._matters(change, first):
                found[change.kind] = change
                cheapest = min(cheapest, COST[change.kind])
        return sorted(found.values(), key=lambda change: COST[change.kind])

    def _matters(self, change: Change, first: int) -> bool:
        """Whether a cut or a rounding can be seen: it must move a point, and leave one alone."""
        if change.kind not in ("floor", "ceiling"):
            return True
        same = self.same.get(change.counted)
        return same is not None and bool(same[first:].any())

    def _beginnings(self, first: int) -> list[tuple[int, list[Change]]]:
        """Where a stretch from this point on can end, with what it then is."""
        n = len(self.series)
        found: dict[int, list[Change]] = {}
        end, same = self._longest_same(first)
        if end - first >= FEWEST:
            found[end] = [same]
        size = n - first
        while size > _WINDOW and self._windows <= _MOST_WINDOWS:
            size = (size + 1) // 2
            window = self._window(first, first + size)
            best: dict[str, int] = {}
            for change in window.candidates():
                if COST[change.kind] > 3 or best.get(change.kind, 0) >= _BRANCHES:
                    continue
                extent = self._extent(change, first, n)
                if extent >= size and self._matters(change, first):
                    best[change.kind] = best.get(change.kind, 0) + 1
                    changes = found.setdefault(first + extent, [])
                    if "same" in {one.kind for one in changes}:
                        continue
                    if change.kind not in {one.kind for one in changes}:
                        changes.append(change)
        for changes in found.values():
            changes.sort(key=lambda change: COST[change.kind])
        ranked = sorted(found.items(), key=lambda at: (COST[at[1][0].kind], -at[0]))
        return ranked[:_BRANCHES]

    def _window(self, first: int, end: int) -> Window:
        self._windows += 1
        s = self.series
        return Window(
            self.planned, s.steps[first:end], s.rates[first:end], self.tolerance[first:end]
        )

    def _extent(self, change: Change, first: int, end: int) -> int:
        """How many points from one on a change describes."""
        few = np.unique(np.linspace(first, end - 1, min(end - first, _TESTED)).astype(np.int64))
        fine = self._fine(change, few)
        if not fine.all():
            # The first point that does not fit lies after the last tested one that did.
            bad = int(fine.argmin())
            if bad == 0:
                return 0
            end = int(few[bad]) + 1
        every = self._fine(change, np.arange(first, end))
        return end - first if every.all() else int(every.argmin())

    def _fine(self, change: Change, at: NDArray[np.int64]) -> Bools:
        s = self.series
        fine: Bools = change.fits(self.planned, s.steps[at], s.rates[at], self.tolerance[at])
        return fine

    @cached_property
    def same(self) -> dict[int, Bools]:
        """Whether each point is as planned, by what the log adds to its steps."""
        every = np.arange(len(self.series))
        return {c: self._fine(Change("same", c), every) for c in self.counts}

    def _longest_same(self, first: int) -> tuple[int, Change]:
        """Until where the log is as planned."""
        ends = {
            c: first + (len(fine) - first if fine[first:].all() else int(fine[first:].argmin()))
            for c, fine in self.same.items()
        }
        best = max(ends, key=lambda c: (ends[c], -abs(c)))
        return ends[best], Change("same", best)


def _believed(planned: Planned, series: RateSeries) -> Floats:
    """The tolerance of each point: that of rounded digits, if the log looks rounded.

    It does if it has many different rates, all of few digits, or fewer different rates than the
    plan at the same steps. The few rates of a step decay are meant as they are written.
    """
    different = len(np.unique(series.rates))
    if different >= _MANY or different < len(np.unique(planned.at(series.steps).round(15))):
        return series.tolerance
    return series.exact_tolerance
