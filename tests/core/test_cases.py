"""Every schedule against the table of cases: its numbers, its claims, its forms."""

import json
import math
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy
import pytest
import sympy
from mpmath import mpf

import gradatim
from gradatim import (
    Constant,
    GradatimError,
    Linear,
    Run,
    Schedule,
    build,
    closed_forms,
    parse,
    pieces,
    recipes,
    rules,
)
from gradatim.core.values.fields import declared_types
from gradatim.core.values.value import buildable
from gradatim.testing.check import contradictions
from gradatim.testing.subject import Subject
from tests.core.cases.case import Case
from tests.core.cases.table import CASES
from tests.core.oracles import UNIT, units_off

every_case = pytest.mark.parametrize("case", CASES, ids=str)

# These compute a constant from their fields in float64 before they see the step, so on mpmath they
# still have its rounding; so have recipes, which choose the numbers of their pieces.
ROUND_FIRST = {
    *("CosineWave", "Exponential", "Function", "GeometricDecay", "FractionalRamp", "Line"),
    *("NaturalDecay", "Noam", "Tanh", "Triangle"),
}


def test_every_name_has_a_case():
    ours = {
        name
        for name, make in buildable().items()
        if make.__module__.startswith("gradatim.")
        and not (isinstance(make, type) and not issubclass(make, Schedule))
    }
    assert ours - {case.name for case in CASES} == set(), "Add a row for each in tests/core/cases"


def test_every_name_is_in_a_public_module():
    ours = {n for n, make in buildable().items() if make.__module__.startswith("gradatim.core")}
    public = (gradatim, pieces, recipes, closed_forms, rules)
    assert ours <= {name for module in public for name in module.__all__}


@every_case
def test_equals_the_textbook(case: Case):
    for step in case.steps:
        value = case.schedule(step)
        assert type(value) is float
        assert units_off(value, case.truth[step], case.size) <= case.units, f"at step {step}"


@every_case
def test_keeps_every_claim(case: Case):
    """Ends, bounds, forms, arrays of NumPy: what ``check_schedule`` checks for users."""
    subject = Subject(
        case.schedule,
        case.steps,
        start=case.start,
        end=case.end,
        low=case.low,
        high=case.high,
        monotone=case.way,
        units=case.units,
        size=case.size,
        frameworks=("numpy",),
    )
    assert list(islice(contradictions(subject), 3)) == []
    assert case.schedule.length == case.length


@every_case
def test_formula_is_the_textbook_s(case: Case):
    """On numbers of many digits the one formula is right to many digits: no term is missing."""
    chosen = case.name in ROUND_FIRST or case.name not in _classes()
    allowed = 2 * UNIT if chosen else 1e-25
    for step in case.steps[::7]:
        true = case.truth[step]
        off = abs(case.schedule(mpf(step)) - true)
        assert off <= allowed * max(abs(true), case.size), f"at step {step}"


def _classes() -> set[str]:
    return {name for name, make in buildable().items() if isinstance(make, type)}


@every_case
def test_symbols_give_the_same_numbers(case: Case):
    """Up to the end: a printed formula does not say that the last value stays."""
    parts = getattr(case.schedule, "factors", ()) + getattr(case.schedule, "terms", ())
    ends = [part.length for part in (case.schedule, *parts) if part.length is not None]
    last = min(ends, default=10**6)
    formula = sympy.sympify(case.schedule.formula())
    (t,) = formula.free_symbols or {sympy.Symbol("t")}
    size = max(abs(case.schedule(step)) for step in case.steps)
    for step in [step for step in case.steps if step <= min(last, 10**6)][::29]:
        value = float(formula.subs(t, step))
        assert value == pytest.approx(case.schedule(step), rel=1e-9, abs=1e-9 * size)


@every_case
def test_a_row_is_a_config_and_a_text(case: Case):
    """A name and its arguments: what people write in a file, or on a command line."""
    arguments = {
        name: value.config() if isinstance(value, Schedule | Run) else _plain(value)
        for name, value in case.arguments.items()
    }
    config = json.loads(json.dumps({case.name: arguments}))
    assert build(config, imports=True) == case.schedule
    assert parse(str(case), imports=True) == case.schedule


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [one.config() if isinstance(one, Schedule) else _plain(one) for one in value]
    return value


@every_case
def test_equal_where_every_field_is(case: Case):
    schedule = case.schedule
    twin = type(schedule)(
        **{name: getattr(schedule, name) for name in declared_types(type(schedule))}
    )
    assert twin == schedule
    assert hash(twin) == hash(schedule)
    assert schedule != Constant(value=17.0)
    assert schedule != schedule.config()
    for name in declared_types(type(schedule)):
        other = next(_changed(schedule, name), None)
        assert other is not None, f"no other value found for {name}"
        assert other != schedule
        assert repr(other) != repr(schedule)


def _changed(schedule: Schedule, name: str) -> Iterator[Schedule]:
    """The schedule with another value in one field, as often as one is found that it accepts."""
    value = getattr(schedule, name)
    tried: list[Any] = [1, 2, 0.5, 0.25, -1.0, 77.0, Linear(0.5, 0.25, 3), None, True, False]
    tried += ["hold", "linear", "cosine", "math:cos", 10**7, "up", "down"]
    if isinstance(value, tuple):
        tried = [(Constant(3.0, 5), *value), (*value, (10**11, 0.5))]
    for other in tried:
        try:
            changed = schedule.replace(**{name: other})
        except GradatimError:
            continue
        if getattr(changed, name) != value:
            yield changed


@pytest.mark.parametrize("case", [case for case in CASES if case.name != "Function"], ids=str)
def test_stretched_is_the_same_curve_on_a_longer_axis(case: Case):
    long = case.schedule.stretched(3)
    assert long.length == (None if case.length is None else 3 * case.length)
    for step in case.steps:
        same = mpf(case.schedule(step))
        assert units_off(long(3 * step), same, case.size) <= case.units, f"at step {step}"


NO_STEPS = (
    *(-1, -0.5, math.nan, math.inf, True, False, "3", None, [1], 1j, 10**400),
    *(mpf(-1), mpf("nan"), mpf("inf")),
    *(numpy.array(wrong) for wrong in ([-1], [0.0, math.nan], [math.inf], [True], ["1"], [None])),
    numpy.array([2**63], dtype=numpy.uint64),
)


@pytest.mark.parametrize("case", {case.name: case for case in CASES}.values(), ids=lambda c: c.name)
def test_refuses_what_is_no_step(case: Case):
    for step in NO_STEPS:
        with pytest.raises(GradatimError, match=r"schedule\(step\): .*step must be a whole number"):
            case.schedule(step)
