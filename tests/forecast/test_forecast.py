"""Forecasts against runs that were made: public curves, none of which a fit has seen."""

import math
import re
from functools import cache

import numpy as np
import pytest
from scipy.stats import spearmanr

from gradatim import Constant, forecast, warmup_constant, warmup_cosine, warmup_linear
from gradatim.errors import GradatimError
from gradatim.forecast import fits, laws
from gradatim.logs import LossCurve
from tests.forecast import muon_runs
from tests.forecast.public_runs import (
    grid,
    grid_find,
    grid_rates,
    grid_run,
    multipower_run,
    published,
)

PEAKS = (5e-4, 1e-3)


@pytest.mark.parametrize(("size", "most"), [("25", 0.0032), ("100", 0.0027)])
def test_three_curves_forecast_the_other_six(size, most):
    # The published law, fitted by its authors to the same three, has 0.0038 and 0.0044.
    three = [multipower_run(size, name) for name in published()["train_set"]]
    fitted = forecast.fit(three, ensemble=False)
    errors = []
    for name in published()["test_set"]:
        run = multipower_run(size, name)
        mean = fitted.predict(run.rates, at=run.steps).mean
        errors.append(float(np.mean(abs(mean - run.losses))))
    assert len(errors) == 6
    assert np.mean(errors) <= most


@pytest.mark.parametrize("law", ["multipower", "momentum", "functional"])
def test_the_other_laws_fit_too(law):
    three = [multipower_run("100", name) for name in published()["train_set"]]
    fitted = forecast.fit(three, law)
    assert len(fitted.members) == 1
    assert fitted.members[0].spread < 0.004
    run = multipower_run("100", "wsd_20000_24000.csv")
    mean = fitted.predict(run.rates, at=run.steps).mean
    assert np.mean(abs(mean - run.losses)) < 0.006


@cache
def outcome(fitted, runs):
    """Each run's last logged loss, and mean, low and high as predicted for that step."""
    rows = []
    for number in runs:
        run = grid_run(number)
        final = fitted.predict(run.rates, at=run.steps[-1:]).final
        rows.append((run.losses[-1], *final))
    return np.array(rows).T


def at_peak(peak, steps=None):
    return tuple(
        number
        for number, row in grid()[0].items()
        if float(row["peak_lr"]) == peak and (steps is None or int(row["steps"]) == steps)
    )


@cache
def four_runs(peak):
    """One run of each kind, none longer than 25k steps."""
    shapes = ("linear 0.2", "sqrt 0.2", "cosine 0")
    constant = grid_run(grid_find(peak, 50_000, "constant"), until=25_000)
    return forecast.fit([constant, *(grid_run(grid_find(peak, 25_000, s)) for s in shapes)])


@pytest.mark.parametrize("peak", PEAKS)
def test_four_short_runs_forecast_nine_twice_as_long(peak):
    constant = grid_find(peak, 50_000, "constant")
    nine = tuple(number for number in at_peak(peak, 50_000) if number != constant)
    assert len(nine) == 9
    real, mean, low, high = outcome(four_runs(peak), nine)
    assert np.mean(abs(mean - real)) <= 0.004
    assert real[np.argmin(mean)] - real.min() <= 0.004
    assert np.mean((low <= real) & (real <= high)) >= 0.9


@cache
def two_runs(peak, cooldown):
    constant, short = grid_find(peak, 50_000, "constant"), grid_find(peak, 25_000, cooldown)
    rest = tuple(number for number in at_peak(peak) if number not in (constant, short))
    return outcome(forecast.fit([grid_run(constant), grid_run(short)]), rest)


TWO = [
    pytest.param(5e-4, "sqrt 0.2"),
    pytest.param(1e-3, "sqrt 0.2"),
    pytest.param(5e-4, "linear 0.2", marks=pytest.mark.long),
    pytest.param(1e-3, "linear 0.2", marks=pytest.mark.long),
]


@pytest.mark.parametrize(("peak", "cooldown"), TWO)
def test_a_constant_run_and_one_cooldown_forecast_the_rest(peak, cooldown):
    real, mean, _, _ = two_runs(peak, cooldown)
    assert len(real) == (29 if peak == 5e-4 else 31)
    assert np.mean(abs(mean - real)) <= 0.009


@pytest.mark.parametrize(("peak", "cooldown"), TWO)
def test_a_constant_run_and_one_cooldown_rank_the_rest(peak, cooldown):
    real, mean, _, _ = two_runs(peak, cooldown)
    # The goal is 0.985. With a linear cooldown it is missed at 1e-3, as docs/forecast.md says.
    missed = (peak, cooldown) == (1e-3, "linear 0.2")
    assert spearmanr(mean, real)[0] >= (0.984 if missed else 0.985)


def test_rank_and_how_far_behind():
    fitted = four_runs(5e-4)
    runs = {s: grid_find(5e-4, 50_000, s) for s in ("linear 0.1", "linear 0.6", "cosine 0.1")}
    schedules = {name: grid_rates(grid()[0][number]) for name, number in runs.items()}
    ranked = fitted.rank(schedules)
    assert [r.name for r in ranked] == ["linear 0.6", "linear 0.1", "cosine 0.1"]
    assert ranked[0].behind == (0.0, 0.0, 0.0)
    for r in ranked[1:]:
        gap = r.final.mean - ranked[0].final.mean
        assert r.behind.mean == pytest.approx(gap)
        assert r.behind.low <= gap <= r.behind.high


def test_cooldown_now_is_the_run_that_cooled_down_then():
    fitted = four_runs(5e-4)
    run = grid_run(grid_find(5e-4, 25_000, "linear 0.2"))
    now = fitted.cooldown_now(20_000, 5000)
    assert now.steps[-1] == 24_999
    last = np.interp(run.steps[-1], now.steps, now.mean)
    assert last == pytest.approx(run.losses[-1], abs=0.003)
    same = fitted.predict(run.rates).final
    assert last == pytest.approx(same.mean, abs=1e-4)


def synthetic(noise=0.0, seed=0):
    """Runs of a world in which the effective law is true."""
    law, p = laws.Effective(), np.array([3.0, 0.4, 0.6, 300.0, 0.05, 0.5])
    any_run = LossCurve([0], [3.0], Constant(1e-3))
    truth = forecast.Forecast((any_run,), (fits.Fit(law, p, 1.0, 0.0),))
    steps = np.arange(100, 5000, 50)
    shapes = {
        "constant": warmup_constant(peak=1e-3, warmup=50),
        "linear": warmup_linear(peak=1e-3, warmup=50, hold=3000, steps=5000),
        "cosine": warmup_cosine(peak=1e-3, warmup=50, steps=5000),
    }
    draw = np.random.default_rng(seed).normal
    curves = {}
    for name, schedule in shapes.items():
        exact = truth.predict(schedule, 5000, at=steps, weight_decay=0.1).mean
        curves[name] = LossCurve(
            steps, exact + draw(0, 1, exact.shape) * noise, schedule, 0.1, name
        )
    return truth, curves


def test_a_true_law_is_found_again():
    truth, curves = synthetic()
    fitted = forecast.fit([curves["constant"], curves["linear"]], ensemble=False, skip=100)
    other = warmup_cosine(peak=1e-3, warmup=50, steps=8000)
    wanted = truth.predict(other, weight_decay=0.1).final.mean
    assert fitted.predict(other).final.mean == pytest.approx(wanted, abs=3e-4)


def test_points_that_runs_share_count_once():
    _, curves = synthetic()
    run = curves["linear"]
    again = LossCurve(run.steps, run.losses, run.rates, 0.1, "again")
    (only,) = fits.usable_points([run, again], None)
    assert only.curve is run
    assert only.steps[0] >= 495  # a tenth of the run is left out
    assert fits.usable_points([run], 2000)[0].steps[0] == 2000


def test_a_long_log_is_averaged():
    steps = np.arange(20_000)
    curve = LossCurve(steps, 3.0 + 0.001 * (steps % 2), Constant(0.1))
    (points,) = fits.usable_points([curve], None)
    assert len(points.steps) == 300
    assert points.losses == pytest.approx(3.0005, abs=2e-5)


def test_a_higher_peak_is_flagged():
    fitted = four_runs(5e-4)
    assert fitted.predict(warmup_cosine(peak=7e-4, warmup=300, steps=30_000)).notes == ()
    (note,) = fitted.predict(warmup_cosine(peak=8e-4, warmup=300, steps=30_000)).notes
    assert "more than 1.5 times the highest one seen, 0.0005" in note


def linear(points_after, end=0.0):
    schedule = warmup_linear(peak=0.1, hold=900, steps=1000, floor=end)
    steps = np.concatenate([np.arange(0, 900, 20), np.linspace(905, 999, points_after).astype(int)])
    return LossCurve(steps, 3 + 1 / (1 + steps), schedule, name="mine")


def test_refusals():
    steps = np.arange(0, 1000, 10)
    held = LossCurve(steps, 3 + 1 / (1 + steps), Constant(0.1), name="held")
    wild = LossCurve(steps, np.where(steps < 800, 3.0, 4.0), Constant(0.1), name="wild")
    for curves, words in [
        ([], "no logged run is given"),
        ([held], "no run has decayed"),
        ([held, linear(40, end=0.09)], "no run has decayed"),
        ([held, linear(6)], "'mine' has 6 logged points in its decay; 10 are needed"),
        ([linear(40), wild], "'wild' diverged: its loss was 3 and ends at 4"),
        ([3.0], "a curve must be a LossCurve"),
    ]:
        with pytest.raises(GradatimError, match=re.escape(words)):
            forecast.fit(curves)
    with pytest.raises(GradatimError, match=r"unknown law 'efective'\. Did you mean 'effective'"):
        forecast.fit([linear(40)], law="efective")
    with pytest.raises(GradatimError, match="points are left after the first steps"):
        forecast.fit([linear(40)], skip=990)
    with pytest.raises(GradatimError, match="'143' diverged"):
        forecast.fit([grid_run("143")])
    with pytest.raises(GradatimError, match=r"below 0\.5"):
        forecast.fit([LossCurve(steps, 3 + 1 / (1 + steps), np.linspace(9, 0, 1000), 0.1)])
    fitted = four_runs(5e-4)
    with pytest.raises(GradatimError, match="at must be an update of"):
        fitted.cooldown_now(50_000, 100)
    with pytest.raises(GradatimError, match="has no end"):
        fitted.predict(Constant(1e-3))
    with pytest.raises(GradatimError, match="steps below 10"):
        fitted.predict(Constant(1e-3), 10, at=[10])


@pytest.mark.parametrize(
    ("steps", "losses", "words"),
    [
        ([0, 1], [3.0], "as long as steps"),
        ([1, 1], [3.0, 3.0], "each above the one before"),
        ([0.5, 1], [3.0, 3.0], "whole numbers"),
        ([-1, 1], [3.0, 3.0], "0 or more"),
        ([0, 7], [3.0, math.nan], "the loss at step 7 is nan"),
        ([0, 7], [3.0, 0.0], "numbers above 0"),
        ([0, 7], ["a", "b"], "losses must be numbers"),
        ([], [], "as long as steps"),
    ],
)
def test_a_curve_that_is_none(steps, losses, words):
    with pytest.raises(GradatimError, match=re.escape(words)):
        LossCurve(steps, losses, Constant(0.1))


def test_a_validation_after_the_last_update():
    steps = np.arange(0, 1001, 100)  # as many validations count: updates done, 0 before the first
    losses = 3.0 + 1.0 / (1 + steps)
    for schedule in (warmup_linear(peak=0.1, steps=1000), np.full(1000, 0.1)):
        curve = LossCurve(steps, losses, schedule, 0.1)
        assert curve.steps.tolist() == list(range(99, 1000, 100))
        assert curve.losses.tolist() == losses[1:].tolist()
        assert len(curve.rates) == 1000
    with pytest.raises(GradatimError, match="1000 rates are given for 1002 updates"):
        LossCurve([0, 1001], [3.0, 2.0], np.full(1000, 0.1), 0.1)


def test_a_noisy_loss_has_not_diverged():
    rng = np.random.default_rng(1)
    steps = np.arange(0, 1000, 10)
    noisy = LossCurve(steps, 0.1 * np.exp(rng.normal(0, 1, 100)), Constant(0.1), 0.1)
    tenths = [np.median(tenth) for tenth in np.array_split(noisy.losses, 10)]
    assert tenths[-1] > 1.1 * min(tenths)  # which alone says nothing here
    noisy.check_usable()


def test_two_schedules():
    # Matrices whose rate falls from step 0, beside parameters with a hold, as in a public run:
    # with one schedule the law misses the losses by more, and its exponent is at the limit.
    (run, *_) = muon_runs.seeds("20260430_adamh")
    both = [muon_runs.mean("20260430_adamh")]
    alone = [LossCurve(c.steps, c.losses, c.rates, c.weight_decay) for c in both]
    assert run.rest is not None
    fitted = forecast.fit(both, skip=490)
    single = forecast.fit(alone, skip=490)
    assert fitted.residual < 0.7 * single.residual
    assert any("is at its limit" in doubt for doubt in single.doubts)
    assert not any("is at its limit" in doubt for doubt in fitted.doubts)
    with pytest.raises(GradatimError, match=r"Give that of its other parameters, rest=\.\.\."):
        fitted.predict(run.rates)
    found = fitted.predict(run.rates, at=run.steps[-1:], rest=run.rest)
    assert found.final.mean == pytest.approx(run.losses[-1], abs=0.01)
    assert "lowers its rate from the start" in found.notes[0]
    with pytest.raises(GradatimError, match="knows one schedule"):
        forecast.fit(both, "momentum")


def test_the_weight_decay_is_never_assumed():
    steps = np.arange(0, 1000, 10)
    schedules = (Constant(0.1), warmup_linear(peak=0.1, hold=800, steps=1000))
    with pytest.raises(GradatimError, match="needs the weight decay of the optimizer"):
        forecast.fit([LossCurve(steps, 3 + 1 / (1 + steps), s) for s in schedules])
    different = forecast.Forecast(
        tuple(LossCurve(steps, 3 + 1 / (1 + steps), schedules[0], decay) for decay in (0.1, 0.2)),
        (fits.Fit(laws.Effective(), np.array([3.0, 0.4, 0.6, 300.0, 0.05, 0.5]), 1.0, 0.0),),
    )
    with pytest.raises(GradatimError, match=r"have weight decays 0\.1, 0\.2"):
        different.predict(schedules[1])
    assert different.predict(schedules[1], weight_decay=0.15).final.mean > 3.0


def test_a_cooldown_that_is_worth_it_or_not():
    fitted = four_runs(5e-4)
    now = fitted.cooldown_now(20_000, 5000)
    assert re.match(r"The loss falls by 0\.\d+ \(0\.", now.verdict)
    assert fitted.cooldown_now(20_000, 1).verdict.startswith("Not worth it")


@pytest.mark.parametrize("count", [1, 2, 9])
def test_a_log_of_few_rows(count):
    steps = np.linspace(0, 999, count).astype(int)
    schedule = warmup_linear(peak=0.1, hold=100, steps=1000)
    with pytest.raises(GradatimError, match=r"logged points in its decay|no run has"):
        forecast.fit([LossCurve(steps, 3 + 1 / (1 + steps), schedule, 0.1)])


def test_a_run_of_tokens_is_refused():
    with pytest.raises(GradatimError, match="If its steps count tokens or samples"):
        four_runs(5e-4).predict(Constant(1e-3), steps=5_000_000_000)
