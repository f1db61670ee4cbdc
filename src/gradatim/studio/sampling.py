"""The points of a curve that a screen can show: at most four a pixel column, and all boundaries.

Every point is evaluated by the schedule itself. A piece of a schedule rises or falls, so its
extremes are where pieces begin and end. Stairs and cycles that are thinner than a column begin too
often to list; each column then takes its own first and last ones.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import cache, partial

from gradatim.core.closed_forms import CosineWave, Noam, Triangle
from gradatim.core.combine import Join
from gradatim.core.decays import Table
from gradatim.core.pieces import boundaries, cycles_of
from gradatim.core.reshape import Repeat, Shift, Staircase
from gradatim.core.schedule import Schedule, parts_of
from gradatim.core.sketch import Point, value_at
from gradatim.core.values.limits import FARTHEST

MOST_BOUNDARIES = 2_000
"""The boundaries in view that are all drawn; of more, a column has its extremes."""
_MOST_OF_CYCLE = 200
Changes = Callable[[int, int], list[int]]
"""The steps between two steps at which a curve may turn or jump."""


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
    listed = _of_steps(inside)
    changes = changes_in(schedule)
    for column in range(columns):
        begin = first + (last - first) * column // columns
        end = first + (last - first) * (column + 1) // columns - 1
        steps |= {begin, end}
        candidates = {begin, end, *listed(begin, end)}
        if changes is not None:
            candidates.update(step for step in changes(begin, end) if begin <= step <= end)
        if len(candidates) > 2:
            steps |= {min(candidates, key=value), max(candidates, key=value)}
    return [Point(step, value(step)) for step in sorted(steps)]


def changes_in(schedule: Schedule) -> Changes | None:
    """A function that lists the steps of a column at which stairs and cycles begin.

    Each with the step before it. Of many it lists the first and the last, because within one column
    all cycles are alike. None for a schedule that turns and jumps at its boundaries alone.
    """
    match schedule:
        case Join():
            return _of_pieces(schedule)
        case Shift(by=by):
            shifted = changes_in(schedule.schedule)
            return shifted and (lambda begin, end: _moved(shifted, by, begin, end))
        case Staircase(every=every):
            inner = changes_in(schedule.schedule) or _nothing
            return lambda begin, end: [*_stairs(every, begin, end), *inner(begin, end)]
        case Repeat():
            cycles = cycles_of(schedule)
            return _of_cycles(schedule) if cycles is None else _of_steps(boundaries(cycles))
        case Triangle(half_period=half):
            return lambda begin, end: _turns(half, begin, end)
        case CosineWave(half_period=half, peak_step=peak):
            return lambda begin, end: _moved(
                lambda low, high: _turns(half, low, high), peak, begin, end
            )
        case Table():
            return _of_steps([step for step, _ in schedule.points])
        case Noam(warmup=warmup):
            return _of_steps([warmup])
    found = [each for part in parts_of(schedule) if (each := changes_in(part)) is not None]
    if not found:
        return None
    return lambda begin, end: [step for each in found for step in each(begin, end)]


def _nothing(begin: int, end: int) -> list[int]:
    return []


def _moved(inner: Changes, by: int, begin: int, end: int) -> list[int]:
    return [by + step for step in inner(begin - by, end - by)]


def _of_steps(steps: list[int]) -> Changes:
    """Those of some rising steps that are in a column, each with the step before it."""

    def find(begin: int, end: int) -> list[int]:
        inside = steps[bisect_left(steps, begin + 1) : bisect_right(steps, end)]
        return [step + by for step in inside for by in (-1, 0)]

    return find


def _of_pieces(schedule: Join) -> Changes | None:
    ends = [*schedule.starts[1:], FARTHEST]
    found = [
        (start, stop - 1, inner)
        for piece, start, stop in zip(schedule.pieces, schedule.starts, ends, strict=True)
        if (inner := changes_in(piece)) is not None
    ]

    def find(begin: int, end: int) -> list[int]:
        return [
            step
            for start, last, inner in found
            if start <= end and begin <= last
            for step in _moved(inner, start, max(begin, start), min(end, last))
        ]

    return find if found else None


def _of_cycles(schedule: Repeat) -> Changes:
    """The first whole cycle of a column, and the last ones: where their pieces begin.

    Of many cycles, only the lowest and the highest of these places.
    """
    cycle = schedule.schedule.length or 1
    inner = changes_in(schedule.schedule)
    pieces = [0, *boundaries(schedule.schedule, cycle)[:_MOST_OF_CYCLE]]
    near = sorted({(piece + by) % cycle for piece in pieces for by in (-1, 0)})
    value = partial(value_at, schedule.schedule)
    extremes = [min(near, key=value), max(near, key=value)]

    def find(begin: int, end: int) -> list[int]:
        low, high = begin // cycle, end // cycle
        many = high - low > 3
        counts = (low + 1, high - 1, high) if many else range(low, high + 1)
        starts = [count * cycle for count in counts]
        found = [start + step for start in starts for step in (extremes if many else near)]
        if inner is not None:
            for start in starts:
                first, last = max(begin - start, 0), min(end - start, cycle - 1)
                found += [start + step for step in inner(first, last)]
        return found

    return find


def _stairs(every: int, begin: int, end: int) -> list[int]:
    """Where the first and the last stair of a column begin, each with the step before it."""
    return [
        start + by
        for start in (begin // every * every + every, end // every * every)
        for by in (-1, 0)
    ]


def _turns(half_period: float, begin: int, end: int) -> list[int]:
    """The first and the last two turns of a wave in a column, with the steps beside a fraction."""
    low, high = int(begin // half_period), int(end // half_period)
    beside = (0,) if float(half_period).is_integer() else (-1, 0, 1)
    turns = {low + 1, low + 2, high - 1, high}
    return [round(turn * half_period) + by for turn in turns for by in beside]
