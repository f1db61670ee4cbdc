"""Candidates: the changes of a plan that a stretch of a log could show, from a few of its points.

A search proposes; whether a candidate describes every point is tested afterwards. The planned
curve is inverted where the log has its most telling points: the times at which the plan has the
logged rate. A shift is then what all of these times minus the logged steps have in common, a scale
of time what all of them divided by the steps have.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from gradatim.audit.change import FORMATS, Change
from gradatim.audit.intervals import common, middle, simplest, wholes
from gradatim.audit.numbers import roundest
from gradatim.audit.planned import Interval, Planned
from gradatim.core.digits import shortest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

COUNTS = (0, -1, 1)
"""The step k of a log is that of f(k), f(k - 1) or f(k + 1), by when a trainer logs."""
_SAMPLED = 40
_PAIRED = 24
_MOST_TIMES = 40
_MOST_LINES = 4000
_MOST_TRIED = 24
_LARGEST_FACTOR = 1e6


class Window:
    """A stretch of a log, and the points of it that say most about where on the plan they are.

    Args:
        planned: The plan.
        steps: The logged steps.
        rates: The logged rates.
        tolerance: How far each may be from the true one.
    """

    def __init__(self, planned: Planned, steps: Floats, rates: Floats, tolerance: Floats) -> None:
        self.planned, self.steps, self.rates, self.tolerance = planned, steps, rates, tolerance
        n = len(steps)
        most = _SAMPLED if planned.steps <= 200_000 else 12
        at = {round(k * (n - 1) / max(most - 1, 1)) for k in range(most)}
        # Where the rate begins or ends to move, a curve has its corners.
        moves = np.flatnonzero(np.abs(np.diff(rates)) > 2 * tolerance[1:])
        for k in moves[[0, -1]] if len(moves) else ():
            at |= {int(k), int(k) + 1}
        self.sampled = sorted(at)
        inverted = planned.times_of(rates[self.sampled], tolerance[self.sampled])
        times = dict(zip(self.sampled, inverted, strict=True))
        self.telling = sorted(self.sampled, key=lambda k: _width(times[k]))
        self.times = times

    def candidates(self) -> Iterator[Change]:
        """What this stretch could be, the simplest first."""
        yield from self.levels()
        yield from self.factors()
        yield from self.offsets()
        yield from self.cuts()
        yield from self.shifts()
        yield from self.scales()
        yield from self.roundings()
        yield from self.scales_and_shifts()
        yield from self.factors_and_shifts()

    def levels(self) -> Iterator[Change]:
        """One rate, whatever the step."""
        low = float((self.rates - self.tolerance).max())
        high = float((self.rates + self.tolerance).min())
        if low <= high:
            level = float(self.rates[np.argmin(self.tolerance)])
            yield Change("constant", level=min(max(level, low), high))

    def factors(self) -> Iterator[Change]:
        """The plan, times a number."""
        for counted in COUNTS:
            planned = self.planned.at(self.steps + counted)
            range_ = _factor(planned, self.rates, self.tolerance)
            if range_ is not None and not _has_one(range_):
                for factor in _nice(range_):
                    yield Change("factor", counted, factor=factor, interval=range_)

    def offsets(self) -> Iterator[Change]:
        """The plan, plus a number."""
        for counted in COUNTS:
            off = self.rates - self.planned.at(self.steps + counted)
            low, high = float((off - self.tolerance).max()), float((off + self.tolerance).min())
            if low <= high and low * high > 0:
                offset = shortest(*_half(low, high))
                yield Change("offset", counted, offset=offset, interval=(low, high))

    def cuts(self) -> Iterator[Change]:
        """The plan, not below a floor or not above a ceiling."""
        lowest, highest = int(self.rates.argmin()), int(self.rates.argmax())
        for counted in COUNTS:
            yield Change("floor", counted, floor=float(self.rates[lowest]))
            yield Change("ceiling", counted, ceiling=float(self.rates[highest]))

    def shifts(self) -> Iterator[Change]:
        """The plan, earlier or later."""
        shifted = common(
            [(low - self.steps[k], high - self.steps[k]) for low, high in self.times[k]]
            for k in self.telling
        )
        shifted.sort(key=lambda interval: min(map(abs, interval)))
        for interval in shifted[:_MOST_TRIED]:
            for shift in self._likely(interval):
                yield Change("shift", shift=shift, interval=interval)

    def _likely(self, interval: Interval) -> list[int]:
        """Shifts of an interval: counted anew from the first point, round numbers, any others."""
        anew = -int(self.steps[0])
        first = [anew] if interval[0] <= anew <= interval[1] else []
        rest = wholes(interval)
        if rest and rest[-1] > rest[0]:
            rest = (
                [*(-k for k in roundest(-rest[-1], -rest[0], 2)), *rest]
                if rest[-1] < 0
                else [*roundest(rest[0], rest[-1], 2), *rest]
            )
        return [shift for shift in dict.fromkeys((*first, *rest)) if shift not in COUNTS]

    def scales(self) -> Iterator[Change]:
        """The plan, faster or slower, smoothly or in stairs."""
        for counted in COUNTS:
            for interval in self._scales(counted, 0.0):
                if interval[0] > 0 and math.isfinite(interval[1]) and not _has_one(interval):
                    yield from self._scaled(interval, counted, 0.0)
            for interval in self._scales(counted, 1.0):
                low, high = max(interval[0], 1e-9), min(interval[1], 1.0)
                if low <= high:
                    for every in wholes((1 / high, 1 / low)):
                        if every > 1:
                            yield Change("stairs", counted, Fraction(1, every), stairs=True)

    def _scales(self, counted: int, width: float) -> list[Interval]:
        """What all times divided by their steps have in common."""
        after = [k for k in self.telling if self.steps[k] + counted > 0]
        return common(
            [
                (low / (self.steps[k] + counted), (high + width) / (self.steps[k] + counted))
                for low, high in self.times[k]
            ]
            for k in after
        )[:_MOST_TRIED]

    def _scaled(self, interval: Interval, counted: int, shift: float) -> Iterator[Change]:
        nice = simplest(*interval)
        if nice.denominator <= 4096 and nice.numerator <= 10**6 and nice != 1:
            yield Change("scale", counted, nice, shift=shift, interval=interval)
        yield Change("scale", counted, middle(interval), shift=shift, interval=interval)

    def roundings(self) -> Iterator[Change]:
        """The plan, with fewer digits than the log has."""
        for counted in COUNTS:
            for name, bits in FORMATS.items():
                mantissas = np.frexp(self.rates)[0] * 2.0 ** (bits + 1)
                off = np.abs(mantissas - np.round(mantissas)) * 2.0**-bits * np.abs(self.rates)
                if (off <= self.tolerance).all():
                    yield Change("rounding", counted, format=name)
            error = np.abs(self.rates - self.planned.at(self.steps + counted))
            for power in range(-1, -15, -1):
                for digit in (5, 2, 1):
                    quantum = digit * 10.0**power
                    if quantum * 0.51 < float((error - self.tolerance).max()):
                        continue
                    multiples = np.round(self.rates / quantum)
                    off = np.abs(self.rates - multiples * quantum)
                    if multiples.any() and (off <= self.tolerance + 1e-9 * quantum).all():
                        yield Change("rounding", counted, quantum=quantum)

    def scales_and_shifts(self) -> Iterator[Change]:
        """The plan, faster or slower from some step on."""
        telling = sorted(
            [k for k in self.telling if self._is_paired(k)][:_PAIRED],
            key=lambda k: float(self.steps[k]),
        )
        found: dict[tuple[Interval, float, float], None] = {}
        for first, last in _far_pairs(telling, self.steps):
            apart = float(self.steps[last] - self.steps[first])
            if len(found) > _MOST_LINES:
                break
            for a in self.times[first]:
                for b in self.times[last]:
                    low, high = (b[0] - a[1]) / apart, (b[1] - a[0]) / apart
                    if high > 0 and math.isfinite(high) and high - low < 0.5 * high:
                        time = a[0] if math.isfinite(a[0]) else a[1]
                        found[(max(low, 1e-6), high), float(self.steps[first]), time] = None
        for low, high in self._consistent(list(found))[:_MOST_TRIED]:
            scales: dict[Fraction | float, None] = {}
            nice = simplest(low, high)
            if nice.denominator <= 64 and nice.numerator <= 1000:
                scales[nice] = None
            scales[middle((low, high))] = None
            for scale in scales:
                shifted = common(
                    [
                        (a - scale * self.steps[k], b - scale * self.steps[k])
                        for a, b in self.times[k]
                    ]
                    for k in self.telling
                )
                for interval in shifted[:4]:
                    shifts = dict.fromkeys((*wholes(interval, 3), middle(interval)))
                    for shift in shifts:
                        if scale != 1 and shift:
                            yield Change(
                                "scale and shift", 0, scale, shift=shift, interval=(low, high)
                            )

    def _is_paired(self, k: int) -> bool:
        """Whether a point is at few times of the plan, and not on a level of it."""
        times = self.times[k]
        return 0 < len(times) <= _MOST_TIMES and _width(times) < 0.1 * self.planned.steps

    def _consistent(self, found: list[tuple[Interval, float, float]]) -> list[Interval]:
        """The scales of those lines that come close to a time of every sampled point."""
        if not found:
            return []
        low, high = np.array([scale for scale, _, _ in found]).T
        at, time = np.array([(step, t) for _, step, t in found]).T
        missed = np.zeros(len(found))
        for k in self.sampled:
            times = self.times[k]
            if not 0 < len(times) <= _MOST_TIMES:
                continue
            reach = (self.steps[k] - at)[:, None]
            begin = time[:, None] + np.minimum(low[:, None] * reach, high[:, None] * reach) - 2
            end = time[:, None] + np.maximum(low[:, None] * reach, high[:, None] * reach) + 2
            first, last = np.array(times).T
            missed += ~((begin <= last) & (end >= first)).any(axis=1)
        order = np.argsort(missed, kind="stable")
        return [found[i][0] for i in order if missed[i] == 0]

    def factors_and_shifts(self) -> Iterator[Change]:
        """The plan, times a number and earlier or later: every shift is tried."""
        at = [k for k in self.sampled if self.rates[k] > 4 * self.tolerance[k]]
        if len(at) < 4 or float(self.steps[-1]) > 2**21 or self.planned.steps > 2**21:
            return
        table, last = self.planned.table, self.planned.steps
        shifts = np.arange(-int(self.steps.max()), last + 1)
        low, high = np.zeros(len(shifts)), np.full(len(shifts), _LARGEST_FACTOR)
        for k in at:
            there = table[np.clip(int(self.steps[k]) + shifts, 0, last)]
            with np.errstate(divide="ignore", over="ignore"):
                low = np.maximum(low, (self.rates[k] - self.tolerance[k]) / there)
                high = np.minimum(high, (self.rates[k] + self.tolerance[k]) / there)
            keep = (low <= high) & (there > 0)
            shifts, low, high = shifts[keep], low[keep], high[keep]
            if not len(shifts):
                return
        order = np.argsort(np.abs(shifts), kind="stable")[: 4 * _MOST_TRIED]
        for shift, a, b in zip(shifts[order], low[order], high[order], strict=True):
            if abs(shift) > 1:
                for factor in _nice((float(a), float(b))):
                    range_ = (float(a), float(b))
                    yield Change(
                        "factor and shift", shift=int(shift), factor=factor, interval=range_
                    )


def _has_one(interval: Interval) -> bool:
    """Whether a factor of 1, which changes nothing, is in an interval."""
    return interval[0] <= 1 <= interval[1]


def _width(times: list[Interval]) -> float:
    """How little a point says about where on the plan it is."""
    return sum(high - max(low, 0.0) + 1 for low, high in times) if times else -1.0


def _far_pairs(telling: list[int], steps: Floats) -> Iterator[tuple[int, int]]:
    """Pairs of points, far apart ones first."""
    for gap in range(len(telling) - 1, max(len(telling) // 2 - 1, 0), -1):
        for i in range(len(telling) - gap):
            if steps[telling[i + gap]] > steps[telling[i]]:
                yield telling[i], telling[i + gap]


def _factor(planned: Floats, rates: Floats, tolerance: Floats) -> Interval | None:
    """The factors that lead from the planned rates to the logged ones."""
    some = planned > 0
    if not some.any() or (np.abs(rates[~some]) > tolerance[~some]).any():
        return None
    low = float(((rates - tolerance)[some] / planned[some]).max())
    high = float(((rates + tolerance)[some] / planned[some]).min())
    return (low, high) if low <= high and high > 0 else None


def _half(low: float, high: float) -> tuple[float, float]:
    """The middle of an interval, and how far both ends are from it."""
    return (low + high) / 2, (high - low) / 2


def _nice(interval: Interval) -> list[float]:
    """A factor as people choose one, if the interval has such, and the middle."""
    low, high = interval
    low = low if low > 0 else high * 1e-12
    nice = simplest(low, high)
    short = shortest(*_half(low, high))
    plain = [float(nice)] if nice.denominator <= 64 and nice.numerator <= 4096 else [short]
    return list(dict.fromkeys([*plain, (low + high) / 2]))
