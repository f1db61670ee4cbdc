"""Runs that differ by their seed only, averaged; their spread is the noise of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradatim.logs.curve import LossCurve

if TYPE_CHECKING:
    from gradatim.logs.rates import Array


class Seeds(NamedTuple):
    """One curve for each schedule, the mean over its seeds.

    ``noise`` is the standard deviation of the loss over the seeds, at the end of the runs and
    pooled over the schedules; None if every schedule was run once.
    """

    curves: tuple[LossCurve, ...]
    noise: float | None


def average_seeds(curves: Sequence[LossCurve]) -> Seeds:
    """Average the runs that have the same rates and weight decay, at their common steps.

    Those include the last one, because runs of different length are no seeds of one run.

    >>> from gradatim import Constant
    >>> two = [LossCurve([0, 9], [4.0, end], Constant(0.1), 0.0) for end in (3.0, 3.2)]
    >>> (mean,), noise = average_seeds(two)
    >>> mean.losses, round(noise, 3)
    (array([4. , 3.1]), 0.141)
    """
    groups: list[list[LossCurve]] = []
    for curve in curves:
        like = next((group for group in groups if _same_run(group[0], curve)), None)
        if like is None:
            groups.append([curve])
        elif not any(_same_losses(other, curve) for other in like):
            like.append(curve)
    squares, degrees, means = 0.0, 0, []
    for group in groups:
        mean, each = _mean(group)
        means.append(mean)
        if len(each) > 1:
            late = each[:, -max(1, each.shape[1] // 10) :]
            squares += (len(each) - 1) * float(late.var(axis=0, ddof=1).mean())
            degrees += len(each) - 1
    return Seeds(tuple(means), float(np.sqrt(squares / degrees)) if degrees else None)


def _same_run(a: LossCurve, b: LossCurve) -> bool:
    return (
        a.weight_decay == b.weight_decay
        and _same_rates(a.rates, b.rates)
        and _same_rates(a.other_rates, b.other_rates)
    )


def _same_rates(a: Array, b: Array) -> bool:
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-6, atol=0.0)


def _same_losses(a: LossCurve, b: LossCurve) -> bool:
    return np.array_equal(a.steps, b.steps) and np.array_equal(a.losses, b.losses)


def _mean(group: Sequence[LossCurve]) -> tuple[LossCurve, Array]:
    """The mean of the runs at their common steps, and the losses of each there."""
    first = group[0]
    if len(group) == 1:
        return first, first.losses[None]
    common = first.steps
    for other in group[1:]:
        common = np.intersect1d(common, other.steps)
    each = np.array([curve.losses[np.isin(curve.steps, common)] for curve in group])
    name = f"{first.name} ({len(group)} seeds)"
    return LossCurve(
        common, each.mean(axis=0), first.rates, first.weight_decay, name, first.rest
    ), each
