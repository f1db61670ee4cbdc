"""Forecast: the loss of schedules that were not run, from two to four logged runs.

>>> import numpy as np
>>> from gradatim import Constant, warmup_linear
>>> steps = np.arange(100, 2000, 50)
>>> held = 3.0 + 2.0 * (0.01 * steps) ** -0.5
>>> fell = held - 0.2 * np.maximum(0, steps - 1400) / 600
>>> hold, fall = Constant(0.01), warmup_linear(peak=0.01, hold=1400, steps=2000)
>>> fitted = fit([LossCurve(steps, held, hold, 0.1), LossCurve(steps, fell, fall, 0.1)])
>>> prediction = fitted.predict(warmup_linear(peak=0.01, hold=1000, steps=3000), steps=3000)
>>> bool(prediction.final.mean < fell[-1])
True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from gradatim.errors import GradatimError, invalid_value
from gradatim.forecast import fits, laws
from gradatim.forecast.prediction import Estimate, Prediction, Ranked
from gradatim.forecast.seeds import average_seeds
from gradatim.logs.curve import DECAYED, ENOUGH, LossCurve
from gradatim.logs.rates import as_rates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradatim.logs.rates import Array, Rates

NOISE = 0.0013
"""The standard deviation of the final loss over repeated runs, measured on a 124M model."""
_TEMPERATURE = 0.25
_COUNTED = 1e-3
"""Members of the ensemble with less than this share of the largest weight are left out."""
_FARTHEST = 1.5
"""A prediction for a peak rate above this many times every logged one gets a note."""


def fit(
    curves: Sequence[LossCurve],
    law: str | laws.Law = "effective",
    *,
    skip: int | None = None,
    noise: float | None = None,
    ensemble: bool = True,
) -> Forecast:
    """Fit a law of the loss to logged runs of one model on one data set.

    Args:
        curves: Two to four runs, at least one with a decay, such as a cooldown. Runs with the same
            rates and weight decay are seeds of one run, and averaged.
        law: "effective" (the most accurate, and the only one with an ensemble), "multipower",
            "momentum" or "functional"; or a ``Law``.
        skip: The first step to fit; by default the warm-up and a tenth of the shortest run
            are left out.
        noise: The standard deviation of the final loss over repeated runs; by default measured
            from the seeds among the logged runs, or 0.0013 without any.
        ensemble: Whether to fit the law's variants too; without them the interval is only noise.

    Raises:
        GradatimError: If no run has a decay, a decay has under ten points, or a run diverged.
    """
    if not curves:
        raise GradatimError("forecast: no logged run is given. Two are needed, one with a decay.")
    for curve in curves:
        if not isinstance(curve, LossCurve):
            raise invalid_value(
                "forecast", "a curve", curve, "a LossCurve(steps, losses, schedule)"
            )
        curve.check_usable()
    if not any(curve.decays for curve in curves):
        raise GradatimError(
            "forecast: no run has decayed: at the last logged step every rate is above "
            f"{DECAYED:.0%} of its peak, so the effect of a decay is not known. "
            "Add a run with a cooldown."
        )
    curves, measured = average_seeds(curves)
    points = fits.usable_points(curves, skip)
    law = laws.law_by_name(law)
    count = sum(len(p.steps) for p in points)
    if count < ENOUGH + len(law.parameters):
        raise GradatimError(
            f"forecast: {count} points are left after the first steps, and "
            f"{ENOUGH + len(law.parameters)} are needed. Log more often, or give skip=0."
        )
    members = [fits.fit_law(law, points)]
    for variant in list(law.variants())[1:] if ensemble else ():
        members.append(fits.fit_law(variant, points, like=members[0]))
    if noise is None:
        noise = NOISE if measured is None else measured
    return Forecast(tuple(curves), tuple(members), noise)


@dataclass(frozen=True, eq=False)
class Forecast:
    """A fitted law, as an ensemble of fits to the same logged runs."""

    curves: tuple[LossCurve, ...]
    members: tuple[fits.Fit, ...]
    noise: float = NOISE

    @property
    def weights(self) -> Array:
        """The weight of each member, smaller for a worse fit; the sum is 1."""
        cost = np.array([member.cost for member in self.members])
        least = max(float(cost.min()), 1e-12)
        weight = np.exp(-(cost - least) / (_TEMPERATURE * least))
        weight[weight < _COUNTED * weight.max()] = 0.0
        return weight / weight.sum()  # type: ignore[no-any-return]

    @property
    def counted(self) -> tuple[tuple[fits.Fit, float], ...]:
        """The members with a weight above 0, each with its weight."""
        pairs = zip(self.members, self.weights, strict=True)
        return tuple((member, float(weight)) for member, weight in pairs if weight > 0)

    @property
    def margin(self) -> float:
        """Half the width added to the range of the members: twice the noise of a run."""
        return 2.0 * self.noise

    def predict(
        self,
        schedule: Rates,
        steps: int | None = None,
        *,
        at: Sequence[int] | NDArray[np.int64] | None = None,
        weight_decay: float | None = None,
    ) -> Prediction:
        """The loss over a run that was not made.

        Args:
            schedule: Its schedule, or its rate at each update.
            steps: Its updates; by default the length of the schedule.
            at: The steps to predict, rising; by default 200 of them, up to the last.
            weight_decay: Its weight decay; by default that of the logged runs.

        Raises:
            GradatimError: For a schedule without a length, or with a negative or infinite rate,
                or if the logged runs differ in weight decay and none is given.
        """
        each, where, notes = self._member_losses(schedule, steps, at, weight_decay)
        low, high = each.min(axis=0) - self.margin, each.max(axis=0) + self.margin
        mean = np.array([weight for _, weight in self.counted]) @ each
        return Prediction(where, mean, low, high, notes)

    def rank(self, schedules: Mapping[str, Rates], steps: int | None = None) -> tuple[Ranked, ...]:
        """Schedules in the order of their predicted final loss, the best first.

        Args:
            schedules: The schedules by name.
            steps: The updates of the run; by default each schedule's own length.
        """
        if not schedules:
            raise GradatimError("forecast: no schedule is given to rank.")
        known = {name: self.predict(schedule, steps) for name, schedule in schedules.items()}
        ends = {
            name: self._member_losses(s, steps, None, None)[0][:, -1]
            for name, s in schedules.items()
        }
        order = sorted(known, key=lambda name: known[name].final.mean)
        weights = np.array([weight for _, weight in self.counted])
        ranked = []
        for name in order:
            gap = ends[name] - ends[order[0]]
            behind = Estimate(float(weights @ gap), float(gap.min()), float(gap.max()))
            ranked.append(Ranked(name, known[name].final, behind, known[name]))
        return tuple(ranked)

    def cooldown_now(
        self,
        at: int,
        length: int,
        *,
        shape: Literal["linear", "1-sqrt"] = "linear",
        floor: float = 0.0,
        run: int = 0,
    ) -> Prediction:
        """The loss that a checkpoint would reach if its cooldown began now.

        Args:
            at: The updates that the checkpoint has completed.
            length: The updates of the cooldown.
            shape: "linear", or "1-sqrt", which falls faster at first.
            floor: The rate at its end.
            run: The index of the logged run that the checkpoint is from.

        Raises:
            GradatimError: If the run has no such checkpoint.
        """
        curve = self.curves[run]
        if not 1 <= at <= len(curve.rates):
            raise invalid_value(
                "forecast.cooldown_now",
                "at",
                at,
                f"an update of {curve.name!r}, 1 to {len(curve.rates)}",
            )
        if length < 1:
            raise invalid_value("forecast.cooldown_now", "length", length, "1 update or more")
        done = np.arange(length) / length
        left = 1.0 - (done if shape == "linear" else np.sqrt(done))
        start = curve.rates[at - 1]
        rates = np.concatenate([curve.rates[:at], floor + (start - floor) * left])
        return self.predict(rates, weight_decay=curve.weight_decay)

    def weight_decay_of(self, given: float | None) -> float | None:
        """The weight decay of a run to predict: as given, or that of all logged runs.

        Raises:
            GradatimError: If none is given, and the logged runs differ in it.
        """
        known = {curve.weight_decay for curve in self.curves}
        if given is not None or len(known) == 1:
            return self.curves[0].weight_decay if given is None else given
        raise GradatimError(
            f"forecast: the logged runs have weight decays {', '.join(map(str, known))}. "
            "Give that of the run to predict, weight_decay=..., in the command --weight-decay."
        )

    def _member_losses(
        self,
        schedule: Rates,
        steps: int | None,
        at: Sequence[int] | NDArray[np.int64] | None,
        weight_decay: float | None,
    ) -> tuple[Array, NDArray[np.int64], tuple[str, ...]]:
        """The predicted loss, one row for each member with a weight; the steps; the notes."""
        rates = as_rates("forecast.predict", schedule, steps)
        decay = self.weight_decay_of(weight_decay)
        first = min(int(np.argmax(rates >= 0.99 * rates.max())) + 1, len(rates) - 1)
        where = np.unique(np.linspace(first, len(rates) - 1, 200).astype(np.int64))
        if at is not None:
            where = np.asarray(at, dtype=np.int64)
            if not where.size or where.min() < 0 or where.max() >= len(rates):
                raise invalid_value("forecast.predict", "at", list(at), f"steps below {len(rates)}")
        each = np.array([member.loss(rates, decay, where) for member, _ in self.counted])
        return each, where, self._notes(rates)

    def _notes(self, rates: Array) -> tuple[str, ...]:
        highest = max(curve.peak for curve in self.curves)
        if rates.max() <= _FARTHEST * highest:
            return ()
        return (
            f"The peak rate {rates.max():.3g} is more than {_FARTHEST:g} times the highest one "
            f"seen, {highest:.3g}: whether such a run diverges is not known.",
        )
