"""The final loss of each contestant, measured and as forecast from the other contestants.

A forecast predicts the loss that a task yields at each update. It is compared with the end of that
curve, the mean over the seeds, whatever metric the race compares.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradatim.errors import GradatimError
from gradatim.forecast.forecast import fit
from gradatim.forecast.prediction import Estimate
from gradatim.logs.curve import LossCurve
from gradatim.race.compare import interval

if TYPE_CHECKING:
    from gradatim.logs.rates import Array
    from gradatim.race.result import Race
    from gradatim.race.trial import FinishedRun

_OTHERS = 2
"""The fewest curves of other contestants that a forecast needs."""
_POINTS = 120
"""Points of each curve that a law is fitted to, each the mean of a stretch: this averages the noise
of single batches, and keeps the fit fast."""


@dataclass(frozen=True)
class Hindsight:
    """The final loss of a contestant, forecast and measured; ``why`` a forecast is missing."""

    name: str
    forecast: Estimate | None = None
    measured: Estimate | None = None
    why: str = ""


class _Outcome(NamedTuple):
    curve: LossCurve
    rates: Array
    ends: Sequence[float]


def forecast_each(race: Race) -> tuple[Hindsight, ...]:
    """A forecast of each contestant from the others, in the order of the race."""
    outcomes: dict[str, _Outcome] = {}
    wrong: dict[str, str] = {}
    for name in race.contestants:
        try:
            outcomes[name] = _outcome_of(
                name, [run for run in race.runs if run.name == name], race.task.weight_decay
            )
        except GradatimError as error:
            wrong[name] = str(error)
    # The noise of a mean over seeds, because means are forecast and measured here.
    squares = [variance(outcome.ends) / len(outcome.ends) for outcome in outcomes.values()]
    noise = math.sqrt(fmean(squares)) if squares else 0.0
    return tuple(
        _hindsight_of(name, outcomes, noise)
        if name in outcomes
        else Hindsight(name, why=wrong[name])
        for name in race.contestants
    )


def _hindsight_of(name: str, outcomes: Mapping[str, _Outcome], noise: float) -> Hindsight:
    measured = Estimate(*interval(outcomes[name].ends))
    others = [o.curve for other, o in outcomes.items() if other != name and _is_usable(o.curve)]
    if len(others) < _OTHERS:
        why = f"needs the curves of {_OTHERS} other contestants, {len(others)} can be used"
        return Hindsight(name, None, measured, why)
    try:
        fitted = fit(others, noise=noise)
        rates = outcomes[name].rates
        expected = fitted.predict(rates, at=[len(rates) - 1])
        if expected.notes:
            return Hindsight(name, None, measured, f"not identified. {expected.notes[0]}")
        return Hindsight(name, expected.final, measured)
    except GradatimError as error:
        return Hindsight(name, None, measured, str(error).removeprefix("forecast: "))


def _is_usable(curve: LossCurve) -> bool:
    try:
        curve.check_usable()
    except GradatimError:
        return False
    return True


def _outcome_of(name: str, runs: Sequence[FinishedRun], decay: float | None) -> _Outcome:
    """The mean over the seeds, at the steps that all runs have, with the rates that were used."""
    if len(runs) < 2:
        raise GradatimError("needs two seeds or more, to measure how much runs vary")
    if any(run.failed for run in runs):
        raise GradatimError("a run failed, and a law is fitted to runs that train")
    each = [run.loss_curve for run in runs]
    steps = sorted(set.intersection(*(set(curve) for curve in each)))
    last = max((run.steps[-1] for run in runs if run.steps), default=-1)
    if not steps or steps[-1] < last:
        raise GradatimError("its runs yield no losses, or not at the same steps")
    losses = np.array([[curve[step] for step in steps] for curve in each], dtype=np.float64)
    used = runs[0].rate_curve
    rates = np.interp(np.arange(last + 1), list(used), list(used.values()))
    stretches = np.array_split(np.arange(len(steps)), min(len(steps), _POINTS))
    middles = [steps[stretch[len(stretch) // 2]] for stretch in stretches]
    mean = [losses[:, stretch].mean() for stretch in stretches]
    return _Outcome(LossCurve(middles, mean, rates, decay, name), rates, losses[:, -1].tolist())
