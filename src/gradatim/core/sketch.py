"""Points of a schedule that show its curve: evenly spaced ones, and both sides of each boundary."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import NamedTuple, get_args

from gradatim.core.pieces import boundaries
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import FieldType, declared_types
from gradatim.errors import GradatimError


class Point(NamedTuple):
    """A step and the value of the update that follows it."""

    step: int
    value: float


def horizon(schedule: Schedule) -> int:
    """The updates to plot: all, or, without an end, ten times the longest length in it.

    >>> from gradatim import noam
    >>> horizon(noam(warmup=100, peak=1.0))
    1000
    """
    if schedule.length:
        return schedule.length
    if not list(_lengths(schedule)):
        return 1000
    return 10 * max(1, *boundaries(schedule, 10**17)[:1000], *_lengths(schedule))


def _lengths(schedule: Schedule) -> Iterator[int]:
    """Every field of a schedule, and of those inside it, that is a length."""
    for name, wanted in declared_types(type(schedule)).items():
        entry = getattr(schedule, name)
        kinds = [part for part in get_args(wanted) if isinstance(part, FieldType)]
        if kinds and kinds[0].is_length and entry is not None:
            yield ceil(entry)
        for part in entry if isinstance(entry, tuple) else (entry,):
            if isinstance(part, Schedule):
                yield from _lengths(part)


def value_at(schedule: Schedule, step: int) -> float:
    """The value at a step.

    Raises:
        GradatimError: If it does not fit a float, as an exponential that grows for too long.
    """
    try:
        return float(schedule(step))
    except ArithmeticError:
        raise GradatimError(
            f"the value at step {step} does not fit a float. Cut the schedule before it."
        ) from None


def sample_points(schedule: Schedule, last: int, points: int = 300) -> list[Point]:
    """Points from step 0 to ``last``: evenly spaced, and both sides of every boundary.

    The number of evaluations depends on the points and boundaries, not on the length of the run.

    Args:
        schedule: The schedule.
        last: The last step.
        points: The number of evenly spaced points.

    >>> from gradatim import Linear
    >>> sample_points(Linear(start=1.0, end=0.0, steps=10**18), last=10**18, points=2)
    [Point(step=0, value=1.0), Point(step=500000000000000000, value=0.5), \
Point(step=1000000000000000000, value=0.0)]
    """
    steps = {last * i // points for i in range(points + 1)}
    steps |= {boundary + by for boundary in boundaries(schedule, last)[:points] for by in (-1, 0)}
    return [Point(step, value_at(schedule, step)) for step in sorted(steps) if step <= last]
