"""Schedules that others make of schedules: one after another, or all multiplied."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from operator import mul
from typing import Any

from gradatim.core.combine import join
from gradatim.core.decays import Constant
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, shown
from gradatim.peers.found import Read


def sequence(name: str, schedules: Sequence[Schedule], starts: Sequence[int]) -> Schedule:
    """Each schedule from its first step on, until the next one starts.

    Args:
        name: What the project calls the starts, for errors.
        schedules: The schedules.
        starts: The updates at which the second and each later one begins.

    >>> from gradatim import Cosine, Linear
    >>> sequence("milestones", [Linear(0.0, 1.0, 3), Cosine(1.0, 0.0, 10)], [5])
    Linear(start=0.0, end=1.0, steps=3) >> Constant(value=1.0, steps=2) >> Cosine(start=1.0, \
end=0.0, steps=10)
    """
    edges = [0, *check_starts(name, len(schedules), starts)]
    lengths = [b - a for a, b in pairwise(edges)]
    parts = [part for s, n in zip(schedules, lengths, strict=False) for part in _lasting(s, n)]
    return join(*parts, schedules[-1])


def check_starts(name: str, count: int, starts: Any) -> Sequence[int]:
    """The starts of all but the first of so many schedules.

    Raises:
        GradatimError: If they are not that many rising whole numbers.
    """
    if not isinstance(starts, list | tuple) or len(starts) != count - 1:
        raise _wrong(name, starts, f"a list, one shorter than the {count} schedules")
    if any(type(start) is not int for start in starts) or any(
        b <= a for a, b in pairwise([0, *starts])
    ):
        raise _wrong(name, tuple(starts), "rising whole numbers above 0")
    return starts


def _lasting(schedule: Schedule, steps: int) -> tuple[Schedule, ...]:
    length = schedule.length
    if length == steps:
        return (schedule,)
    if length is None and isinstance(schedule, Constant):
        return (Constant(schedule.value, steps),)
    if length is None or length > steps:
        return (schedule.cut(steps),)
    return (schedule, Constant(float(schedule(length)), steps - length))


def one_after_another(
    name: str, parts: Sequence[Read], starts: Sequence[int], differences: tuple[str, ...] = ()
) -> Read:
    """Several schedulers, each in force from its start on.

    A value that one of them does not write stays as the one before it left it, or as the first
    one that does will find it.

    Args:
        name: What the project calls the starts, for errors.
        parts: What each means.
        starts: The updates at which the second and each later one begins.
        differences: What else is not the same there.

    Raises:
        GradatimError: If the starts do not rise, or one of them follows a metric.
    """
    if not parts:
        raise GradatimError("its list of schedulers must be a list of one or more.")
    _check_no_rule(parts)
    starts = check_starts(name, len(parts), starts)
    keys = dict.fromkeys(key for part in parts for key in part.values)
    values = {
        key: sequence(name, _filled([part.values.get(key) for part in parts], starts), starts)
        for key in keys
    }
    return Read(values, differences=(*_differences(parts), *differences))


def product(parts: Sequence[Read]) -> Read:
    """All of them, multiplied."""
    _check_no_rule(parts)
    values = {key: reduce(mul, (part.values[key] for part in parts)) for key in parts[0].values}
    return Read(values, differences=_differences(parts))


def _filled(parts: Sequence[Schedule | None], starts: Sequence[int]) -> list[Schedule]:
    value = float(next(part for part in parts if part is not None)(0))
    filled: list[Schedule] = []
    for part, begin, end in zip(parts, [0, *starts], [*starts, None], strict=True):
        filled.append(Constant(value) if part is None else part)
        if part is not None and end is not None:
            value = float(part(max(end - begin - 1, 0)))
    return filled


def _check_no_rule(parts: Sequence[Read]) -> None:
    if any(part.rule is not None for part in parts):
        raise GradatimError(
            "one of its schedulers follows a metric, and a rule has one scale for the whole run. "
            "Read the two apart: a schedule, and a rule that multiplies it."
        )


def _differences(parts: Sequence[Read]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(said for part in parts for said in part.differences))


def _wrong(name: str, value: Any, allowed: str) -> GradatimError:
    return GradatimError(f"{name} must be {allowed}, got {shown(value)}.")
