"""The fits behind a forecast: variants of one law, each fitted from several first steps.

How far they differ shows how much a forecast depends on constants that the runs do not determine,
and on how much of the fast early fall of the loss is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gradatim.forecast.fits import Fit, Points, fit_law, usable_points
from gradatim.forecast.laws import Law
from gradatim.logs.curve import ENOUGH

if TYPE_CHECKING:
    from gradatim.logs.curve import LossCurve
    from gradatim.logs.rates import Array

FIRST_SHARES = (0.1, 0.2, 0.3)
"""The shares of the shortest run that are left out at its start, one after the other."""
_TEMPERATURE = 0.15
"""A member whose error is higher than the lowest by this share has a weight lower by 1/e."""
_SAME = 0.6
"""Residuals below this many times the noise of a run are equally small: a fit that leaves out more
points always has smaller ones."""
_COUNTED = 1e-3
"""Members with less than this share of the largest weight are left out."""


def fit_ensemble(law: Law, curves: Sequence[LossCurve], skip: int | None) -> tuple[Fit, ...]:
    """The fits of every variant of the law from every first step, the given law first.

    Args:
        law: The law.
        curves: The logged runs.
        skip: The only first step to fit from; by default a tenth, 20% and 30% of the shortest run,
            as far as enough points are left.
    """
    several = list(law.variants(any(curve.rest is not None for curve in curves)))
    alone = skip is not None or len(several) == 1
    members: list[Fit] = []
    before: list[Fit] = []
    for share in FIRST_SHARES[:1] if alone else FIRST_SHARES:
        points = usable_points(curves, skip, share)
        if not has_enough(law, points):
            break
        now = [fit_law(law, points, like=before[0] if before else None)]
        for i, variant in enumerate(several[1:], start=1):
            now.append(fit_law(variant, points, like=before[i] if before else now[0]))
        members += now
        before = now
    return tuple(members)


def has_enough(law: Law, points: Sequence[Points]) -> bool:
    """Whether a law can be fitted to so many points."""
    return sum(len(p.steps) for p in points) >= ENOUGH + len(law.parameters)


def weights(members: Sequence[Fit], noise: float) -> Array:
    """The weight of each member, smaller for a worse fit; the sum is 1.

    Args:
        members: The fits.
        noise: The standard deviation of a loss, relative to the loss.
    """
    error = np.array([member.cost / member.points for member in members])
    least = max(float(error.min()), 0.5 * (_SAME * noise) ** 2, 1e-18)
    weight: Array = np.exp(-np.maximum(error - least, 0.0) / (_TEMPERATURE * least))
    weight[weight < _COUNTED * weight.max()] = 0.0
    share: Array = weight / weight.sum()
    return share


def quantiles(values: Array, weight: Array, share: float) -> Array:
    """The weighted quantile of each column: values below it have this share of the weight.

    >>> quantiles(np.array([[1.0], [2.0], [3.0]]), np.array([0.25, 0.5, 0.25]), 0.5)
    array([2.])
    """
    order = np.argsort(values, axis=0)
    ordered = np.take_along_axis(values, order, axis=0)
    middle = np.cumsum(weight[order], axis=0) - 0.5 * weight[order]
    columns = zip(middle.T, ordered.T, strict=True)
    return np.array([np.interp(share, below, column) for below, column in columns])
