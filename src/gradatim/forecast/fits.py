"""One fit of one law to several logged runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gradatim.forecast.laws import Law
from gradatim.forecast.rate_changes import Changes, merge_changes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradatim.logs.curve import LossCurve
    from gradatim.logs.rates import Array

TOLERANCE = 2e-3
"""Residuals of the logarithm of the loss beyond this count linearly (Huber), not squared."""
_MOST_POINTS = 300
"""A curve with more logged points than this is averaged over stretches, for speed."""
_HALVES = (0.003, 0.03, 0.3)
"""Start values: the share of the longest time that half of the effect of a change takes."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A law with fitted parameters.

    ``cost`` is the objective, a sum over ``points``, and ``spread`` the root mean square error of
    the loss. ``first`` is the first step that was fitted.
    """

    law: Law
    p: Array
    cost: float
    spread: float
    points: int = 1
    first: int = 0

    def loss(
        self,
        rates: Array,
        weight_decay: float | None,
        steps: NDArray[np.int64],
        rest: Array | None = None,
    ) -> Array:
        """The loss of a run with these rates at these steps."""
        inputs = self.law.inputs(rates, weight_decay, rest)
        return self.law.loss(self.p, merge_changes(inputs, steps))[0]


@dataclass(frozen=True, eq=False)
class Points:
    """The part of a logged run that a law is fitted to."""

    curve: LossCurve
    steps: NDArray[np.int64]
    losses: Array


def usable_points(
    curves: Sequence[LossCurve], skip: int | None, share: float = 0.1
) -> tuple[Points, ...]:
    """The points a law is fitted to: no warm-up, no fast early fall, no point counted twice.

    Args:
        curves: The logged runs.
        skip: The first step to use; None leaves out the warm-up and a share of the shortest run,
            where the loss falls faster than a power law.
        share: That share.
    """
    early = int(share * min(len(curve.rates) for curve in curves))
    seen: set[tuple[int, float, float]] = set()
    found = []
    for curve in curves:
        warmup = curve.warmup if 4 * curve.warmup <= len(curve.rates) else 0
        first = max(early, warmup) if skip is None else skip
        # Runs that branch from one run have its points in common up to there.
        keys = list(zip(curve.steps.tolist(), curve.losses.tolist(), strict=True))
        shared = [(k, loss, float(curve.rates[k])) for k, loss in keys]
        new = np.array([key not in seen for key in shared])
        seen.update(shared)
        kept = new & (curve.steps >= first)
        if kept.any():
            found.append(Points(curve, *_averaged(curve.steps[kept], curve.losses[kept])))
    return tuple(found)


def _averaged(steps: NDArray[np.int64], losses: Array) -> tuple[NDArray[np.int64], Array]:
    if len(steps) <= _MOST_POINTS:
        return steps, losses
    starts = np.arange(_MOST_POINTS) * len(steps) // _MOST_POINTS
    count = np.diff(starts, append=len(steps))
    middle = steps[starts + count // 2]
    return middle, np.add.reduceat(losses, starts) / count


def fit_law(law: Law, points: Sequence[Points], like: Fit | None = None) -> Fit:
    """The parameters of least error: Huber on the logarithm of the loss, within wide limits.

    Args:
        law: The law.
        points: The points to fit.
        like: A fit of a law of the same class to start from; by default several starts are tried.
    """
    seen = [law.changes(p.curve, p.steps) for p in points]
    losses = [p.losses for p in points]
    starts = _starts(law, seen, losses) if like is None else [like.p]
    tried = [
        _least_squares(law, seen, losses, _with_linear_parameters(law, start, seen, losses))
        for start in starts
    ]
    best = min(tried, key=lambda found: found.cost)
    first = min(int(p.steps[0]) for p in points)
    return replace(best, points=sum(map(len, losses)), first=first)


def _starts(law: Law, seen: Sequence[Changes], losses: Sequence[Array]) -> list[Array]:
    longest = max(float(changes.gap.max(initial=0.0)) for changes in seen) or 1.0
    starts = []
    for half in _HALVES:
        start = {"alpha": 0.5, "beta": 0.5, "gamma": 0.5, "D": 1.0, "L0": 1.0, "A": 1.0, "B": 1.0}
        start["C"] = 3.0 / (half * longest)  # (1 + 3)^-0.5 = 0.5
        p = np.array([start[name] for name in law.parameters])
        if "gamma" in law.parameters:
            marks = np.concatenate([changes.context for changes in seen])
            p[4] *= np.exp(0.5 * np.median(marks)) if marks.size else 1.0
        starts.append(p)
    return starts


def _with_linear_parameters(
    law: Law, p: Array, seen: Sequence[Changes], losses: Sequence[Array]
) -> Array:
    """The start values, with L0, A and B by least squares: every law is linear in them."""
    p = p.copy()
    columns = []
    for changes in seen:
        effect, _ = law.effect(p, changes)
        columns.append(np.stack([np.ones_like(effect), changes.total ** -p[2], effect], axis=1))
    best = np.linalg.lstsq(np.concatenate(columns), np.concatenate(losses), rcond=None)[0]
    least = float(np.min(np.concatenate(losses)))
    p[0] = np.clip(best[0], 0.2 * least, 0.98 * least)
    p[1], p[3] = np.maximum(best[1:], (0.01, 0.001))
    return p


def _least_squares(law: Law, seen: Sequence[Changes], losses: Sequence[Array], start: Array) -> Fit:
    from scipy.optimize import least_squares

    target = np.log(np.concatenate(losses))
    low, high = np.log(np.array(list(law.parameters.values()))).T
    high[0] = target.min()

    latest: list[tuple[Array, Array, Array]] = []

    def both(logs: Array) -> tuple[Array, Array]:
        # SciPy asks for the error and the Jacobian at the same point, one after the other.
        if not latest or not np.array_equal(latest[0][0], logs):
            each = [law.loss(np.exp(logs), changes) for changes in seen]
            loss = np.maximum(np.concatenate([loss for loss, _ in each]), 1e-6)
            slopes = np.concatenate([by for _, by in each]) / loss[:, None]
            latest[:] = [(logs.copy(), np.log(loss) - target, slopes)]
        return latest[0][1:]

    def error(logs: Array) -> Array:
        return both(logs)[0]

    def slope(logs: Array) -> Array:
        return both(logs)[1]

    found = least_squares(
        error,
        np.clip(np.log(start), low + 1e-9, high - 1e-9),
        slope,
        bounds=(low, high),
        loss="huber",
        f_scale=TOLERANCE,
        x_scale=np.array([0.05] + [0.3] * (len(low) - 1)),
        max_nfev=200,
    )
    spread = float(np.sqrt(np.mean(np.square(np.concatenate(losses) * np.expm1(found.fun)))))
    return Fit(law, np.exp(found.x), float(found.cost), spread)
