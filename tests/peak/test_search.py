"""The search on losses with a known best peak, and on those that have none."""

import math
from itertools import pairwise

import numpy as np
import pytest

from gradatim import GradatimError
from gradatim.peak.find import search
from gradatim.peak.stages import coarse_peaks, stages

STEPS = 1600


def loss(peak: float, updates: int, cliff: float = math.inf) -> float:
    """Progress depends on peak x updates, noise on the peak; it diverges above the cliff."""
    if peak > cliff:
        return math.inf
    progress = 2.0 / (1.0 + peak * updates)
    return 0.1 + progress + 0.5 * peak


def best_of(cliff: float = math.inf) -> float:
    grid = np.geomspace(1e-6, 10, 4000)
    return float(min(grid, key=lambda peak: loss(peak, STEPS, cliff)))


def noisy(seed: int, size: float):
    random = np.random.default_rng(seed)

    def probe(peaks, updates, seed_of_stage):
        return [loss(p, updates) * math.exp(size * random.standard_normal()) for p in peaks]

    return probe


def exact(peaks, updates, seed):
    return [loss(peak, updates) for peak in peaks]


def test_the_best_peak_is_found_without_noise():
    found = search(exact, STEPS, 4.0, 1e-6, 10.0)
    assert found.peak is not None
    assert found.interval is not None
    assert loss(found.peak, STEPS) < 1.05 * loss(best_of(), STEPS)
    assert found.interval[0] <= found.peak <= found.interval[1]
    assert found.interval[1] <= 8 * found.interval[0]


@pytest.mark.parametrize("budget", [2.5, 4.0, 6.0])
def test_the_budget_is_kept_and_all_runs_count(budget: float):
    made = []

    def probe(peaks, updates, seed):
        made.extend(updates for _ in peaks)
        return exact(peaks, updates, seed)

    found = search(probe, STEPS, budget, 1e-6, 10.0)
    assert found.cost == pytest.approx(sum(made) / STEPS)
    assert budget - 0.5 < found.cost <= budget


def test_with_noise_most_intervals_hold_the_best_peak():
    best, held, near, answered = best_of(), 0, 0, 0
    for seed in range(20):
        found = search(noisy(seed, 0.03), STEPS, 4.0, 1e-6, 10.0)
        if found.peak is None:
            continue
        answered += 1
        held += found.interval[0] <= best <= found.interval[1]
        near += loss(found.peak, STEPS) < 1.1 * loss(best, STEPS)
    assert answered >= 16
    assert held >= 0.75 * answered
    assert near >= 0.9 * answered


def test_a_cliff_is_not_crossed():
    cliff = best_of() * 1.1

    def probe(peaks, updates, seed):
        return [loss(peak, updates, cliff) for peak in peaks]

    found = search(probe, STEPS, 4.0, 1e-6, 10.0)
    assert found.peak is not None
    assert found.peak <= cliff
    assert found.stable is not None
    assert found.stable <= cliff


def test_a_loss_that_never_changes_gives_no_suggestion():
    found = search(lambda peaks, updates, seed: [1.0] * len(peaks), STEPS, 4.0, 1e-6, 10.0)
    assert found.peak is None
    assert "does not depend on the peak" in found.why_not


def test_noise_alone_gives_no_suggestion():
    for seed in range(10):
        random = np.random.default_rng(seed)

        def probe(peaks, updates, stage, random=random):
            return [2.3 * math.exp(0.1 * random.standard_normal()) for _ in peaks]

        assert search(probe, STEPS, 4.0, 1e-6, 10.0).peak is None


def test_a_range_that_ends_below_the_best_gives_no_suggestion():
    found = search(exact, STEPS, 4.0, 1e-6, best_of() / 30)
    assert found.peak is None
    assert "at the upper end" in found.why_not
    assert "high=" in found.next_step


def test_a_range_that_begins_above_the_best_gives_no_suggestion():
    found = search(exact, STEPS, 4.0, best_of() * 30, 100.0)
    assert found.peak is None


def test_runs_that_all_diverge_give_no_suggestion():
    found = search(lambda peaks, u, s: [math.inf] * len(peaks), STEPS, 4.0, 1e-6, 10.0)
    assert "every run diverged" in found.why_not
    assert found.cost < 1.0


def test_metrics_that_may_be_negative_are_compared_by_differences():
    def probe(peaks, updates, seed):
        return [loss(peak, updates) - 5.0 for peak in peaks]

    found = search(probe, STEPS, 4.0, 1e-6, 10.0)
    assert found.peak is not None
    assert loss(found.peak, STEPS) < 1.1 * loss(best_of(), STEPS)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"steps": 50}, "steps must be at least 128"),
        ({"steps": 0}, "steps must be a whole number"),
        ({"steps": True}, "steps must be a whole number"),
        ({"budget": 1.0}, "budget must be at least"),
        ({"budget": math.nan}, "budget must be a finite number"),
        ({"low": 0.0}, "low must be a finite number above 0"),
        ({"high": math.inf}, "high must be a finite number"),
        ({"low": 1.0, "high": 2.0}, "high must be at least 16 times low"),
    ],
)
def test_wrong_arguments_are_refused_before_any_run(given, said):
    def probe(peaks, updates, seed):
        raise AssertionError

    arguments = {"steps": STEPS, "budget": 4.0, "low": 1e-6, "high": 10.0} | given
    with pytest.raises(GradatimError, match=said):
        search(probe, **arguments)


def test_coarse_peaks_are_at_most_a_factor_of_five_apart():
    peaks = coarse_peaks(1e-6, 10.0)
    assert (peaks[0], peaks[-1]) == (pytest.approx(1e-6), pytest.approx(10.0))
    assert max(b / a for a, b in pairwise(peaks)) <= 5.0 + 1e-9


@pytest.mark.parametrize("budget", [2.5, 3.0, 4.0, 7.3, 20.0])
def test_stages_cost_at_most_what_is_left(budget: float):
    made = stages(budget, 12)
    assert sum(stage.share * stage.runs for stage in made) <= budget - 12 / 16 + 1e-9
    assert len({stage.seed for stage in made}) == len(made)


def test_a_whole_number_may_be_written_as_a_float():
    assert search(exact, float(STEPS), 4, 1e-6, 10) == search(exact, STEPS, 4.0, 1e-6, 10.0)
