"""The steps at which a batch size, or another whole number that follows a schedule, changes."""

import pytest

from gradatim import Constant, GradatimError, Linear, Table
from gradatim.core.run.levels import levels

STAIRS = Table([(0, 2.0), (3, 4.0), (9, 8.0)], "hold")
STAGES = Constant(8.0, 3) >> Constant(16.0, 4) >> Constant(8.0)


@pytest.mark.parametrize(
    "size",
    [
        STAGES,
        STAGES.shift(2),
        STAGES.shift(-2),
        STAGES.cut(5),
        STAGES.cut(3),
        STAIRS.cut(9),
        STAIRS.cut(9) >> Constant(8.0, 2),
        STAIRS.cut(5) >> STAIRS,
        STAIRS + STAIRS.shift(1),
        STAGES.cut(3) >> Constant(4.0),
        2.0 * STAGES,
        STAGES * STAGES,
        STAGES + Table([(0, 1.0), (5, 2.0)], "hold"),
        STAGES.clip(high=10.0).rounded(),
        Linear(8.0, 3.0, 7).rounded(),
        Linear(8.0, 24.0, 9).rounded(to=4) >> Constant(32.0),
        Constant(4.0, 2) >> Linear(8.0, 24.0, 9).rounded(),
        (2.0 * Linear(8.0, 24.0, 9)).clip(high=40.0).rounded(),
        (Linear(8.0, 24.0, 9) + Constant(0.25)).rounded(),
        (Linear(8.0, 24.0, 9) + Linear(0.0, -24.0, 9).shift(3)).clip(low=5.0).rounded(),
        Linear(8.0, 24.0, 9).staircase(4).rounded(),
        Linear(8.0, 24.0, 9).repeat(2).rounded(),
    ],
    ids=str,
)
def test_a_batch_size_changes_at_the_steps_at_which_its_value_does(size):
    changes = [(0, size(0))]
    for step in range(1, 40):
        if size(step) != changes[-1][1]:
            changes.append((step, size(step)))
    assert levels("Run", "batch", size) == changes


def test_a_long_curve_has_few_levels():
    assert len(levels("Run", "batch", Linear(8.0, 32.0, 10**15).rounded())) == 25


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
