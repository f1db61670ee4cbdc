"""The steps at which a schedule of whole numbers changes, such as that of a batch size."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from gradatim.core.combine import Join, Product, Scale, Sum
from gradatim.core.decays import Constant, Table
from gradatim.core.ramps import Ramp
from gradatim.core.reshape import Clip, Cut, Shift, Staircase
from gradatim.core.rounded import Rounded
from gradatim.core.schedule import Schedule, parts_of
from gradatim.core.values.fields import whole_number
from gradatim.errors import GradatimError, invalid_value, shown

MOST_CHANGES = 100_000
"""A schedule that may change at more steps than this is refused."""

Level = tuple[int, int]
"""The first step of a constant value, and the value."""


def levels(where: str, name: str, size: int | Schedule) -> list[Level]:
    """The values of a schedule of whole numbers, each with its first step.

    Stages are taken as they are written; of a rounded curve the changes are searched.

    Args:
        where: The name that the user called, for an error.
        name: The argument, for an error.
        size: A number, or a schedule of whole numbers, 1 or more.

    >>> from gradatim import Linear
    >>> levels("Run", "batch", Constant(8.0, 10) >> Linear(8.0, 10.0, 4).rounded())
    [(0, 8), (11, 9), (13, 10)]
    """
    if isinstance(size, int):
        return [(0, size)]
    found: list[Level] = []
    steps = list(islice(_changes(where, name, size), MOST_CHANGES + 1))
    if len(steps) > MOST_CHANGES:
        raise _too_many(where, name, size)
    for step in sorted({0, *steps}):
        try:
            value = whole_number(size(step), 1)
        except (TypeError, ValueError, OverflowError):
            raise invalid_value(
                where,
                f"{name} at step {step}",
                size(step),
                "a whole number, 1 or more",
                f"Write {name}=schedule.rounded().",
            ) from None
        if not found or found[-1][1] != value:
            found.append((step, value))
    return found


def _changes(where: str, name: str, schedule: Schedule) -> Iterator[int]:
    """Steps among which are all at which the value of the schedule changes."""
    if isinstance(schedule, Constant):
        yield 0
    elif isinstance(schedule, Table) and schedule.between == "hold":
        yield from (step for step, _ in schedule.points)
    elif isinstance(schedule, Join):
        for start, piece in zip(schedule.starts, schedule.pieces, strict=True):
            yield from (start + step for step in _changes(where, name, piece))
    elif isinstance(schedule, Shift):
        yield from (max(step + schedule.by, 0) for step in _changes(where, name, schedule.schedule))
    elif isinstance(schedule, Cut):
        inside = _changes(where, name, schedule.schedule)
        yield from (step for step in inside if step <= schedule.steps)
    elif isinstance(schedule, Rounded | Clip | Scale | Sum | Product) and not _is_ramp(schedule):
        for part in parts_of(schedule):
            yield from _changes(where, name, part)
    elif _is_ramp(schedule):
        yield 0
        yield from _search(schedule, 0, schedule.length or 0)
    else:
        yield from _every_step(where, name, schedule)


def _is_ramp(schedule: Schedule) -> bool:
    """Whether it rises, or falls, all the way, and is rounded."""
    return isinstance(schedule, Rounded) and _goes_one_way(schedule.schedule)


def _goes_one_way(schedule: Schedule) -> bool:
    if isinstance(schedule, Clip | Scale):
        return _goes_one_way(schedule.schedule)
    if isinstance(schedule, Sum):
        others = [term for term in schedule.terms if not isinstance(term, Constant)]
        return len(others) == 1 and _goes_one_way(others[0])
    return isinstance(schedule, Ramp)


def _search(schedule: Schedule, first: int, last: int) -> Iterator[int]:
    """The steps after ``first`` at which a value that only rises, or only falls, changes."""
    if schedule(first) == schedule(last):
        return
    if last - first == 1:
        yield last
    else:
        middle = (first + last) // 2
        yield from _search(schedule, first, middle)
        yield from _search(schedule, middle, last)


def _every_step(where: str, name: str, schedule: Schedule) -> Iterator[int]:
    every = schedule.every if isinstance(schedule, Staircase) else 1
    length = schedule.length
    if length is None or length > MOST_CHANGES * every:
        raise _too_many(where, name, schedule)
    yield from range(0, length + 1, every)


def _too_many(where: str, name: str, schedule: Schedule) -> GradatimError:
    return GradatimError(
        f"{where}: {name}={shown(schedule)} may change at more than {MOST_CHANGES:,} steps. Write "
        f"it in stages, such as {name}=piecewise_constant(values=[...], boundaries=[...]), or in "
        f"larger ones: {name}=schedule.rounded(to=64)."
    )
