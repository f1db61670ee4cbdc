"""The steps at which a batch size, or another whole number that follows a schedule, changes."""

import pytest

from gradatim import Constant, GradatimError, Linear, Table
from gradatim.core.run.levels import levels

STAIRS = Table([(0, 2), (3, 4), (9, 8)], "hold")
RAMP = Linear(8.0, 10.0, 4).rounded()  # of 8, 8.5, 9, 9.5 and 10; halves go up
LEVELS = {
    "a number": (5, [(0, 5)]),
    "stages": (STAIRS, [(0, 2), (3, 4), (9, 8)]),
    "cut at a change": (STAIRS.cut(3), [(0, 2), (3, 4)]),
    "cut before a change": (STAIRS.cut(8), [(0, 2), (3, 4)]),
    "later": (STAIRS.shift(2), [(0, 2), (5, 4), (11, 8)]),
    "earlier": (STAIRS.shift(-4), [(0, 4), (5, 8)]),
    "a ramp": (RAMP, [(0, 8), (1, 9), (3, 10)]),
    "a ramp in a join": (Constant(8.0, 10) >> RAMP, [(0, 8), (11, 9), (13, 10)]),
    "stages in a join": (STAIRS.cut(5) >> STAIRS, [(0, 2), (3, 4), (5, 2), (8, 4), (14, 8)]),
    "the end of a join": (STAIRS.cut(9) >> Constant(8.0, 2), [(0, 2), (3, 4), (9, 8)]),
    "a product": (STAIRS * 2, [(0, 4), (3, 8), (9, 16)]),
    "a sum": (STAIRS + STAIRS.shift(1), [(0, 4), (3, 6), (4, 8), (9, 12), (10, 16)]),
    "every second step": (Linear(2.0, 8.0, 6).staircase(2), [(0, 2), (2, 4), (4, 6), (6, 8)]),
}


@pytest.mark.parametrize("name", LEVELS)
def test_each_value_has_its_first_step(name):
    schedule, wanted = LEVELS[name]
    assert levels("Run", "batch", schedule) == wanted
    if not isinstance(schedule, int):
        for step in range(20):
            assert schedule(step) == [size for first, size in wanted if first <= step][-1]


def test_a_hundred_thousand_changes_are_found_and_no_more():
    assert len(levels("Run", "batch", Linear(1, 100_000, 99_999).rounded())) == 100_000
    with pytest.raises(GradatimError) as refusal:
        levels("Run", "batch", Linear(1, 100_001, 100_000).rounded())
    assert str(refusal.value) == (
        "Run: batch=Rounded(schedule=Linear(start=1.0, end=100001.0, steps=100000)) may change at "
        "more than 100,000 steps. Write it in stages, such as "
        "batch=piecewise_constant(values=[...], boundaries=[...]), or in larger ones: "
        "batch=schedule.rounded(to=64)."
    )


AROUND = {
    "alone": lambda schedule: schedule,
    "later": lambda schedule: schedule.shift(1),
    "cut": lambda schedule: schedule.cut(200_000),
}


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
def test_what_may_change_at_every_step_is_refused(around):
    endless = Linear(1, 9, 8).cut(8).repeat(100_000).rounded()
    with pytest.raises(GradatimError, match=r"^Run: batch=.* at more than 100,000 steps\. Write"):
        levels("Run", "batch", around(endless))
