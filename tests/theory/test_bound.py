"""The last-iterate bound: exact numbers, a slow oracle in fractions, and what real runs say."""

import math
import re
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import spearmanr

from gradatim import Constant, Cosine, Linear, wsd
from gradatim.errors import GradatimError
from gradatim.theory import bound
from tests.forecast.public_runs import grid, grid_rates

T = 4000
SHAPES = {
    "constant": (Constant(1.0), 3.1418),
    "cosine": (Cosine(1.0, 0.0, T), 2.0609),
    "linear": (Linear(1.0, 0.0, T), 2.0018),
    "wsd 20%": (wsd(peak=1.0, warmup=0, cooldown=800, steps=T, shape="linear"), 2.1637),
}


def slowly(rates, rate=Fraction(1)):
    """The bound for D = G = 1 as it is written in the paper, in exact fractions."""
    eta = [rate * Fraction(r) for r in rates]
    squares = [e * e for e in eta]
    total = (1 + sum(squares)) / (2 * sum(eta))
    for k in range(len(eta) - 1):
        total += eta[k] / sum(eta[k + 1 :]) * sum(squares[k:]) / sum(eta[k:]) / 2
    return total


def test_linear_decay_of_a_hundred_steps():
    found = bound.best(Linear(1.0, 0.0, 100))
    assert found.value == pytest.approx(0.2036084161712098, rel=1e-12)
    assert found.rate == pytest.approx(0.0972552145, rel=1e-9)
    exact = slowly([Fraction(100 - k, 100) for k in range(100)], Fraction(found.rate))
    assert found.value == pytest.approx(float(exact), rel=1e-14)


@pytest.mark.parametrize("name", SHAPES)
def test_four_shapes(name):
    shape, wanted = SHAPES[name]
    assert math.sqrt(T) * bound.best(shape, T).value == pytest.approx(wanted, abs=5e-5)


def test_any_rates_against_fractions():
    rates = np.random.default_rng(1).uniform(0.01, 1.0, 40)
    for d, g in ((1.0, 1.0), (3.0, 0.5)):
        exact = slowly(rates * g / d) * Fraction(d) * Fraction(g)
        assert bound.value(rates, distance=d, gradient=g) == pytest.approx(float(exact), rel=1e-13)


def test_a_constant_rate_has_a_closed_form():
    t, rate = 500, 0.03
    harmonic = math.fsum(1 / k for k in range(1, t))
    assert bound.value(Constant(rate), t) == pytest.approx(
        1 / (2 * rate * t) + rate / 2 * (1 + harmonic), rel=1e-13
    )


def test_no_rate_is_better_than_the_best():
    shape = Cosine(1.0, 0.0, 300)
    found = bound.best(shape, distance=2.0, gradient=5.0)
    at = [bound.value(f * found.rate * shape, distance=2.0, gradient=5.0) for f in (0.99, 1, 1.01)]
    assert at[1] == pytest.approx(found.value, rel=1e-13)
    assert at[1] < min(at[0], at[2])


def test_zeros_at_the_end_change_nothing():
    rates = [0.5, 0.25, 0.125]
    assert bound.value([*rates, 0.0, 0.0]) == bound.value(rates)


def test_a_wsd_schedule_wants_half_the_rate_of_a_cosine():
    cosine, plain = SHAPES["cosine"][0], SHAPES["wsd 20%"][0]
    assert bound.transfer(1.0, from_=cosine, to=plain) == pytest.approx(0.53, abs=0.005)


def test_transfer_goes_there_and_back_and_over_horizons():
    short, long = Linear(1.0, 0.0, 1000), Linear(1.0, 0.0, 4000)
    there = bound.transfer(1e-3, from_=short, to=long)
    assert there == pytest.approx(5e-4, rel=5e-3)  # T^-1/2
    assert bound.transfer(there, from_=long, to=short) == pytest.approx(1e-3, rel=1e-12)
    measured = bound.transfer(1e-3, from_=short, to=long, exponent=bound.MEASURED_EXPONENT)
    assert measured == pytest.approx(1e-3 * 4**-0.32, rel=5e-3)


@pytest.mark.parametrize(("times", "factor"), [(2, 0.532), (4, 0.374)])
def test_the_second_stage_of_an_extended_run(times, factor):
    found = bound.extend(4000, times * 4000)
    assert found.factor == pytest.approx(factor, abs=0.002)
    # What it promises: the best rate of the longer run is that of the first one.
    held, last = 3200, int(0.2 * times * 4000)
    second = np.full(times * 4000 - held - last, found.factor)
    fall = found.factor * (1 - np.arange(last) / last)
    longer = bound.best(np.concatenate([np.ones(held), second, fall]))
    assert longer.rate == pytest.approx(bound.best(SHAPES["wsd 20%"][0]).rate, rel=1e-6)


def test_or_a_longer_cooldown():
    found = bound.extend(4000, 8000)
    cooldown = round(found.cooldown * 8000)
    shape = wsd(peak=1.0, warmup=0, cooldown=cooldown, steps=8000, shape="linear")
    assert bound.best(shape).rate == pytest.approx(bound.best(SHAPES["wsd 20%"][0]).rate, rel=1e-3)
    assert bound.extend(4000, 16_000).cooldown is None  # even a straight line wants less


def test_it_orders_real_runs():
    # 83 runs: three peak rates, times shapes, times horizons (the 84th diverged). One constant,
    # G / D, is found on the 27 runs of 25k steps and carried over to all.
    rows = [row for row in grid()[0].values() if row["peak_lr"] != "0.005"]
    loss = np.array([float(row["last_logged_val"]) for row in rows])
    found = [bound.best(grid_rates(row)) for row in rows]
    first = np.array([f.value * f.rate / 2 for f in found])
    rest = np.array([f.value / f.rate / 2 for f in found])
    short = np.array([row["steps"] == "25000" for row in rows])
    scales = np.logspace(0, 1.5, 31)
    fits = [spearmanr((first / s + rest * s)[short], loss[short])[0] for s in scales]
    best = scales[int(np.argmax(fits))]
    assert bound.value(grid_rates(rows[0]), gradient=best) == pytest.approx(
        best * (first[0] / best + rest[0] * best)
    )
    assert len(rows) == 83
    assert spearmanr(first / best + rest * best, loss)[0] >= 0.88


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bound.value([1.0, -1.0]), "the rate at step 1 must be finite, 0 or more, got -1"),
        (lambda: bound.value([0.0, 0.0]), "every rate is 0"),
        (lambda: bound.value(Constant(1.0)), "has no end"),
        (lambda: bound.value([1.0], steps=3), "1 rates are given for 3 updates"),
        (lambda: bound.value("cosine"), "a schedule or one rate per update"),
        (lambda: bound.value([1.0, float("nan")]), "at step 1"),
        (lambda: bound.value([1.0], steps=0), "1 or more"),
        (lambda: bound.best([1.0], gradient=0.0), "gradient must be a finite number above 0"),
        (lambda: bound.value([1e-200, 1e-200]), "too small or too large"),
        (lambda: bound.transfer(0.0, from_=[1.0], to=[1.0]), "lr must be"),
        (lambda: bound.extend(100, 100), "more than steps, 100"),
        (lambda: bound.extend(100, 200, cooldown=1.0), "above 0 and below 1"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(GradatimError, match=re.escape(words)):
        call()
