"""When a forecast is not identified, in words; and that it is where the runs determine it."""

import numpy as np
import pytest

from gradatim import Constant, warmup_cosine, warmup_linear
from gradatim.forecast import fit, fits, laws
from gradatim.forecast.identified import doubts_about_prediction, doubts_about_runs
from gradatim.logs import LossCurve
from tests.forecast import text_runs

HELD = LossCurve(np.arange(0, 1000, 10), np.linspace(3.2, 3.0, 100), Constant(0.1), 0.1, "held")
COOLED = warmup_linear(peak=0.1, hold=800, steps=1000)
FALLING = LossCurve(HELD.steps, HELD.losses, warmup_cosine(0.1, steps=1000), 0.1, "falling")


def member(alpha=0.5, spread=0.001):
    return fits.Fit(laws.Effective(), np.array([3.0, 0.4, alpha, 300.0, 0.05, 0.5]), 1.0, spread)


def about_runs(curves, **fitted):
    return doubts_about_runs(curves, (member(**fitted),), np.array([1.0]))


def test_runs_that_determine_a_forecast_leave_no_doubt():
    assert about_runs([HELD]) == ()


@pytest.mark.parametrize(
    ("curves", "fitted", "words", "run"),
    [
        ([HELD], {"spread": 0.016}, "misses the logged losses by 0.0160, 0.5%", "Longer runs"),
        ([HELD], {"alpha": 0.02}, "exponent of the power law, 0.02, is at its limit", "constant"),
        ([HELD], {"alpha": 2.9}, "exponent of the power law, 2.90, is at its limit", "constant"),
        ([FALLING], {}, "lowers its rate from the start", "A run at a constant rate would help"),
    ],
)
def test_each_doubt_names_the_run_that_would_help(curves, fitted, words, run):
    (doubt,) = about_runs(curves, **fitted)
    assert words in doubt
    assert run in doubt
    assert "would help most" in doubt


def test_a_residual_that_is_the_scatter_of_the_log():
    noise = np.random.default_rng(0).normal(0.0, 0.016, 100)
    noisy = LossCurve(HELD.steps, HELD.losses + noise, Constant(0.1), 0.1)
    assert about_runs([noisy], spread=0.016) == ()
    (doubt,) = about_runs([noisy], spread=0.04)
    assert "misses the logged losses by 0.0400" in doubt


def test_a_loss_in_its_fast_early_part():
    steps = np.arange(10, 1000, 10)
    early = LossCurve(steps, 2.0 + 100.0 / steps, Constant(0.1), 0.1)  # 2.33 at 300, then 2.10
    assert about_runs([early]) == ()
    steeper = LossCurve(steps, 1.0 + 300.0 / steps, Constant(0.1), 0.1)
    (doubt,) = about_runs([steeper])
    assert "falls by 31% after the first 30% of the longest run" in doubt


def about_prediction(rates=COOLED, decay=0.1, by_first=None):
    every = rates(np.arange(1000))
    return doubts_about_prediction([HELD], every, decay, by_first or {100: 3.0, 200: 3.005})


def test_a_run_within_what_was_seen_leaves_no_doubt():
    assert about_prediction() == ()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rates": Constant(0.16)}, "more than 1.5 times the highest one seen, 0.1"),
        ({"rates": Constant(0.06)}, "less than the lowest one seen, 0.1, divided by 1.5"),
        ({"decay": 0.2}, "weight decay 0.2 is outside of what was seen, 0.1"),
        ({"decay": 0.05}, "weight decay 0.05 is outside of what was seen, 0.1"),
        ({"by_first": {100: 3.0, 200: 3.02}}, "from step 100 or 200 on"),
    ],
)
def test_each_doubt_about_a_prediction(given, words):
    (doubt,) = about_prediction(**given)
    assert words in doubt
    assert "would help most" in doubt


def test_the_text_experiment_that_failed_is_refused():
    # Version 0.1 was off by 0.26 here, without a warning.
    fitted = fit([text_runs.run(800, shape) for shape in ("constant", "linear 0.2")])
    targets = text_runs.targets(1600)
    assert len(targets) == 6
    for target in targets:
        found = fitted.predict(target.rates, at=target.steps[-1:])
        assert not found.identified
        assert "Longer runs would help most" in found.notes[0]
        assert found.final.low <= target.losses[-1] <= found.final.high
        assert abs(found.final.mean - target.losses[-1]) <= 0.03
