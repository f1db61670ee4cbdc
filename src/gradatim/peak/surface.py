"""The loss at the end of a run by its peak rate and its length, with its uncertainty.

With x the logarithm of the peak and h that of the length, both to base 2, a loss on a logarithmic
scale is ``f(x, h) = progress(x + h) + penalty(x) + interaction(x, x + h)``, plus noise. A low rate
for long does what a higher one does in less time, which makes the first term. What a high rate
costs (noise, instability) hardly depends on the length, which makes the second. The best peak of
long runs is therefore lower than that of short ones, by an amount that the runs themselves
determine. Each term is a Gaussian process; the posterior is averaged over a grid of its length
scales, amplitudes and noise, weighted by their likelihood.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

# Chosen by runs on five small tasks (benchmarks/peak); the amplitude of progress is 1.
_PROGRESS_SCALES = (1.5, 2.5, 4.0)
_PENALTY_SCALES = (1.0, 2.0)
_PENALTIES = (0.3, 0.8)
_INTERACTIONS = (0.05, 0.15)
_NOISES = (0.005, 0.015, 0.03, 0.06, 0.12)
_INTERACTION_SCALE, _LEVEL = 2.0, 0.2
_CLIFF = 0.6
"""How far above the best of its length a run counts that had a higher peak: how far it is above in
truth, when it nearly diverged, says nothing about the curve at the best peak."""
_LEAST_DEPTH = 0.05
_NEAR = 0.15
"""How far above the lowest expected loss a peak is considered; 1 is the gain of the best run."""
_STEP = 0.25
_DRAWS = 1000
_NEGLIGIBLE = 1e-3


class Ended(NamedTuple):
    """A finished run: its peak, its share of the full length, and the loss that it ended with."""

    peak: float
    share: float
    loss: float
    """Infinite if it diverged."""


class _Model(NamedTuple):
    """One choice of the parameters, and what follows from it for the data."""

    progress_scale: float
    penalty_scale: float
    penalty: float
    interaction: float
    noise: float
    root: Floats
    weights: Floats
    likelihood: float

    def covariance(self, x: Floats, u: Floats, x2: Floats, u2: Floats) -> Floats:
        """The prior covariance of two lists of runs, by x and u = x + h."""
        return (
            _bell(u, u2, self.progress_scale)
            + self.penalty**2 * _bell(x, x2, self.penalty_scale)
            + self.interaction**2
            * _bell(u, u2, _INTERACTION_SCALE)
            * _bell(x, x2, _INTERACTION_SCALE)
            + _LEVEL
        )


def _bell(a: Floats, b: Floats, scale: float) -> Floats:
    return np.exp(-0.5 * ((a[:, None] - b) / scale) ** 2)


@dataclass(frozen=True, eq=False)
class Curve:
    """The loss against the logarithm of the peak, for runs of the full length.

    ``mean`` is expected; each column of ``draws`` is a curve that the runs allow. Losses are shares
    of the best run's gain: -1 is as good as the best run, 0 as bad as the start.
    """

    x: Floats
    mean: Floats
    draws: Floats

    @cached_property
    def regret(self) -> Floats:
        """What each peak is expected to lose against the best one."""
        return np.asarray((self.draws - self.draws.min(axis=0)).mean(axis=1))

    def best(self, share: float) -> tuple[float, float]:
        """The interval that holds the best peak with this probability, as logarithms."""
        at = self.x[self.draws.argmin(axis=0)]
        low, high = np.quantile(at, [(1 - share) / 2, (1 + share) / 2])
        return float(low), float(high)


class LossSurface:
    """The loss as a function of peak and length, given some runs.

    Args:
        runs: The runs; of at least two lengths to know how the best peak depends on it.
    """

    def __init__(self, runs: Sequence[Ended]) -> None:
        self.by_ratio = all(run.loss > 0.0 for run in runs)
        """Whether losses are compared by their ratios: if all are positive."""
        self.x = np.log2([run.peak for run in runs])
        h = np.log2([run.share for run in runs])
        self.u = self.x + h
        losses = np.array([run.loss for run in runs])
        finite = np.isfinite(losses)
        lowest = np.flatnonzero(finite & (self.x == self.x[finite].min()))
        start = float(np.median(losses[lowest]))
        losses = np.where(finite, np.minimum(losses, start), start)
        gain = np.log(start / losses) if self.by_ratio else start - losses
        self.gain = float(gain.max())
        """What the best run gained over the start: the logarithm of a ratio, or a difference."""
        self.depth = max(self.gain, _LEAST_DEPTH) if self.by_ratio else self.gain or 1.0
        self.z = -gain / self.depth
        for length in np.unique(h):
            here = np.flatnonzero(h == length)
            best = here[self.z[here].argmin()]
            above = here[self.x[here] > self.x[best]]
            self.z[above] = np.minimum(self.z[above], self.z[best] + _CLIFF)
        grid = product(_PROGRESS_SCALES, _PENALTY_SCALES, _PENALTIES, _INTERACTIONS, _NOISES)
        self.models = [self._model(*parameters) for parameters in grid]
        likelihoods = np.array([model.likelihood for model in self.models])
        weights = np.exp(likelihoods - likelihoods.max())
        self.weights = weights / weights.sum()

    @property
    def noise(self) -> float:
        """The standard deviation of the noise of one run, as a share of the gain."""
        return float(sum(w * m.noise for w, m in zip(self.weights, self.models, strict=True)))

    @property
    def explained(self) -> float:
        """The share of the variance of the losses that is predicted from the other runs.

        Each run is predicted by the likeliest model from all others; 0 or less if the losses
        depend on neither peak nor length.
        """
        model = self.models[int(self.weights.argmax())]
        inverse = np.linalg.inv(model.root)
        precision = inverse.T @ inverse
        missed = (precision @ self.z) / np.diag(precision)
        return 1.0 - float(np.mean(missed**2) / max(np.var(self.z), 1e-12))

    def best_at(self, share: float) -> float:
        """The peak, as a logarithm, that is best for runs of this share of the full length."""
        model = self.models[int(self.weights.argmax())]
        x = self._grid()
        covariance = model.covariance(x, x + math.log2(share), self.x, self.u)
        mean = covariance @ np.linalg.solve(model.root.T, model.weights)
        return float(x[mean.argmin()])

    def curve(self) -> Curve:
        """The loss of runs of the full length, around the best peak."""
        x, mean, draws = self._grid(), 0.0, []
        random = np.random.default_rng(0)
        counts = random.multinomial(_DRAWS, self.weights)
        for model, weight, count in zip(self.models, self.weights, counts, strict=True):
            if weight < _NEGLIGIBLE:
                continue
            toward = np.linalg.solve(model.root, model.covariance(x, x, self.x, self.u).T)
            expected = toward.T @ model.weights
            mean = mean + weight * expected
            spread = model.covariance(x, x, x, x) - toward.T @ toward
            spread[np.diag_indices_from(spread)] += 1e-6
            normal = random.standard_normal((len(x), int(count)))
            draws.append(expected[:, None] + np.linalg.cholesky(spread) @ normal)
        means = np.asarray(mean)
        around = _around(means)
        return Curve(x[around], means[around], np.concatenate(draws, axis=1)[around])

    def _model(
        self,
        progress_scale: float,
        penalty_scale: float,
        penalty: float,
        interaction: float,
        noise: float,
    ) -> _Model:
        empty = np.empty(0)
        prior = _Model(
            progress_scale, penalty_scale, penalty, interaction, noise, empty, empty, 0.0
        )
        covariance = prior.covariance(self.x, self.u, self.x, self.u)
        covariance[np.diag_indices_from(covariance)] += noise**2
        root = np.linalg.cholesky(covariance)
        weights = np.linalg.solve(root, self.z)
        return prior._replace(root=root, weights=weights, likelihood=_likelihood(root, weights))

    def _grid(self) -> Floats:
        return np.arange(self.x.min(), self.x.max() + _STEP / 2, _STEP)


def _likelihood(root: Floats, weights: Floats) -> float:
    """The logarithm of a normal density, without what all models have in common."""
    return float(-0.5 * weights @ weights - np.log(np.diag(root)).sum())


def _around(mean: Floats) -> slice:
    """The neighbourhood of the lowest mean in which it stays near that."""
    low = high = int(mean.argmin())
    near = mean <= mean[low] + _NEAR
    while low > 0 and near[low - 1]:
        low -= 1
    while high < len(mean) - 1 and near[high + 1]:
        high += 1
    return slice(low, high + 1)
