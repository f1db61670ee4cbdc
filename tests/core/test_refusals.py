"""Wrong values are refused when a thing is built, by the one family of errors, in words that help.

Whatever is put into any argument: it is built and then works, or a ``GradatimError`` names the
class or recipe, the argument and the value. Nothing else is ever raised.
"""

import functools
import math
import sys
from fractions import Fraction
from typing import Any

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim import Constant, Function, GradatimError, Linear, Schedule, warmup_cosine
from gradatim.core.values.fields import declared_types
from gradatim.core.values.value import buildable, parameters_of
from gradatim.errors import shown
from tests.core.cases.table import CASES
from tests.counting import LONG

# A working call of each class and recipe, to put one wrong argument into at a time.
CALLS = {case.name: case.arguments for case in CASES}
every_argument = pytest.mark.parametrize(
    ("name", "argument"),
    [(name, argument) for name in CALLS for argument in parameters_of(buildable()[name])],
)

ODD = (
    True,
    False,
    None,
    "x",
    "",
    "5%",
    "2 epochs",
    "1e999 updates",
    -1,
    0,
    1,
    2.5,
    -0.5,
    1e30,
    -1e30,
    [],
    [[]],
    (1, 2),
    (5, 3),
    (3, 3, 3),
    ((0, 1.0),),
    ["a"],
    int,
    lambda t: 1.0,
    Fraction(1, 2),
    numpy.float64(0.5),
    numpy.float32(0.5),
    numpy.int64(3),
    numpy.bool_(True),
    Linear(0.0, 1.0, 3),
    Constant(0.5),
)
NEVER = (
    math.nan,
    math.inf,
    -math.inf,
    -(10**400),
    -(10**5000),
    b"x",
    1j,
    {},
    object(),
    numpy.nan,
    numpy.array([1.0]),
)
ANY = (*ODD, *NEVER, 10**400)

# These go on growing if they are told to, past what a float holds.
GROW = {("NaturalDecay", "rate"), ("GeometricDecay", "factor")}


@every_argument
def test_every_argument_takes_a_value_or_says_what_it_takes(name: str, argument: str):
    far = (0,) if (name, argument) in GROW else (0, 1, 7, 10**6, 10**12, sys.maxsize, 10**30)
    for value in (*ODD, 10**400, 10**5000):
        built = attempt(name, argument, value)
        if isinstance(built, str):
            assert argument.removesuffix("ies") in built, "as in: below the first boundary"
            assert len(built) < 600
        else:
            assert all(math.isfinite(built(step)) for step in far), shown(value)


def attempt(name: str, argument: str, value: Any) -> Schedule | str:
    """The schedule with this argument, or why there is none."""
    try:
        return buildable()[name](**{**CALLS[name], argument: value})
    except GradatimError as error:
        return str(error)


@pytest.mark.long
@given(data=st.data())
@settings(max_examples=LONG["R6"], suppress_health_check=list(HealthCheck))
def test_two_odd_arguments_are_taken_or_refused_as_one_is(data: st.DataObject):
    name = data.draw(st.sampled_from(sorted(CALLS)))
    argument = st.sampled_from(sorted(parameters_of(buildable()[name])))
    odd = data.draw(st.dictionaries(argument, st.sampled_from(range(len(ANY))), max_size=2))
    given_odd = {one: ANY[k] for one, k in odd.items()}
    built: Schedule | str
    try:
        built = buildable()[name](**{**CALLS[name], **given_odd})
    except GradatimError as error:
        built = str(error)
    if isinstance(built, str):
        assert built.startswith(name)
        assert len(built) < 600
    else:
        far = (0,) if GROW & {(name, one) for one in odd} else (0, 1, 7, 10**6, 10**12)
        assert all(math.isfinite(built(step)) for step in far)


@every_argument
def test_some_things_are_no_argument_anywhere(name: str, argument: str):
    for value in NEVER:
        why = attempt(name, argument, value)
        assert isinstance(why, str), shown(value)
        assert why.startswith(f"{name}: {argument} must be ")
        assert f"got {shown(value)}" in why


@pytest.mark.parametrize("name", CALLS)
def test_arguments_are_called_by_their_names(name: str):
    make, given = buildable()[name], CALLS[name]
    taken = parameters_of(make)
    with pytest.raises(GradatimError, match=f"^{name}: unknown argument 'wrong'.* Known: .*") as no:
        make(**given, wrong=1)
    assert all(argument in str(no.value) for argument in taken)
    with pytest.raises(GradatimError, match=f"^{name}: unknown argument 'self'"):
        make(**given, self=1)
    with pytest.raises(GradatimError, match=f"^{name}: "):
        make(*[1] * len(taken), 1)
    for argument, parameter in taken.items():
        others = {other: value for other, value in given.items() if other != argument}
        if parameter.default is parameter.empty:
            with pytest.raises(GradatimError, match=f"^{name}: .*{argument}.*"):
                make(**others)
        first = next(iter(taken))
        if argument == first and argument in given:
            with pytest.raises(GradatimError, match=f"^{name}: .*{argument}.*"):
                make(given[argument], **given)


@pytest.mark.parametrize("case", {case.name: case for case in CASES}.values(), ids=lambda c: c.name)
def test_a_schedule_never_changes(case):
    schedule: Schedule = case.schedule
    before = repr(schedule)
    for name in (*declared_types(type(schedule)), "length", "anything"):
        with pytest.raises(GradatimError, match=f"{name} cannot be set"):
            setattr(schedule, name, 1)
        with pytest.raises(GradatimError, match=f"{name} cannot be set"):
            delattr(schedule, name)
    assert repr(schedule) == before


def outer():
    def inner(step: int) -> float:
        return 1.0

    return inner


class Stateful:
    def __call__(self, step: int) -> float:
        return 1.0


@pytest.mark.parametrize(
    "function",
    [
        "",
        ":",
        "x",
        "math",
        "math:",
        ":sqrt",
        ".math:sqrt",
        "math:nothing",
        "nowhere:f",
        "math:pi",
        "math:log",
        "math:nan",
        "os:getcwd",
        "builtins:bool",
        "a b:c",
        "math:sqrt.__self__.__class__",
        lambda step: 1.0,
        outer(),
        functools.partial(max, 1.0),
        Stateful(),
        5,
        b"math:sqrt",
    ],
)
def test_a_function_is_importable_and_gives_numbers(function: Any):
    with pytest.raises(
        GradatimError, match=r"^Function: (function must be importable|.*\(0\) must be)"
    ):
        Function(function)


def test_numbers_of_numpy_are_numbers():
    ours = Linear(start=0.5, end=0.25, steps=8)
    assert Linear(numpy.float64(0.5), numpy.float32(0.25), numpy.int64(8)) == ours
    assert numpy.float64(0.5) * ours == 0.5 * ours == ours * numpy.float32(0.5)
    assert type(Linear(numpy.float64(0.5), numpy.float32(0.25), numpy.uint8(8)).start) is float
    assert warmup_cosine(1.0, steps=100, warmup=numpy.int32(5)) == warmup_cosine(
        1.0, steps=100, warmup=5
    )
