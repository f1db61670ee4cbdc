"""A comparison says where plans differ: fields, values, rules, runs, and what only some have."""

import pytest

from gradatim import (
    Constant,
    GradatimError,
    Linear,
    Plan,
    Plateau,
    Run,
    warmup_cosine,
    warmup_linear,
)
from gradatim.drive import Target
from gradatim.look import compare, report

LINE, HALF = Linear(1.0, 0.0, 4), Linear(0.5, 0.0, 4)
LR = Target("lr")


def fields(found):
    return [tuple(field) for field in found]


def test_the_fields_that_differ_have_an_entry_for_each_plan():
    found = compare({"a": LINE, "b": HALF, "c": Linear(1.0, 0.0, 8)})
    lr = found.targets[LR]
    assert fields(lr.fields) == [
        ("Linear.start", ("1.0", "0.5", "1.0")),
        ("Linear.steps", ("4", "4", "8")),
    ]
    # By hand: half as high is farthest at step 0, twice as long at step 4, where a has ended.
    assert {name: tuple(gap) for name, gap in lr.gaps.items()} == {"b": (0, -0.5), "c": (4, 0.5)}
    assert found.differ
    assert not found.all_equal


def test_schedules_of_different_classes_and_lengths():
    (field,) = compare({"a": LINE, "b": Constant(1.0)}).targets[LR].fields
    assert field == ("all", ("Linear(start=1.0, end=0.0, steps=4)", "Constant(value=1.0)"))
    (field,) = compare({"a": LINE >> HALF, "b": LINE >> HALF >> LINE}).targets[LR].fields
    assert field == ("Join.pieces[2]", ("-", "Linear(start=1.0, end=0.0, steps=4)"))
    three = compare({"a": LINE, "b": HALF, "c": Constant(0.5)}).targets[LR].fields
    assert [field.place for field in three] == ["all"]
    assert len(three[0].entries) == 3


def test_the_same_values_in_other_words_are_no_difference():
    found = compare({"a": LINE, "b": LINE.clip(low=0.0)})
    assert not found.differ
    assert not found.all_equal
    same = compare({"a": LINE, "b": LINE})
    assert same.all_equal
    assert not same.differ


PLAN = Plan({"lr/head": LINE, "lr/*": HALF, "momentum": 0.9}, run=Run(steps=4))
OTHERS = {
    "rule": Plan(PLAN.schedules, rules=Plateau(mode="min"), run=PLAN.run),
    "run": Plan(PLAN.schedules, run=Run(steps=5)),
    "target": Plan({"lr/head": LINE, "lr/*": HALF}, run=PLAN.run),
    "value": Plan({**PLAN.schedules, "momentum": 0.8}, run=PLAN.run),
    "outside": Plan({"lr/head": LINE, "lr/*": HALF}, external={"momentum": 0.9}, run=PLAN.run),
}


@pytest.mark.parametrize("what", OTHERS)
def test_everything_that_changes_a_run_is_a_difference(what):
    found = compare({"a": PLAN, "b": OTHERS[what], "c": PLAN})
    assert found.differ
    assert not compare({"a": PLAN, "c": PLAN}).differ
    momentum = found.targets[Target("momentum")]
    said = {
        "rule": fields(found.rules) == [("lr", ("-", "Plateau(mode='min')", "-"))],
        "run": fields(found.run) == [("steps", ("4", "5", "4"))],
        "target": found.without(Target("momentum")) == ["b"],
        "value": [g.size for g in momentum.gaps.values()] == [pytest.approx(-0.1), 0.0],
        "outside": fields(momentum.fields) == [("external", ("False", "True", "False"))],
    }
    assert [name for name, holds in said.items() if holds] == [what]


def test_a_run_in_only_some_plans_is_shown_and_is_no_difference():
    found = compare({"a": PLAN, "b": Plan(PLAN.schedules)})
    assert fields(found.run) == [("all", ("Run(steps=4)", "-"))]
    assert not found.differ
    assert not found.all_equal


def test_one_target_alone():
    found = compare({"a": PLAN, "b": OTHERS["run"]}, target="lr/head")
    assert list(found.targets) == [Target("lr", "head")]
    assert not found.run
    with pytest.raises(GradatimError, match=r"compare: unknown target 'lr'\. Did you mean 'lr/\*'"):
        compare({"a": PLAN, "b": PLAN}, target="lr")


def test_a_path_is_the_plan_in_it(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text("format: 1\nschedules:\n  lr: {Linear: {start: 1, end: 0, steps: 4}}\n")
    assert compare({"file": path, "text": str(path), "schedule": LINE}).all_equal


@pytest.mark.parametrize(
    ("plans", "said"),
    [
        ({}, "compare: plans must be a mapping with two plans or more, got {}"),
        ({"a": LINE}, "a mapping with two plans or more"),
        ([LINE, HALF], 'Write compare({"a": a, "b": b}).'),
        ({"a": LINE, "b": 0.1}, "compare: b must be a Plan, the path of its file, or a schedule"),
        ({"a": LINE, "b": "Linear(1, 0, 4)"}, "compare: b must be a Plan, the path of its file"),
        (
            {"a": LINE, "b": Plan({"lr": LINE}, run=Run(seconds=9))},
            "a is measured in updates and b",
        ),
    ],
    ids=range(6),
)
def test_what_cannot_be_compared(plans, said):
    with pytest.raises(GradatimError) as error:
        compare(plans)
    assert said in str(error.value)


COMPARED = {
    "cosine <b>": warmup_cosine(1.0, steps=1000, warmup=100),
    "line": Plan({"lr": warmup_linear(1.0, steps=1000, warmup=100), "momentum": 0.9}),
}


def test_plans_without_names_are_answered():
    with pytest.raises(GradatimError, match=r'Write compare\({"a": a, "b": b}\)'):
        compare(LINE, HALF)


def test_a_report_of_several_plans(tmp_path):
    text = report(COMPARED, tmp_path / "both.html").read_text(encoding="utf-8")
    heads = [line[4:-5] for line in text.splitlines() if line.startswith("<h2>")]
    assert heads == ["lr", "momentum", "Findings"]
    assert "<h1>cosine &lt;b&gt;, line</h1>" in text
    assert "<b>1 cosine &lt;b&gt;</b>" in text
    assert text.count("<svg") == 1
    assert "<td>Join.pieces[1]</td><td><code>Cosine(" in text
    assert "Largest gap of lr: " in text
    assert "Not in cosine &lt;b&gt;." in text
    assert text.count("No problems found.") == 2
    short = report(COMPARED, tmp_path / "both.html", steps=10_000).read_text(encoding="utf-8")
    assert "the other 9000 updates run at 0" in short
    with_rules = {"a": PLAN, "b": OTHERS["rule"]}
    text = report(with_rules, tmp_path / "rules.html").read_text(encoding="utf-8")
    assert "<b>2 b</b> <code>lr: Plateau(" in text
    assert "<b>1 a</b> <code>Run(steps=4)</code>" in text


def test_what_is_no_report(tmp_path):
    for plans, said in (({}, "got {}"), ({"a": 0.1}, "report: a must be"), (0.1, "report: plan")):
        with pytest.raises(GradatimError, match=said):
            report(plans, tmp_path / "plan.html")
