"""A plan: a schedule for each target, the rules on top, the run; it never changes."""

import copy
import pickle

import pytest

from gradatim import Constant, Driver, GradatimError, Linear, Plan, Plateau, Run, Target, load_plan

LINE = Linear(start=0.0, end=1.0, steps=4)
RULE = Plateau(mode="min", factor=0.5, patience=0)
RUN = Run(steps=4)


def test_targets_are_given_as_targets_or_as_texts():
    by_text = Plan({"lr/head": LINE, "lr/*": 0.25, "betas[0]": 0.9}, rules=RULE, run=RUN)
    by_target = Plan(
        {
            Target("lr", "head"): LINE,
            Target("lr", "*"): Constant(0.25),
            Target("betas[0]"): Constant(0.9),
        },
        rules={"lr": RULE},
        run=RUN,
    )
    assert by_text == by_target
    assert hash(by_text) == hash(by_target)
    assert list(map(str, by_text)) == ["lr/head", "lr/*", "betas[0]"]
    assert by_text.values == ("lr", "betas[0]")
    assert by_text["lr/*"] == by_text[Target("lr", "*")] == Constant(0.25)
    assert ("lr/head" in by_text, "lr" in by_text, len(by_text)) == (True, False, 3)


def test_a_part_may_have_slashes_of_its_own():
    assert Target.read("lr/encoder/layer.1") == Target("lr", "encoder/layer.1")
    assert str(Target("lr", "encoder/layer.1")) == "lr/encoder/layer.1"


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda plan: pickle.loads(pickle.dumps(plan))])
def test_a_copy_is_the_same_plan(clone):
    plan = Plan({"lr": LINE}, rules=RULE, run=RUN)
    assert clone(plan) == plan
    assert (
        eval(repr(plan), {name: globals()[name] for name in ("Plan", "Linear", "Plateau", "Run")})
        == plan
    )


def test_it_never_changes():
    given = {"lr": LINE}
    plan = Plan(given)
    given["lr"] = Constant(9.0)
    assert plan["lr"] == LINE
    with pytest.raises(GradatimError, match="run cannot be set, a plan never changes"):
        plan.run = RUN
    with pytest.raises(TypeError):
        plan.schedules[Target("lr")] = LINE
    other = plan.with_schedules({Target("lr"): Constant(1.0), Target("momentum"): Constant(0.5)})
    assert (plan, other) == (Plan({"lr": LINE}), Plan({"lr": 1.0, "momentum": 0.5}))


@pytest.mark.parametrize(
    ("schedules", "more", "words"),
    [
        ({}, {}, "schedules must be a mapping"),
        ([LINE], {}, "schedules must be a mapping"),
        ({"lr": "cosine"}, {}, "lr must be a schedule, or a number.*got 'cosine'.*warmup_cosine"),
        ({"lr": True}, {}, "lr must be a schedule"),
        ({"": LINE}, {}, "a target must be a text"),
        ({3: LINE}, {}, "a target must be a text"),
        ({"lr": LINE}, {"rules": 0.5}, "rule must be a rule"),
        ({"lr": LINE}, {"rules": {"lr": 0.5}}, "the rule for 'lr' must be a rule"),
        ({"lr": LINE}, {"rules": {"rl": RULE}}, "unknown value to apply a rule to 'rl'"),
        ({"momentum": LINE}, {"rules": RULE}, "unknown value to apply a rule to 'lr'"),
        ({"lr": LINE}, {"run": 100}, "run must be a Run"),
    ],
)
def test_what_is_no_plan(schedules, more, words):
    with pytest.raises(GradatimError, match=words) as error:
        Plan(schedules, **more)
    assert str(error.value).startswith("Plan: ")


def test_a_target_that_is_not_in_it():
    with pytest.raises(GradatimError, match=r"unknown target 'rl'\. Known: lr"):
        Plan({"lr": LINE})["rl"]


def test_a_driver_takes_it_or_its_path(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(
        '{"format": 1, "schedules": {"lr": {"Linear": {"start": 0, "end": 1, "steps": 4}}}}'
    )
    for plan in (path, str(path), load_plan(path), Plan({"lr": LINE}), {"lr": LINE}):
        assert Driver(plan).plan == Plan({"lr": LINE})
    with pytest.raises(GradatimError, match="a plan has its rules and its run already"):
        Driver(load_plan(path), rules=RULE)
    with pytest.raises(GradatimError, match=r"nowhere\.json"):
        Driver(tmp_path / "nowhere.json")
