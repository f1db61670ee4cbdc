"""What must hold of every schedule, whatever its arguments: the same claims for each name."""

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from gradatim import GradatimError, Schedule, closed_forms
from gradatim.core.pieces import boundaries
from gradatim.core.sketch import horizon
from gradatim.core.values.value import buildable
from gradatim.testing.check import contradictions
from gradatim.testing.claims import UNIT
from gradatim.testing.subject import Subject
from tests.core.cases.table import CASES
from tests.core.random_arguments import arguments
from tests.counting import LONG

NAMES = sorted({case.name for case in CASES})
QUICK = 10
LEVELS = ("peak", "start", "floor", "end", "level", "low", "high", "value")
# Their values leave the range of these arguments, by definition.
BEYOND = {
    *("Clip", "GeometricDecay", "Line", "NaturalDecay", "Noam", "noam", "noam_interval"),
    *("Triangle", "rewarm", "cooldown", "extend"),
}
WITH_BOTH_ENDS = {
    *("Linear", "Cosine", "Polynomial", "Exponential", "OneMinusSqrt", "SquareRoot"),
    *("Logarithmic", "Logistic", "REX", "KDecay"),
}
ALIKE = ("Linear", "Cosine", "OneMinusSqrt", "SquareRoot", "Logistic", "REX")
most = settings(suppress_health_check=list(HealthCheck), deadline=None)


def check(name: str, given_arguments: dict[str, Any], steps: list[int]) -> None:
    try:
        schedule = buildable()[name](**given_arguments)
    except GradatimError:
        reject()
    assert isinstance(schedule, Schedule)
    low, high = bounds(name, given_arguments)
    ramp = name in WITH_BOTH_ENDS
    subject = Subject(
        schedule,
        looked_at(schedule, steps),
        start=given_arguments["start"] if ramp else None,
        end=given_arguments["end"] if ramp else None,
        low=low,
        high=high,
        monotone=("rises" if low == given_arguments["start"] else "falls") if ramp else None,
        frameworks=("numpy",),
    )
    assert list(contradictions(subject)) == []
    with pytest.raises(GradatimError, match="step must be"):
        schedule(-1)


def looked_at(schedule: Schedule, drawn: list[int]) -> tuple[int, ...]:
    """The ends, the first few joins, and some random steps."""
    last = horizon(schedule)
    joins = boundaries(schedule, min(last, 2**53))[:5]
    near = {at + d for at in (0, last, *joins) for d in (-1, 0, 1)}
    return tuple(sorted(step for step in near | {*drawn} if 0 <= step <= 2**53))


def bounds(name: str, given_arguments: dict[str, Any]) -> tuple[float, float]:
    """The least and the greatest of the levels that a user gave: no value is beyond them."""
    levels = [given_arguments[level] for level in LEVELS if level in given_arguments]
    numbers = [float(level) for level in levels if isinstance(level, float)]
    factor = given_arguments.get("factor", 1.0)
    grows = isinstance(factor, float) and factor > 1.0
    if name in BEYOND or grows or not numbers or name == "Function":
        return -math.inf, math.inf
    if name in WITH_BOTH_ENDS:
        return min(numbers), max(numbers)
    numbers.append(0.0)  # the default of a start or of a floor, and where decays go to
    rounding = 4 * UNIT * max(map(abs, numbers))  # of a sum of two levels
    return min(numbers) - rounding, max(numbers) + rounding


few_steps = st.lists(st.integers(0, 400) | st.integers(0, 2**40), min_size=1, max_size=4)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(most, max_examples=QUICK)
def test_every_schedule_keeps_the_invariants(name: str, data: st.DataObject):
    check(name, data.draw(arguments(name)), data.draw(few_steps))


# What the searches found. Rounding took the ramps past ends that are alike.
FOUND: list[tuple[str, dict[str, Any]]] = [
    (
        "FractionalRamp",
        {"start": 0.3, "end": 1e-05, "steps": 10**6 + 1, "span": 1.4488637517, "shape": "linear"},
    ),
    ("KDecay", {"start": 0.5, "end": 0.5, "steps": 64, "power": 2.0}),
    ("KDecay", {"start": 0.5, "end": 0.5000005, "steps": 64, "power": 2.0}),
    ("PowerDecay", {"start": 2.225073858507203e-309, "power": 0.51, "scale": 1000}),
    *((name, {"start": 0.1, "end": 0.1, "steps": 1000}) for name in ALIKE),
]


@pytest.mark.parametrize(("name", "given_arguments"), FOUND)
def test_what_a_search_found_stays_right(name: str, given_arguments: dict[str, Any]):
    check(name, given_arguments, list(range(65)))


@pytest.mark.parametrize("make", [closed_forms.GeometricDecay, closed_forms.NaturalDecay])
def test_a_length_too_short_to_divide_by_is_refused(make: type[Schedule]):
    shape = {"factor": 0.25} if make is closed_forms.GeometricDecay else {"rate": 0.25}
    with pytest.raises(GradatimError, match=r"got 2.2e-309\. It must be above 1e-100"):
        make(start=1.0, every=2.2e-309, **shape)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(most, max_examples=LONG["R1"])
def test_every_schedule_keeps_the_invariants_in_the_long_search(name: str, data: st.DataObject):
    check(name, data.draw(arguments(name)), data.draw(few_steps))
