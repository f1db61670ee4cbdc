"""The best schedule under a law: against the authors' own, and against a grid of plain ones."""

import re
from functools import cache

import numpy as np
import pytest

from gradatim import forecast, parse
from gradatim.errors import GradatimError
from gradatim.forecast import fits, laws
from gradatim.forecast.optimise import optimise
from gradatim.forecast.rate_changes import every_change
from tests.forecast.public_runs import SIZES, multipower_rates, multipower_run, published
from tests.forecast.test_forecast import synthetic

STEPS, WARM, PEAK = 24_000, 2160, 3e-4


@cache
def published_law(size):
    fit = fits.Fit(laws.MultiPower(), np.array(published()["params"][size]), 1.0, 0.0)
    return forecast.Forecast((multipower_run(size, "cosine_24000.csv"),), (fit,))


@cache
def found(size):
    return optimise(published_law(size), STEPS, peak=PEAK, warmup=WARM - 1)


def after_warmup(size, rates):
    """The final loss with every change of the rate after the warm-up by itself.

    The authors' optimiser leaves the changes of the fixed warm-up out of the sum; their fit does
    not. Their published final losses, 3.1497 and 2.7941, are without them.
    """
    fit = published_law(size).members[0]
    inputs = fit.law.inputs(rates, 0.1)
    change = np.where(np.arange(len(rates)) < WARM, 0.0, inputs.change)
    return fit.law.loss(fit.p, every_change(inputs._replace(change=change), len(rates) - 1))[0][0]


@pytest.mark.parametrize(("size", "most"), [("25", 3.1499), ("100", 2.7943)])
def test_as_good_as_the_published_optimum(size, most):
    rates = found(size).schedule(np.arange(STEPS))
    assert after_warmup(size, rates) <= most
    assert (np.diff(rates[WARM:]) <= 1e-18).all()
    assert rates.min() >= 0.0
    assert rates.max() <= PEAK * (1 + 1e-15)
    assert rates[:WARM] == pytest.approx(multipower_rates("cosine_24000.csv")[:WARM], abs=1e-18)


@pytest.mark.parametrize("size", SIZES)
def test_no_hold_and_power_is_better(size):
    mine = after_warmup(size, found(size).schedule(np.arange(STEPS)))
    left = 1.0 - np.arange(STEPS - WARM) / (STEPS - WARM)
    for hold in (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95):
        for power in (0.5, 1.0, 1.5, 2.0, 3.0, 5.0):
            fall = PEAK * np.minimum(1.0, left / (1.0 - hold)) ** power
            rates = np.concatenate([np.linspace(0, PEAK, WARM), np.maximum(fall, 1e-8 * PEAK)])
            assert mine <= after_warmup(size, rates)


def test_it_is_an_ordinary_schedule_and_says_what_it_is_worth():
    result = found("25")
    assert parse(repr(result.schedule)) == result.schedule
    assert result.gain.mean == pytest.approx(
        published_law("25").predict(result.plain, STEPS).final.mean - result.final.mean, abs=2e-4
    )
    assert not result.worth
    assert result.verdict.startswith("Not worth it")


def test_over_an_ensemble_within_limits():
    _, curves = synthetic(noise=0.002)
    fitted = forecast.fit(list(curves.values()))
    assert len(fitted.counted) > 3
    result = optimise(fitted, 4000, peak=1e-3, floor=5e-5, warmup=50)
    rates = result.schedule(np.arange(4000))
    assert (np.diff(rates[50:]) <= 1e-18).all()
    assert rates.min() == 0.0  # the first update of the warm-up, nothing else
    assert rates[50:].min() >= 5e-5
    assert rates.max() <= 1e-3
    assert result.gain.low <= result.gain.mean <= result.gain.high
    assert result.gain.mean > -1e-4
    free = optimise(fitted, 4000, peak=1e-3, floor=5e-5, warmup=50, monotone=False)
    freely = free.schedule(np.arange(50, 4000))
    assert freely.min() >= 5e-5
    assert freely.max() <= 1e-3
    assert free.final.mean <= result.final.mean + 2e-4


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"peak": 0.0}, "peak must be a finite number above 0"),
        ({"floor": 1.0}, "floor must be 0 or more and below the peak"),
        ({"warmup": 995}, "warmup must be 10 or more below steps, 1000"),
        ({"knots": 2}, "knots must be 3 or more"),
    ],
)
def test_refusals(limits, words):
    with pytest.raises(GradatimError, match=re.escape(words)):
        optimise(published_law("25"), 1000, **limits)


def test_a_law_without_a_slope():
    fit = fits.Fit(laws.Momentum(), np.array([3.0, 0.5, 0.5, 400.0, 0.004]), 1.0, 0.0)
    fitted = forecast.Forecast((multipower_run("25", "cosine_24000.csv"),), (fit,))
    with pytest.raises(GradatimError, match="Momentum has no slope here"):
        optimise(fitted, 1000)
