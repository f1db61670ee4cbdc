"""Shares, runs and whole floats wherever a length or a value next to a peak stands."""

import inspect
import math
from fractions import Fraction

import numpy
import pytest

import gradatim as g
from gradatim import GradatimError, Linear, Run, build, parse
from gradatim.core.run.durations import Length, Level
from gradatim.core.run.run import Total
from gradatim.core.values.fields import declared_types
from gradatim.core.values.value import buildable, parameters_of
from gradatim.plans.plan import read_plan
from tests.core.fitting import fitting

recipes = {name: make for name, make in buildable().items() if not isinstance(make, type)}
WITHOUT_A_LENGTH = {
    *("batch_rampup", "batch_stages", "branch", "by_updates", "cooldown", "scale_with_batch"),
}
# 200 updates, 50 in an epoch; an update sees 20 samples and 2,000 tokens.
RUN = Run(samples=1000, batch=10, epochs=4, accumulate=2, tokens_per_sample=100)


def taking(kind):
    """Each recipe's arguments of a kind, such as lengths, None or not."""
    return [
        (name, argument)
        for name, make in recipes.items()
        for argument, wanted in declared_types(make).items()
        if wanted in (kind, kind | None, tuple[kind, ...])
    ]


def test_the_tables_are_not_empty():
    assert ("warmup_cosine", "warmup") in taking(Length)
    assert ("tri_stage", "floor") in taking(Level)
    assert ("multistep", "boundaries") in taking(Length)
    assert {name for name, _ in taking(Total)} >= recipes.keys() - WITHOUT_A_LENGTH


@pytest.mark.parametrize(
    ("in_units", "in_updates"),
    [
        (
            g.warmup_cosine(3e-4, steps=RUN, warmup="1 epoch", hold="400 samples", floor="10%"),
            g.warmup_cosine(3e-4, steps=200, warmup=50, hold=20, floor=3e-5),
        ),
        (g.wsd(3e-4, steps=RUN, cooldown="20%"), g.wsd(3e-4, steps=200, cooldown=40)),
        (
            g.warmup_polynomial(3e-4, steps=RUN, warmup="2e4 tokens", start="1%"),
            g.warmup_polynomial(3e-4, steps=200, warmup=10, start=3e-6),
        ),
        (
            g.multistep(0.1, boundaries=["1 epoch", "75%"], steps=RUN),
            g.multistep(0.1, boundaries=[50, 150]),
        ),
        (g.step_decay(0.1, every="1 epoch", steps=RUN), g.step_decay(0.1, every=50)),
        (
            g.cosine_restarts(0.1, cycle="1 epoch", floor="1%", steps=RUN),
            g.cosine_restarts(0.1, cycle=50, floor=1e-3),
        ),
        (
            g.cyclic(0.1, start="10%", up="0.5 epochs", steps=RUN),
            g.cyclic(0.1, start=0.01, up=25),
        ),
        (g.noam("1 epoch", peak=1.0, steps=RUN), g.noam(50, peak=1.0)),
        (
            g.extend(Linear(1.0, 0.0, 100), at=50, steps=RUN, hold="1 epoch", floor="50%"),
            g.extend(Linear(1.0, 0.0, 100), at=50, steps=200, hold=50, floor=0.25),
        ),
        (
            g.cooldown(Linear(1.0, 0.5, 100), at=100, updates=10, floor="20%"),
            g.cooldown(Linear(1.0, 0.5, 100), at=100, updates=10, floor=0.1),
        ),
    ],
)
def test_units_are_those_of_the_run(in_units, in_updates):
    assert in_units == in_updates


def test_a_share_of_what_is_left_is_no_share_of_the_run():
    line = Linear(1.0, 0.0, 100)
    assert g.extend(line, at=50, steps=RUN, hold="10%") == g.extend(line, at=50, steps=200, hold=15)


@pytest.mark.parametrize(("name", "argument"), taking(Length))
def test_a_share_as_a_number_is_answered(name, argument):
    with pytest.raises(GradatimError, match="write '5%'"):
        call(name, **{argument: [0.05] if argument == "boundaries" else 0.05})


def call(name, **changed):
    """A working call of a recipe, with some arguments changed."""
    needed = {
        "peak": 1.0,
        "steps": 1000,
        "warmup": 10,
        "hold": 20,
        "cooldown": 30,
        "decay": 10,
        "level": 0.5,
        "cycle": 10,
        "every": 10,
        "boundaries": [5],
        "values": [1.0, 0.5],
        "factors": [0.5],
        "schedule": Linear(1.0, 0.5, 100),
        "at": 50,
        "then": Linear(1.0, 0.0, 9),
        "updates": 10,
        "start": 0.1,
    }
    required = {
        argument: needed[argument]
        for argument, parameter in parameters_of(recipes[name]).items()
        if parameter.default is inspect.Parameter.empty
    }
    if name.startswith("noam"):
        required["peak"] = 1.0
    return recipes[name](**{**required, **changed})


@pytest.mark.parametrize(("name", "argument"), taking(Level))
def test_a_value_above_the_peak_is_refused(name, argument):
    high = 1.5
    with pytest.raises(GradatimError, match=rf"^{name}: {argument}[ ,].*(at most|above peak)"):
        call(name, **{argument: high})


@pytest.mark.parametrize(("name", "argument"), taking(Level))
def test_a_share_of_the_peak_is_a_value(name, argument):
    peak = 0.5 if name in ("cooldown", "extend") else 1.0
    at = {"at": 100, "steps": 200} if name == "extend" else {"at": 100} if peak == 0.5 else {}
    if name == "extend":
        at["floor"] = None
    shares = {**at, argument: "20%"}
    assert call(name, **shares) == call(name, **{**shares, argument: 0.2 * peak})
    for wrong in ("120%", "2 epochs", "10", "ten"):
        with pytest.raises(GradatimError, match=f"^{name}: {argument} must be"):
            call(name, **{**shares, argument: wrong})


def test_the_habit_of_a_rate_of_the_peak_is_answered():
    with pytest.raises(GradatimError) as caught:
        g.warmup_cosine(1e-3, steps=100, floor=0.1)
    assert str(caught.value) == (
        "warmup_cosine: floor must be at most peak, 0.001, got 0.1. "
        "For a share of it, write floor='10%'."
    )


def test_a_cycle_the_other_way_round_says_its_floor():
    with pytest.raises(GradatimError, match=r"start, 0\.95, is above peak, 0\.85.*floor=0\.95"):
        g.one_cycle(peak=0.85, start=0.95, steps=100)
    with pytest.raises(GradatimError, match="floor must be at least peak"):
        g.one_cycle(peak=0.85, start=0.95, floor=0.0, steps=100)
    momentum = g.one_cycle(peak=0.85, start=0.95, floor=0.95, steps=100)
    assert (momentum(0), momentum(30), momentum(100)) == (0.95, 0.85, 0.95)
    again = 0.95 - g.cyclic(0.1, start=0.0, up=10)
    assert again.values(21) == pytest.approx([0.95 - 0.01 * min(k, 20 - k) for k in range(21)])


def test_a_share_is_of_the_decimal_that_was_written():
    assert g.warmup_cosine(3e-4, steps=100, floor="10%")(100) == 3e-5
    for peak in (3e-4, 0.1, 0.7, 1e-3, 123.456):
        for percent in (1, 10, 33):
            floor = g.warmup_cosine(peak, steps=9, floor=f"{percent}%")(9)
            assert floor == float(Fraction(repr(peak)) * percent / 100)


@pytest.mark.parametrize("name", fitting(1000))
def test_a_recipe_of_whole_floats_is_that_of_ints(name):
    assert fitting(1000.0)[name] == fitting(1000)[name]


WHOLE = (
    1e4,
    numpy.float64(1e4),
    numpy.float32(1e4),
    Fraction(10_000),
    numpy.int64(10_000),
)


@pytest.mark.parametrize("steps", WHOLE, ids=lambda one: f"{type(one).__name__} {one!r}")
def test_a_whole_float_is_a_count(steps):
    assert Linear(1.0, 0.0, steps) == Linear(1.0, 0.0, 10_000)
    assert g.warmup_cosine(1.0, steps=steps, warmup=1e2).length == 10_000
    assert Run(steps=steps) == Run(steps=10_000)
    assert type(Run(steps=steps).steps) is int
    assert Linear(1.0, 0.0, 10**5).cut(steps).length == 10_000
    assert Run(steps=100).resolve(steps) == 10_000
    assert len(Linear(1.0, 0.0, 10).values(1e1)) == 10


def test_a_whole_float_is_a_count_in_every_text():
    schedule, run = g.warmup_cosine(3e-4, steps=10_000, warmup=100), Run(steps=10_000)
    assert parse("warmup_cosine(peak=3e-4, steps=1e4, warmup=1e2)") == schedule
    assert build({"warmup_cosine": {"peak": 3e-4, "steps": 1e4, "warmup": 100.0}}) == schedule
    for ending, text in {
        ".json": '{"format": 1, "run": {"steps": 1e4}, "schedules": {"lr": {"warmup_cosine": '
        '{"peak": 3e-4, "warmup": 1e2}}}}',
        ".yaml": "format: 1\nrun: {steps: 1e4}\nschedules: {lr: {warmup_cosine: {peak: 3e-4, "
        "warmup: 1e2}}}",
        ".toml": "format = 1\nrun.steps = 1e4\nschedules.lr.warmup_cosine = {peak = 3e-4, "
        "warmup = 1e2}",
    }.items():
        plan = read_plan(text, ending)
        assert (plan.run, list(plan.schedules.values())) == (run, [schedule])


@pytest.mark.parametrize("wrong", [1.5, -1.0, math.nan, math.inf, True, False, "1e4"])
def test_anything_else_is_no_count(wrong):
    for make in (
        lambda: Linear(1.0, 0.0, wrong),
        lambda: g.warmup_cosine(1.0, steps=wrong),
        lambda: Run(steps=wrong),
        lambda: Linear(1.0, 0.0, 9).values(wrong),
    ):
        with pytest.raises(GradatimError, match="steps must be"):
            make()


def test_a_run_says_its_steps_however_it_is_given():
    assert (RUN.steps, RUN.replace(epochs=1).steps, Run(steps=7).steps) == (200, 50, 7)
    assert "steps" not in repr(RUN)
    assert build(RUN.config()) == RUN
    assert RUN.config()["Run"]["steps"] is None
    assert (RUN.steps_per_epoch, RUN.samples_per_step, RUN.tokens_per_step) == (50, 20, 2000)


def test_values_are_those_of_single_steps():
    schedule = g.warmup_cosine(3e-4, steps=200, warmup=20)
    assert schedule.values(RUN) == schedule.values(200) == [schedule(k) for k in range(200)]


def test_a_schedule_checks_itself():
    early = g.warmup_cosine(3e-4, steps=90)
    assert early.check(RUN) == g.check(early, RUN) != []
    assert early.check(90) == []
