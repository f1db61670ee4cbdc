"""Curves as one expression for all steps, as papers print them.

Other projects compute their rates with these expressions, in this order of operations, so these
classes give the same numbers to the last bit. Where an expression is less accurate, its docstring
says when, and names the piece that is accurate.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Self

from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import (
    Number,
    Positive,
    PositiveSteps,
    RealSteps,
    SignedSteps,
    check_argument,
)
from gradatim.core.values.limits import FARTHEST
from gradatim.errors import invalid_value
from gradatim.xp.dispatch import known_true
from gradatim.xp.numeric import Numeric
from gradatim.xp.operations import Operations
from gradatim.xp.scalar import PYTHON


class Line(Schedule):
    """A straight line without end: ``start + rise * t / every``.

    ``Linear`` is the line that has an end, and reaches it exactly.

    Args:
        start: The value at step 0.
        rise: What ``every`` updates add; below 0 the line falls.
        every: The updates in which it rises by ``rise``.

    >>> [Line(start=0.5, rise=0.25)(k) for k in (0, 1, 10)]
    [0.5, 0.75, 3.0]
    """

    start: Number
    rise: Number
    every: RealSteps = 1.0

    @classmethod
    def between(cls, start: float, end: float, steps: int) -> Line:
        """The line through ``start`` and ``end``, ``steps`` updates apart, without end.

        >>> line = Line.between(start=1.0, end=0.0, steps=4)
        >>> [line(k) for k in (0, 3, 4, 6)]
        [1.0, 0.25, 0.0, -0.5]
        """
        return cls(start, (end - start) / steps)

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        return self.start + self.rise * xp.real(t) / self.every


# Growth ends at e**230, about 1e100, so that products of a few such values still fit a float.
_LARGEST = 230.0


def _end_of_growth(start: float, growth: float, every: float) -> int | None:
    """The step at which ``start * exp(growth * t / every)`` stops growing; None for never."""
    if not known_true(growth > 0.0) or not known_true(start != 0.0):
        return None
    left = (_LARGEST - max(math.log(abs(start)), 0.0)) / growth * every
    return max(int(left), 0) if left < FARTHEST else None


class NaturalDecay(Schedule):
    """Exponential decay by its rate: ``start * exp(-rate * t / every)``.

    A long decay loses digits in the exponent: half a unit in the last place for each factor e.
    ``ExponentialDecay`` does not.

    Args:
        start: The value at step 0.
        rate: The exponent falls by it in ``every`` updates. With a negative rate the value
            grows, up to 1e100, where it stays.
        every: The updates that ``rate`` refers to.

    The formula of ``natural_exp_decay`` of TensorFlow 1.

    >>> [round(NaturalDecay(start=1.0, rate=0.5)(k), 4) for k in (0, 1, 2)]
    [1.0, 0.6065, 0.3679]
    """

    start: Number
    rate: Number
    every: RealSteps = 1.0

    @classmethod
    def by(cls, start: float, factor: float, every: float) -> NaturalDecay:
        """The decay in which ``every`` updates multiply by ``factor``, with its rate per update.

        >>> round(NaturalDecay.by(start=1.0, factor=0.25, every=10)(5), 12)
        0.5
        """
        factor = check_argument("NaturalDecay", "factor", Positive, factor)
        every = check_argument("NaturalDecay", "every", Positive, every)
        return cls(start, -math.log(factor) / every)

    @property
    def length(self) -> int | None:
        return _end_of_growth(self.start, -self.rate, self.every)

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        return self.start * xp.exp(-self.rate * xp.real(t) / self.every)


class GeometricDecay(Schedule):
    """A factor raised to the time: ``start * factor ** (t / every)``.

    A long decay loses digits in the exponent: half a unit in the last place for each factor e.
    ``ExponentialDecay`` does not; here ``every`` need not be a whole number.

    Args:
        start: The value at step 0.
        factor: The factor of ``every`` updates. Above 1 the value grows, up to 1e100, where it
            stays.
        every: The updates in which it is multiplied once, whole or not.
        stairs: Round ``t / every`` down: the value falls at once and stays in between.

    The formula of Keras' ``ExponentialDecay``.

    >>> [GeometricDecay(start=1.0, factor=0.25, every=2)(k) for k in (0, 1, 2)]
    [1.0, 0.5, 0.25]
    >>> [GeometricDecay(1.0, 0.25, every=2.5, stairs=True)(k) for k in (0, 2, 3, 5)]
    [1.0, 1.0, 0.25, 0.0625]
    """

    start: Number
    factor: Positive
    every: RealSteps
    stairs: bool = False

    @property
    def length(self) -> int | None:
        growth = 0.0 if known_true(self.factor <= 1.0) else math.log(self.factor)
        return _end_of_growth(self.start, growth, self.every)

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        exponent = xp.real(t) / self.every
        return self.start * self.factor ** (xp.floor(exponent) if self.stairs else exponent)


class Noam(Schedule):
    """The schedule of the first Transformer in one expression, with a peak near 1.

    ``sqrt(warmup) * min(t ** -0.5, t * warmup ** -1.5)``; with a model size, its inverse square
    root stands for ``sqrt(warmup)``. Step 0 has the value 0. ``noam`` has the same curve in two
    pieces, which meet at the peak exactly.

    Args:
        warmup: Updates of warm-up.
        model_size: The width of the model; None for a peak of 1.

    Source: Vaswani et al., "Attention Is All You Need", 2017 (arXiv:1706.03762), equation 3.

    >>> [round(Noam(warmup=100)(k), 12) for k in (0, 50, 100, 400)]
    [0.0, 0.5, 1.0, 0.5]
    >>> round(Noam(warmup=100, model_size=256)(100), 12) == 1 / 160
    True
    """

    warmup: PositiveSteps
    model_size: Positive | None = None

    @property
    def normalize(self) -> float:
        """The factor before the powers of the step."""
        return float(self.warmup**0.5 if self.model_size is None else self.model_size**-0.5)

    def stretched(self, factor: int | Fraction) -> Self:
        # The height depends on the step. Dividing model_size by the factor keeps it.
        size = None if self.model_size is None else self.model_size / factor
        return self.replace(warmup=self.warmup * factor, model_size=size)

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        fall = xp.power(xp.clip(xp.real(t), 1, None), -0.5)
        rise = xp.real(t) * self.warmup**-1.5
        return self.normalize * xp.where(fall < rise, fall, rise)


class CosineWave(Schedule):
    """A cosine wave between 1 and 0, without end.

    ``0.5 * (cos(pi * (t - peak_step) / half_period) + 1)``.

    Rounding errors are relative to 1, not to the value, and grow with the number of waves.
    ``Cosine(1.0, 0.0, half_period)`` is one half wave to the last digit.

    Args:
        half_period: Updates from a peak down to 0, and as many up again.
        peak_step: The step of the first peak, or of any other.

    >>> [round(CosineWave(half_period=4, peak_step=2)(k), 4) for k in (0, 2, 4, 6, 10)]
    [0.5, 1.0, 0.5, 0.0, 1.0]
    """

    half_period: RealSteps
    peak_step: SignedSteps = 0

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        late = self.peak_step < 0  # unsigned integers cannot subtract a negative number
        past = xp.shifted(t, self.peak_step) if late else t - self.peak_step
        return 0.5 * (xp.cos(xp.pi * xp.real(past) / self.half_period) + 1.0)


class Tanh(Schedule):
    """A falling hyperbolic tangent, without end: it only approaches both values.

    ``low + (high - low) * (1 - tanh(x)) / 2``, where x goes from ``first`` to ``last`` in
    ``steps`` updates and then on. ``Logistic`` is the curve that reaches its two ends. Errors grow
    with x, about 3 units in the last place for each 1.

    Args:
        high: The value it comes from.
        low: The value it goes to.
        steps: The updates in which x goes from ``first`` to ``last``.
        first: The argument of the tangent at step 0.
        last: Its argument at step ``steps``, above ``first``.

    The formula of ``TanhLRScheduler`` of timm (``first`` and ``last`` are its ``lb`` and ``ub``).

    >>> [round(Tanh(high=1.0, low=0.0, steps=100)(k), 4) for k in (0, 70, 100)]
    [1.0, 0.5, 0.0025]
    """

    high: Number
    low: Number
    steps: PositiveSteps
    first: Number = -7.0
    last: Number = 3.0

    def _validate(self) -> None:
        if known_true(self.last <= self.first):
            raise invalid_value("Tanh", "last", self.last, f"above first, {self.first!r}")

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        x = self.first + (self.last - self.first) * (xp.real(t) / self.steps)
        # (1 - tanh(x)) / 2 loses digits where tanh is nearly 1. Past 40 the result is below 1e-34,
        # and exp(2 * x) would overflow in float32.
        return self.low + (self.high - self.low) / (1.0 + xp.exp(2.0 * xp.clip(x, -40.0, 40.0)))


class Triangle(Schedule):
    """A triangle wave without end, as in the paper on cyclical learning rates.

    ``low + (high - low) * max(0, 1 - abs(t / half_period - 2 * cycle + 1)) * factor``, with
    the cycle ``floor(1 + t / (2 * half_period))``. Errors are a few units of ``high``, and grow
    with the number of the cycle. ``cyclic`` has the same curve in pieces, to the last digit.

    Args:
        low: The value between cycles.
        high: The highest value.
        half_period: Updates of the way up, and of the way down, whole or not.
        factor: A schedule that scales the height above ``low``; None for 1.

    Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017
    (arXiv:1506.01186).

    >>> [Triangle(low=1.0, high=3.0, half_period=2)(k) for k in (0, 1, 2, 3, 4, 5)]
    [1.0, 2.0, 3.0, 2.0, 1.0, 2.0]
    """

    low: Number
    high: Number
    half_period: RealSteps
    factor: Schedule | None = None

    @property
    def period(self) -> float:
        """The updates from one low value to the next."""
        return 2.0 * self.half_period

    def cycle(self, t: Numeric, xp: Operations = PYTHON) -> Numeric:
        """The number of the cycle that a step falls into, from 1."""
        return xp.floor(1.0 + xp.real(t) / self.period)

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        off = xp.real(t) / self.half_period - 2.0 * self.cycle(t, xp) + 1.0
        height = xp.clip(1.0 - xp.where(off < 0, -off, off), 0.0, None)
        height = (self.high - self.low) * height
        return self.low + (height if self.factor is None else height * self.factor.held(t, xp))
