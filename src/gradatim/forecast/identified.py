"""When the logged runs do not determine a forecast, as sentences with the run that would help most.

The limits were chosen with the public runs of the tests in view; ``docs/forecast.md`` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gradatim.forecast.fits import Fit
    from gradatim.logs.curve import LossCurve
    from gradatim.logs.rates import Array

RESIDUAL = 0.005
"""A law that misses the logged losses by more than this share of the loss does not fit them, unless
the losses themselves scatter as much."""
_SCATTER = 1.5
"""A residual below this many times the scatter of the log is explained by it."""
DISAGREEMENT = 0.003
"""Forecasts from several first steps may differ by this share of the loss."""
FARTHEST = 1.5
"""A peak rate this many times above the highest one seen, or below the lowest, is too far."""
STEEP = 0.15
"""A loss that falls by this share or more after the first 30% of the longest run is still in its
fast early part."""
HELD = 0.1
"""The least share of its updates for which one of the runs holds its peak."""
_EXPONENTS = (0.05, 2.5)
_SAME_DECAY = 1.01


def doubts_about_runs(
    curves: Sequence[LossCurve], members: Sequence[Fit], weights: Array
) -> tuple[str, ...]:
    """Why nothing can be forecast from these runs.

    Args:
        curves: The logged runs.
        members: The fits.
        weights: Their weights.
    """
    found = []
    level = float(min(curve.losses[-1] for curve in curves))
    residual = float(np.sqrt(weights @ np.square([member.spread for member in members])))
    scatter = max(curve.scatter for curve in curves)
    if residual > max(RESIDUAL * level, _SCATTER * scatter):
        found.append(
            f"The law misses the logged losses by {residual:.4f}, {residual / level:.1%} of the "
            "loss. Longer runs would help most, or a larger skip."
        )
    exponent = float(weights @ np.array([member.p[2] for member in members]))
    if not _EXPONENTS[0] <= exponent <= _EXPONENTS[1]:
        found.append(
            f"The exponent of the power law, {exponent:.2f}, is at its limit, so the loss under a "
            "constant rate is not determined. A longer run at a constant rate would help most."
        )
    if max(map(_held_share, curves)) < HELD:
        found.append(
            "Every logged run lowers its rate from the start, so the effects of time and of the "
            "rate cannot be separated. A run at a constant rate would help most."
        )
    fall = _late_fall(max(curves, key=lambda curve: len(curve.rates)))
    if fall > STEEP:
        found.append(
            f"The loss falls by {fall:.0%} after the first 30% of the longest run, faster than any "
            "law here predicts for long. Longer runs would help most."
        )
    return tuple(found)


def _held_share(curve: LossCurve) -> float:
    """The share of the updates at the peak, within 1%."""
    return float(np.mean(curve.rates >= 0.99 * curve.peak))


def _late_fall(curve: LossCurve) -> float:
    """The share by which the loss falls from 30% of a run to its end, both medians."""
    late = curve.losses[curve.steps >= 0.3 * len(curve.rates)]
    if not late.size:
        return 0.0
    some = max(1, len(late) // 10)
    return 1.0 - float(np.median(late[-some:]) / np.median(late[:some]))


def doubts_about_prediction(
    curves: Sequence[LossCurve],
    rates: Array,
    weight_decay: float | None,
    by_first: Mapping[int, float],
) -> tuple[str, ...]:
    """Why the loss of this run cannot be forecast.

    Args:
        curves: The logged runs.
        rates: The rates of the run to predict.
        weight_decay: Its weight decay.
        by_first: Its final loss as predicted by the best fit from each first step.
    """
    found = []
    peak = float(rates.max())
    low, high = min(c.peak for c in curves), max(c.peak for c in curves)
    if peak > FARTHEST * high:
        found.append(
            f"The peak rate {peak:.3g} is more than {FARTHEST:g} times the highest one seen, "
            f"{high:.3g}: whether such a run diverges is not known. A short run with it would help "
            "most."
        )
    if peak < low / FARTHEST:
        found.append(
            f"The peak rate {peak:.3g} is less than the lowest one seen, {low:.3g}, divided by "
            f"{FARTHEST:g}. A short run with it would help most."
        )
    known = [c.weight_decay for c in curves if c.weight_decay is not None]
    if known and weight_decay is not None:
        least, most = min(known), max(known)
        if not least / _SAME_DECAY <= weight_decay <= most * _SAME_DECAY:
            seen = f"{least:g}" if least == most else f"{least:g} to {most:g}"
            found.append(
                f"The weight decay {weight_decay:g} is outside of what was seen, {seen}. A short "
                "run with it would help most."
            )
    apart = max(by_first.values()) - min(by_first.values())
    if apart > DISAGREEMENT * min(by_first.values()):
        steps = " or ".join(map(str, by_first))
        found.append(
            f"Fitted from step {steps} on, the law predicts final losses that are {apart:.4f} "
            "apart. A longer run, or one of another length, would help most."
        )
    return tuple(found)
