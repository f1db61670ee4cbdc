"""Seesaw: a decay of the rate traded for a growing batch, at the same number of tokens.

Where a schedule multiplies the rate by a < 1, Seesaw multiplies it by sqrt(a) and the batch by
1 / a. Loss against tokens stays what it was, as long as the batch is below the critical one, and
the run needs fewer updates.

Source: Meterez et al., "Seesaw: Accelerating Training by Balancing Learning Rate and Batch Size
Scheduling", 2025 (arXiv:2510.14717).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gradatim.choose import rates as whole
from gradatim.core.errors import GradatimError, refuse

if TYPE_CHECKING:
    from gradatim.choose.rates import Array, Rates


@dataclass(frozen=True, eq=False)
class Seesaw:
    """Rate and batch for the tokens of each old update.

    ``rates`` and ``batches`` have one entry an old update: while its tokens are seen, the run has
    this rate and this many times the first batch. ``updates`` is how many updates the run then
    needs, and ``saved`` the share of updates saved.
    """

    rates: Array
    batches: Array
    updates: float
    saved: float


def seesaw(schedule: Rates, steps: int | None = None, *, largest: float | None = None) -> Seesaw:
    """Trade the decay of a schedule for a growing batch.

    The warm-up stays as it is; the trade begins at the peak.

    Args:
        schedule: The schedule, not rising after its peak.
        steps: The updates of the run; by default the length of the schedule.
        largest: The batch, in multiples of the first, that must not be passed: the critical batch
            size, above which the trade is not worth it. From there on the rate falls as it did.

    Raises:
        GradatimError: If the rate rises after its peak.

    A quarter of the rate for half of a run becomes half the rate and four times the batch: 2.5
    updates do what 4 did.

    >>> traded = seesaw([1.0, 1.0, 0.25, 0.25])
    >>> traded.rates, traded.batches, traded.saved
    (array([1. , 1. , 0.5, 0.5]), array([1., 1., 4., 4.]), 0.375)
    """
    rates = whole.of("seesaw", schedule, steps)
    if largest is not None and not largest >= 1:
        raise refuse("seesaw", "largest", largest, "1 or more, in multiples of the first batch")
    peak = float(rates.max())
    after = np.arange(len(rates)) > np.flatnonzero(rates == peak)[-1]
    risen = np.flatnonzero(np.diff(rates[after]) > 0)
    if risen.size:
        step = int(np.flatnonzero(after)[risen[0] + 1])
        raise GradatimError(
            f"seesaw: the rate rises at step {step}, after its peak; a batch can stand in for a "
            "fall only. Trade each cycle by itself."
        )
    share = np.where(after, rates / peak, 1.0)
    kept = share if largest is None else np.maximum(share, 1.0 / largest)
    # An update at rate 0 does nothing, however large its batch: its tokens cost no update.
    batches = np.divide(1.0, kept, out=np.full_like(kept, np.inf), where=kept > 0)
    traded = np.where(kept > 0, rates / np.sqrt(np.maximum(kept, 1e-300)), 0.0)
    updates = float(kept.sum())
    return Seesaw(traded, batches, updates, 1.0 - updates / len(rates))
