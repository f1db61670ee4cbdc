"""The answer of a search: a peak with its interval, or no suggestion and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from gradatim.peak.surface import Curve, Ended, LossSurface

INTERVAL = 0.8
"""The probability of the stated interval."""
WIDEST = 8.0
"""The largest ratio of the ends of an interval that still is an answer."""
_LEAST_GAIN = 0.02
_EDGE = 0.5
"""In octaves: a best peak so near to the lowest or highest one tried may lie beyond."""
_LEAST_EXPLAINED = 0.5
"""The share of the variance of the losses that must be predictable from the other runs."""


@dataclass(frozen=True)
class PeakAnswer:
    """What a search says about the peak of runs of the full length.

    Args:
        runs: The runs that were made.
        steps: The updates of a full run.
        peak: The suggested peak; None if there is no suggestion.
        interval: From where to where the best peak lies with 80% probability.
        flat: The peaks around it that cost less than the noise of one run.
        why_not: Why there is no suggestion; "" if there is one.
        next_step: What to run next.
        curve: The expected loss against the peak, of runs of the full length.
        noise: The standard deviation of one run's loss, as a share of the best run's gain.
    """

    runs: tuple[Ended, ...]
    steps: int
    peak: float | None = None
    interval: tuple[float, float] | None = None
    flat: tuple[float, float] | None = None
    why_not: str = ""
    next_step: str = ""
    curve: Curve | None = field(default=None, compare=False)
    noise: float = math.nan

    @cached_property
    def cost(self) -> float:
        """What the search cost, in full runs."""
        return sum(run.share for run in self.runs)

    @cached_property
    def stable(self) -> float | None:
        """The highest peak below all that diverged, among the longest runs."""
        longest = [run for run in self.runs if run.share == max(r.share for r in self.runs)]
        limit = min((r.peak for r in longest if not math.isfinite(r.loss)), default=math.inf)
        return max((run.peak for run in longest if run.peak < limit), default=None)

    def as_data(self) -> dict[str, Any]:
        """The answer as plain data."""
        return {
            "peak": self.peak,
            "interval": self.interval,
            "flat": self.flat,
            "stable": self.stable,
            "why_not": self.why_not,
            "next_step": self.next_step,
            "cost": self.cost,
            "steps": self.steps,
            "runs": [
                {
                    "peak": run.peak,
                    "updates": round(run.share * self.steps),
                    "loss": run.loss if math.isfinite(run.loss) else None,
                }
                for run in self.runs
            ],
        }

    @property
    def sentences(self) -> list[str]:
        """The answer in words."""
        cost = f"{len(self.runs)} runs that cost as much as {self.cost:.2f} full ones"
        if self.peak is None or self.interval is None:
            return [f"No suggestion: {self.why_not}", f"That took {cost}.", self.next_step]
        low, high = self.interval
        said = [f"Peak {self.peak:.2g}; the best is between {low:.2g} and {high:.2g} with 80%."]
        if self.flat is not None:
            low, high = self.flat
            said.append(f"From {low:.2g} to {high:.2g} the cost is below the noise of one run.")
        if self.stable is not None:
            said.append(f"The highest peak that did not diverge is {self.stable:.2g}.")
        return [*said, f"That took {cost}.", self.next_step]


def answer(runs: Sequence[Ended], steps: int, low: float, high: float) -> PeakAnswer:
    """What some runs say about the peak of runs of the full length.

    Args:
        runs: The runs.
        steps: The updates of a full run.
        low: The lowest peak that was allowed.
        high: The highest one.
    """
    said = PeakAnswer(tuple(runs), steps)
    if not any(math.isfinite(run.loss) for run in runs):
        return replace(
            said,
            why_not=f"every run diverged, at {low:.2g} and above.",
            next_step=f"Search lower: low={low / 1e4:.0e}.",
        )
    surface = LossSurface(runs)
    curve = surface.curve()
    said = replace(said, curve=curve, noise=surface.noise)
    least = _LEAST_GAIN if surface.by_ratio else 0.0
    if surface.gain <= least or surface.explained < _LEAST_EXPLAINED:
        return replace(
            said,
            why_not="the loss does not depend on the peak by more than the noise: no run became "
            "clearly better than the lowest rates, which hardly train.",
            next_step="Check that the task trains at all, or make the runs longer.",
        )
    best = curve.x[curve.regret.argmin()]
    inner, outer = curve.best(INTERVAL)
    if best > math.log2(high) - _EDGE:
        return replace(
            said,
            why_not=f"the best of what was tried is at the upper end, {high:.2g}.",
            next_step=f"Search higher: high={high * 100:.2g}.",
        )
    if best < math.log2(low) + _EDGE:
        return replace(
            said,
            why_not=f"the best of what was tried is at the lower end, {low:.2g}.",
            next_step=f"Search lower: low={low / 100:.2g}.",
        )
    interval = 2.0**inner, 2.0**outer
    if interval[1] > WIDEST * interval[0] * (1 + 1e-9):
        return replace(
            said,
            interval=interval,
            why_not=f"the runs disagree: the best may be anywhere from {interval[0]:.2g} to "
            f"{interval[1]:.2g}.",
            next_step="Give a larger budget. Runs that both searches have are not made again.",
        )
    flat = curve.x[curve.regret <= surface.noise + curve.regret.min()]
    peak = 2.0 ** float(best)
    return replace(
        said,
        peak=peak,
        interval=interval,
        flat=(2.0 ** float(flat.min()), 2.0 ** float(flat.max())) if len(flat) > 1 else None,
        next_step=f"To be sure, race {peak / 2:.2g}, {peak:.2g} and {peak * 2:.2g} at full length: "
        "3 full runs a seed.",
    )
