"""The norm of the weights over a run, simulated: steps make it grow, weight decay makes it shrink.

Each update adds about a random direction of length ``sqrt(kappa) * rate``, and decoupled weight
decay takes its share: ``w^2 <- (1 - 2 rate lambda) w^2 + kappa rate^2``, from ``w^2 = 1``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradatim.core.errors import GradatimError

if TYPE_CHECKING:
    from gradatim.logs.rates import Array

_LONGEST_FALL = 50.0  # in logarithms: products stay far from the smallest numbers


def squared_norm(rates: Array, weight_decay: float, kappa: float) -> Array:
    """The squared norm before each update.

    Args:
        rates: One rate per update.
        weight_decay: The decoupled weight decay, lambda; 0 for none.
        kappa: The square of the norm that one update at rate 1 would add.

    Raises:
        GradatimError: If one update would take away half of a weight or more.

    By hand, with kappa 4: 1, then 1 * (1 - 2 * 0.5 * 0.2) + 4 * 0.25 = 1.8.

    >>> squared_norm(np.array([0.5, 0.5]), 0.2, 4.0)
    array([1. , 1.8])
    """
    shrink = 1.0 - 2.0 * rates * weight_decay
    if shrink.min() <= 0:
        raise GradatimError(
            f"forecast: rate times weight decay reaches {(rates * weight_decay).max():.3g}; it "
            "must stay below 0.5. Give the rate as the optimizer has it, and its weight_decay."
        )
    return recurrence(shrink, kappa * rates * rates, 1.0)[:-1]


def recurrence(shrink: Array, add: Array, start: float) -> Array:
    """``x <- shrink x + add`` from ``start`` on: every x, the first and the last included."""
    fall = np.concatenate([[0.0], np.cumsum(-np.log(shrink))])
    values = np.empty(len(shrink) + 1)
    values[0] = start
    begin = 0
    while begin < len(shrink):
        # In closed form, from so near that the product of all factors stays a good divisor.
        end = int(np.searchsorted(fall, fall[begin] + _LONGEST_FALL, side="right")) - 1
        end = min(max(end, begin + 1), len(shrink))
        factor = np.exp(fall[begin] - fall[begin + 1 : end + 1])
        values[begin + 1 : end + 1] = factor * (values[begin] + np.cumsum(add[begin:end] / factor))
        begin = end
    return values
