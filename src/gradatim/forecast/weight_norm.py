"""A simulation of the norm of the weights: updates increase it, weight decay decreases it.

Each update is modelled as a random direction of length ``sqrt(kappa) * rate``, so with decoupled
weight decay ``w^2 <- (1 - 2 rate lambda) w^2 + kappa rate^2``, from ``w^2 = 1``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradatim.errors import GradatimError

if TYPE_CHECKING:
    from gradatim.logs.rates import Array

_LONGEST_FALL = 50.0  # a product of factors is kept above exp(-50), far from underflow


def squared_norm(rates: Array, weight_decay: float, kappa: float) -> Array:
    """The squared norm before each update.

    Args:
        rates: One rate per update.
        weight_decay: The decoupled weight decay, lambda; 0 for none.
        kappa: The squared norm of one update at rate 1.

    Raises:
        GradatimError: If the weight decay of one update would halve a weight or more.

    By hand, with kappa 4: 1, then 1 * (1 - 2 * 0.5 * 0.2) + 4 * 0.25 = 1.8.

    >>> squared_norm(np.array([0.5, 0.5]), 0.2, 4.0)
    array([1. , 1.8])
    """
    shrink = 1.0 - 2.0 * rates * weight_decay
    if shrink.min() <= 0:
        raise GradatimError(
            f"forecast: rate times weight decay reaches {(rates * weight_decay).max():.3g}; it "
            "must stay below 0.5. Give the rate and the weight_decay of the optimizer."
        )
    return recurrence(shrink, kappa * rates * rates, 1.0)[:-1]


def recurrence(shrink: Array, add: Array, start: float) -> Array:
    """``x <- shrink x + add`` from ``start`` on: every x, the first and the last included."""
    fall = np.concatenate([[0.0], np.cumsum(-np.log(shrink))])
    values = np.empty(len(shrink) + 1)
    values[0] = start
    begin = 0
    while begin < len(shrink):
        # In closed form, over a stretch so short that the product of its factors cannot underflow.
        end = int(np.searchsorted(fall, fall[begin] + _LONGEST_FALL, side="right")) - 1
        end = min(max(end, begin + 1), len(shrink))
        factor = np.exp(fall[begin] - fall[begin + 1 : end + 1])
        values[begin + 1 : end + 1] = factor * (values[begin] + np.cumsum(add[begin:end] / factor))
        begin = end
    return values
