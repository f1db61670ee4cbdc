"""Schedules that others make of schedules: one after another, or all multiplied."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from operator import mul

from gradatim.core.combine import join
from gradatim.core.decays import Constant
from gradatim.core.errors import refuse
from gradatim.core.schedule import Schedule


def sequence(
    where: str, name: str, schedules: Sequence[Schedule], starts: Sequence[int]
) -> Schedule:
    """Each schedule from its first step on, until the next one starts.

    Args:
        where: Whose it is, for errors.
        name: What it calls the starts, for errors.
        schedules: The schedules.
        starts: The updates at which the second and each later one begins.

    >>> from gradatim import Cosine, Linear
    >>> sequence("SequentialLR", "milestones", [Linear(0.0, 1.0, 3), Cosine(1.0, 0.0, 10)], [5])
    Linear(start=0.0, end=1.0, steps=3) >> Constant(value=1.0, steps=2) >> Cosine(start=1.0, \
end=0.0, steps=10)
    """
    if not isinstance(starts, list | tuple) or len(starts) != len(schedules) - 1:
        raise refuse(
            f"convert: {where}",
            name,
            starts,
            f"a list, one shorter than the {len(schedules)} schedules",
        )
    edges = [0, *starts]
    if any(type(edge) is not int for edge in edges) or any(b <= a for a, b in pairwise(edges)):
        raise refuse(f"convert: {where}", name, tuple(starts), "rising whole numbers above 0")
    lengths = [b - a for a, b in pairwise(edges)]
    parts = [part for s, n in zip(schedules, lengths, strict=False) for part in _lasting(s, n)]
    return join(*parts, schedules[-1])


def _lasting(schedule: Schedule, steps: int) -> tuple[Schedule, ...]:
    length = schedule.length
    if length == steps:
        return (schedule,)
    if length is None and isinstance(schedule, Constant):
        return (Constant(schedule.value, steps),)
    if length is None or length > steps:
        return (schedule.cut(steps),)
    return (schedule, Constant(float(schedule(length)), steps - length))


def product(schedules: Sequence[Schedule]) -> Schedule:
    """All of them, multiplied."""
    return reduce(mul, schedules)
