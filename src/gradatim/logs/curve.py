"""A logged run: its loss at some steps, and its schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value
from gradatim.logs.rates import as_rates, as_rest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradatim.logs.rates import Array, Rates

ENOUGH = 10
"""The fewest logged points in a decay that a law can be fitted to."""
DIVERGED = 1.1
"""A run whose last tenth is this many times above its best tenth has diverged."""
_CERTAIN = 4.0
"""A rise of the smoothed loss below this many standard errors may be the noise of batches."""
DECAYED = 0.5
"""A rate at most this share of its peak has decayed."""


class LossCurve:
    """One logged run.

    Args:
        steps: The steps at which the loss was logged, rising. The loss at step k is taken as the
            loss after update k + 1; a log that is off by one update changes nothing visible. If
            the last step is the length of the schedule, steps count the updates done, and a loss
            at step 0, before the first one, is left out.
        losses: The loss at each of them.
        schedule: The schedule of the run, or its rate at each update from the first.
        weight_decay: The decoupled weight decay of the optimizer, 0 for none; only laws that
            depend on it need it.
        name: The name of the run in errors and plots.
        rest: The schedule of the other parameters, if they follow another one than the matrices,
            as beside Muon; ``schedule`` is then that of the matrices. Only its shape counts.

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
        weight_decay: float | None = None,
        name: str = "run",
        rest: Rates | None = None,
    ) -> None:
        where = f"LossCurve {name!r}"
        self.name = name
        self.steps, self.losses = _points(where, steps, losses)
        self.weight_decay = _checked_decay(where, weight_decay)
        length = schedule.length if isinstance(schedule, Schedule) else np.size(schedule)
        if self.steps[-1] == length:
            trained = self.steps > 0
            self.steps, self.losses = self.steps[trained] - 1, self.losses[trained]
        self.rates: Array = as_rates(where, schedule, int(self.steps[-1]) + 1)
        self.rest = None if rest is None else as_rest(where, rest, self.rates)

    def __repr__(self) -> str:
        return (
            f"<LossCurve {self.name!r}: {len(self.steps)} points up to step {self.steps[-1]}, "
            f"peak rate {self.peak:g}, last loss {self.losses[-1]:.4g}>"
        )

    @property
    def other_rates(self) -> Array:
        """The rates of the other parameters: ``rest``, or those of all."""
        return self.rates if self.rest is None else self.rest

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

    @property
    def scatter(self) -> float:
        """The standard deviation of a logged loss around a smooth curve, 0 for under 3 points.

        It is estimated from the median size of second differences, so that neither a trend nor a
        few jumps count.
        """
        bends = np.abs(np.diff(self.losses, 2))
        # A second difference of independent points has 6 times their variance.
        return float(np.median(bends) / (0.6745 * np.sqrt(6.0))) if bends.size else 0.0

    def check_usable(self) -> None:
        """Refuse a run that would mislead a fit.

        Raises:
            GradatimError: If it diverged, or if it decays with too few logged points.
        """
        tenths = [tenth for tenth in np.array_split(self.losses, 10) if tenth.size]
        smooth = [float(np.median(tenth)) for tenth in tenths]
        best = int(np.argmin(smooth))
        # The standard error of a median is 1.25 times that of a mean.
        error = 1.25 * self.scatter * np.hypot(len(tenths[-1]) ** -0.5, len(tenths[best]) ** -0.5)
        if smooth[-1] > max(DIVERGED * smooth[best], smooth[best] + _CERTAIN * error):
            raise GradatimError(
                f"forecast: {self.name!r} diverged: its loss was {smooth[best]:.4g} and ends at "
                f"{smooth[-1]:.4g}. Leave it out, or cut it before the divergence."
            )
        if self.decays and self.decay_points < ENOUGH:
            raise GradatimError(
                f"forecast: {self.name!r} has {self.decay_points} logged points in its decay; "
                f"{ENOUGH} are needed. Log more often there, or cut the curve before the decay."
            )


def _checked_decay(where: str, weight_decay: float | None) -> float | None:
    if weight_decay is None:
        return None
    given = np.asarray(weight_decay)
    if given.shape or given.dtype.kind not in "fi" or not 0 <= weight_decay < np.inf:
        raise invalid_value(where, "weight_decay", weight_decay, "a finite number, 0 or more")
    return float(weight_decay)


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
