"""The laws, against their authors' numbers, and against their own definitions summed by hand."""

import numpy as np
import pytest

from gradatim.forecast import laws, slope, weight_norm
from gradatim.forecast.fits import Fit
from gradatim.forecast.rate_changes import every_change, merge_changes
from tests.forecast import muon_runs
from tests.forecast.public_runs import SIZES, multipower_run, published

RUNS = [*published()["train_set"], *published()["test_set"]]
POINTS = {
    "multipower": [3.0, 0.5, 0.5, 360.0, 2.0, 0.6, 0.64],
    "effective": [3.0, 0.45, 0.6, 5000.0, 15.0, 0.3],
    "momentum": [3.0, 0.5, 0.5, 400.0, 0.004],
    "functional": [3.0, 0.5, 0.5, 0.05, 800.0, 0.2, 10.0],
}


def one_by_one(p, eta, steps):
    """The multi-power law with every change of the rate by itself, as its authors sum it."""
    floor, amount, alpha, b, c, beta, gamma = p
    total, change = np.cumsum(eta), np.diff(eta, prepend=eta[0])
    changes = np.flatnonzero(change)
    before, speed = total[changes - 1], c * eta[changes] ** -gamma
    effect = []
    for k in steps:
        n = np.searchsorted(changes, k, side="right")
        kernel = 1 - (1 + speed[:n] * (total[k] - before[:n])) ** -beta
        effect.append(change[changes[:n]] @ kernel)
    return floor + amount * total[steps] ** -alpha + b * np.array(effect)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", RUNS)
def test_published_parameters_give_published_metrics(size, name):
    run, law = multipower_run(size, name), laws.MultiPower()
    p = np.array(published()["params"][size])
    single = one_by_one(p, run.rates, run.steps)
    wanted = published()["reported_metrics_from_logs"][size][name]
    error = single - run.losses
    assert np.mean(abs(error)) == pytest.approx(wanted["mae_loss"], abs=1e-5)
    assert np.mean(error**2) == pytest.approx(wanted["mse_loss"], abs=1e-5)
    assert np.max(abs(error) / run.losses) == pytest.approx(wanted["worste"], abs=1e-5)
    inputs = law.inputs(run.rates, 0.1)
    together = law.loss(p, merge_changes(inputs, run.steps))[0]
    assert abs(together - single).max() < 1e-4
    last = int(run.steps[-1])
    assert law.loss(p, every_change(inputs, last))[0][0] == pytest.approx(single[-1], rel=1e-12)


def rates():
    rng = np.random.default_rng(3)
    fall = np.sort(rng.uniform(1e-4, 1e-3, 60))[::-1]
    return np.concatenate([np.linspace(0, fall[0], 20), fall])


def by_definition(name, p, eta, t, decay):
    """The loss after update t, as the papers write it, with plain loops."""
    change = [0.0] + [eta[k] - eta[k - 1] for k in range(1, len(eta))]
    if name == "multipower":
        l0, a, alpha, b, c, beta, gamma = p
        total = sum(
            change[k] * (1 - (1 + c * eta[k] ** -gamma * sum(eta[k : t + 1])) ** -beta)
            for k in range(1, t + 1)
        )
        return l0 + a * sum(eta[: t + 1]) ** -alpha + b * total
    if name == "momentum":
        l0, a, alpha, b, c = p
        keep = np.exp(-c)
        s2 = sum(-change[k] * keep ** (i - k) for i in range(1, t + 1) for k in range(1, i + 1))
        return l0 + a * sum(eta[: t + 1]) ** -alpha - b * (1 - keep) * s2
    if name == "functional":
        l0, a, alpha, b, c, beta, d = p
        time = [sum(eta[:k]) for k in range(len(eta) + 1)]
        total = sum(
            max(-change[k], 0)
            * (d + time[k] ** -alpha)
            * (1 - (1 + c * (time[t + 1] - time[k])) ** -beta)
            for k in range(1, t + 1)
            if change[k] < 0
        )
        return l0 + a * time[t + 1] ** -alpha - b * total
    l0, a, alpha, b, c, beta = p
    w2, h = 1.0, []
    for e in eta:
        h.append(e / w2**0.5)
        w2 = (1 - 2 * e * decay) * w2 + np.exp(8.0) * e * e
    total = sum(
        (h[k] - (h[k - 1] if k else 0.0))
        * (1 - (1 + c * sum(x**0.5 for x in h[k : t + 1])) ** -beta)
        for k in range(t + 1)
    )
    return l0 + a * sum(h[: t + 1]) ** -alpha + b * total


@pytest.mark.parametrize("name", POINTS)
def test_each_law_is_its_definition(name):
    law, eta, p = laws.law_by_name(name), rates(), np.array(POINTS[name])
    for t in (30, 79):
        mine = law.loss(p, every_change(law.inputs(eta, 0.1), t))[0][0]
        assert mine == pytest.approx(by_definition(name, p, eta, t, 0.1), rel=1e-9)


@pytest.mark.parametrize("name", POINTS)
def test_slopes_by_parameters(name):
    law, p = laws.law_by_name(name), np.array(POINTS[name])
    events = merge_changes(law.inputs(rates(), 0.1), np.array([30, 50, 79]))
    _, by = law.loss(p, events)
    for i in range(len(p)):
        up, down = (p * np.where(np.arange(len(p)) == i, np.exp(e), 1.0) for e in (1e-6, -1e-6))
        numeric = (law.loss(up, events)[0] - law.loss(down, events)[0]) / 2e-6
        assert by[:, i] == pytest.approx(numeric, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize(
    "law", [laws.MultiPower(), laws.Effective(), laws.Effective(7.0, 0.25, 0.85)]
)
def test_slopes_by_rates(law):
    eta = rates()[20:]
    p = POINTS["multipower" if isinstance(law, laws.MultiPower) else "effective"]
    fit = Fit(law, np.array(p), 1.0, 0.0)
    found = slope.final_loss(fit, eta, 0.1)
    assert found.loss == pytest.approx(
        law.loss(fit.p, every_change(law.inputs(eta, 0.1), 59))[0][0]
    )
    for k in (0, 1, 30, 59):
        step = 1e-9 * (np.arange(60) == k)
        up, down = (slope.final_loss(fit, eta + s, 0.1).loss for s in (step, -step))
        assert found.by_rate[k] == pytest.approx((up - down) / 2e-9, rel=1e-4)


def test_the_norm_one_update_at_a_time_even_where_it_forgets_all():
    eta = np.full(3000, 0.05)
    w2 = [1.0]
    for e in eta[:-1]:
        w2.append((1 - 2 * e * 5.0) * w2[-1] + 7.0 * e * e)
    assert weight_norm.squared_norm(eta, 5.0, 7.0) == pytest.approx(w2, rel=1e-12)
    assert weight_norm.squared_norm(eta, 0.0, 7.0)[-1] == pytest.approx(1 + 2999 * 7.0 * 0.05**2)
    assert weight_norm.recurrence(np.array([0.5]), np.array([1.0]), 4.0) == pytest.approx(
        [4.0, 3.0]
    )


def test_changes_not_yet_made_do_not_count():
    law, p = laws.Effective(), np.array(POINTS["effective"])
    eta = rates()
    other = eta.copy()
    other[60:] *= 0.1
    seen = [
        law.loss(p, merge_changes(law.inputs(r, 0.1), np.array([40, 59, 79])))[0]
        for r in (eta, other)
    ]
    assert seen[0][:2] == pytest.approx(seen[1][:2], abs=1e-4)
    assert abs(seen[1][2] - seen[0][2]) > 0.1


def test_thirty_variants_the_given_one_first():
    variants = list(laws.Effective().variants())
    assert variants[0] == laws.Effective()
    assert len(set(variants)) == 30
    assert list(laws.Momentum().variants()) == [laws.Momentum()]


def test_merged_changes_are_exact_without_a_warm_up():
    # The effective rate falls fastest in the first updates, and the cooldown needs its cells too.
    (run, *_) = muon_runs.seeds("top_Muon_lr0.025_wd0.025_T3375")
    law, p = laws.Effective(), np.array([3.0, 0.5, 0.8, 360.0, 0.1, 2.0])
    inputs, last = law.inputs(run.rates, run.weight_decay), len(run.rates) - 1
    merged = law.loss(p, merge_changes(inputs, np.array([last])))[0][0]
    assert merged == pytest.approx(law.loss(p, every_change(inputs, last))[0][0], abs=1e-4)


def test_binned_changes_are_those_that_were_merged():
    law, p = laws.Effective(), np.array(POINTS["effective"])
    merged = merge_changes(law.inputs(rates(), 0.1), np.array([30, 50, 79]))
    exact, by_exact = law.loss(p, merged)
    binned, by_binned = law.loss(p, merged.binned())
    assert binned == pytest.approx(exact, abs=1e-5)
    assert by_binned == pytest.approx(by_exact, rel=1e-2, abs=1e-4)
