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
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from gradatim.errors import GradatimError, invalid_value
from gradatim.forecast import fits, laws
from gradatim.forecast.ensemble import fit_ensemble, has_enough, quantiles, weights
from gradatim.forecast.identified import doubts_about_prediction, doubts_about_runs
from gradatim.forecast.prediction import Estimate, Prediction, Ranked
from gradatim.forecast.rate_changes import merge_changes
from gradatim.forecast.seeds import average_seeds
from gradatim.logs.curve import DECAYED, ENOUGH, LossCurve
from gradatim.logs.rates import as_rates, as_rest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradatim.logs.rates import Array, Rates

NOISE = 0.0013
"""The standard deviation of the final loss over repeated runs, measured on a 124M model."""
_TAIL = 0.03
"""The share of the members' weight on either side of their range."""
_MARGIN = 3.0
"""The noise of a run, or the residual of the fit, is counted this many times on either side."""


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
    law = laws.law_by_name(law)
    if not law.knows_weight_norm and any(curve.rest is not None for curve in curves):
        raise GradatimError(
            f"forecast: the law {type(law).__name__} knows one schedule, and the logged runs have "
            "two. Write law='effective'."
        )
    points = fits.usable_points(curves, skip)
    if not has_enough(law, points):
        raise GradatimError(
            f"forecast: {sum(len(p.steps) for p in points)} points are left after the first steps, "
            f"and {ENOUGH + len(law.parameters)} are needed. Log more often, or give skip=0."
        )
    members = fit_ensemble(law, curves, skip) if ensemble else (fits.fit_law(law, points),)
    if noise is None:
        noise = NOISE if measured is None else measured
    return Forecast(curves, members, noise)


@dataclass(frozen=True, eq=False)
class Forecast:
    """A fitted law, as an ensemble of fits to the same logged runs."""

    curves: tuple[LossCurve, ...]
    members: tuple[fits.Fit, ...]
    noise: float = NOISE

    @cached_property
    def weights(self) -> Array:
        """The weight of each member, smaller for a worse fit; the sum is 1."""
        return weights(self.members, self.noise / self.curves[0].losses[-1])

    @cached_property
    def residual(self) -> float:
        """The root mean square error of the members at the logged points."""
        spread = np.array([member.spread for member in self.members])
        return float(np.sqrt(self.weights @ np.square(spread)))

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """Why nothing can be forecast from these runs, as sentences; empty if something can."""
        return doubts_about_runs(self.curves, self.members, self.weights)

    @property
    def counted(self) -> tuple[tuple[fits.Fit, float], ...]:
        """The members with a weight above 0, each with its weight."""
        pairs = zip(self.members, self.weights, strict=True)
        return tuple((member, float(weight)) for member, weight in pairs if weight > 0)

    @property
    def margin(self) -> float:
        """What is added to either side of the members' range: three times noise or residual."""
        return _MARGIN * max(self.noise, self.residual)

    def predict(
        self,
        schedule: Rates,
        steps: int | None = None,
        *,
        at: Sequence[int] | NDArray[np.int64] | None = None,
        weight_decay: float | None = None,
        rest: Rates | None = None,
    ) -> Prediction:
        """The loss over a run that was not made.

        Args:
            schedule: Its schedule, or its rate at each update.
            steps: Its updates; by default the length of the schedule.
            at: The steps to predict, rising; by default 200 of them, up to the last.
            weight_decay: Its weight decay; by default that of the logged runs.
            rest: The schedule of its other parameters, if the logged runs have one.

        Raises:
            GradatimError: For a schedule without a length, or with a negative or infinite rate;
                or if the logged runs differ in weight decay, or have a second schedule, and it is
                not given.
        """
        return self._prediction(self._run(schedule, steps, at, weight_decay, rest))

    def _prediction(self, run: _Run) -> Prediction:
        low, mean, high = self._summary(run.losses)
        return Prediction(run.steps, mean, low - self.margin, high + self.margin, run.notes)

    def _summary(self, each: Array) -> tuple[Array, Array, Array]:
        """A low quantile, the mean and a high quantile of one row for each counted member."""
        weight = np.array([weight for _, weight in self.counted])
        return quantiles(each, weight, _TAIL), weight @ each, quantiles(each, weight, 1.0 - _TAIL)

    def rank(self, schedules: Mapping[str, Rates], steps: int | None = None) -> tuple[Ranked, ...]:
        """Schedules in the order of their predicted final loss, the best first.

        Those that are not identified come last.

        Args:
            schedules: The schedules by name.
            steps: The updates of the run; by default each schedule's own length.
        """
        if not schedules:
            raise GradatimError("forecast: no schedule is given to rank.")
        runs = {name: self._run(s, steps, None, None) for name, s in schedules.items()}
        known = {name: self._prediction(run) for name, run in runs.items()}
        order = sorted(known, key=lambda n: (not known[n].identified, known[n].final.mean))
        ranked = []
        for name in order:
            gap = runs[name].losses[:, -1:] - runs[order[0]].losses[:, -1:]
            low, mean, high = (float(value[0]) for value in self._summary(gap))
            behind = Estimate(mean, low, high)
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
        """The loss that a checkpoint would reach if its cooldown began now, and whether it pays.

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
        rest = curve.rest
        if rest is not None:  # the other parameters cool down by the same factors
            rest = np.concatenate([rest[:at], rest[at - 1] * rates[at:] / (start or 1.0)])
        cooled = self._run(rates, None, None, curve.weight_decay, rest)
        now = self._run(rates, None, [at - 1], curve.weight_decay, rest).losses[:, -1:]
        low, mean, high = (float(value[0]) for value in self._summary(now - cooled.losses[:, -1:]))
        gain = Estimate(mean, low - self.margin, high + self.margin)
        return replace(self._prediction(cooled), verdict=_verdict(gain, cooled.notes))

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

    def _run(
        self,
        schedule: Rates,
        steps: int | None,
        at: Sequence[int] | NDArray[np.int64] | None,
        weight_decay: float | None,
        rest: Rates | None = None,
    ) -> _Run:
        rates = as_rates("forecast.predict", schedule, steps)
        other = None if rest is None else as_rest("forecast.predict", rest, rates)
        if other is None and any(curve.rest is not None for curve in self.curves):
            raise GradatimError(
                "forecast: the logged runs have two schedules, and the run to predict has one. "
                "Give that of its other parameters, rest=..."
            )
        decay = self.weight_decay_of(weight_decay)
        first = min(int(np.argmax(rates >= 0.99 * rates.max())) + 1, len(rates) - 1)
        where = np.unique(np.linspace(first, len(rates) - 1, 200).astype(np.int64))
        if at is not None:
            where = np.asarray(at, dtype=np.int64)
            if not where.size or where.min() < 0 or where.max() >= len(rates):
                raise invalid_value("forecast.predict", "at", list(at), f"steps below {len(rates)}")
        best: dict[int, fits.Fit] = {}
        for member in self.members:
            if member.first not in best or member.cost < best[member.first].cost:
                best[member.first] = member
        # Members with the same law differ in its parameters only, so they share its inputs.
        losses = {}
        for law in dict.fromkeys(member.law for member in self.members):
            changes = merge_changes(law.inputs(rates, decay, other), where)
            for i, member in enumerate(self.members):
                if member.law == law and (self.weights[i] > 0 or member in best.values()):
                    losses[member] = law.loss(member.p, changes)[0]
        by_first = {step: float(losses[member][-1]) for step, member in best.items()}
        notes = self.doubts + doubts_about_prediction(self.curves, rates, decay, by_first)
        return _Run(where, np.array([losses[member] for member, _ in self.counted]), notes)


def _verdict(gain: Estimate, notes: Sequence[str]) -> str:
    if notes:
        return f"Not identified. {notes[0]}"
    numbers = f"{gain.mean:.4f} ({gain.low:.4f} to {gain.high:.4f})"
    if gain.low <= 0:
        return f"Not worth it: the loss falls by {numbers}, which may be nothing."
    return f"The loss falls by {numbers}."


class _Run(NamedTuple):
    """A run to predict: its loss at each step, one row for each counted member."""

    steps: NDArray[np.int64]
    losses: Array
    notes: tuple[str, ...]
