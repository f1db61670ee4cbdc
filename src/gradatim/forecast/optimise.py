"""The best schedule under a fitted law, within limits, as an ordinary schedule.

An optimiser exploits the errors of a law. So the schedule minimises the mean over all members of
the ensemble, and the gain is reported with its spread over them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gradatim.core.combine import join
from gradatim.core.decays import Table
from gradatim.core.ramps import Linear
from gradatim.core.recipes import warmup_linear
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value
from gradatim.forecast import slope
from gradatim.forecast.forecast import Forecast
from gradatim.forecast.prediction import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scipy.optimize import OptimizeResult

    from gradatim.forecast.fits import Fit
    from gradatim.logs.rates import Array

KNOTS = 150
"""Points between which the schedule is linear; denser towards the end."""
PLAIN_COOLDOWN = 0.2
"""The share of cooldown in the plain WSD schedule that the gain is relative to."""
_FINEST = 4000
_FIRST, _REST = 30, 200  # iterations from each start value, then from the best result
_DEEPEST = 30.0
_HEAVIEST = 15  # members with the largest weights, over which it searches, for speed


@dataclass(frozen=True)
class Optimised:
    """The schedule found, its predicted loss, and its gain over plain WSD.

    ``gain`` is the final loss of WSD with a linear cooldown over the last fifth, minus that of
    ``schedule``: the mean, the smallest and the largest over the ensemble. ``notes`` are the
    reasons why the logged runs do not determine it.
    """

    schedule: Schedule
    plain: Schedule
    final: Estimate
    gain: Estimate
    worth: bool
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """A sentence about whether to use it."""
        gain = f"{self.gain.mean:.4f} ({self.gain.low:.4f} to {self.gain.high:.4f})"
        if self.notes:
            return (
                f"Not worth it: the predicted gain over plain WSD, {gain}, is not identified. "
                f"{self.notes[0]}"
            )
        if not self.worth:
            return (
                f"Not worth it: the predicted gain over plain WSD, {gain}, is within the noise "
                "of a run or the spread of the forecast."
            )
        return f"Predicted gain over plain WSD: {gain}."


def optimise(
    fitted: Forecast,
    steps: int,
    *,
    peak: float | None = None,
    floor: float = 0.0,
    warmup: int = 0,
    monotone: bool = True,
    weight_decay: float | None = None,
    knots: int = KNOTS,
) -> Optimised:
    """The schedule of least predicted final loss.

    Args:
        fitted: A forecast with the law "effective" or "multipower".
        steps: The updates of the run.
        peak: The highest rate; by default the highest one among the logged runs. The best peak
            cannot be found from shorter runs.
        floor: The lowest rate.
        warmup: The updates of a linear warm-up from 0, which stays as it is.
        monotone: Whether the rate must never rise after the warm-up.
        weight_decay: The weight decay of the run; by default that of the logged runs.
        knots: The points of the schedule; more are more exact and slower.

    Raises:
        GradatimError: For limits that leave no schedule to choose.
    """
    peak = max(curve.peak for curve in fitted.curves) if peak is None else peak
    if any(curve.rest is not None for curve in fitted.curves):
        raise GradatimError(
            "optimise: the logged runs have two schedules, and one is searched here. Forecast "
            "a few candidates with Forecast.predict."
        )
    decay = fitted.weight_decay_of(weight_decay)
    if not (np.isfinite(peak) and peak > 0):
        raise invalid_value("optimise", "peak", peak, "a finite number above 0")
    if not 0 <= floor < peak:
        raise invalid_value("optimise", "floor", floor, f"0 or more and below the peak, {peak:g}")
    if not (warmup >= 0 and steps - warmup >= 10):
        raise invalid_value("optimise", "warmup", warmup, f"10 or more below steps, {steps}")
    if knots < 3:
        raise invalid_value("optimise", "knots", knots, "3 or more")
    space = _SearchSpace(peak, floor, warmup, steps, min(knots, steps - warmup), monotone)
    members = sorted(fitted.counted, key=lambda pair: -pair[1])[:_HEAVIEST]
    schedule = space.schedule(_minimise(space, members, decay))
    fall = max(1, int(PLAIN_COOLDOWN * steps))
    plain = warmup_linear(
        peak, steps=steps, warmup=warmup, hold=max(0, steps - warmup - fall), floor=floor
    )
    return _compare_with_plain(fitted, schedule, plain, steps, decay)


def _compare_with_plain(
    fitted: Forecast, schedule: Schedule, plain: Schedule, steps: int, decay: float | None
) -> Optimised:
    last = [steps - 1]
    expected = fitted.predict(schedule, steps, at=last, weight_decay=decay)
    run = np.arange(steps)
    at = np.array(last)
    gains, weights = [], []
    for member, weight in fitted.counted:
        old, new = (member.loss(np.asarray(s(run)), decay, at)[0] for s in (plain, schedule))
        gains.append(float(old - new))
        weights.append(weight)
    gain = Estimate(float(np.average(gains, weights=weights)), min(gains), max(gains))
    # The noise of a difference of two runs is sqrt(2) times that of one.
    worth = expected.identified and gain.low > 0 and gain.mean > np.sqrt(2.0) * fitted.margin
    return Optimised(schedule, plain, expected.final, gain, bool(worth), expected.notes)


class _SearchSpace:
    """The schedules to choose from: a fixed warm-up, then linear pieces between knots."""

    def __init__(
        self, peak: float, floor: float, warmup: int, steps: int, knots: int, monotone: bool
    ) -> None:
        self.peak, self.floor, self.warmup, self.monotone = peak, floor, warmup, monotone
        # A law with powers of the rate has no derivative where the rate is 0.
        self.least = max(floor, 1e-7 * peak)
        even = np.linspace(0.0, 1.0, knots)
        length = steps - 1 - warmup
        self.knots = np.unique(np.round(length * (1.0 - (1.0 - even) ** 2)).astype(np.int64))
        self.stride = max(1, steps // _FINEST)
        run = np.arange(steps - 1, -1, -self.stride)[::-1]
        self.rising = peak * np.maximum(run[run < warmup], 0.25) / max(warmup, 1)
        place = (run[run >= warmup] - warmup).astype(np.float64)
        self.right = np.clip(np.searchsorted(self.knots, place, side="left"), 1, None)
        before, after = self.knots[self.right - 1], self.knots[self.right]
        self.share = (place - before) / (after - before)

    def values(self, free: Array) -> Array:
        """The rate at each knot."""
        if not self.monotone:
            return free * self.peak
        left: Array = np.exp(-np.cumsum(free))
        return self.least + (self.peak - self.least) * left

    def rates(self, free: Array) -> Array:
        """The rates of the run, one for each stride."""
        values = self.values(free)
        falling = (1.0 - self.share) * values[self.right - 1] + self.share * values[self.right]
        return np.concatenate([self.rising, falling])

    def slope(self, free: Array, by_rate: Array) -> Array:
        """The gradient by the free parameters, from the gradient by each rate."""
        by_rate = by_rate[len(self.rising) :]
        by_value: Array = np.zeros(len(self.knots))
        np.add.at(by_value, self.right - 1, (1.0 - self.share) * by_rate)
        np.add.at(by_value, self.right, self.share * by_rate)
        if not self.monotone:
            return by_value * self.peak
        return -np.cumsum((by_value * (self.values(free) - self.least))[::-1])[::-1]

    def starts(self) -> list[Array]:
        """Start values: holds of several lengths, then a linear fall to the floor."""
        end = float(self.knots[-1])
        found = []
        for hold in (0.0, 0.5, 0.8):
            left = np.clip((1.0 - self.knots / end) / (1.0 - hold), 1e-4, 1.0)
            found.append(-np.diff(np.log(left), prepend=0.0) if self.monotone else left)
        return found

    def limits(self) -> list[tuple[float, float]]:
        """The bounds of each free parameter."""
        low, high = (0.0, _DEEPEST) if self.monotone else (self.least / self.peak, 1.0)
        return [(low, high)] * len(self.knots)

    def schedule(self, free: Array) -> Schedule:
        """The schedule of these free parameters."""
        values = np.clip(self.values(free), self.floor, self.peak)
        if self.floor == 0:
            values = np.where(values <= 2 * self.least, 0.0, values)
        points = tuple(zip(self.knots.tolist(), values.tolist(), strict=True))
        table = Table(points=points, between="linear")
        return join(Linear(0.0, self.peak, self.warmup), table) if self.warmup else table


def _minimise(
    space: _SearchSpace, members: Sequence[tuple[Fit, float]], decay: float | None
) -> Array:
    from scipy.optimize import minimize

    total = sum(weight for _, weight in members)

    def objective(free: Array) -> tuple[float, Array]:
        rates = space.rates(free)
        loss, by_rate = 0.0, np.zeros_like(rates)
        for member, weight in members:
            one = slope.final_loss(member, rates, decay, space.stride)
            loss += weight / total * one.loss
            by_rate += weight / total * one.by_rate
        # In thousandths: the tolerances of the search are absolute, and gains are small.
        return 1e3 * loss, 1e3 * space.slope(free, by_rate)

    def descend(start: Array, most: int) -> OptimizeResult:
        return minimize(
            objective,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=space.limits(),
            options={"maxiter": most, "ftol": 1e-10, "gtol": 1e-7, "maxcor": 20},
        )

    tried = [descend(start, _FIRST) for start in space.starts()]
    best = min(tried, key=lambda found: float(found.fun))
    return np.asarray(descend(best.x, _REST).x, dtype=np.float64)
