"""Seeds of one run are averaged; their spread is the noise."""

import numpy as np
import pytest

from gradatim import Constant, Linear
from gradatim.forecast.seeds import average_seeds
from gradatim.logs import LossCurve

STEPS = np.arange(0, 1000, 10)


def run(end=0.0, schedule=None, decay=0.1, steps=STEPS, rest=None):
    losses = 3.0 + 1.0 / (1 + np.asarray(steps)) + end
    return LossCurve(steps, losses, schedule or Constant(0.1), decay, "run", rest)


def test_runs_with_the_same_rates_are_seeds():
    (mean,), noise = average_seeds([run(-0.01), run(0.0), run(0.01)])
    assert mean.losses == pytest.approx(run().losses)
    assert noise == pytest.approx(0.01)
    assert mean.name == "run (3 seeds)"


@pytest.mark.parametrize(
    "other",
    [
        {"schedule": Constant(0.2)},
        {"decay": 0.2},
        {"rest": Linear(1.0, 0.0, 1000)},
        {"steps": STEPS[:-1]},
    ],
)
def test_runs_that_differ_are_no_seeds(other):
    curves, noise = average_seeds([run(), run(**other)])
    assert len(curves) == 2
    assert noise is None


def test_the_noise_is_pooled_over_schedules():
    # Variances 2 * 0.01^2 with one degree of freedom, and 0.01^2 with two: (2 + 2) / 3.
    held = [run(-0.01), run(0.01)]
    fell = [run(end, Linear(0.1, 0.0, 1000)) for end in (-0.01, 0.0, 0.01)]
    _, noise = average_seeds(held + fell)
    assert noise == pytest.approx(0.01 * (4 / 3) ** 0.5)


def test_the_same_run_twice_is_no_seed():
    curves, noise = average_seeds([run(), run()])
    assert len(curves) == 1
    assert noise is None


def test_only_common_steps_are_averaged():
    last = [*range(5, 990, 20), 990]
    (mean,), _ = average_seeds([run(), run(0.01, steps=last)])
    assert mean.steps.tolist() == [990]
