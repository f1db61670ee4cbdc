"""What is said of plans whose run is measured in time, in tokens, or in what the user counts."""

import math

import pytest

from gradatim import Constant, Function, Linear, Plan, Run, Table, by_updates, check, wsd
from gradatim.recipes import batch_stages

MINUTES = Run(seconds=600)


def nothing_after_30_s(tick):
    return 1e-3 if tick <= 30_000 else math.nan


RUNS = {
    "time": (MINUTES, "590 s of 600 s", "600 s"),
    "tokens": (
        Run(total_tokens=600_000, clock="tokens"),
        "590,000 tokens of 600,000 tokens",
        "600,000 tokens",
    ),
    "env_steps": (
        Run(clock="env_steps", total=600_000),
        "590,000 env_steps of 600,000 env_steps",
        "600,000 env_steps",
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_schedule_as_long_as_the_run_is_right(name):
    run, _, _ = RUNS[name]
    rate = wsd(1e-3, steps=run, warmup="5%")
    assert check(Plan({"lr": rate, "weight_decay": 0.1}, run=run)) == rate.check(run) == []


@pytest.mark.parametrize("name", RUNS)
def test_a_place_is_one_on_its_clock(name):
    run, place, whole = RUNS[name]
    (early,) = check(Linear(1e-3, 1e-6, 590_000), run)
    assert early.place == place
    assert early.sentence.endswith(f"the other {whole.replace('600', '10', 1)} run at 1e-06.")
    assert early.fix == "Write steps=run."
    (late,) = check(Linear(0.0, 1e-3, 700_000), run)
    assert late.severity == "error"
    assert "would come at" in late.sentence
    assert "update" not in late.sentence


def test_a_progress_has_places_in_percent():
    (early,) = check(Linear(1e-3, 1e-6, 500_000), Run(clock="progress"))
    assert early.place == "50%"
    assert early.sentence == "The schedule ends there, and the other 50% run at 1e-06."


def test_what_follows_the_updates_is_looked_at_by_itself():
    momentum = by_updates(Linear(0.85, 0.95, 300))
    plan = Plan({"lr": wsd(1e-3, steps=MINUTES), "momentum": momentum}, run=MINUTES)
    assert check(plan) == []
    rate = Plan({"lr": by_updates(wsd(1e-3, steps=300))}, run=MINUTES)
    assert check(rate) == []
    wrong = Plan({"lr": 1e-3, "momentum": by_updates(Linear(0.85, 1.0, 300))}, run=MINUTES)
    # The last update of the 300 is below 1, and those after it are not looked at.
    assert check(wrong) == []
    above = Plan({"lr": 1e-3, "momentum": by_updates(Linear(0.85, 1.2, 300))}, run=MINUTES)
    (found,) = check(above)
    assert (found.severity, found.about) == ("error", "momentum")
    assert found.place == "update 300 of 300"


def test_what_follows_the_updates_of_a_run_in_tokens_is_as_long_as_it():
    run = Run(total_tokens=1e6, batch=10, tokens_per_sample=100, clock="tokens")
    plan = Plan({"lr": by_updates(wsd(1e-3, steps=500)), "weight_decay": 0.1}, run=run)
    (found,) = check(plan)
    assert found.place == "update 501 of 1000"
    assert check(Plan({"lr": by_updates(wsd(1e-3, steps=1000))}, run=run)) == []


def test_parts_that_follow_different_clocks_are_each_trained():
    plan = Plan({"lr/a": by_updates(Constant(0.0)), "lr/b": wsd(1e-3, steps=MINUTES)}, run=MINUTES)
    assert [(f.severity, f.about) for f in check(plan)] == [("note", "lr/a")]


def test_a_function_without_a_value_is_placed_on_the_clock():
    (found,) = check(Function(nothing_after_30_s), MINUTES)
    # The first of 2,000 points after it.
    assert (found.severity, found.place) == ("error", "30.299 s of 600 s")
    assert found.sentence == "The schedule is nan there."


def test_runs_whose_batch_grows():
    batch = Table([(0, 8), (50, 16)], "hold")
    assert check(Constant(1e-3), Run(batch=batch, steps=100)) == []
    (late,) = check(Constant(1e-3), Run(batch=batch, steps=50))
    assert (late.severity, late.about) == ("warning", "run")
    assert late.sentence == "The batch would change after 50 updates, but the run has 50."
    epoch = Run(samples=100, batch=batch, epochs=40, accumulate=9)
    (many,) = check(Constant(1e-3), epoch)
    assert "accumulate=9, but an epoch has 7 batches per process" in many.sentence
    dropped = Run(samples=100, batch=Table([(0, 8), (50, 33)], "hold"), epochs=20, drop_last=True)
    assert check(Constant(1e-3), dropped) == []
    dropped = dropped.replace(batch=Table([(0, 8), (50, 41)], "hold"))
    (found,) = check(Constant(1e-3), dropped)
    assert "drop_last drops 18 of the 100 samples" in found.sentence
    tokens = Run(
        batch=batch_stages("0:8 9M:16", tokens_per_sample=10),
        tokens_per_sample=10,
        total_tokens=1e6,
        clock="tokens",
    )
    assert "The batch would change after" in check(Constant(1e-3), tokens)[0].sentence
