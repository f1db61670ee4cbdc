"""A plan as a value: how long it is, and edits of all its learning rates at once."""

import pytest

import gradatim
from gradatim import (
    Constant,
    GradatimError,
    Linear,
    Plan,
    Plateau,
    Run,
    branch,
    check,
    cooldown,
    extend,
    rewarm,
    warmup_constant,
)

TRUNK = warmup_constant(1.0, warmup=100)
PLAN = Plan(
    {"lr/head": TRUNK, "lr/body": 0.1 * TRUNK, "lr/*": 0.0, "weight_decay": 0.1},
    rules=Plateau(mode="min"),
    run=Run(steps=10_000),
)


def test_the_steps_of_a_plan():
    assert PLAN.steps == 10_000
    assert Plan({"lr": Linear(1.0, 0.0, 10), "weight_decay": Linear(0.0, 0.1, 20)}).steps == 20
    assert Plan({"lr": 1.0}).steps is None


@pytest.mark.parametrize(
    "plan",
    [
        PLAN,
        Plan({"lr": 1.0}),
        Plan({"lr": 1.0}, run=Run(seconds=60)),
        Plan({"lr": 1.0}, external={"kl": Linear(0.0, 1.0, 10), "window": 64}),
    ],
)
def test_what_a_plan_is_printed_as_builds_it_again(plan):
    assert eval(repr(plan), {name: getattr(gradatim, name) for name in gradatim.__all__}) == plan


def test_a_cooldown_of_a_plan_is_that_of_each_rate():
    cooled = cooldown(PLAN, at=1000, updates=200, shape="linear")
    for part in ("lr/head", "lr/body"):
        assert cooled[part] == cooldown(PLAN[part], at=1000, updates=200, shape="linear")
    # By hand: half of the linear cooldown is over at 1,100.
    assert [cooled["lr/head"](k) for k in (999, 1000, 1100, 1200)] == [1.0, 1.0, 0.5, 0.0]
    assert cooled["lr/body"](1100) == pytest.approx(0.05)
    assert (cooled["weight_decay"], cooled.rules, cooled.run) == (
        Constant(0.1),
        PLAN.rules,
        PLAN.run,
    )
    assert list(cooled) == list(PLAN)
    assert cooldown(schedule=PLAN, at=1000, updates=200, shape="linear") == cooled


def test_a_share_as_the_floor_is_one_of_each_rate():
    cooled = cooldown(PLAN, at=1000, updates=200, floor="10%")
    assert cooled["lr/head"](1200) == pytest.approx(0.1)
    assert cooled["lr/body"](1200) == pytest.approx(0.01)


def test_what_is_frozen_stays_frozen():
    later = Plan({"lr/head": TRUNK, "lr/*": Constant(0.0, 2000) >> Constant(1.0)})
    for plan in (PLAN, later):
        frozen = cooldown(plan, at=1000, updates=200)["lr/*"]
        assert [frozen(k) for k in (0, 999, 1000, 1200, 5000)] == [0.0] * 5
    ended = Plan(cooldown(PLAN, at=1000, updates=200).schedules, run=Run(steps=1200))
    assert {f.severity for f in check(ended)} == {"note"}


def test_an_extended_plan():
    plan = Plan({"lr": Linear(1.0, 0.0, 10), "weight_decay": 0.1})
    longer = extend(plan, at=6, steps=14)
    assert longer["lr"] == extend(plan["lr"], at=6, steps=14)
    assert longer["weight_decay"] == Constant(0.1)


def test_a_rate_edited_by_hand():
    assert PLAN.with_rates(lambda rate: 2.0 * rate)["lr/body"](500) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: cooldown(Plan({"momentum": 0.9}), at=1, updates=2), "unknown value 'lr'"),
        (lambda: cooldown(PLAN, at=-1, updates=2), "cooldown: at must be a whole number"),
        (lambda: cooldown(PLAN, at=1, updates=0), "cooldown: updates must be"),
        (lambda: cooldown(PLAN, 1, 2), "cooldown: only schedule may be positional"),
        (lambda: cooldown(PLAN, updates=2), "cooldown: missing a required argument: 'at'"),
        (lambda: cooldown("plan", at=1, updates=2), "cooldown: schedule must be a Schedule"),
        (lambda: rewarm(PLAN, at=1, steps=20, peak=1.0), "rewarm: schedule must be a Schedule"),
        (lambda: branch(PLAN, at=1, then=TRUNK), "branch: schedule must be a Schedule"),
    ],
)
def test_what_cannot_be_edited(wrong, words):
    with pytest.raises(GradatimError, match=words):
        wrong()
