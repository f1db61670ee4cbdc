"""The contribution of each update, or of each averaged checkpoint, to the final weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradatim.errors import invalid_value
from gradatim.logs.rates import as_rates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradatim.logs.rates import Array, Rates


def adamw_memory(schedule: Rates, weight_decay: float, steps: int | None = None) -> Array:
    """The weight of each update in the final weights of an AdamW run.

    Update i is added with its rate, and every later update j shrinks it by its weight decay:
    ``eta_i * prod_{j>i} (1 - eta_j lambda)``.

    Args:
        schedule: The schedule, or one rate per update.
        weight_decay: Lambda, decoupled and multiplied by the rate, as in torch and Optax.
        steps: The updates of the run; by default the length of the schedule.

    Raises:
        GradatimError: If rate times weight decay is not below 1.

    By hand: 0.5 * (1 - 0.5 * 0.2) = 0.45, then 0.5.

    >>> adamw_memory([0.5, 0.5], weight_decay=0.2)
    array([0.45, 0.5 ])
    """
    rates = as_rates("adamw_memory", schedule, steps)
    if not (weight_decay >= 0 and (rates * weight_decay < 1).all()):
        raise invalid_value(
            "adamw_memory",
            "weight_decay",
            weight_decay,
            f"0 or more and below 1 / rate, {1 / rates.max():.3g}",
        )
    keep = (1.0 - rates * weight_decay)[::-1]
    later = np.concatenate([[1.0], np.cumprod(keep)[:-1]])[::-1]
    return rates * later  # type: ignore[no-any-return]


def adamw_window(
    schedule: Rates, weight_decay: float, steps: int | None = None, *, share: float = 0.9
) -> int:
    """The number of last updates that hold ``share`` of the weight of all updates.

    Args:
        schedule: The schedule, or one rate per update.
        weight_decay: Lambda, decoupled.
        steps: The updates of the run; by default the length of the schedule.
        share: The share of the sum of ``adamw_memory``, above 0 and at most 1.

    The weights of updates under a constant rate decay over ``1 / (rate * weight_decay)`` updates,
    here 100, and 2.3 times as many hold nine tenths of their sum.

    >>> adamw_window([0.1] * 10_000, weight_decay=0.1)
    230
    """
    if not 0 < share <= 1:
        raise invalid_value("adamw_window", "share", share, "above 0 and at most 1")
    back = np.cumsum(adamw_memory(schedule, weight_decay, steps)[::-1])
    return min(int(np.searchsorted(back, share * back[-1] * (1 - 1e-12))) + 1, len(back))


def merge_weights(decay: Sequence[float] | Array) -> Array:
    """The weights of an average of checkpoints that replaces a decay of the rate.

    A run with a constant rate saves checkpoints 0 to k. Their average with these weights is the
    result of a decay with ``decay[j - 1]`` times the constant rate between checkpoints j - 1 and j,
    if the updates stayed the same:
    ``c_0 = 1 - w_1``, ``c_j = w_j - w_{j+1}``, ``c_k = w_k``.

    Args:
        decay: The k multipliers of the rate, from 0 to 1 and never rising.

    Returns:
        The k + 1 weights, which add up to 1.

    Raises:
        GradatimError: If the multipliers rise or leave 0 to 1: a weight would be negative.

    Source: Tian et al., "WSM: Decay-Free Learning Rate Schedule via Checkpoint Merging", 2025
    (arXiv:2507.17634).

    >>> merge_weights([0.75, 0.5, 0.25])
    array([0.25, 0.25, 0.25, 0.25])
    """
    w = np.asarray(decay, dtype=np.float64)
    if w.ndim != 1 or not w.size or not np.isfinite(w).all():
        raise invalid_value(
            "merge_weights", "decay", decay, "one multiplier of the rate per checkpoint"
        )
    if w[0] > 1 or w[-1] < 0 or (np.diff(w) > 0).any():
        raise invalid_value(
            "merge_weights", "decay", w.tolist(), "falling, from at most 1 to at least 0"
        )
    return -np.diff(np.concatenate([[1.0], w, [0.0]]))
