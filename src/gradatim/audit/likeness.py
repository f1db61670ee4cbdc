"""The schedule that a log without a plan looks like: the simplest known one that fits it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradatim.audit.searches import COUNTS
from gradatim.audit.shapes import Curve, expressions
from gradatim.core.schedule import Schedule
from gradatim.core.text import parse
from gradatim.errors import GradatimError
from gradatim.findings import Finding, check
from gradatim.logs.rate_series import RateSeries

_MOST_TRIED = 4000


@dataclass(frozen=True)
class Likeness:
    """The schedule that a log looks like."""

    expression: str
    """The schedule as text that ``gradatim.parse`` reads."""
    schedule: Schedule
    counted: int
    """What the log adds to its steps: -1, 0 or 1."""
    error: float
    """The largest difference to the log, as a share of the highest logged rate."""
    fits: bool
    """Whether every logged rate is that of the schedule, within the digits of the log."""
    findings: tuple[Finding, ...]
    """What ``gradatim.check`` says of it, on a run as long as the log."""


class _Tried(NamedTuple):
    """A likeness before it is checked; the fields are those of ``Likeness``."""

    expression: str
    schedule: Schedule
    counted: int
    error: float
    fits: bool


def looks_like(series: RateSeries) -> Likeness:
    """The simplest known schedule that fits a log; the nearest one if none does.

    Constant, drops, and a linear warm-up with a hold, a line, a cosine, a power, an exponential,
    an inverse square root or a cooldown after it. Of a run that was resumed, the later of two
    rates at one step counts.

    Args:
        series: The log, with steps in updates; of a log of epochs the schedule is one of epochs.
    """
    curve = _curve(series)
    height = float(np.abs(curve.rates).max()) or 1.0
    best: _Tried | None = None
    for tried, text in enumerate(expressions(curve)):
        try:
            schedule = parse(text)
        except GradatimError:  # a floor above the peak, phases that leave nothing
            continue
        for counted in COUNTS:
            at = np.maximum(curve.steps + counted, 0.0)
            whole = at.astype(np.int64) if not (at % 1).any() else at
            off = np.abs(np.asarray(schedule(whole), dtype=np.float64) - curve.rates)
            fits = bool((off <= curve.tolerance).all())
            share = float(off.max()) / height
            if fits or best is None or share < best.error:
                best = _Tried(text, schedule, counted, share, fits)
            if fits:
                break
        if tried > _MOST_TRIED or (best is not None and best.fits):
            break
    assert best is not None  # a constant can always be written
    return Likeness(*best, tuple(check(best.schedule, int(curve.steps[-1]) + 1)))


def _curve(series: RateSeries) -> Curve:
    """The log with one point for each step, in order."""
    # The last of each step: the first one in the reversed log.
    steps, first = np.unique(series.steps[::-1], return_index=True)
    rates, tolerance = series.rates[::-1][first], series.tolerance[::-1][first]
    # Few different short numbers, as 0.1 and 0.01, are meant as they are.
    if len(np.unique(rates)) * 4 < len(rates) or len(np.unique(rates)) < 4:
        tolerance = series.exact_tolerance[::-1][first]
    return Curve(steps, rates, np.maximum(tolerance, 1e-300))
