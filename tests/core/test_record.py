"""Recorded formulas and ready-made values: the same as asking step by step, to the last bit."""

import math
import pickle

import pytest

from gradatim import (
    Constant,
    Cosine,
    Driver,
    Function,
    Linear,
    Plateau,
    Schedule,
    Table,
    join,
    warmup_cosine,
)
from gradatim.core._fields import Number
from gradatim.core._record import _needed, _Program, record
from gradatim.core._standin import NotStraight
from gradatim.core.ahead import Ahead
from tests.core.cases.table import CASES

WARM = warmup_cosine(peak=3e-4, steps=100_000, warmup=2000, floor=1e-5)

# Cycles that grow come to 60 pieces, too many branches for a loop.
LONG = {"cosine_restarts(peak=0.001, cycle=10, stretch=2)"}


def bits(values):
    return [float(value).hex() for value in values]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_recorded_is_interpreted(case):
    try:
        loop = record(case.schedule.at, 0, math.inf)
    except NotStraight:
        assert str(case) in LONG
        return
    recorded = [loop(step, step + 1)[0] for step in case.steps]
    assert bits(recorded) == bits(map(case.schedule, case.steps))
    assert bits(loop(0, 40)) == bits(map(case.schedule, range(40)))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ready_made_is_interpreted(case):
    ahead = Ahead(case.schedule)
    for begin in case.steps:
        values = ahead.values(begin, 40)
        assert 1 <= len(values) <= 40
        assert bits(values) == bits(case.schedule(begin + k) for k in range(len(values)))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_range_that_is_known_changes_nothing(case):
    """With the range of a piece, branches and zeros fall away; the values must not."""
    end = (case.length or case.until) - 1
    for first, last in ((0, max(end, 1)), (end // 3, end // 3 + 50)):
        try:
            loop = record(case.schedule.at, first, last)
        except NotStraight:
            assert str(case) in LONG
            continue
        looked = [step for step in case.steps if first <= step <= last]
        recorded = [loop(step, step + 1)[0] for step in looked]
        assert bits(recorded) == bits(map(case.schedule, looked))


def test_a_whole_run_in_blocks():
    ahead, begin, values = Ahead(WARM), 0, []
    while begin < 100_100:
        values += ahead.values(begin, 512)
        begin = len(values)
    assert bits(values) == bits(map(WARM, range(begin)))


def test_what_is_known_leaves_no_code():
    source = record_lines(Cosine(start=1.0, end=0.0, steps=100), 0, 99)
    assert sum("sin" in line for line in source) == 1
    assert not any(line.startswith("if") for line in source)
    both = record_lines(Cosine(start=1.0, end=0.5, steps=100), 0, 99)
    assert sum("sin" in line for line in both) == 2


def record_lines(schedule, first, last):
    return _needed(list(_Program(schedule.at, first, last).lines()))


def test_negative_zeros_stay():
    falls = Linear(start=-0.5, end=0.0, steps=2000)
    loop = record(falls.at, 0, math.inf)
    assert bits(loop(1998, 2003)) == bits(map(falls, range(1998, 2003)))
    zeros = -1.0 * Linear(start=0.0, end=0.0, steps=2000)
    assert bits(record(zeros.at, 0, 1999)(0, 3)) == bits(map(zeros, range(3)))
    signs = 0.0 * Linear(start=-0.5, end=0.5, steps=2000)
    assert bits(record(signs.at, 0, 1999)(0, 2000)) == bits(map(signs, range(2000)))


class Zigzag(Schedule):
    """Branches on the step in plain Python, as someone's own schedule may."""

    height: Number

    def at(self, t, xp):
        if t % 7 == 3:
            return self.height
        return self.height / (1 + t) if t < 500 and t != 11 else 0.5 * self.height


class Digits(Schedule):
    """Nothing that can be written down as arithmetic."""

    def at(self, t, xp):
        return float(len(str(int(t))))


class Remembered(Schedule):
    """Looks steps up by their number."""

    def at(self, t, xp):
        return {5: 2.0}.get(t, 1.0)


def test_branches_in_plain_python():
    schedule = Zigzag(height=2.0)
    loop = record(schedule.at, 0, math.inf)
    assert bits(loop(0, 1000)) == bits(map(schedule, range(1000)))


@pytest.mark.parametrize(
    "schedule",
    [
        Digits(),
        Remembered(),
        Table(points=[(k, 1.0 / (1 + k)) for k in range(200)], between="hold"),
        join(*(Constant(value=float(k), steps=2) for k in range(100))),
    ],
    ids=lambda schedule: type(schedule).__name__,
)
def test_what_is_not_straight_is_asked_step_by_step(schedule):
    with pytest.raises(NotStraight):
        record(schedule.at, 0, math.inf)
    ahead, begin, values = Ahead(schedule), 0, []
    while begin < 250:
        values += ahead.values(begin, 64)
        begin = len(values)
    assert bits(values) == bits(map(schedule, range(begin)))


CALLS = []


def noted(step):
    CALLS.append(step)
    return 1.0 / (step + 1)


def test_functions_of_ones_own_are_never_recorded():
    schedule = 2.0 * Function(function=noted)
    ahead = Ahead(schedule)
    CALLS.clear()
    values = ahead.values(10, 512)
    assert list(range(10, 10 + len(values))) == CALLS
    assert len(values) <= 16
    assert values == [2.0 / (step + 1) for step in CALLS]


def test_the_value_after_the_end():
    schedule = WARM.cut(50_000)
    assert Ahead(schedule).values(60_000, 3) == [schedule(50_000)] * 3
    assert Ahead(schedule).values(10**15, 3) == [schedule(50_000)] * 3


def test_taking_a_ready_made_row_is_advancing():
    schedules = {"lr": WARM, "weight_decay": 2.0 * WARM, "momentum": Constant(0.9)}
    rule = Plateau(mode="min", factor=0.5, patience=0)
    quick, plain = Driver(schedules, {"lr": rule}), Driver(schedules, {"lr": rule})
    for update in range(2000):
        if update in (300, 301, 1500):
            quick.observe(1.0)
            plain.observe(1.0)
        if update == 700:
            quick.load(quick.state())
        if update == 900:
            quick = pickle.loads(pickle.dumps(quick))
        row = next(quick.coming, None)
        if row is None:
            quick.prepare()
            row = next(quick.coming)
        plain.advance()
        assert dict(zip(quick.schedules, row, strict=True)) == plain.next == quick.next
        assert quick.position == plain.position
        assert quick.applied == plain.applied
    assert plain.scales == {"lr": 0.25}
    assert quick.state() == plain.state()
    assert list(quick.history("lr"))[-1] == list(plain.history("lr"))[-1]


def test_advancing_by_hand_throws_the_ready_made_away():
    driver = Driver({"lr": WARM})
    driver.prepare()
    next(driver.coming)
    driver.advance(3)
    assert driver.position == 4
    assert next(driver.coming, None) is None
    driver.prepare()
    assert next(driver.coming) == (WARM(5),)
