"""Schedules as papers and textbooks print them, to 40 digits.

Written from the sources, not from the code under test. Arguments become exact, so what a float
literal stands for is the same on both sides.
"""

from collections.abc import Callable
from functools import wraps
from math import inf

from mpmath import cos, exp, floor, log, mp, mpf, pi, sqrt, tanh

mp.dps = 60  # so that 40 are left of 1 + cos(x) near the end of 10**10 steps

# What one rounding of a float64 can be off by, in units of its value. A formula that takes a
# handful of roundings is held to four of these; more would be a digit that something ate.
UNIT = 2.0**-52

Oracle = Callable[[int], mpf]


def units_off(value: float, true: mpf, size: float = 0.0) -> float:
    """How far a value is from the truth, in UNITs of it, or of ``size`` where terms cancel."""
    off = abs(mpf(value) - true)
    scale = max(abs(true), size)
    if not off <= inf:
        return inf
    return float(off / (scale * UNIT)) if scale else (inf if off else 0.0)


def textbook(formula: Callable[..., mpf]) -> Callable[..., mpf]:
    @wraps(formula)
    def exact(*args: float, **kwargs: float) -> mpf:
        named = {name: mpf(value) for name, value in kwargs.items()}
        return formula(*map(mpf, args), **named)

    return exact


@textbook
def line(t, start, end, steps):
    return start + (end - start) * t / steps


@textbook
def cosine(t, start, end, steps):
    # Loshchilov and Hutter, 2017, equation 5.
    return end + (start - end) * (1 + cos(pi * t / steps)) / 2


@textbook
def polynomial(t, start, end, steps, power):
    return end + (start - end) * (1 - t / steps) ** power


@textbook
def exponential(t, start, end, steps):
    return start * exp(log(end / start) * t / steps)


@textbook
def one_minus_sqrt(t, start, end, steps):
    # Haegele et al., 2024, equation 4.
    return end + (start - end) * (1 - sqrt(t / steps))


@textbook
def square_root(t, start, end, steps):
    return end + (start - end) * sqrt(1 - t / steps)


@textbook
def logarithmic(t, start, end, steps, bend):
    return start + (end - start) * log(1 + bend * t / steps) / log(1 + bend)


@textbook
def logistic(t, start, end, steps, steepness):
    x = steepness * (mpf(1) / 2 - t / steps)
    return end + (start - end) * (1 + tanh(x) / tanh(steepness / 2)) / 2


@textbook
def rex(t, start, end, steps, bend):
    # Chen, Wolfe and Kyrillidis, 2022, equation 2, with their 1/2 as the bend.
    left = 1 - t / steps
    return end + (start - end) * left / (1 - bend + bend * left)


@textbook
def k_decay(t, start, end, steps, power):
    # Zhang and Li, 2020, section 3.2.
    return end + (start - end) * (1 + cos(pi * t**power / steps**power)) / 2


@textbook
def power_decay(t, start, power, scale):
    return start * (1 + t / scale) ** -power


@textbook
def inverse_sqrt(t, start, scale):
    return start / sqrt(1 + t / scale)


@textbook
def inverse_time(t, start, rate, every):
    return start / (1 + rate * t / every)


@textbook
def exponential_decay(t, start, factor, every):
    return start * factor ** (t / every)


@textbook
def noam(n, warmup):
    # Vaswani et al., 2017, equation 3, at update n = 1, 2, ..., scaled to a peak of 1.
    return sqrt(warmup) * min(1 / sqrt(n), n * warmup ** (-mpf(3) / 2))


@textbook
def triangle(t, half):
    # Smith, 2017: the share of the height in cycle floor(1 + t / (2 half)).
    cycle = floor(1 + t / (2 * half))
    return max(mpf(0), 1 - abs(t / half - 2 * cycle + 1))


def constant(value: float) -> Oracle:
    return lambda t: mpf(value)


def stages(*parts: tuple[float, Oracle]) -> Oracle:
    """Curves one after another: (how long, curve from its own step 0). The last value stays."""

    def at(t: int) -> mpf:
        for steps, curve in parts[:-1]:
            if t < steps:
                return curve(t)
            t -= steps
        steps, curve = parts[-1]
        return curve(min(t, steps))

    return at


def along(formula: Callable[..., mpf], *args: float, **kwargs: float) -> Oracle:
    """The formula as a curve: step first, then these arguments."""
    return lambda t: formula(t, *args, **kwargs)
