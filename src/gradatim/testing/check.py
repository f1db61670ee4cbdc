"""The one call that checks a schedule of your own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.schedule import Schedule
from gradatim.testing import arrays, claims
from gradatim.testing.subject import Monotone, Subject, steps_of


class BrokenClaim(GradatimError, AssertionError):
    """Something that is true of every schedule is not true of this one."""


def check_schedule(
    schedule: Schedule | type[Schedule],
    *,
    fields: Mapping[str, Any] | None = None,
    start: float | None = None,
    end: float | None = None,
    low: float | None = None,
    high: float | None = None,
    monotone: Monotone | None = None,
    steps: Sequence[int] | None = None,
    units: float = 4.0,
    size: float | None = None,
    frameworks: Sequence[str] | None = None,
) -> None:
    """Check that a schedule of your own does what every schedule of this package does.

    Its values are finite floats, the same in any order of steps, alone and inside of another
    schedule; after its length the last value holds; config, text and pickle give an equal schedule
    back; an array of steps has the values of its single steps, in every framework that is
    installed, and gradients by the step are finite.

    Args:
        schedule: A schedule, or its class together with ``fields``.
        fields: The fields to build the class with.
        start: The value at step 0, exactly.
        end: The value at its length, exactly.
        low: No value is below it.
        high: No value is above it.
        monotone: "rises" or "falls", if it does so all the way.
        steps: The steps to look at. Default: all of a short schedule, a sample of a long one.
        units: How far an array may be from the single values, in units in the last place.
        size: Values below it are compared as if they were as large: the size of the terms where
            terms cancel. Default: the largest value.
        frameworks: Some of "numpy", "torch", "jax" and "tensorflow". Default: those installed;
            TensorFlow only where it is imported already, as it may not share a process with torch.

    Raises:
        BrokenClaim: For the first claim that is not true; it is an ``AssertionError`` as well.
        GradatimError: If the arguments are wrong.

    >>> from gradatim import Linear
    >>> check_schedule(
    ...     Linear,
    ...     fields={"start": 1.0, "end": 0.0, "steps": 10},
    ...     start=1.0,
    ...     end=0.0,
    ...     monotone="falls",
    ...     frameworks=["numpy"],
    ... )
    """
    made = _built(schedule, fields)
    if monotone is not None and monotone not in get_args(Monotone):
        raise unknown("check_schedule", "monotone", monotone, get_args(Monotone))
    for name in frameworks or ():
        if name not in arrays.FRAMEWORKS:
            raise unknown("check_schedule", "framework", name, arrays.FRAMEWORKS)
    looked = steps_of(made) if steps is None else tuple(sorted(steps))
    chosen = arrays.installed() if frameworks is None else tuple(frameworks)
    subject = Subject(made, looked, start, end, low, high, monotone, units, size, chosen)
    for claim, found in contradictions(subject):
        raise BrokenClaim(f"check_schedule: {subject} must {claim}. But {found}.")


def contradictions(subject: Subject) -> Iterator[tuple[str, str]]:
    """Each claim that is not true of a schedule, and what contradicts it."""
    for claim, contradicted in claims.CLAIMS.items():
        yield from ((claim, found) for found in contradicted(subject))
    for name in subject.frameworks:
        for claim, contradicted_on in arrays.CLAIMS.items():
            for found in contradicted_on(subject, name):
                yield claim, f"with {name}, {found}"


def _built(schedule: Any, fields: Mapping[str, Any] | None) -> Schedule:
    if isinstance(schedule, type) and issubclass(schedule, Schedule):
        return schedule(**(fields or {}))
    if not isinstance(schedule, Schedule):
        raise refuse("check_schedule", "schedule", schedule, "a schedule, or a class of schedules")
    if fields is not None:
        raise GradatimError(
            "check_schedule: fields are for a class, and a schedule that is built is given. "
            f"Leave fields out, or write check_schedule({type(schedule).__name__}, fields=...)."
        )
    return schedule
