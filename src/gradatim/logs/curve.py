"""A logged run: its loss at some steps, and its schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gradatim.errors import GradatimError, invalid_value
from gradatim.logs.rates import as_rates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradatim.logs.rates import Array, Rates

ENOUGH = 10
"""The fewest logged points in a decay that a law can be fitted to."""
DIVERGED = 1.1
"""A run whose last tenth is this many times above its best tenth has diverged."""
DECAYED = 0.5
"""A rate at most this share of its peak has decayed."""


class LossCurve:
    """One logged run.

    Args:
        steps: The steps at which the loss was logged, rising. The loss at step k is taken as the
            loss after update k + 1; a log that is off by one update changes nothing visible.
        losses: The loss at each of them.
        schedule: The schedule of the run, or its rate at each update from the first.
        weight_decay: The decoupled weight decay of the optimizer.
        name: The name of the run in errors and plots.

    Raises:
        GradatimError: If steps and losses do not match, or a loss is not a number above 0.

    >>> from gradatim import warmup_cosine
    >>> curve = LossCurve([99, 199], [4.0, 3.5], warmup_cosine(peak=0.01, warmup=20, steps=200))
    >>> curve.peak, len(curve.rates)
    (0.01, 200)
    """

    def __init__(
        self,
        steps: Sequence[int] | NDArray[np.int64],
        losses: Sequence[float] | Array,
        schedule: Rates,
        weight_decay: float = 0.1,
        name: str = "run",
    ) -> None:
        where = f"LossCurve {name!r}"
        self.name = name
        self.steps, self.losses = _points(where, steps, losses)
        given = np.asarray(weight_decay)
        if given.shape or given.dtype.kind not in "fi" or not 0 <= weight_decay < np.inf:
            raise invalid_value(where, "weight_decay", weight_decay, "a finite number, 0 or more")
        self.weight_decay = float(weight_decay)
        self.rates: Array = as_rates(where, schedule, int(self.steps[-1]) + 1)

    def __repr__(self) -> str:
        return (
            f"<LossCurve {self.name!r}: {len(self.steps)} points up to step {self.steps[-1]}, "
            f"peak rate {self.peak:g}, last loss {self.losses[-1]:.4g}>"
        )

    @property
    def peak(self) -> float:
        """The highest rate up to the last logged step."""
        return float(self.rates.max())

    @property
    def warmup(self) -> int:
        """The updates before the rate first comes within 1% of its peak."""
        return int(np.argmax(self.rates >= 0.99 * self.peak))

    @property
    def decay_points(self) -> int:
        """How many losses were logged after the peak, at a rate below it by 1% or more."""
        after = self.steps > np.flatnonzero(self.rates >= 0.99 * self.peak)[-1]
        return int(after.sum())

    @property
    def decays(self) -> bool:
        """Whether the rate at the last logged step is at most half of the peak."""
        return bool(self.rates[-1] <= DECAYED * self.peak)

    def check_usable(self) -> None:
        """Refuse a run that would mislead a fit.

        Raises:
            GradatimError: If it diverged, or if it decays with too few logged points.
        """
        tenths = [np.median(tenth) for tenth in np.array_split(self.losses, 10) if tenth.size]
        if tenths[-1] > DIVERGED * min(tenths):
            raise GradatimError(
                f"forecast: {self.name!r} diverged: its loss was {min(tenths):.4g} and ends at "
                f"{tenths[-1]:.4g}. Leave it out, or cut it before the divergence."
            )
        if self.decays and self.decay_points < ENOUGH:
            raise GradatimError(
                f"forecast: {self.name!r} has {self.decay_points} logged points in its decay; "
                f"{ENOUGH} are needed. Log more often there, or cut the curve before the decay."
            )


def _points(
    where: str, steps: object, losses: object
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    try:
        at, loss = np.asarray(steps), np.asarray(losses, dtype=np.float64)
    except (TypeError, ValueError):
        raise invalid_value(where, "losses", losses, "numbers") from None
    if at.ndim != 1 or at.shape != loss.shape or not at.size:
        raise invalid_value(
            where, "losses", loss.shape, f"as long as steps, which has the shape {at.shape}"
        )
    if at.dtype.kind not in "iuf" or (at % 1 != 0).any() or at[0] < 0 or (np.diff(at) <= 0).any():
        raise invalid_value(
            where, "steps", steps, "whole numbers, 0 or more, each above the one before"
        )
    wrong = np.flatnonzero(~(np.isfinite(loss) & (loss > 0)))
    if wrong.size:
        first = wrong[0]
        raise GradatimError(
            f"{where}: the loss at step {int(at[first])} is {loss[first]:g}; a law needs numbers "
            "above 0. If the run diverged, leave it out or cut it before that step."
        )
    return at.astype(np.int64), loss
