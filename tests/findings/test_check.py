"""What is said before a run: each finding on a schedule that has the fault, and on none without."""

import time

import pytest

from gradatim import (
    Constant,
    Cosine,
    ExponentialDecay,
    Finding,
    Function,
    GradatimError,
    Linear,
    Run,
    Table,
    check,
    cosine_restarts,
    cyclic,
    multistep,
    noam,
    one_cycle,
    piecewise_constant,
    warmup_constant,
    warmup_cosine,
    warmup_linear,
    wsd,
)
from gradatim.core.pieces import boundaries, ends_level
from gradatim.recipes import tri_stage
from tests.core.fitting import fitting

# 100 updates an epoch, 900 in all: 1800 batches, 7200 over all processes, 72_000 samples.
RUN = Run(samples=8_000, batch=10, epochs=9, accumulate=2, processes=4)


def worst(schedule, run):
    found = check(schedule, run)
    return found[0] if found else Finding("note", "", "", "")


def fails_at_500(step):
    return 0.1 / (500 - step)


def turns_nan(step):
    return 0.1 if step < 500 else float("nan")


def a_tenth(step):
    return 0.1


@pytest.mark.parametrize("steps", [100, 1000, 12_345])
@pytest.mark.parametrize("name", fitting(100))
def test_a_recipe_that_fits_its_run_is_no_reason_to_worry(name, steps):
    found = check(fitting(steps)[name], steps)
    assert [finding for finding in found if finding.severity != "note"] == []


@pytest.mark.parametrize("name", fitting(100))
def test_nothing_at_all_is_said_of_a_recipe_that_fits(name):
    assert check(fitting(1000)[name], 1000) == []


FAULTS = {
    "too short, at zero": (
        warmup_cosine(peak=0.1, steps=500, warmup=50),
        900,
        "error",
        "update 501 of 900",
        "The schedule ends there, and the other 400 updates run at 0.",
        "Write steps=900.",
    ),
    "too short, at its floor": (
        warmup_cosine(peak=0.1, steps=500, floor=0.001),
        900,
        "warning",
        "update 501 of 900",
        "the other 400 updates run at 0.001.",
        "Write steps=900.",
    ),
    "a little too short": (
        Cosine(start=0.1, end=0.0, steps=895),
        900,
        "note",
        "update 896 of 900",
        "the other 5 updates run at 0.",
        "Write steps=900.",
    ),
    "too long": (
        Cosine(start=0.1, end=0.0, steps=1800),
        900,
        "warning",
        "update 900 of 900",
        "The run ends at 0.05; the schedule continues to 0, for 900 updates more.",
        "Write steps=900.",
    ),
    "counts epochs": (
        warmup_cosine(peak=0.1, steps=9, warmup=1),
        RUN,
        "error",
        "update 10 of 900",
        "the other 891 updates run at 0.",
        "Its length seems to be in epochs. In updates, write steps=900.",
    ),
    "counts micro-batches": (
        warmup_linear(peak=0.1, steps=1800),
        RUN,
        "warning",
        "update 900 of 900",
        "The run ends at 0.05",
        "Its length seems to be in batches before accumulation.",
    ),
    "counts the batches of every process": (
        wsd(peak=0.1, steps=7200, warmup=2000),
        RUN,
        "error",
        "update 900 of 900",
        "The run ends before the peak: it reaches 0.04495, and 0.1 would come at update 2001.",
        "Its length seems to be in batches of all processes.",
    ),
    "counts samples": (
        one_cycle(peak=0.1, steps=72_000),
        RUN,
        "error",
        "update 900 of 900",
        "The run ends before the peak",
        "Its length seems to be in samples.",
    ),
    "a warm-up longer than the run": (
        warmup_constant(peak=0.1, warmup=2000),
        900,
        "error",
        "update 900 of 900",
        "The run ends before the peak: it reaches 0.04495, and 0.1 would come at update 2001.",
        "Shorten the warm-up, or train for 2000 updates.",
    ),
    "noam's 4000 in a short run": (
        noam(warmup=4000, peak=0.1),
        900,
        "error",
        "update 900 of 900",
        "The run ends before the peak: it reaches 0.0225",
        "train for 3999 updates.",
    ),
    "no rate at all": (
        Constant(value=0.0),
        900,
        "error",
        "update 1 of 900",
        "The value is 0 at every update: nothing is trained.",
        "Give a peak above 0.",
    ),
    "below zero": (
        Linear(start=0.1, end=-0.1, steps=900),
        900,
        "error",
        "update 900 of 900",
        "The value is -0.0997778: with a negative rate the loss goes up.",
        ".clip(low=0.0)",
    ),
    "always below zero": (
        Constant(value=-0.1),
        900,
        "error",
        "update 1 of 900",
        "The value is -0.1",
        "clip",
    ),
    "an axis without its unit": (
        Linear(start=100.0, end=0.0, steps=900),
        900,
        "warning",
        "update 1 of 900",
        "The value is 100, and a rate above 10 is usually a mistake.",
        "multiply: 3e-4 * schedule",
    ),
    "a rate multiplied in twice": (
        1e-5 * Cosine(start=1e-5, end=0.0, steps=900),
        900,
        "warning",
        "update 1 of 900",
        "The value is at most 1e-10, too small to change float32 weights.",
        "twice",
    ),
    "zeros in the middle": (
        Linear(start=0.1, end=0.0, steps=300) >> Constant(value=0.0, steps=600),
        900,
        "warning",
        "update 301 of 900",
        "There, and at about 67% of the updates, the value is 0",
        "Give a floor above 0",
    ),
    "zeros to the end": (
        multistep(peak=0.1, boundaries=[600], factor=0.0),
        900,
        "warning",
        "update 601 of 900",
        "at about 33% of the updates, the value is 0",
        "Give a floor above 0",
    ),
    "a jump where two pieces meet": (
        Linear(start=0.0, end=0.1, steps=100) >> Cosine(start=0.05, end=0.0, steps=800),
        900,
        "warning",
        "update 101 of 900",
        "The value jumps from 0.099 to 0.05 between two pieces",
        "start the second piece at 0.099.",
    ),
    "a jump upwards": (
        Constant(value=0.01, steps=450) >> Cosine(start=0.1, end=0.0, steps=450),
        900,
        "warning",
        "update 451 of 900",
        "The value jumps from 0.01 to 0.1",
        "start the second piece at 0.01.",
    ),
    "a jump deep inside": (
        0.5 * (Linear(start=0.0, end=0.1, steps=100) >> Constant(value=0.02)).shift(50).clip(0.0),
        900,
        "warning",
        "update 151 of 900",
        "The value jumps from 0.0495 to 0.01",
        "0.0495.",
    ),
    "a run that ends on the way up": (
        cosine_restarts(peak=0.1, cycle=400),
        850,
        "note",
        "update 400 of 850",
        "has risen to 0.0963",
        "end the run at the end of a cycle.",
    ),
    "first updates at zero": (
        warmup_cosine(peak=0.1, steps=899, warmup=90).shift(1),
        900,
        "note",
        "update 1 of 900",
        "The first updates run at 0 and change nothing.",
        "above 0",
    ),
    "a zero now and then": (
        cyclic(peak=0.1, start=0.0, up=150).shift(-150),
        900,
        "note",
        "update 151 of 900",
        "The value is 0 there, and an update at 0 changes nothing.",
        "Give a floor above 0",
    ),
    "a few zeros": (
        Linear(start=0.1, end=0.0, steps=450)
        >> Constant(value=0.0, steps=4)
        >> Linear(start=0.0, end=0.1, steps=446),
        900,
        "note",
        "update 451 of 900",
        "The value is 0 there, and an update at 0 changes nothing.",
        "Give a floor above 0",
    ),
    "a function that fails later": (
        Function(function=fails_at_500),
        900,
        "error",
        "update 501 of 900",
        "The schedule raises ZeroDivisionError (float division by zero) there.",
        "Correct",
    ),
    "a function that has no value later": (
        Function(function=turns_nan),
        900,
        "error",
        "update 501 of 900",
        "The schedule is nan there.",
        "Correct the function",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_said(fault):
    schedule, run, severity, place, sentence, fix = FAULTS[fault]
    found = [
        finding
        for finding in check(schedule, run)
        if finding.severity == severity and sentence in finding.sentence
    ]
    assert len(found) == 1
    assert found[0].place == place
    assert fix in found[0].fix
    assert all(finding.sentence.endswith(".") and finding.fix for finding in check(schedule, run))


@pytest.mark.parametrize("fault", FAULTS)
def test_the_worst_comes_first(fault):
    order = [finding.severity for finding in check(*FAULTS[fault][:2])]
    assert order == sorted(order, key=("error", "warning", "note").index)
    assert order[0] == FAULTS[fault][2]


SOUND = {
    "the run exactly": (warmup_linear(peak=0.1, steps=900, warmup=9, first="step"), RUN),
    "an end one update early": (Linear(start=0.1, end=0.0, steps=899), 900),
    "a longer schedule that has come to rest": (
        Linear(start=0.1, end=0.01, steps=800) >> Constant(value=0.01, steps=800),
        900,
    ),
    "drops, the last of which stays": (
        piecewise_constant(values=[0.1, 0.01], boundaries=[300]),
        900,
    ),
    "drops times a constant": (0.5 * multistep(peak=0.1, boundaries=[300, 600]), 900),
    "a large rate that some need": (Constant(value=10.0), 900),
    "a small rate that some need": (Constant(value=1e-8), 900),
    "a steep but straight warm-up": (
        Linear(start=0.0, end=0.1, steps=3).shift(-1) >> Linear(start=0.1, end=0.0, steps=898),
        900,
    ),
    "a corner, not a jump": (tri_stage(peak=0.1, warmup=90, hold=360, cooldown=450), RUN),
    "restarts that are meant": (cosine_restarts(peak=0.1, cycle=300), 900),
    "a run of one update": (Constant(value=0.1), 1),
    "a run of two updates": (Linear(start=0.1, end=0.0, steps=2), 2),
    "an open end": (ExponentialDecay(start=0.1, factor=0.99), 900),
    "a function": (Function(function=a_tenth), 900),
}


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_said_of_what_is_sound(name):
    assert check(*SOUND[name]) == []


def test_a_jump_that_a_cut_hides_is_none():
    steps = Linear(start=0.1, end=0.05, steps=100) >> Constant(value=0.01)
    assert boundaries(steps.cut(50) >> Constant(value=0.075)) == [50]
    assert check(steps.cut(50) >> Constant(value=0.075), 900) == []


def test_where_pieces_meet():
    a, b, c = (Linear(start=1.0, end=1.0, steps=n) for n in (3, 4, 5))
    assert boundaries(a) == []
    assert boundaries(a >> b >> c) == [3, 7]
    assert boundaries((2.0 * (a >> b)) >> c) == [3, 7]
    assert boundaries((a >> b).shift(10) >> c) == [13, 17]
    assert boundaries((a >> b) * (b >> c)) == [3, 4]
    assert boundaries(c.cut(2) >> a) == [2]
    assert boundaries(a >> b >> c, until=5) == [3]


LINE = Linear(start=0.1, end=0.0, steps=5)


def drop(step, between="hold"):
    return Table(points=[(0, 1.0), (step, 0.1)], between=between)


@pytest.mark.parametrize(
    ("schedule", "level"),
    [
        (drop(5), True),
        (drop(5, "linear"), False),
        (LINE, False),
        (Constant(value=1.0, steps=5), False),
        (Constant(value=1.0), False),
        (LINE >> drop(5), True),
        (drop(5) >> LINE, False),
        (drop(9) * LINE, True),
        (drop(4) * LINE, False),
        (0.5 * drop(5).shift(3), True),
        (drop(5).cut(3), False),
        (drop(5).repeat(3), False),
    ],
)
def test_whether_the_last_value_is_a_level_of_its_own(schedule, level):
    assert ends_level(schedule) is level


@pytest.mark.parametrize(
    "schedule",
    [
        warmup_cosine(peak=0.1, steps=10**18, warmup=10**15, first="step"),
        cosine_restarts(peak=0.1, cycle=1000, stretch=2),
        cosine_restarts(peak=0.1, cycle=1000),
        multistep(peak=0.1, boundaries=list(range(10, 50_000, 10)), factor=1.0),
    ],
)
def test_a_schedule_of_any_length_is_checked_at_once(schedule):
    # A look at every step would take years; the bound leaves room for a busy machine.
    begin = time.process_time()
    assert [f for f in check(schedule, 10**18) if f.severity != "note"] == []
    assert time.process_time() - begin < 5.0


@pytest.mark.parametrize(
    ("schedule", "run", "words"),
    [
        ("cosine", 900, "check: schedule must be a schedule, a Plan, or .* got 'cosine'"),
        (0.1, 900, "check: schedule must be a schedule, a Plan, or .* got 0.1"),
        (Constant(value=0.1), 0, "Run: steps must be a whole number, 1 or more, got 0"),
        (Constant(value=0.1), "900", "Run: steps must be a whole number"),
        (Constant(value=0.1), True, "Run: steps must be a whole number"),
    ],
)
def test_what_cannot_be_checked(schedule, run, words):
    with pytest.raises(GradatimError, match=words):
        check(schedule, run)


def test_a_rate_below_0_is_not_called_0():
    found = check(Linear(0.0, -0.1, 899), 900)
    assert [f.sentence.partition(":")[0] for f in found] == ["The value is -0.1"]


OTHERS = {
    "below 0": (
        "weight_decay",
        Linear(0.1, -0.1, 900),
        "error",
        "update 900 of 900",
        "and weight_decay is never below 0.",
        "Write .clip(low=0.0)",
    ),
    "a share of 1": (
        "betas[1]",
        Linear(0.9, 1.0, 450),
        "error",
        "update 451 of 900",
        "but betas must be below 1",
        "Write .clip(high=0.999)",
    ),
    "a share of one part": (
        "momentum/head",
        Constant(1.5),
        "error",
        "update 1 of 900",
        "but momentum must be below 1",
        "Write .clip(high=0.999)",
    ),
    "too short": (
        "weight_decay",
        Linear(0.1, 0.0, 450),
        "warning",
        "update 451 of 900",
        "The schedule ends there, and the other 450 updates run at 0.",
        "Write steps=900.",
    ),
    "too long": (
        "weight_decay",
        Linear(0.1, 0.0, 1800),
        "note",
        "update 900 of 900",
        "The run ends at 0.05",
        "Write steps=900.",
    ),
    "a jump": (
        "weight_decay",
        Constant(0.1, 450) >> Constant(0.2),
        "note",
        "update 451 of 900",
        "The value jumps from 0.1 to 0.2",
        "start the second piece at 0.1",
    ),
    "a function that fails": (
        "temperature",
        Function(f"{__name__}:fails_at_500"),
        "error",
        "update 501 of 900",
        "The schedule raises ZeroDivisionError",
        "Correct the function",
    ),
}


@pytest.mark.parametrize("fault", OTHERS)
def test_a_value_that_is_no_rate_has_findings_of_its_own(fault):
    value, schedule, severity, place, sentence, fix = OTHERS[fault]
    finding = check(schedule, 900, value)[0]
    assert (finding.severity, finding.place) == (severity, place)
    assert sentence in finding.sentence
    assert fix in finding.fix


@pytest.mark.parametrize(
    ("value", "schedule"),
    [
        ("weight_decay", Constant(0.0)),
        ("weight_decay", Constant(0.0, 100) >> Linear(0.0, 0.1, 800)),
        ("momentum", Linear(0.95, 0.85, 300) >> Linear(0.85, 0.95, 600)),
        ("temperature", Linear(-5.0, 50.0, 900)),
    ],
)
def test_what_is_wrong_with_a_rate_may_be_right_elsewhere(value, schedule):
    assert check(schedule, 900, value) == []
    assert check(schedule, 900, "lr") != []
