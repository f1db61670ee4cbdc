"""Key points of a schedule, such as the peak and the area, and how far two are apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from gradatim.core.pieces import boundaries
from gradatim.core.schedule import Schedule
from gradatim.core.sketch import sample_points, value_at
from gradatim.look.axis import Axis
from gradatim.look.marks import mark_of

_EXACT = 20_000
_PER_PIECE = 2_000


class KeyPoint(NamedTuple):
    """A named step and its value. The area has no step."""

    name: str
    step: int | None
    value: float


def key_points(schedule: Schedule, steps: int, clock: str = "updates") -> list[KeyPoint]:
    """First update, end of the warm-up, peak, half-way, last update, and the area.

    By another clock than updates they are the start and the end, and there is no area.

    Args:
        schedule: The schedule.
        steps: The steps of the run.
        clock: What a step is.

    >>> from gradatim import warmup_linear
    >>> for point in key_points(warmup_linear(peak=1.0, warmup=4, steps=12), 12):
    ...     print(point)
    KeyPoint(name='first update', step=0, value=0.0)
    KeyPoint(name='end of warm-up', step=4, value=1.0)
    KeyPoint(name='peak', step=4, value=1.0)
    KeyPoint(name='half-way', step=6, value=0.75)
    KeyPoint(name='last update', step=11, value=0.125)
    KeyPoint(name='area', step=None, value=6.0)
    """
    by_updates = clock == "updates"
    last = steps - 1 if by_updates else steps
    curve = (
        sample_points(schedule, last, min(last, 4000)) if last else sample_points(schedule, 0, 1)
    )
    peak = max(curve, key=lambda point: point.value)
    found = [KeyPoint("first update" if by_updates else "start", 0, value_at(schedule, 0))]
    rise = _end_of_rise(schedule, last)
    if rise is not None:
        found.append(KeyPoint("end of warm-up", rise, value_at(schedule, rise)))
    found += [
        KeyPoint("peak", *peak),
        KeyPoint("half-way", steps // 2, value_at(schedule, steps // 2)),
        KeyPoint("last update" if by_updates else "end", last, value_at(schedule, last)),
    ]
    if by_updates:
        found.append(KeyPoint("area", None, area(schedule, steps)))
    return found


def table_of_points(
    schedules: Sequence[Schedule], axis: Axis, numbers: Sequence[int]
) -> list[list[str]]:
    """The key points of schedules as rows of text, those of several side by side.

    Args:
        schedules: The schedules.
        axis: What their steps are, and how many of them there are.
        numbers: The number of each, from 0, which is the header of its column.

    >>> from gradatim import Linear
    >>> table_of_points([Linear(start=1.0, end=0.0, steps=4)], Axis("updates", 4), [0])[-2:]
    [['last update', 'step 3', '0.25'], ['area', '', '2.5']]
    """
    found = [key_points(schedule, axis.steps, axis.clock) for schedule in schedules]
    if len(found) == 1:
        return [
            [p.name, "" if p.step is None else axis.label_of(p.step), f"{p.value:.7g}"]
            for p in found[0]
        ]
    cells = [{p.name: f"{p.value:.5g}{_at(p.step, axis)}" for p in points} for points in found]
    names = dict.fromkeys(name for points in cells for name in points)
    corner = "value at step" if axis.clock == "updates" else "value"
    body = [[name, *(points.get(name, "-") for points in cells)] for name in names]
    return [[corner, *map(mark_of, numbers)], *body]


def _at(step: int | None, axis: Axis) -> str:
    if step is None:
        return ""
    return f" at {step:,}" if axis.clock == "updates" else f" at {axis.label_of(step)}"


def _end_of_rise(schedule: Schedule, last: int) -> int | None:
    """The end of the rise that begins at step 0, if there is one."""
    start = value_at(schedule, 0)
    top = start
    found = None
    for join in boundaries(schedule, last)[:10]:
        here = value_at(schedule, join)
        if here <= top:
            break
        top, found = here, join
    return found


def area(schedule: Schedule, steps: int) -> float:
    """The sum of the values over all updates: exact for short runs, else piece by piece.

    Between joins the sum over n updates is taken as that of straight lines between
    2,000 of them, so a run of 10**18 updates costs no more than a short one.
    """
    if steps <= _EXACT:
        return sum(value_at(schedule, step) for step in range(steps))
    edges = [0, *(join for join in boundaries(schedule, steps - 1)[:500]), steps]
    return sum(_piece(schedule, a, b) for a, b in pairwise(edges))


class Gap(NamedTuple):
    """The step at which two schedules differ most, and the second value minus the first."""

    step: int
    size: float


def largest_gap(one: Schedule, other: Schedule, steps: int) -> Gap:
    """Where two schedules differ most in a run.

    Every step of a short run is compared; of a long one, points along it and around all joins.

    >>> from gradatim import Constant, Linear
    >>> largest_gap(Constant(1.0), Linear(start=1.0, end=0.0, steps=4), 5)
    Gap(step=4, size=-1.0)
    """
    if steps <= _EXACT:
        compared = list(range(steps))
    else:
        compared = [p.step for s in (one, other) for p in sample_points(s, steps - 1, 5_000)]
    gaps = {step: value_at(other, step) - value_at(one, step) for step in compared}
    largest = max(gaps, key=lambda step: abs(gaps[step]))
    return Gap(largest, gaps[largest])


def _piece(schedule: Schedule, begin: int, end: int) -> float:
    """The sum from ``begin`` to ``end - 1``."""
    if end - begin <= _PER_PIECE:
        return sum(value_at(schedule, step) for step in range(begin, end))
    last = end - 1
    marks = [begin + (last - begin) * i // _PER_PIECE for i in range(_PER_PIECE + 1)]
    values = [value_at(schedule, step) for step in marks]
    gaps = zip(marks, marks[1:], values, values[1:], strict=False)
    # A trapezoid of n updates counts each inner one once and each of its ends half.
    total = sum((b - a) * (u + v) / 2.0 for a, b, u, v in gaps)
    return total + (values[0] + values[-1]) / 2.0
