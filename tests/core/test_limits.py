"""What could not be read back, or has no finite value at some step, is refused when it is built."""

import copy
import json
import math
import pickle
import subprocess
import sys

import pytest

from gradatim import (
    Constant,
    Exponential,
    Function,
    GradatimError,
    Linear,
    Schedule,
    Table,
    build,
    join,
    parse,
)
from gradatim.closed_forms import CosineWave, GeometricDecay, Line, NaturalDecay, Tanh, Triangle
from gradatim.core.digits import shortest
from gradatim.core.utf8 import as_utf8
from gradatim.core.values.limits import FARTHEST, Extent, refuse_unreadable
from gradatim.pieces import Logistic, Staircase

line = Linear(1.0, 0.0, 10)
AROUND = {
    "a factor": lambda s: 0.999 * s,
    "a sign": lambda s: -s,
    "one minus": lambda s: 1 - s,
    "a sum in a product": lambda s: (s + line) * line,
    "a join in a sum": lambda s: (s >> line) + 0.5,
    "a clip": lambda s: s.clip(low=0.1),
    "a shift": lambda s: s.shift(1),
    "a cut and a shift": lambda s: s.shift(1).cut(50),
    "a repeat": lambda s: s.repeat(2),
    "a repeat that stretches": lambda s: s.repeat(2, stretch=2),
    "stairs": lambda s: s.staircase(2),
    "a field of a class": lambda s: Triangle(0.0, 1.0, 5, s),
}


@pytest.mark.parametrize("name", AROUND)
def test_what_is_built_can_be_read_back_however_deep(name):
    schedule, levels = line, 0
    while wider := attempt(AROUND[name], schedule):
        schedule, levels = wider, levels + 1
        assert build(json.loads(json.dumps(schedule.config()))) == schedule
        assert parse(repr(schedule)) == schedule
        assert pickle.loads(pickle.dumps(schedule)) == copy.deepcopy(schedule) == schedule
        assert hash(schedule) == hash(copy.deepcopy(schedule))
        assert math.isfinite(schedule(5))
    assert 10 <= levels < 40
    with pytest.raises(GradatimError, match="nested more than 32 levels deep"):
        AROUND[name](schedule)


def test_values_may_be_nested_32_levels_deep_and_no_deeper():
    schedule = line  # one level
    for _ in range(31):
        schedule = Staircase(schedule, 2)
    with pytest.raises(GradatimError) as refusal:
        Staircase(schedule, 2)
    assert str(refusal.value) == (
        "Staircase: nested more than 32 levels deep, which could not be read back from a "
        "checkpoint. Multiply numbers into one factor, and join pieces with join(a, b, c)."
    )


def test_a_value_of_100_000_entries_is_read_back_and_no_larger_one():
    refuse_unreadable("It", Extent(levels=32, entries=100_000))
    with pytest.raises(GradatimError) as refusal:
        refuse_unreadable("It", Extent(levels=1, entries=100_001))
    assert str(refusal.value) == (
        "It: more than 100000 entries, which could not be read back from a checkpoint. Write a "
        "long table as a Function."
    )
    with pytest.raises(GradatimError, match=r"^It: nested more than 32 levels deep, which could "):
        refuse_unreadable("It", Extent(levels=33))


def test_a_formula_that_overflows_is_refused_with_its_step():
    class Overflows(Schedule):
        def at(self, t, xp):
            raise OverflowError("math range error")

    with pytest.raises(GradatimError) as refusal:
        Overflows()
    assert str(refusal.value).startswith(
        "Overflows(): the value at step 0 must be a finite number, got "
        "OverflowError('math range error'). What grows needs an end"
    )


def test_a_number_of_few_digits_is_found_near_a_value():
    assert shortest(0.30000000000000004, 1e-9) == 0.3
    assert shortest(0.333, 0.01, most=2) == 0.33
    assert shortest(1.26, 0.1, most=1) == 1.26  # 1.0 is too far, and 1.3 has two digits
    assert shortest(-1260.0, 60.0) == -1300.0
    assert shortest(1 / 3, 0.0) == 1 / 3


def test_bytes_that_are_no_utf8_are_marked_in_a_text():
    assert as_utf8("gr\udcc3\udcb6\udcc3\udc9fe") == "größe"
    assert as_utf8("a\udcffb") == "a\ufffdb"


def attempt(around, schedule):
    try:
        return around(schedule)
    except GradatimError:
        return None


@pytest.mark.parametrize(
    "long",
    [
        lambda n: join(*[Constant(0.5, 1)] * n),
        lambda n: sum([line] * n, start=line),
        lambda n: math.prod([Constant(0.5, 9)] * n, start=line),
        lambda n: Table([(i, 0.5) for i in range(n)], "hold"),
    ],
    ids=["join", "sum", "product", "table"],
)
def test_what_is_long_can_be_read_back(long):
    for n in (150, 250, 700):
        schedule = long(n)
        assert parse(repr(schedule)) == build(schedule.config()) == schedule


def test_what_is_too_long_is_refused():
    table = Table([(i, 0.1234567890123456) for i in range(33_000)], "hold")
    assert parse(repr(table)) == build(table.config()) == table
    with pytest.raises(GradatimError, match="Table: more than 100000 entries"):
        Table([(i, 0.5) for i in range(34_000)], "hold")
    with pytest.raises(GradatimError, match="Join: more than 100000 entries"):
        join(*[Constant(0.5, 1)] * 40_000)


def test_many_levels_of_sums_take_no_time():
    program = (
        "from gradatim import *; s = l = Linear(1.0, 0.0, 9)\n"
        "for _ in range(15): s = (s + l) * l\n"
        "print(s.length)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=600, check=True
    )
    assert run.stdout.strip() == "9"


GROWS = {
    "a steep line": lambda: Line(0.0, rise=1e300),
    "a line begun long ago": lambda: Line(0.0, rise=1e289).shift(-(10**20)),
    "a wave too short": lambda: CosineWave(half_period=1e-320),
    "a triangle too short": lambda: Triangle(0.0, 1.0, half_period=1e-320),
    "a height too large": lambda: Tanh(1e308, -1e308, 10),
    "a way too long": lambda: Tanh(1.0, 0.0, 10, first=-1e308, last=1e308),
    "a quotient too large": lambda: Exponential(1e-300, 1e300, 10),
    "a steepness of nothing": lambda: Logistic(1.0, 0.0, 10, steepness=5e-324),
    "a number times a number": lambda: 1e200 * Constant(1e200),
    "a product": lambda: Constant(1e200) * Constant(1e200),
    "a product that is large half-way": lambda: Linear(0.0, 1e200, 10) * Linear(1e200, 0.0, 10),
    "a sum": lambda: Constant(1e308) + Constant(1e308),
    "a difference": lambda: Constant(1e308) - Constant(-1e308),
    "a quotient": lambda: Constant(1e300) / 1e-300,
    "a peak inside": lambda: 1e10 * (Linear(0.0, 1e300, 10) >> Linear(1e300, 0.0, 10)),
    "a function at its end": lambda: Function("math:exp", steps=1000),
}


@pytest.mark.parametrize("name", GROWS)
def test_what_grows_past_a_float_is_refused(name):
    with pytest.raises(GradatimError, match=r"must be a finite number, got|finite") as caught:
        GROWS[name]()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "schedule",
    [
        NaturalDecay(1.0, rate=-1e-18),
        NaturalDecay(1.0, rate=1e300),
        GeometricDecay(1.0, factor=1e-300, every=0.5),
        Line(0.0, rise=1e280),
        Linear(-1e307, 1e307, 10),
        Exponential(1e-150, 1e150, 10),
        Constant(1e200) * Constant(1e100),
        Table([(0, 1e308), (5, -1e308)], "linear"),
        CosineWave(half_period=5.0).cut(100).repeat(stretch=10**200),
    ],
    ids=repr,
)
def test_what_stays_finite_is_not_refused(schedule):
    steps = (0, 1, 2, 3, 5, 10, 10**6, 2**40, FARTHEST)
    assert all(math.isfinite(schedule(step)) for step in steps)


@pytest.mark.parametrize(
    ("schedule", "by_hand"),
    [
        (NaturalDecay(1e-3, rate=-0.1), lambda t: 1e-3 * math.exp(0.1 * t)),
        (GeometricDecay(1e-3, factor=1.1, every=1), lambda t: 1e-3 * 1.1**t),
        (GeometricDecay(-1e10, factor=1.1, every=2.5), lambda t: -1e10 * 1.1 ** (t / 2.5)),
        (
            GeometricDecay(1e-300, factor=4.0, every=3, stairs=True),
            lambda t: 1e-300 * 4.0 ** (t // 3),
        ),
    ],
    ids=["natural", "geometric", "geometric, negative", "stairs"],
)
def test_growth_without_end_stops_at_1e100(schedule, by_hand):
    """As ``ExponentialLR(gamma=1.1)`` of torch, which a range test of the rate uses."""
    last = schedule.length
    for step in (0, 1, 7, 100, last - 1, last):
        assert schedule(step) == pytest.approx(by_hand(step), rel=1e-12)
    assert 1e98 * min(1.0, abs(schedule(0))) < abs(schedule(last)) < 1e101
    assert schedule(last + 1) == schedule(FARTHEST) == schedule(last)


def infinite_far_out(step: int) -> float:
    return float("inf") if step > 10 else 0.5


@pytest.mark.parametrize("around", ["2.0 * one", "Constant(1.0, 5) >> one", "one.cut(10**9)"])
def test_a_function_in_a_schedule_is_not_asked_for_its_far_values_when_it_is_built(around):
    schedule = eval(around, {"one": Function(function=infinite_far_out), "Constant": Constant})
    assert math.isfinite(schedule(8))
    assert schedule(10**6) == math.inf
