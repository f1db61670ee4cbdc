"""The points of a curve that a screen can show: at most four a pixel column, and all boundaries.

Every point is evaluated by the schedule itself. A piece of a schedule rises or falls, so its
extremes are where pieces begin and end. Stairs and cycles that are thinner than a column begin too
often to list; each column then takes its own first and last ones.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cache

from gradatim.core.closed_forms import CosineWave, Noam, Triangle
from gradatim.core.combine import Join
from gradatim.core.decays import Table
from gradatim.core.pieces import boundaries, cycles_of
from gradatim.core.reshape import Repeat, Shift, Staircase
from gradatim.core.schedule import Schedule, parts_of
from gradatim.core.sketch import Point, value_at

MOST_BOUNDARIES = 2_000
"""The boundaries in view that are all drawn; of more, a column has its extremes."""
_TURNING = (CosineWave, Noam, Repeat, Staircase, Table, Triangle)


def curve_points(schedule: Schedule, first: int, last: int, columns: int) -> list[Point]:
    """The points to draw of a curve from one step to another.

    Args:
        schedule: The schedule.
        first: The first step in view.
        last: The last one.
        columns: The pixels across.

    >>> from gradatim import Linear
    >>> [p.step for p in curve_points(Linear(start=0.0, end=1.0, steps=10**6), 0, 10**6, 2)]
    [0, 499999, 500000, 999999, 1000000]
    """
    if last - first < 4 * columns:
        return [Point(step, value_at(schedule, step)) for step in range(first, last + 1)]

    @cache
    def value(step: int) -> float:
        return value_at(schedule, step)

    inside = boundaries(schedule, last)
    inside = inside[bisect_left(inside, first) :]
    shown = inside if len(inside) <= MOST_BOUNDARIES else []
    steps = {step + by for step in shown for by in (-1, 0, 1) if first <= step + by <= last}
    steps.add(last)
    turning = _turns(schedule)
    for column in range(columns):
        begin = first + (last - first) * column // columns
        end = first + (last - first) * (column + 1) // columns - 1
        steps |= {begin, end}
        candidates = {begin, end, *_listed(inside, begin, end)}
        if turning:
            candidates.update(changes(schedule, begin, end))
        if len(candidates) > 2:
            steps |= {min(candidates, key=value), max(candidates, key=value)}
    return [Point(step, value(step)) for step in sorted(steps)]


def _listed(steps: list[int], begin: int, end: int) -> Iterator[int]:
    """Those of some rising steps that are in a column, each with the step before it."""
    for step in steps[bisect_left(steps, begin + 1) : bisect_right(steps, end)]:
        yield from (step - 1, step)


def _turns(schedule: Schedule) -> bool:
    """Whether a curve turns or jumps at steps that are no boundaries of its pieces."""
    return isinstance(schedule, _TURNING) or any(map(_turns, parts_of(schedule)))


def changes(schedule: Schedule, begin: int, end: int) -> Iterator[int]:
    """Steps of a column at which stairs and cycles begin, and those before them.

    Of many, the first and the last: within one column all cycles are alike.
    """
    match schedule:
        case Join():
            ends = [*schedule.starts[1:], end + 1]
            for piece, start, stop in zip(schedule.pieces, schedule.starts, ends, strict=True):
                low, high = max(begin, start), min(end, stop - 1)
                if low <= high:
                    yield from (start + step for step in changes(piece, low - start, high - start))
        case Shift(by=by):
            yield from (by + step for step in changes(schedule.schedule, begin - by, end - by))
        case Staircase():
            yield from _multiples(schedule.every, begin, end)
            yield from changes(schedule.schedule, begin, end)
        case Repeat():
            cycles = cycles_of(schedule)
            if cycles is None:
                yield from _cycles(schedule, begin, end)
            else:
                yield from _listed(boundaries(cycles, end), begin, end)
                yield from changes(cycles, begin, end)
        case Triangle():
            yield from _multiples(schedule.half_period, begin, end)
        case CosineWave(peak_step=peak):
            inner = _multiples(schedule.half_period, begin - peak, end - peak)
            yield from (round(peak) + step for step in inner)
        case Table():
            yield from _listed([step for step, _ in schedule.points], begin, end)
        case Noam():
            yield from (s for s in (schedule.warmup - 1, schedule.warmup) if begin <= s <= end)
        case _:
            for part in parts_of(schedule):
                yield from changes(part, begin, end)


def _multiples(every: float, begin: float, end: float) -> Iterator[int]:
    """The first and the last multiples of a length in a column, and the steps beside them."""
    low, high = int(begin // every), int(end // every)
    for count in {low + 1, low + 2, high - 1, high}:
        near = round(count * every)
        yield from (step for step in (near - 1, near, near + 1) if begin <= step <= end)


def _cycles(schedule: Repeat, begin: int, end: int) -> Iterator[int]:
    """The places of the first two cycles of a column, and of the last, at which pieces begin."""
    cycle = schedule.schedule.length or 1
    pieces = boundaries(schedule.schedule, cycle)[:MOST_BOUNDARIES]
    low, high = begin // cycle, end // cycle
    for start in {low * cycle, (low + 1) * cycle, high * cycle}:
        for step in (start - 1, start, *(start + p + by for p in pieces for by in (-1, 0))):
            if begin <= step <= end:
                yield step
        inner = max(begin - start, 0), min(end - start, cycle - 1)
        if inner[0] <= inner[1]:
            yield from (start + step for step in changes(schedule.schedule, *inner))
