"""Seesaw: replaces a decay of the rate by a growing batch, at the same number of tokens.

Where a schedule multiplies the rate by a < 1, Seesaw multiplies it by sqrt(a) and the batch by
1 / a. The loss as a function of tokens is unchanged while the batch is below the critical batch
size, and the run needs fewer updates.

Source: Meterez et al., "Seesaw: Accelerating Training by Balancing Learning Rate and Batch Size
Scheduling", 2025 (arXiv:2510.14717).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gradatim.core.decays import Table
from gradatim.core.run.run import Run
from gradatim.core.values.fields import PositiveInt, check_argument
from gradatim.errors import GradatimError, invalid_value
from gradatim.logs.rates import as_rates

if TYPE_CHECKING:
    from gradatim.logs.rates import Array, Rates


@dataclass(frozen=True, eq=False)
class Seesaw:
    """The rate and the batch during the tokens of each original update.

    ``rates`` and ``batches`` have one entry for each original update; a batch is a multiple of the
    first. ``updates`` is the number of updates that the run needs, ``saved`` the share saved.
    """

    rates: Array
    batches: Array
    updates: float
    saved: float

    def run(self, batch: int, *, to: int = 1, tokens_per_sample: int | None = None) -> Run:
        """The run with the growing batch, measured in samples.

        Its rate is the original schedule, stretched from updates to samples, times the square root
        of the batch: ``scale_with_batch(schedule.stretched(batch), run=run)``.

        Args:
            batch: The samples of the first update, over all processes.
            to: The later batches are multiples of it, rounded down.
            tokens_per_sample: Tokens in a sample.

        Raises:
            GradatimError: If a batch is not a whole number, 1 or more.

        >>> run = seesaw([1.0, 1.0, 0.25, 0.25]).run(batch=8)
        >>> [run.batch_at(k) for k in range(run.steps)], run.ticks
        ([8, 8, 32], 48)
        """
        batch = check_argument("Seesaw.run", "batch", PositiveInt, batch)
        to = check_argument("Seesaw.run", "to", PositiveInt, to)
        points: list[tuple[int, float]] = [(0, float(batch))]
        updates = seen = 0
        while seen < batch * len(self.batches):
            wanted = self.batches[seen // batch] * batch
            size = points[-1][1]
            if size < wanted < np.inf:
                # Rounding errors: a product such as 2.9999999999999996 is meant as 3.
                size = max(size, float(int(wanted * (1.0 + 1e-12)) // to * to))
            if size != points[-1][1]:
                points.append((updates, size))
            updates, seen = updates + 1, seen + int(size)
        return Run(
            batch=Table(tuple(points), "hold"),
            steps=updates,
            tokens_per_sample=tokens_per_sample,
            clock="samples",
        )


def seesaw(schedule: Rates, steps: int | None = None, *, largest: float | None = None) -> Seesaw:
    """Replace the decay of a schedule by a growing batch.

    The warm-up is unchanged; the batch grows from the peak on.

    Args:
        schedule: The schedule, not rising after its peak.
        steps: The updates of the run; by default the length of the schedule.
        largest: The batch, in multiples of the first, that must not be exceeded, such as the
            critical batch size. Once it is reached, the rate falls as in the schedule.

    Raises:
        GradatimError: If the rate rises after its peak.

    A quarter of the rate for half of a run becomes half the rate and four times the batch: 2.5
    updates do what 4 did.

    >>> traded = seesaw([1.0, 1.0, 0.25, 0.25])
    >>> traded.rates, traded.batches, traded.saved
    (array([1. , 1. , 0.5, 0.5]), array([1., 1., 4., 4.]), 0.375)
    """
    rates = as_rates("seesaw", schedule, steps)
    if largest is not None and not largest >= 1:
        raise invalid_value(
            "seesaw", "largest", largest, "1 or more, in multiples of the first batch"
        )
    peak = float(rates.max())
    after = np.arange(len(rates)) > np.flatnonzero(rates == peak)[-1]
    risen = np.flatnonzero(np.diff(rates[after]) > 0)
    if risen.size:
        step = int(np.flatnonzero(after)[risen[0] + 1])
        raise GradatimError(
            f"seesaw: the rate rises at step {step}, after its peak; a batch can replace "
            "only a fall. Convert each cycle by itself."
        )
    share = np.where(after, rates / peak, 1.0)
    kept = share if largest is None else np.maximum(share, 1.0 / largest)
    # An update at rate 0 changes nothing, so its tokens need no update.
    batches = np.divide(1.0, kept, out=np.full_like(kept, np.inf), where=kept > 0)
    traded = np.where(kept > 0, rates / np.sqrt(np.maximum(kept, 1e-300)), 0.0)
    updates = float(kept.sum())
    return Seesaw(traded, batches, updates, 1.0 - updates / len(rates))
