"""What a run is measured in: its length in ticks, lengths in it, and what cannot go together."""

import copy
import pickle

import pytest

import gradatim as g
from gradatim import (
    Constant,
    GradatimError,
    Linear,
    Run,
    Schedule,
    Table,
    build,
    by_updates,
    recipes,
    wsd,
)
from gradatim.pieces import ByUpdates, Rounded

MINUTES = Run(seconds=600)
TOKENS = Run(total_tokens=1e9, clock="tokens")
STEPS = Run(clock="env_steps", total=1e6)
PROGRESS = Run(clock="progress")
# An update sees 4 * 2 * 3 = 24 samples and 240 tokens; an epoch has 5 of them, the last of 4.
DATA = {"samples": 100, "batch": 4, "accumulate": 2, "processes": 3, "tokens_per_sample": 10}


@pytest.mark.parametrize(
    ("fields", "clock", "ticks", "steps"),
    [
        ({"steps": 7}, "updates", 7, 7),
        ({"steps": 7, "clock": "updates"}, "updates", 7, 7),
        ({"seconds": 600}, "time", 600_000, None),
        ({"seconds": 600, "clock": "time"}, "time", 600_000, None),
        ({"seconds": 0.1, "reserve": 0.07}, "time", 30, None),
        ({"seconds": 1.0005}, "time", 1000, None),  # whole milliseconds, rounded down
        ({"seconds": 600, "batch": 8, "samples": 64}, "time", 600_000, None),
        ({"total_tokens": 1e9, "clock": "tokens"}, "tokens", 10**9, None),
        (
            {"total_tokens": 1000, "clock": "tokens", "batch": 3, "tokens_per_sample": 7},
            "tokens",
            1000,
            48,
        ),  # 47.6 updates of 21 tokens
        ({"total_tokens": 1000, "batch": 3, "tokens_per_sample": 7}, "updates", 48, 48),
        ({"total_tokens": 1000, "clock": "samples", "tokens_per_sample": 7}, "samples", 143, None),
        ({"samples": 100, "epochs": 2.5, "clock": "samples"}, "samples", 250, None),
        (
            {"samples": 100, "epochs": 2.5, "clock": "tokens", "tokens_per_sample": 3},
            "tokens",
            750,
            None,
        ),
        # 34 samples a process: 5 updates, and 102 samples of all of them an epoch.
        ({**DATA, "epochs": 2}, "updates", 10, 10),
        ({**DATA, "epochs": 2, "clock": "samples"}, "samples", 204, 10),
        ({**DATA, "epochs": 2, "clock": "tokens"}, "tokens", 2040, 10),
        ({**DATA, "steps": 7, "clock": "tokens"}, "tokens", 1020 + 480, 7),
        ({"steps": 7, "batch": 5, "clock": "samples"}, "samples", 35, 7),
        ({"clock": "env_steps", "total": 1e6}, "env_steps", 10**6, None),
        ({"clock": "progress"}, "progress", 10**6, None),
    ],
)
def test_the_length_of_a_run_in_ticks(fields, clock, ticks, steps):
    run = Run(**fields)
    assert (run.clock, run.ticks, run.steps) == (clock, ticks, steps)
    assert type(run.ticks) is int
    for same in (
        build(run.config()),
        run.replace(),
        copy.deepcopy(run),
        pickle.loads(pickle.dumps(run)),
        eval(repr(run), {"Run": Run}),
    ):
        assert same == run
        assert hash(same) == hash(run)
        assert (same.clock, same.ticks, same.steps) == (clock, ticks, steps)


def test_a_usual_clock_need_not_be_said():
    assert Run(steps=5) == Run(steps=5, clock="updates")
    assert Run(seconds=5) == Run(seconds=5, clock="time") != Run(seconds=6)
    assert Run(**DATA, epochs=1) != Run(**DATA, epochs=1, clock="tokens")


def test_a_config_says_what_is_new_only_where_it_is_given():
    stored = {"samples", "batch", "epochs", "accumulate", "processes", "drop_last", "steps"}
    stored.add("tokens_per_sample")
    assert Run(**DATA, epochs=2).config()["Run"].keys() == stored
    assert Run(steps=5).config()["Run"].keys() == stored
    given = Run(seconds=600, reserve=10, start_after=5).config()["Run"]
    assert given.keys() - stored == {"seconds", "reserve", "start_after"}
    assert PROGRESS.config()["Run"].keys() - stored == {"clock"}


def test_a_driver_takes_a_state_of_0_1():
    run = Run(samples=1000, batch=10, epochs=4, tokens_per_sample=8)
    driver = g.Driver({"lr": wsd(1.0, steps=run)}, run=run)
    state = driver.state()
    state["run"]["Run"]["tokens"] = state["run"]["Run"].pop("tokens_per_sample")
    state["position"] = 7
    driver.load(state)
    assert driver.position == 7


# Every unit by every clock: a number of ticks, or a part of the sentence that refuses it.
LENGTHS = {
    "updates": (
        Run(**DATA, epochs=2),
        {
            "7": "",
            7: 7,
            "7 updates": 7,
            "50%": 5,
            "1 epoch": 5,
            "1.5 epochs": 8,
            "100 samples": 5,
            "241 tokens": 2,
            "5 s": "cannot be converted to updates",
            "5 rounds": "must be like",
        },
    ),
    "samples": (
        Run(**DATA, epochs=2, clock="samples"),
        {
            7: "no unit, and the clock of the run is 'samples'. Write '300k samples' or '5%'",
            0: 0,
            "7 samples": 7,
            "6.5 samples": 7,
            "50%": 102,
            "1 epoch": 102,
            "1.5 epochs": 153,
            "241 tokens": 25,
            "4 updates": 96,
            "5 updates": 102,
            "6 updates": 126,
            "1 h": "cannot",
        },
    ),
    "tokens": (
        Run(**DATA, epochs=2, clock="tokens"),
        {
            7: "no unit",
            0: 0,
            "7 tokens": 7,
            "50%": 1020,
            "1 epoch": 1020,
            "7 samples": 70,
            "4 updates": 960,
            "5 updates": 1020,
            "2 min": "cannot be converted to tokens",
        },
    ),
    "tokens, counted": (
        TOKENS,
        {
            "5M tokens": 5 * 10**6,
            "0.1%": 10**6,
            "7 updates": "or by_updates",
            "1 epoch": "samples of an epoch are not known",
            "7 samples": "the tokens of a sample are not known",
        },
    ),
    "time": (
        Run(seconds=600, reserve=20),
        {
            7: "no unit, and the clock of the run is 'time'. Write '90 s' or '5%'",
            0: 0,
            "7 ms": 7,
            "1.5 s": 1500,
            "2 seconds": 2000,
            "1 second": 1000,
            "0.5 min": 30_000,
            "1 minute": 60_000,
            "1 h": 3_600_000,
            "2 hours": 7_200_000,
            "10%": 58_000,
            "1500 milliseconds": 1500,
            "0.0001 s": 1,
            "7 updates": "or by_updates",
            "1 epoch": "cannot be converted to milliseconds",
            "9 tokens": "cannot",
            "5 days": "'90 s'",
        },
    ),
    "progress": (
        PROGRESS,
        {
            7: "no unit",
            "5%": 50_000,
            "100%": 10**6,
            "7 updates": "or by_updates",
            "5 progress": "must be like",
            "5 s": "cannot",
        },
    ),
    "env_steps": (
        STEPS,
        {
            7: "no unit",
            "20k env_steps": 20_000,
            "20 k env_steps": 20_000,
            "2M env_steps": 2 * 10**6,
            "1%": 10_000,
            "20k env_step": "must be like",
            "7 updates": "or by_updates",
            "7 samples": "cannot be converted to env_steps",
        },
    ),
}


@pytest.mark.parametrize("by", LENGTHS)
def test_a_length_by_any_clock(by):
    run, lengths = LENGTHS[by]
    for length, found in lengths.items():
        if isinstance(found, int):
            assert run.resolve(length) == found, length
            continue
        with pytest.raises(GradatimError) as error:
            run.resolve(length)
        assert found in str(error.value)
        assert str(error.value).startswith(("Run.resolve: length", "Run: "))
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["kills", "minibatches", "Mario", "m", "s_", "T1", "samples_seen"])
def test_a_name_of_your_own_is_a_unit_whatever_it_begins_with(name):
    run = Run(clock=name, total=10**6)
    assert run.resolve(f"20k {name}") == run.resolve(f"20k{name}") == 20_000
    assert run.resolve(f"20 {name}") == run.resolve(f"20{name}") == 20


IMPOSSIBLE = [
    ({}, "Write Run(steps=10_000), "),
    ({"batch": 5}, "give either steps"),
    ({"epochs": 5}, "give either steps, or samples, batch and epochs"),
    ({"samples": 5, "epochs": 5}, "give either steps, or samples, batch and epochs"),
    ({"samples": 5, "steps": 5}, "From samples without batch the samples of an"),
    ({"steps": 5, "seconds": 5}, "steps and seconds are each a length of the run"),
    ({"steps": 5, "total_tokens": 5}, "steps and total_tokens are each"),
    ({"steps": 5, "total": 5}, "steps and total are each"),
    ({**DATA, "epochs": 5, "seconds": 5}, "epochs and seconds are each"),
    ({"clock": "time", "steps": 5}, "steps is not a length for the clock 'time'"),
    ({"clock": "time"}, "the clock 'time' needs a length in seconds. Write seconds=600."),
    ({"clock": "tokens", "seconds": 5}, "a run with the clock 'time', got clock='tokens'. Leave"),
    ({"clock": "updates", "seconds": 5}, "a run with the clock 'time', got clock='updates'"),
    ({"clock": "env_steps", "seconds": 5}, "a run with the clock 'time', got clock='env_steps'"),
    ({"clock": "env_steps"}, "the clock 'env_steps' needs its total. Write Run(clock='env_steps'"),
    ({"clock": "env_steps", "steps": 5}, "Write Run(clock='env_steps', total=...)."),
    ({"total": 5}, "total is the length of a run with a clock of your own"),
    ({"total": 5, "clock": "tokens"}, "with a clock of your own, such as Run(clock='env_steps'"),
    ({"clock": "progress", "steps": 5}, "for the clock 'progress'. Write Run(clock='progress')."),
    (
        {"total_tokens": 5},
        "total_tokens cannot be converted to updates without batch and tokens_per_",
    ),
    ({"total_tokens": 5, "batch": 3}, "Give both, or write clock='tokens'."),
    (
        {"total_tokens": 5, "clock": "samples"},
        "cannot be converted to samples without tokens_per_sam",
    ),
    (
        {"total_tokens": 5, "clock": "tokens", "samples": 7, "batch": 1},
        "replaces samples",
    ),
    ({"steps": 5, "clock": "samples"}, "steps cannot be converted to samples without batch"),
    ({"steps": 5, "clock": "tokens"}, "steps cannot be converted to tokens without batch"),
    ({"steps": 5, "batch": 3, "clock": "tokens"}, "the clock 'tokens' needs a number of tokens"),
    ({"samples": 5, "epochs": 3, "clock": "tokens"}, "Give tokens_per_sample, or total_tokens"),
    ({"steps": 5, "reserve": 3}, "reserve needs a length in seconds. Leave it out."),
    ({"steps": 5, "start_after": 0}, "start_after needs a length in seconds"),
    ({"seconds": 5, "reserve": 5}, "reserve must be less than seconds, 5.0, got 5.0"),
    ({"seconds": 5, "reserve": 9}, "reserve must be less than seconds"),
    ({"seconds": 0}, "seconds must be a finite number above 0"),
    ({"seconds": 5, "start_after": -1}, "start_after must be a whole number, 0 or more"),
    ({"steps": 5, "clock": "steps"}, "Write clock='updates'."),
    ({"steps": 5, "clock": "epochs"}, "Write clock='samples'."),
    ({"seconds": 5, "clock": "seconds"}, "Write clock='time'."),
    ({"seconds": 5, "clock": "wall_clock"}, "Write clock='time'."),
    ({"total": 5, "clock": "Tokens"}, "Write clock='tokens'."),
    (
        {"total": 5, "clock": "env steps"},
        "the name of what is counted, such as 'env_steps'",
    ),
    ({"total": 5, "clock": 3}, "clock must be 'updates', 'samples'"),
    (
        {"steps": 5, "tokens": 3},
        "tokens was renamed to tokens_per_sample. Write tok",
    ),
]


@pytest.mark.parametrize("fields", [fields for fields, _ in IMPOSSIBLE], ids=repr)
def test_what_cannot_go_together_is_one_sentence(fields):
    words = next(words for given, words in IMPOSSIBLE if given is fields)
    with pytest.raises(GradatimError) as error:
        Run(**fields)
    assert str(error.value).startswith("Run: ")
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_where_the_user_counts_the_run_has_no_tick():
    assert [run.tick_after(9) for run in (MINUTES, TOKENS, STEPS, PROGRESS)] == [None] * 4
    assert Run(seconds=5, batch=8).tick_after(9) is None
    assert Run(steps=20).tick_after(9) == 9
    assert Run(**DATA, epochs=2, clock="samples").tick_after(9) == 102 + 96


def test_recipes_are_as_long_as_the_run_in_ticks():
    minutes = Run(seconds=600, reserve=20)
    assert wsd(1.0, steps=minutes, warmup="30 s", cooldown="20%") == (
        Linear(0.0, 1.0, 30_000) >> Constant(1.0, 434_000) >> g.OneMinusSqrt(1.0, 0.0, 116_000)
    )
    assert g.warmup_cosine(1.0, steps=TOKENS, warmup="1e8 tokens").length == 10**9
    assert g.multistep(1.0, boundaries=["5%", "500k env_steps"], steps=STEPS) == g.multistep(
        1.0, boundaries=[50_000, 500_000]
    )
    assert len(Constant(1.0).values(Run(seconds=0.02))) == 20
    late = g.extend(Linear(1.0, 0.0, 500_000), at=250_000, steps=minutes, hold="1 min")
    assert late(250_000) == late(310_000) == 0.5
    assert late.length == 580_000


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: wsd(1.0, steps=MINUTES, warmup=500), "wsd: warmup=500 has no unit"),
        (
            lambda: wsd(1.0, steps=MINUTES, warmup="11 min"),
            "wsd: warmup (660 s) + cooldown (120 s) must be less than steps, 600 s",
        ),
        (
            lambda: g.warmup_cosine(1.0, steps=MINUTES, warmup="10 min"),
            "warmup_cosine: warmup (600 s) must be less than steps, 600 s",
        ),
        (
            lambda: g.noam("601 s", peak=1.0, steps=MINUTES),
            "noam: warmup must be at most the whole run, 600 s, got '601 s'",
        ),
        (
            lambda: g.step_decay(1.0, every="1e6 tokens", warmup="2e9 tokens", steps=TOKENS),
            "step_decay: warmup must be at most the whole run, 1,000,000,000 tokens, "
            "got '2e9 tokens'",
        ),
        (lambda: g.cyclic(1.0, start=0.0, steps=MINUTES), "cyclic: up=2000 has no unit"),
        (lambda: g.multistep(1.0, boundaries=[5], steps=MINUTES), "boundaries[0]=5 has no unit"),
        (lambda: wsd(1.0, steps=100, warmup="5 s"), "needs a run with the clock 'time'"),
        (lambda: wsd(1.0, steps=100, warmup="5 rounds"), "warmup must be like 500"),
    ],
)
def test_lengths_that_are_refused_in_the_words_of_the_run(make, words):
    with pytest.raises(GradatimError) as error:
        make()
    assert words in str(error.value)


def test_the_run_in_updates_is_for_what_follows_them():
    tokens = Run(total_tokens=1000, clock="tokens", batch=3, tokens_per_sample=7)
    assert tokens.in_updates == tokens.replace(clock=None)
    assert tokens.in_updates.resolve("50%") == 24
    assert Run(steps=9).in_updates == Run(steps=9)
    with pytest.raises(GradatimError, match="updates of a run with the clock 'time' is not known"):
        _ = MINUTES.in_updates


def test_by_updates_is_all_of_a_value():
    line = Linear(0.85, 0.95, 300)
    value = by_updates(line)
    assert value == ByUpdates(line) == by_updates(value)
    assert value.values(400) == line.values(400)
    assert 2 * value == value * 2.0 == by_updates(2.0 * line)
    assert value / 2 == by_updates(line / 2)
    assert -value == by_updates(-line)
    assert value.stretched(3) == by_updates(line.stretched(3))


WRAPPED = {
    "before another": lambda one: one >> Constant(1.0),
    "after another": lambda one: Constant(1.0, 5) >> one,
    "a sum": lambda one: one + 1.0,
    "a difference": lambda one: 1.0 - one,
    "a product": lambda one: one * Constant(0.5),
    "the other factor": lambda one: Constant(0.5) * one,
    "clip": lambda one: one.clip(low=0.1),
    "shift": lambda one: one.shift(5),
    "rounded": lambda one: one.rounded(),
    "cut": lambda one: one.cut(5),
    "repeat": lambda one: one.repeat(2),
    "itself": ByUpdates,
}


@pytest.mark.parametrize("name", WRAPPED)
def test_by_updates_is_no_part_of_another_schedule(name):
    with pytest.raises(GradatimError, match=r"cannot be a part of another"):
        WRAPPED[name](by_updates(Linear(0.0, 1.0, 10)))


def test_values_are_rounded_to_whole_multiples():
    line = Linear(0.0, 512.0, 8)  # 64 a step
    assert [line.rounded(128)(k) for k in range(9)] == [0, 128, 128, 256, 256, 384, 384, 512, 512]
    up, down = line.rounded(to=128, way="up"), line.rounded(to=128, way="down")
    assert [up(k) for k in range(5)] == [0, 128, 128, 256, 256]
    assert [down(k) for k in range(5)] == [0, 0, 128, 128, 256]
    assert line.rounded() == Rounded(line) == Rounded(line, 1, "nearest")
    assert (line - 100.0).rounded(100)(0) == -100.0
    assert (Linear(-100.0, 0.0, 100).rounded(100, "up"))(1) == 0.0


def test_what_is_whole_says_so():
    line = Linear(0.0, 512.0, 8)
    whole: list[Schedule] = [line.rounded(), by_updates(line.rounded(128))]
    whole.append(line.rounded() >> Linear(512.0, 9.0, 5).rounded())
    assert all(one.is_whole for one in whole)
    parts = [line, line.rounded() * 0.5, line.rounded() >> line, by_updates(line), Constant(5.0)]
    assert not any(one.is_whole for one in [*parts, Table([(0, 1)], "hold")])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"to": 0}, "to must be a whole number, 1 or more, got 0"),
        ({"to": 1.5}, "to must be a whole number"),
        ({"way": "ceil"}, "unknown way 'ceil'. Known: down, nearest, up."),
    ],
)
def test_what_is_no_rounding(fields, words):
    with pytest.raises(GradatimError, match=f"^Rounded: {words}"):
        Linear(0.0, 1.0, 5).rounded(**fields)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: recipes.scale_with_batch(Constant(1.0), run=Run(seconds=5, batch=8)),
            "scale_with_batch: the clock of the run is 'time', which does not determine the update",
        ),
        (
            lambda: recipes.scale_with_batch(Constant(1.0), run=Run(steps=5)),
            "Run: the samples of an",
        ),
        (lambda: recipes.scale_with_batch(Constant(1.0), run=5), "run must be a Run, got 5"),
        (lambda: recipes.scale_with_batch(Constant(1.0)), "run"),
    ],
)
def test_a_rate_cannot_follow_a_batch_that_is_not_known(make, words):
    with pytest.raises(GradatimError, match=words):
        make()


def test_a_rate_follows_the_batch_by_every_clock_alike():
    batch = Table([(0, 8), (30, 16), (50, 72)], "hold")
    run = Run(batch=batch, tokens_per_sample=5, steps=90)
    rates = []
    for clock in ("updates", "samples", "tokens"):
        by_clock = run.replace(clock=clock)
        rate = recipes.scale_with_batch(Constant(0.5), run=by_clock, power=1.0)
        rates.append([rate(by_clock.tick_after(k)) for k in range(90)])
    assert rates[0] == rates[1] == rates[2] == [0.5] * 30 + [1.0] * 20 + [4.5] * 40
