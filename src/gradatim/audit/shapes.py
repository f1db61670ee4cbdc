"""Schedules fitted to a curve, as text, the simplest first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradatim.audit.numbers import roundest, written
from gradatim.core.digits import shortest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Weight = Callable[["Floats"], "Floats"]
_FITTED = 300
_MOST_LEVELS = 20


class Curve(NamedTuple):
    """Logged rates, one for each step, in order."""

    steps: Floats
    rates: Floats
    tolerance: Floats

    def part(self, which: slice) -> Curve:
        """Some of the points."""
        return Curve(self.steps[which], self.rates[which], self.tolerance[which])


class Rise(NamedTuple):
    """A linear warm-up."""

    warmup: int
    start: float
    slope: float
    """Per step; 0 without a warm-up."""


class Shape(NamedTuple):
    """A way down from 1 to 0, as a function of the share of it that is done."""

    weight: Weight
    text: str
    """The schedule, with places for its arguments."""
    power: float | None = None
    """Of a shape whose beginning is also that of a longer one to 0: how its length grows."""


_UP = "peak={peak}, steps={steps}, warmup={warmup}{start}{floor}"
_DOWN = f"{_UP}, cooldown={{cooldown}}"
# Without a hold between the warm-up and the decay, and with one.
FALLS = (
    Shape(lambda x: 1 - x, f"warmup_linear({_UP})", 1.0),
    Shape(lambda x: (1 + np.cos(np.pi * x)) / 2, f"warmup_cosine({_UP})"),
    Shape(lambda x: (1 - x) ** 2, f"warmup_polynomial({_UP}, power=2.0)"),
    Shape(lambda x: (1 - x) ** 3, f"warmup_polynomial({_UP}, power=3.0)"),
    Shape(lambda x: (1 - x) ** 0.5, f"warmup_polynomial({_UP}, power=0.5)"),
    Shape(lambda x: (1 - x) ** 0.9, f"warmup_polynomial({_UP}, power=0.9)"),
)
COOLDOWNS = (
    Shape(lambda x: 1 - x, f"wsd({_DOWN}, shape='linear')", 1.0),
    Shape(lambda x: 1 - np.sqrt(x), f"wsd({_DOWN}, shape='1-sqrt')", 2.0),
    Shape(lambda x: (1 + np.cos(np.pi * x)) / 2, f"wsd({_DOWN}, shape='cosine')"),
)


def expressions(curve: Curve) -> Iterator[str]:
    """Schedules that the curve may be, as text, the simplest first."""
    peak = float(curve.rates.max())
    yield f"Constant(value={written(float(np.median(curve.rates)))})"
    yield from _drops(curve)
    for rise in _rises(curve):
        top = np.flatnonzero(curve.rates >= peak - 2 * curve.tolerance)
        level = written(shortest(peak, float(curve.tolerance.min())))
        if rise.warmup:
            yield f"warmup_constant(peak={level}, warmup={rise.warmup}{_start(rise)})"
        after = curve.part(slice(int(np.searchsorted(curve.steps, rise.warmup)), None))
        if len(after.steps) < 3:
            continue
        if rise.warmup:
            up = f"Linear(start={written(rise.start)}, end={level}, steps={rise.warmup})"
            yield from (f"{up} >> {drops}" for drops in _drops(after, rise.warmup))
        for shape in FALLS:
            yield from _fitted(after, rise, rise.warmup, shape)
        yield from _exponential(after, rise)
        yield from _inverse_sqrt(after, rise)
        if len(top) > 1 and top[-1] + 1 < len(curve.steps):
            yield from _cooldowns(curve, rise, peak, int(top[-1]))


def _rises(curve: Curve) -> Iterator[Rise]:
    """The warm-ups that the curve may begin with."""
    steps, rates, tolerance = curve
    top = int(np.argmax(rates >= rates.max() - tolerance))
    # Of a plateau of rounded rates, the warm-up ends before the first of them is logged.
    if top == 0:
        yield Rise(0, 0.0, 0.0)
        return
    peak, low = float(rates[top]), float(steps[max(top - 1, 0)])
    ends = roundest(low, float(steps[top]), 12)
    if top >= 2:
        slope = float((rates[top - 1] - rates[0]) / (steps[top - 1] - steps[0]))
        start = float(rates[0] - slope * steps[0])
        start = 0.0 if abs(start) <= 2 * slope + 2 * tolerance[0] else start
        if slope > 0:
            # Where the line gets to the highest logged rate.
            near = round((peak - start) / slope)
            ends = list(dict.fromkeys([near, near - 1, near + 1, *ends]))
            yield from (Rise(end, start, slope) for end in ends if end > 0)
        return
    first = float(rates[0]) if steps[0] <= 1 else 0.0
    for end in ends:
        if end > 0:
            yield Rise(end, first, (peak - first) / end)


def _fitted(
    after: Curve, rise: Rise, begin: int, shape: Shape, ends: tuple[int, ...] = ()
) -> Iterator[str]:
    """A decay of this shape: its end by search, peak and floor by least squares."""
    few = np.unique(np.linspace(0, len(after.steps) - 1, _FITTED).astype(np.int64))
    steps, rates = after.steps[few], after.rates[few]
    tolerance = float(after.tolerance.min())
    last = float(after.steps[-1])

    def solved(end: float) -> tuple[float, float, float]:
        weight = shape.weight(np.clip((steps - begin) / max(end - begin, 1e-9), 0.0, 1.0))
        matrix = np.stack([weight, 1 - weight], axis=1)
        (high, low), *_ = np.linalg.lstsq(matrix, rates, rcond=None)
        return float(np.abs(matrix @ (high, low) - rates).max()), float(high), float(low)

    grid = np.geomspace(max(last - begin, 1.0) / 8, 8 * max(last - begin, 1.0), 120) + begin
    errors = [solved(end)[0] for end in grid]
    best = int(np.argmin(errors))
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)])
    for _ in range(40):  # ternary search: the error has one valley between two grid points
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if solved(a)[0] < solved(b)[0] else (a, high)
    middle = (low + high) / 2
    near = [*ends, *roundest(middle * 0.999 - 1, middle * 1.001 + 1, 4), round(middle)]
    if solved(last + 1)[0] <= 20 * tolerance:
        near += [round(last), round(last) + 1]
    if shape.power is not None:
        _, top, bottom = solved(middle)
        if bottom < top:
            near.insert(0, round(begin + (middle - begin) * (top / (top - bottom)) ** shape.power))
    if solved(middle)[0] > 50 * tolerance + 0.02 * float(rates.max()):
        near = near[:1]
    for end in dict.fromkeys(near):
        if end > begin:
            _, peak, floor = solved(float(end))
            for slack in (tolerance, 0.0):
                yield _text(shape, rise, end, end - begin, peak, max(floor, 0.0), slack)


def _text(
    shape: Shape, rise: Rise, steps: int, cooldown: int, peak: float, floor: float, slack: float
) -> str:
    low = 0.0 if floor <= 2 * slack else shortest(floor, slack)
    return shape.text.format(
        peak=written(shortest(peak, slack)),
        steps=steps,
        warmup=rise.warmup,
        cooldown=cooldown,
        start=_start(rise),
        floor=f", floor={written(low)}" if low else "",
    )


def _start(rise: Rise) -> str:
    return f", start={written(rise.start)}" if rise.start else ""


def _cooldowns(curve: Curve, rise: Rise, peak: float, top: int) -> Iterator[str]:
    """A hold, then a decay that begins between the last point at the peak and the next one."""
    begins = roundest(float(curve.steps[top]), float(curve.steps[top + 1]), 6)
    for begin in [max(begins[0] - 1, 0), *begins]:
        after = curve.part(slice(top + 1, None))
        if begin <= rise.warmup or len(after.steps) < 2:
            continue
        held = Curve(
            np.concatenate(([begin], after.steps)),
            np.concatenate(([peak], after.rates)),
            np.concatenate(([after.tolerance[0]], after.tolerance)),
        )
        for shape in COOLDOWNS:
            yield from _fitted(held, rise, begin, shape)


def _exponential(after: Curve, rise: Rise) -> Iterator[str]:
    """A factor for every step: a line in the logarithm."""
    if (after.rates <= 0).any():
        return
    slope, level = np.polyfit(after.steps - rise.warmup, np.log(after.rates), 1)
    factor, peak = math.exp(slope), math.exp(level)
    if not 0 < factor < 1:
        return
    tolerance = float(after.tolerance.min())
    for exact in (shortest(factor, 1e-7), factor):
        decay = f"ExponentialDecay(start={written(shortest(peak, tolerance))}, factor={exact!r})"
        if rise.warmup:
            up = f"Linear(start={written(rise.start)}, end={written(shortest(peak, tolerance))}, "
            yield f"{up}steps={rise.warmup}) >> {decay}"
        else:
            yield decay


def _inverse_sqrt(after: Curve, rise: Rise) -> Iterator[str]:
    """One over the square root: 1 / rate^2 is a line."""
    if (after.rates <= 0).any() or not rise.warmup:
        return
    slope, level = np.polyfit(after.steps - rise.warmup, after.rates**-2.0, 1)
    if slope <= 0 or level <= 0:
        return
    peak, scale = level**-0.5, round(float(level / slope))
    tolerance = float(after.tolerance.min())
    for warmup in dict.fromkeys((rise.warmup, scale)):
        if warmup > 0 and scale > 0:
            other = "" if scale == warmup else f", scale={scale}"
            head = f"peak={written(shortest(peak, tolerance))}, warmup={warmup}"
            yield f"warmup_inverse_sqrt({head}{_start(rise)}{other})"


def _drops(curve: Curve, before: int = 0) -> Iterator[str]:
    """Levels, each for a while, with boundaries counted from the step ``before``."""
    steps, rates, tolerance = curve
    at = np.flatnonzero(np.abs(np.diff(rates)) > 2 * tolerance[1:]) + 1
    # A level of one point is a point of a curve.
    if not 0 < len(at) <= _MOST_LEVELS or np.diff([0, *at]).min() < 2:
        return
    levels = [float(rates[k]) for k in (0, *at)]
    values = ", ".join(written(shortest(v, float(tolerance.min()))) for v in levels)
    first = [roundest(float(steps[k - 1]) + 1, float(steps[k]), 1)[0] - before for k in at]
    later = [int(steps[k]) - before for k in at]
    for boundaries in (first, later):
        yield f"piecewise_constant([{values}], boundaries={boundaries})"
