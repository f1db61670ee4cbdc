"""``check_schedule``, which checks a user-defined schedule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value, unknown_name
from gradatim.testing import arrays, claims
from gradatim.testing.subject import Monotone, Subject, steps_of


class BrokenClaim(GradatimError, AssertionError):
    """A schedule does not have a property that every schedule must have."""


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
    """Check that a user-defined schedule has the properties that every schedule must have.

    Its values are finite floats, independent of the order of evaluation, and the same inside of
    another schedule. After its length the last value holds. Config, expression and pickle restore
    an equal schedule. An array of steps has the values of its single steps in every installed
    framework, and gradients with respect to the step are finite.

    Args:
        schedule: A schedule, or its class together with ``fields``.
        fields: The fields to build the class with.
        start: The value at step 0, exactly.
        end: The value at its length, exactly.
        low: No value is below it.
        high: No value is above it.
        monotone: "rises" or "falls", if it does so at every step.
        steps: The steps to check. Default: all of a short schedule, a sample of a long one.
        units: The tolerance between arrays and single values, in units in the last place.
        size: The tolerance for smaller values is that of a value of this size. Give the size of
            the terms if terms cancel. Default: the largest value.
        frameworks: Some of "numpy", "torch", "jax" and "tensorflow". Default: those installed;
            TensorFlow only if it is imported already, because it may conflict with torch.

    Raises:
        BrokenClaim: For the first property that is missing; it is an ``AssertionError`` as well.
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
        raise unknown_name("check_schedule", "monotone", monotone, get_args(Monotone))
    for name in frameworks or ():
        if name not in arrays.FRAMEWORKS:
            raise unknown_name("check_schedule", "framework", name, arrays.FRAMEWORKS)
    chosen_steps = steps_of(made) if steps is None else tuple(sorted(steps))
    chosen = arrays.installed() if frameworks is None else tuple(frameworks)
    subject = Subject(made, chosen_steps, start, end, low, high, monotone, units, size, chosen)
    for claim, found in contradictions(subject):
        raise BrokenClaim(f"check_schedule: {subject} must {claim}. But {found}.")


def contradictions(subject: Subject) -> Iterator[tuple[str, str]]:
    """Each claim that does not hold for a schedule, and the evidence."""
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
        raise invalid_value(
            "check_schedule", "schedule", schedule, "a schedule, or a class of schedules"
        )
    if fields is not None:
        raise GradatimError(
            "check_schedule: fields are for a class, but a schedule object was given. "
            f"Leave fields out, or write check_schedule({type(schedule).__name__}, fields=...)."
        )
    return schedule
