"""Which runs a budget pays for: many peaks for a short time, then fewer for longer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from gradatim.errors import GradatimError, invalid_value

COARSE, QUARTER, HALF = 1 / 16, 1 / 4, 1 / 2
_FEWEST_UPDATES = 8
_QUARTERS = 0.45
"""The share of what the coarse stage leaves that goes to runs of a quarter of the length."""
_FEWEST = 3
_MOST_AT_ONCE = 5


class Stage(NamedTuple):
    """Runs of one length and one seed, at neighbouring peaks."""

    share: float
    """Of the full length."""
    runs: int
    seed: int


def coarse_peaks(low: float, high: float) -> list[float]:
    """The peaks of the first stage: from low to high, each at most five times the one before."""
    steps = max(math.ceil(math.log(high / low) / math.log(5.0) - 1e-9), 1)
    ratio = high / low
    return [low * ratio ** (i / steps) for i in range(steps + 1)]


def stages(budget: float, first: int) -> list[Stage]:
    """The stages after the first one, which makes so many runs of a 16th of the length.

    A stage has one seed, so that its runs differ by nothing but the peak.

    >>> stages(4.0, 12)
    [Stage(share=0.25, runs=5, seed=1), Stage(share=0.5, runs=4, seed=2)]

    Raises:
        GradatimError: If the budget does not pay for three quarter runs and two half ones.
    """
    left = budget - first * COARSE
    quarters = max(_FEWEST, math.floor(_QUARTERS * left / QUARTER + 1e-9))
    halves = math.floor((left - quarters * QUARTER) / HALF + 1e-9)
    if halves < 2:
        least = first * COARSE + _FEWEST * QUARTER + 2 * HALF
        raise invalid_value(
            "find_peak", "budget", budget, f"at least {least:.3g} full runs for this range of peaks"
        )
    sizes = [(QUARTER, n) for n in split(quarters)] + [(HALF, n) for n in split(halves)]
    return [Stage(share, runs, seed) for seed, (share, runs) in enumerate(sizes, 1)]


def split(runs: int) -> list[int]:
    """So many runs in stages of about equal size.

    >>> split(5), split(6), split(13)
    ([5], [3, 3], [5, 4, 4])
    """
    stages = math.ceil(runs / _MOST_AT_ONCE)
    return [runs // stages + (i < runs % stages) for i in range(stages)]


def updates_of(share: float, steps: int) -> int:
    """The updates of a run of this share of the full length.

    Raises:
        GradatimError: If they are too few to train with.
    """
    updates = round(share * steps)
    if updates < _FEWEST_UPDATES:
        least = math.ceil(_FEWEST_UPDATES / COARSE)
        raise GradatimError(
            f"find_peak: steps must be at least {least}, got {steps}: the shortest runs have a "
            "16th of them."
        )
    return updates


def neighbours(centre: float, runs: int, spacing: float, bounds: Sequence[float]) -> list[float]:
    """So many peaks around the logarithm of one, each twice the one before, within bounds."""
    low, high = (math.log2(bound) for bound in bounds)
    first = centre - spacing * (runs - 1) / 2
    first = max(min(first, high - spacing * (runs - 1)), low)
    return [2.0 ** min(first + spacing * i, high) for i in range(runs)]
