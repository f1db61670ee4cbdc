"""The final loss of a schedule under a law, and its gradient by every rate, for an optimiser.

Changes of the rate are not merged here. The gradient is computed by the chain rule, backwards from
the last update.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradatim.errors import GradatimError
from gradatim.forecast.fits import Fit
from gradatim.forecast.laws import Effective, MultiPower, power_kernel
from gradatim.forecast.weight_norm import recurrence, squared_norm

if TYPE_CHECKING:
    from gradatim.logs.rates import Array


class Slope(NamedTuple):
    """A final loss, and its derivative by the rate of each update."""

    loss: float
    by_rate: Array


def final_loss(fit: Fit, rates: Array, weight_decay: float | None, stride: int = 1) -> Slope:
    """The loss after the last update, and its derivative by every rate.

    Args:
        fit: A fit of the "effective" or the "multipower" law.
        rates: The rates, all above 0; with a stride, one for every ``stride`` updates.
        weight_decay: The decoupled weight decay; only the "effective" law needs it.
        stride: How many updates each rate stands for.

    Raises:
        GradatimError: For another law.
    """
    if isinstance(fit.law, MultiPower):
        return _multipower(fit, rates, stride)
    if isinstance(fit.law, Effective) and weight_decay is not None:
        return _effective(fit, fit.law, rates, weight_decay, stride)
    raise GradatimError(
        f"optimise: {type(fit.law).__name__} has no slope here. Fit law='effective' or "
        "law='multipower'."
    )


def _multipower(fit: Fit, rates: Array, stride: int) -> Slope:
    floor, amount, alpha, factor, c, beta, gamma = fit.p
    total = stride * rates.sum()
    left = stride * np.cumsum(rates[::-1])[::-1]
    x = c * rates**-gamma * left
    kernel, by_x, _ = power_kernel(x, beta)
    change = np.diff(rates, prepend=rates[0])
    loss = floor + amount * total**-alpha + factor * (kernel @ change)
    moved = change * by_x
    slope = -amount * alpha * total ** (-alpha - 1) * stride + factor * (
        _slope_of_changes(kernel) + stride * np.cumsum(moved / left) - gamma * moved / rates
    )
    return Slope(float(loss), slope)


def _effective(fit: Fit, law: Effective, rates: Array, weight_decay: float, stride: int) -> Slope:
    floor, amount, alpha, factor, c, beta = fit.p
    kappa = float(np.exp(law.log_kappa))
    decay = stride * weight_decay
    squared = squared_norm(rates, decay, stride * kappa)
    h = rates / np.sqrt(squared)
    total = stride * h.sum()
    left = stride * np.cumsum((h**law.r)[::-1])[::-1]
    kernel, by_x, _ = power_kernel(c * left, beta)
    change = np.diff(h**law.p, prepend=0.0)
    loss = floor + amount * total**-alpha + factor * (kernel @ change)
    of_change = np.append(kernel[:-1] - kernel[1:], kernel[-1])
    by_h = -amount * alpha * total ** (-alpha - 1) * stride + factor * (
        of_change * law.p * h ** (law.p - 1)
        + stride * np.cumsum(change * by_x / left) * law.r * h ** (law.r - 1)
    )
    # Backwards through w <- (1 - 2 rate decay) w + kappa rate^2: each w determines the next one.
    by_w = -0.5 * by_h * h / squared
    shrink = (1.0 - 2.0 * decay * rates)[::-1]
    by_next = recurrence(shrink, by_w[::-1], 0.0)[:-1][::-1]
    slope = by_h / np.sqrt(squared) + by_next * 2.0 * (stride * kappa * rates - decay * squared)
    return Slope(float(loss), slope)


def _slope_of_changes(kernel: Array) -> Array:
    """The slope of ``sum kernel_k (rate_k - rate_{k-1})`` by each rate; the first has no change."""
    slope = np.append(kernel[:-1] - kernel[1:], kernel[-1])
    if len(slope) > 1:
        slope[0] = -kernel[1]
    else:
        slope[0] = 0.0
    return slope
