"""Shapes of curves: each function gives the schedule of one shape that has the rates of a window.

The rates are exact, so the arguments are solved for and not fitted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from gradatim.core.closed_forms import GeometricDecay, Line
from gradatim.core.decays import (
    Constant,
    ExponentialDecay,
    InverseSqrtDecay,
    InverseTimeDecay,
    PowerDecay,
)
from gradatim.core.ramps import (
    Cosine,
    Exponential,
    FractionalRamp,
    Linear,
    OneMinusSqrt,
    Polynomial,
)
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError
from gradatim.peers.functions.window import Fit, Window, near_whole, nice

_SHORTEST = 10
"""Smaller numbers in the code are no length of a run."""
Ramp = Callable[[float, float, int], Schedule]
Weight = Callable[[float], float]


def constant(window: Window) -> Fit | None:
    """One value."""
    first = window.at(0)
    if not window.fits(lambda k: first, window.steps):
        return None
    value = window.rate(first)
    return Fit(Constant(value, None if window.open else window.steps), window.steps)


def line(window: Window, after: float | None) -> Fit | None:
    """A straight line; ``after`` is the rate at the step after the window."""
    n, first = window.steps, window.at(0)
    if n < 2:
        return None
    rise = (window.at(n - 1) - first) / (n - 1)
    if rise == 0.0 or not window.fits(lambda k: first + rise * k, n):
        return None
    end, steps = first + rise * n, n
    if n == 2 and not window.open and (after is None or not window.same(end, after)):
        return None  # two levels
    if window.open:
        length = _end_of_line(window, first, rise)
        if length is None:
            return Fit(Line(window.rate(first), window.rate(rise)), n) if rise > 0 else None
        end, steps = first + rise * length, length
    elif after is None:  # the last step has the last value
        end, steps = window.at(n - 1), n - 1
    elif not window.same(end, after) and n > 2 and window.same(window.at(n - 1), after):
        end, steps = after, n - 1
    steps_of = steps
    start, end = window.rate(first), window.rate(end)
    if window.first == 0 and abs(first - rise) <= 1e-9 * abs(end):
        return Fit(Linear(0.0, end, steps + 1).shift(-1), steps_of, True)
    return Fit(Linear(start, end, steps), steps_of, True)


def _end_of_line(window: Window, first: float, rise: float) -> int | None:
    """Where a line without an end is over: at 0, or at a number of the code before that."""
    zero = -first / rise
    if (whole := near_whole(zero)) is not None and whole >= 1:
        return whole
    ends = [int(x) - window.first for x in window.numbers if x == int(x)]
    return max((n for n in ends if _SHORTEST <= n < zero), default=None)


def _cosine(x: float) -> float:
    return (1.0 + math.cos(math.pi * x)) / 2.0


def _one_minus_sqrt(x: float) -> float:
    return 1.0 - math.sqrt(x)


def _power(power: float) -> Weight:
    return lambda x: (1.0 - x) ** power


def ramps(window: Window, after: float | None) -> Iterator[Fit]:
    """Cosines, powers and 1-sqrt whose length is a number of the code, or the window's."""
    powers = [2.0, 3.0, 0.5, 0.9, 1.5, 4.0]
    powers += [float(x) for x in window.numbers if 0 < x <= 20 and x != 1 and x not in powers]
    shapes: list[tuple[Weight, Ramp]] = [(_cosine, Cosine), (_one_minus_sqrt, OneMinusSqrt)]
    for power in powers[:40]:
        shapes.append((_power(power), _polynomial(power)))
    preferred = (window.steps, window.steps - 1)
    if after is None and not window.open:
        preferred = preferred[::-1]
    for length in (*preferred, *(n for n in window.lengths if n not in preferred)):
        for weight, ramp in shapes:
            if (found := _ramp(window, weight, ramp, length)) is not None:
                yield found


def _polynomial(power: float) -> Ramp:
    return lambda start, end, steps: Polynomial(start, end, steps, power)


def _ramp(window: Window, weight: Weight, ramp: Ramp, length: int) -> Fit | None:
    steps = min(length, window.steps - 1)
    if steps < 2:
        return None
    start, far = window.at(0), weight(steps / length)
    if far > 1.0 - 1e-12:
        return None
    end = (window.at(steps) - start * far) / (1.0 - far)
    middle = weight(steps // 2 / length)
    if not window.same(window.at(steps // 2), start * middle + end * (1.0 - middle)):
        return None
    if start == end or not window.fits(
        lambda k: end + (start - end) * weight(k / length), steps + 1
    ):
        return None
    made = ramp(window.rate(start), window.rate(end), length)
    if length >= window.steps and not window.open:
        whole = length == window.steps
        return Fit(made if whole else made.cut(window.steps), window.steps, whole)
    return Fit(made, length, True)


def wave(window: Window, after: float | None) -> Iterator[Fit]:
    """A cosine of any length and phase, up or down."""
    steps = window.steps
    while steps >= 5:
        found = _wave(window, (steps - 1) // 4)
        if found is not None:
            yield found
            return
        steps //= 3


def _wave(window: Window, lag: int) -> Fit | None:
    v0, v1, v2, v3 = (window.at(k * lag) for k in range(4))
    if v1 == v2:
        return None
    # v(t + lag) + v(t - lag) = 2 cos(angle) v(t) + 2 middle (1 - cos(angle))
    cosine = (v0 + v2 - v1 - v3) / (2.0 * (v1 - v2))
    if not -0.999999 < cosine < 1.0 - 1e-13:
        return None
    angle = math.acos(cosine)
    middle = (v0 + v2 - 2.0 * cosine * v1) / (2.0 * (1.0 - cosine))
    real = v0 - middle
    imaginary = (real * cosine - (v1 - middle)) / math.sin(angle)
    height, phase = math.hypot(real, imaginary), math.atan2(imaginary, real)
    half = math.pi * lag / angle
    if phase < -1e-9:
        height, phase = -height, phase + math.pi
    span = near_whole(half, 1e-6) or half
    gone = near_whole(max(phase, 0.0) / math.pi * half, 1e-6)
    elapsed = max(phase, 0.0) / math.pi * half if gone is None else gone
    start, end = middle + height, middle - height
    return _wave_of(window, window.rate(start), window.rate(end), span, elapsed)


def _wave_of(window: Window, start: float, end: float, span: float, elapsed: float) -> Fit | None:
    left = span - elapsed
    steps = min(math.ceil(left - 1e-9), window.steps)
    if steps < 3 or start == end:
        return None

    def formula(k: int) -> float:
        return end + (start - end) * _cosine((k + elapsed) / span)

    if not window.fits(formula, min(steps + 1, window.steps)):
        return None
    if isinstance(span, int) and isinstance(elapsed, int):
        made: Schedule = Cosine(start, end, span)
        made = made.shift(-elapsed) if elapsed else made
    else:
        made = FractionalRamp(start, end, math.ceil(left), span, "cosine", elapsed or None)
    if steps < left - 1e-9 and not window.open:
        return Fit(made.cut(steps), steps)
    return Fit(made, math.ceil(left - 1e-9), True)


def exponential(window: Window, after: float | None) -> Iterator[Fit]:
    """A factor for every step, alone or above a level."""
    first = window.at(0)
    far = window.steps - 1
    if far < 3 or first <= 0.0:
        return
    while far > 4 and not 0.0 < window.at(far) > 1e-6 * first:
        far //= 2
    last = window.at(far)
    if last > 0.0 and last != first:
        factor = (last / first) ** (1.0 / far)
        if window.fits(lambda k: first * factor**k, window.steps):
            yield _exponential(window, first, factor, after)
            return
    found = _above_level(window)
    if found is not None:
        yield found


def _exponential(window: Window, first: float, factor: float, after: float | None) -> Fit:
    start, n = window.rate(first), window.steps
    if not window.open and after is not None and window.same(after, first * factor**n):
        return Fit(Exponential(start, window.rate(after), n), n, True)
    decay = _decay(window, start, factor)
    return Fit(decay if window.open else decay.cut(n), n)


def _decay(window: Window, start: float, factor: float) -> Schedule:
    short = nice(factor, 2e-14)
    if short != factor and len(repr(short)) < 10:
        factor = short
    else:
        for base in window.numbers:
            for every in window.numbers:
                if (
                    0 < base < 1 < every == int(every)
                    and abs(base ** (1.0 / every) - factor) < 1e-13
                ):
                    return ExponentialDecay(start, base, int(every))
    if factor > 1.0:
        return GeometricDecay(start, factor, 1.0)
    return ExponentialDecay(start, factor)


def _above_level(window: Window) -> Fit | None:
    """An exponential on top of a level that it approaches."""
    far = (window.steps - 1) // 2
    while far >= 2:
        found = _above(window, far)
        if found is not None:
            return found
        far //= 3
    return None


def _above(window: Window, far: int) -> Fit | None:
    v0, v1, v2 = (window.at(k * far) for k in range(3))
    bend, n = v0 + v2 - 2.0 * v1, window.steps
    if bend <= 1e-6 * window.peak:
        return None
    level = (v0 * v2 - v1 * v1) / bend
    if not v0 > level < v1:
        return None
    factor = nice(((v1 - level) / (v0 - level)) ** (1.0 / far), 1e-8)
    height = (v0 - v1) / (1.0 - factor**far)
    level = v0 - height
    if level <= 0 or not window.fits(lambda k: level + height * factor**k, n):
        return None
    made = _decay(window, window.rate(height), factor) + window.rate(level)
    return Fit(made if window.open else made.cut(n), n)


def powers(window: Window, after: float | None) -> Iterator[Fit]:
    """The inverse square root, other powers of the step, and one over the step."""
    n, first = window.steps, window.at(0)
    last = window.at(n - 1)
    if n < 4 or not 0.0 < last < first:
        return
    for made, formula in _powers(window, first, last, n - 1):
        if window.fits(formula, n):
            yield Fit(made if window.open else made.cut(n), n)


def _powers(
    window: Window, first: float, last: float, far: int
) -> Iterator[tuple[Schedule, Callable[[int], float]]]:
    start, ratio = window.rate(first), first / last
    scale = near_whole(far / (ratio**2 - 1.0))
    if scale is not None and scale >= 1:
        known = scale
        yield InverseSqrtDecay(start, scale), lambda k: first * math.sqrt(known / (k + known))
    rate = nice((ratio - 1.0) / far, 1e-12 * ratio / far)
    yield InverseTimeDecay(start, rate), lambda k: first / (1.0 + rate * k)
    scales = {window.first, window.first + 1, *(int(x) for x in window.numbers if x == int(x))}
    for one in sorted(scale for scale in scales if 0 < scale < 2**40):
        power = nice(math.log(ratio) / math.log((far + one) / one), 1e-11)
        if power > 0:
            yield (
                PowerDecay(start, power, one),
                lambda k, one=one, power=power: first * (one / (k + one)) ** power,  # type: ignore[misc]
            )


def all_of(window: Window, after: float | None) -> Iterator[Fit]:
    """The shapes that have the rates of a window, the simplest first."""
    for found in (constant(window), line(window, after)):
        if found is not None:
            yield found
            return
    for several in (ramps, exponential, wave, powers):
        try:
            yield from several(window, after)
        except (GradatimError, ArithmeticError):  # a number that no schedule has
            continue
