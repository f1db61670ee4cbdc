"""What is said of a whole plan: each target, what is frozen on purpose, each rule, the run."""

import pytest

import gradatim as g
from gradatim import (
    Constant,
    Cosine,
    Function,
    GradatimError,
    Greedy,
    Linear,
    NewBob,
    Plan,
    Plateau,
    Run,
    check,
    warmup_cosine,
)

HEAD = warmup_cosine(peak=1e-3, steps=1000, warmup=50)
FALLS = Cosine(start=3e-4, end=0.0, steps=800)
FOREVER = Constant(1e-3)


def raises_at_500(step):
    return 0.1 / (500 - step)


def said(plan, **more):
    """What each finding is about, how grave it is, and its sentence."""
    return [(f.about, f.severity, f.sentence) for f in check(plan, **more)]


def test_every_target_every_rule_and_the_run_are_looked_at():
    plan = Plan(
        {
            "lr/head": HEAD,
            "lr/*": 2.0 * HEAD,
            "weight_decay": Linear(0.1, -0.1, 1000),
            "betas[0]": 1.5,
            "temperature": Function(raises_at_500),
        },
        rules={"lr": Plateau(mode="min", floor=2.0)},
        run=Run(samples=1000, batch=10, epochs=600, accumulate=200),
    )
    found = {f.about: f for f in check(plan)}
    assert found.keys() == {
        "lr/head",
        "lr/*",
        "weight_decay",
        "betas[0]",
        "temperature",
        "rule of lr",
        "run",
    }
    plan = Plan(plan.schedules, rules=plan.rules, run=Run(steps=1000))
    found = {f.about: (f.severity, f.sentence) for f in check(plan)}
    assert found.keys() == {"weight_decay", "betas[0]", "temperature", "rule of lr"}
    assert found["betas[0]"][0] == "error"
    assert found["temperature"][1].startswith("The schedule raises ZeroDivisionError")


def test_a_finding_says_what_it_is_about():
    assert {f.about for f in check(Constant(0.0), 900)} == {"lr"}
    assert {f.about for f in check(Constant(1.5), 900, "betas[0]")} == {"betas[0]"}
    (finding,) = check(Plan({"lr": HEAD}), 2000)
    assert str(finding) == (
        "error: lr, update 1001 of 2000: The schedule ends there, and the other 1000 updates "
        "run at 0. Write steps=2000."
    )
    # Nobody knows what the other groups do: they keep the rates that they were built with.
    assert [f.severity for f in check(Plan({"lr/head": HEAD}), 2000)] == ["warning"]


FROZEN = {
    "all the time": {"lr/head": HEAD, "lr/backbone": 0.0},
    "all the time, and the rest by a pattern": {"lr/backbone*": Constant(0.0), "lr/*": HEAD},
    "at first": {"lr/head": HEAD, "lr/backbone": Constant(0.0, 200) >> FALLS},
    "at first, then a warm-up": {
        "lr/head": HEAD,
        "lr/backbone": Constant(0.0, 200) >> warmup_cosine(peak=3e-4, steps=800, warmup=100),
    },
    "at the end": {
        "lr/head": HEAD,
        "lr/backbone": Cosine(start=3e-4, end=0.0, steps=600) >> Constant(0.0),
    },
    "in between": {
        "lr/head": HEAD,
        "lr/backbone": Linear(1e-3, 1e-4, 300) >> Constant(0.0, 300) >> Linear(1e-4, 0.0, 400),
    },
    "one after the other": {
        "lr/a": Constant(1e-3, 500) >> Constant(0.0),
        "lr/b": Constant(0.0, 500) >> Constant(1e-3),
    },
    "where the other groups keep their rates": {"lr/backbone": 0.0},
}


@pytest.mark.parametrize("case", FROZEN)
def test_a_part_that_is_frozen_on_purpose_is_only_noted(case):
    found = said(Plan(FROZEN[case]), run=1000)
    assert {severity for _, severity, _ in found} == {"note"}
    assert any("this part of the model is frozen" in sentence for _, _, sentence in found)
    assert all("change nothing" not in sentence for _, _, sentence in found)


def test_a_part_alone_may_be_frozen_too():
    assert [f.severity for f in check(Constant(0.0), 900, "lr/backbone")] == ["note"]
    assert [f.severity for f in check(Constant(0.0), 900, "lr/*")] == ["error"]


WASTED = {
    "every part": ({"lr/a": 0.0, "lr/b": 0.0}, "error", "The value is 0 at every update"),
    "the whole model": (
        {"lr": 0.0, "weight_decay": 0.1},
        "error",
        "The value is 0 at every update",
    ),
    "every part at the end": (
        {"lr/a": Linear(1.0, 0.0, 300) >> Constant(0.0), "lr/b": Constant(1.0, 300) >> Constant(0)},
        "warning",
        "at about 70% of the updates, the value is 0: they change nothing.",
    ),
    "a part whose schedule is over, which nobody has said": (
        {"lr/a": HEAD, "lr/b": Cosine(1.0, 0.0, 10)},
        "warning",
        "The schedule ends there, and the other 990 updates run at 0.",
    ),
}


@pytest.mark.parametrize("case", WASTED)
def test_updates_that_train_nothing_are_wasted(case):
    schedules, severity, sentence = WASTED[case]
    assert any(
        s == severity and sentence in words for _, s, words in said(Plan(schedules), run=1000)
    )


def test_how_to_say_that_a_part_is_to_be_frozen():
    short = Cosine(1.0, 0.0, 10)
    (finding,) = check(Plan({"lr/a": HEAD, "lr/b": short}))
    assert finding.fix == "Write steps=1000; to freeze this part from there, add >> Constant(0.0)."
    assert [f.severity for f in check(Plan({"lr/a": HEAD, "lr/b": short >> Constant(0.0)}))] == [
        "note"
    ]


NO_RATES = {
    "a momentum that falls like a rate": (
        "momentum",
        Linear(0.95, 0.85, 300) >> Cosine(0.85, 9.5e-5, 700),
        "warning",
        "The value falls from 0.95 to 9.",
    ),
    "a momentum that falls to 0": ("momentum", Cosine(0.9, 0.0, 1000), "warning", "as a rate does"),
    "a rate for the momentum": ("momentum", HEAD, "warning", "at most 0.001"),
    "a momentum of 1": ("momentum", Constant(1.0), "error", "must be below 1"),
    "a momentum below 0": ("momentum", Linear(0.9, -0.1, 1000), "error", "never below 0"),
    "a beta that falls": ("betas[1]", Linear(0.999, 0.01, 1000), "warning", "as a rate does"),
    "a beta of 1": ("betas[0]/head", Linear(0.9, 1.0, 500), "error", "must be below 1"),
    "a weight decay that rises above 1": (
        "weight_decay",
        Linear(0.0, 5.0, 1000),
        "warning",
        "above 1 is usually a mistake",
    ),
    "an epsilon of a rate's size": ("eps", Constant(10.0), "warning", "usually a mistake"),
    "a gradient clipping below 0": ("clipnorm", Constant(-1.0), "error", "never below 0"),
}


@pytest.mark.parametrize("case", NO_RATES)
def test_a_value_that_no_optimizer_is_run_at_is_said(case):
    value, schedule, severity, sentence = NO_RATES[case]
    found = check(schedule, 1000, value)
    assert any(f.severity == severity and sentence in f.sentence for f in found)


SOUND = {
    "a cycle of the momentum": ("momentum", Linear(0.95, 0.85, 300) >> Linear(0.85, 0.95, 700)),
    "no momentum": ("momentum", Constant(0.0)),
    "a momentum that warms up from 0": ("momentum", Linear(0.0, 0.9, 500) >> Constant(0.9)),
    "no first average": ("betas[0]", Constant(0.0)),
    "a slow average that comes in late": ("betas[2]", Linear(0.9, 0.9999, 1000)),
    "a weight decay of 1": ("weight_decay", Constant(1.0)),
    "a weight decay that falls to 0": ("weight_decay", Linear(0.1, 0.0, 1000)),
}


@pytest.mark.parametrize("case", SOUND)
def test_nothing_is_said_of_what_optimizers_are_run_at(case):
    value, schedule = SOUND[case]
    assert check(schedule, 1000, value) == []


def test_an_end_above_the_peak():
    wrong = Linear(0.0, 1e-3, 50) >> Cosine(1e-3, 0.1, 950)
    (finding,) = check(wrong, 1000)
    assert (finding.severity, finding.place) == ("warning", "update 51 of 1000")
    assert "rises from 0.001 there to 0.0999997 at the last update" in finding.sentence
    two = Linear(0.0, 0.01, 50) >> Linear(0.01, 0.1, 50) >> Cosine(0.1, 0.0, 900)
    assert check(two, 1000) == []
    assert check(Linear(1e-5, 1.0, 1000), 1000) == []  # one ramp: a range test


RULED = {
    "a schedule that falls to 0 by itself": (
        {"lr": HEAD},
        Plateau(mode="min"),
        "note",
        "falls to 0 by itself",
    ),
    "a schedule of 0": ({"lr": 0.0}, Plateau(mode="min"), "warning", "has no effect"),
    "a floor in the place of a rate": (
        {"lr": FOREVER},
        Plateau(mode="min", floor=1.0),
        "warning",
        "never lowers the scale",
    ),
    "a rate that it may raise too far": (
        {"lr": Constant(2.0)},
        Greedy(mode="min"),
        "warning",
        "may raise the value to 20,",
    ),
}


@pytest.mark.parametrize("case", RULED)
def test_a_rule_is_looked_at_with_what_it_scales(case):
    schedules, rule, severity, sentence = RULED[case]
    found = [f for f in check(Plan(schedules, rules=rule), 1000) if f.about == "rule of lr"]
    assert [f.severity for f in found] == [severity]
    assert sentence in found[0].sentence


@pytest.mark.parametrize(
    "rule", [Plateau(mode="min"), NewBob(mode="max"), Greedy(mode="min", ceiling=1.0)]
)
def test_a_rule_over_a_constant_is_what_it_is_for(rule):
    assert check(Plan({"lr": FOREVER}, rules=rule), 1000) == []


def test_a_rule_that_scales_a_share():
    plan = Plan({"lr": FOREVER, "momentum": 0.9}, rules={"momentum": Greedy(mode="min")})
    (finding,) = check(plan, 1000)
    assert finding.about == "rule of momentum"
    assert "may raise the value to 9, but momentum must be below 1." in finding.sentence
    assert finding.fix == "Write ceiling=1.11: the value is at most 0.9."
    mild = Plan(plan.schedules, rules={"momentum": Greedy(mode="min", ceiling=1.11)})
    assert check(mild, 1000) == []


@pytest.mark.parametrize(
    ("rule", "epochs", "acts"),
    [
        # The first evaluation is the reference, the next patience + 1 may be in vain, and then an
        # update must follow: patience + 3 evaluations.
        (Plateau(mode="min", patience=2), 5, True),
        (Plateau(mode="min", patience=2), 4, False),
        (Plateau(mode="max", patience=2), 4, False),
        (NewBob(mode="min", patience=0), 3, True),
        (NewBob(mode="min", patience=0), 2, False),
        # The first evaluation counts as better: patience + 1 of them raise, one more follows.
        (Greedy(mode="min", patience=2), 4, True),
        (Greedy(mode="min", patience=2), 3, False),
    ],
)
def test_a_rule_needs_evaluations_to_act(rule, epochs, acts):
    run = Run(samples=1000, batch=10, epochs=epochs)
    found = check(Plan({"lr": FOREVER}, rules=rule, run=run))
    assert [f.about for f in found] == ([] if acts else ["rule of lr"])
    assert all(
        f"With one evaluation an epoch there are {epochs}, too few" in f.sentence for f in found
    )


def test_a_run_whose_updates_see_less_than_they_say():
    # 1000 samples on 2 processes: 5 batches of 100 each, of which an update is to add up 8.
    run = Run(samples=1000, batch=100, epochs=100, processes=2, accumulate=8)
    (finding,) = check(Constant(0.1), run)
    assert (finding.about, finding.severity) == ("run", "warning")
    assert "accumulate=8, but an epoch has 5 batches per process" in finding.sentence
    assert check(Constant(0.1), run.replace(accumulate=5)) == []
    # 1000 samples in batches of 600: 400 are left out.
    (finding,) = check(Constant(0.1), Run(samples=1000, batch=600, epochs=9, drop_last=True))
    assert "drop_last drops 400 of the 1000 samples" in finding.sentence
    assert check(Constant(0.1), Run(samples=1000, batch=600, epochs=9)) == []
    assert check(Constant(0.1), Run(samples=1000, batch=64, epochs=9, drop_last=True)) == []


def test_the_path_of_a_plan_stands_for_it(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text("format: 1\nrun: {steps: 9}\nschedules:\n  lr/head: {Constant: {value: 0}}\n")
    assert check(path) == check(str(path)) == check(Plan({"lr/head": 0.0}, run=Run(steps=9)))
    with pytest.raises(GradatimError, match=r"nowhere\.yaml: cannot be read"):
        check("nowhere.yaml")


def test_how_long_a_plan_is_looked_at():
    assert check(Plan({"lr": HEAD, "weight_decay": 0.1})) == []  # as long as its longest schedule
    assert check(Plan({"lr": HEAD}), 1000) == check(Plan({"lr": HEAD}), Run(steps=1000)) == []
    assert check(Plan({"lr": HEAD}, run=Run(steps=2000)))[0].place == "update 1001 of 2000"
    with pytest.raises(GradatimError, match="check: the length of the run is not known"):
        check(Plan({"lr": FOREVER}))
    with pytest.raises(
        GradatimError, match=r"check: the plan contains a run already, Run\(steps=10"
    ):
        check(Plan({"lr": FOREVER}, run=Run(steps=10)), 10)
    with pytest.raises(GradatimError, match=r"check: run is missing\. Write run=10_000"):
        check(HEAD)


STEPS = 1000
DEFAULTS = [
    g.warmup_cosine(0.1, steps=STEPS, warmup=50),
    g.warmup_cosine(0.1, steps=STEPS),
    g.warmup_linear(0.1, steps=STEPS, warmup=50),
    g.warmup_polynomial(0.1, steps=STEPS),
    g.warmup_constant(0.1, warmup=100),
    g.warmup_inverse_sqrt(0.1, warmup=100),
    g.wsd(0.1, steps=STEPS),
    g.trapezoid(0.1, steps=STEPS),
    g.one_cycle(0.1, steps=STEPS),
    g.cosine_restarts(0.1, cycle=250),
    g.cyclic(0.1, start=0.01, up=250),
    g.step_decay(0.1, every=300),
    g.multistep(0.1, boundaries=[300, 600]),
    g.piecewise_constant(values=[0.1, 0.01], boundaries=[300]),
    g.noam(warmup=100, peak=0.1),
    g.cooldown(g.warmup_constant(0.1, warmup=100), at=800, updates=200),
    g.extend(g.warmup_cosine(0.1, steps=800), at=700, steps=STEPS),
    g.rewarm(g.warmup_cosine(0.1, steps=500), at=400, steps=STEPS, peak=0.05),
    g.recipes.slanted_triangular(0.1, steps=STEPS),
    g.recipes.tri_stage(0.1, warmup=100, hold=400, cooldown=500),
]


@pytest.mark.parametrize("schedule", DEFAULTS, ids=str)
def test_the_defaults_of_a_recipe_draw_no_note(schedule):
    assert check(schedule, STEPS) == []
