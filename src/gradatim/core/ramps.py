"""Schedules with an end: from ``start`` to ``end`` over ``steps`` updates, in various shapes.

A ramp is a weighted sum of its ends, ``xp.mix``. The weights depend on the fraction of the steps
that is done and the fraction that is left. Each fraction is rounded once, so that both ends are
exact and small values near an end keep full precision. ``Exponential`` is a product instead. The
fractions stop at 1 and 0, so each formula keeps its last value by itself: ``held = at``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import Number, OpenFraction, Positive, PositiveSteps, RealSteps
from gradatim.core.values.renames import renamed_class
from gradatim.errors import invalid_value
from gradatim.xp.dispatch import known_true
from gradatim.xp.numeric import Numeric, Pair
from gradatim.xp.operations import Operations


class Ramp(Schedule, abstract=True):
    """From ``start`` to ``end`` over ``steps`` updates."""

    start: Number
    end: Number
    steps: PositiveSteps

    @property
    def length(self) -> int:
        return self.steps


class Linear(Ramp):
    """A straight line from ``start`` to ``end``.

    ``start + (end - start) * t / steps``, then ``end``.

    Args:
        start: The value at step 0.
        end: The value from step ``steps`` on, reached exactly.
        steps: The length in updates.

    >>> [Linear(start=0.0, end=1.0, steps=4)(k) for k in (0, 1, 4, 5)]
    [0.0, 0.25, 1.0, 1.0]
    """

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        done, left = xp.progress(t, self.steps)
        return xp.mix(left, self.start, done, self.end)

    held = at


class Cosine(Ramp):
    """Half a cosine wave from ``start`` to ``end``: slow, fast, slow.

    ``end + (start - end) * (1 + cos(pi * t / steps)) / 2``, then ``end``. Computed as a squared
    sine, which keeps the digits that ``1 + cos`` loses near the end.

    Args:
        start: The value at step 0.
        end: The value from step ``steps`` on, reached exactly. It does not rise again.
        steps: The length in updates.

    Source: Loshchilov and Hutter, "SGDR", 2017 (arXiv:1608.03983), one cycle. ``CosineAnnealingLR``
    of torch and ``get_cosine_schedule_with_warmup`` of transformers rise again after the end.

    >>> [round(Cosine(start=1.0, end=0.0, steps=4)(k), 4) for k in (0, 1, 2, 4, 8)]
    [1.0, 0.8536, 0.5, 0.0, 0.0]
    """

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        if (self.end == 0.0) is True:  # one sine less; `is True` because a JAX tracer is neither
            fall = xp.sin(xp.pi / 2 * xp.remaining(t, self.steps))
            return fall * fall * self.start + self.end
        done, left = xp.progress(t, self.steps)
        of_start, of_end = _half_wave(done, left, xp)
        return xp.mix(of_start, self.start, of_end, self.end)

    held = at


class Polynomial(Ramp):
    """A power of the fraction that is left: with a power above 1, fast at first, then slow.

    ``end + (start - end) * (1 - t / steps) ** power``, then ``end``.

    Args:
        start: The value at step 0.
        end: The value from step ``steps`` on, reached exactly.
        steps: The length in updates.
        power: 1 is a line, 2 a parabola, 1.5 the "sqrt-cube" cooldown of WSD.

    >>> [Polynomial(start=1.0, end=0.0, steps=4, power=2.0)(k) for k in (0, 1, 2, 4)]
    [1.0, 0.5625, 0.25, 0.0]
    """

    power: Positive

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        done, left = xp.progress(t, self.steps)
        of_end = xp.one_minus_power(done, left, self.power)
        return xp.mix(xp.power(left, self.power), self.start, of_end, self.end)

    held = at


class Exponential(Schedule):
    """An exponential from ``start`` to ``end``: the same factor with every update.

    ``start * (end / start) ** (t / steps)``, then ``end``.

    Args:
        start: The value at step 0, above 0.
        end: The value from step ``steps`` on, above 0, reached exactly.
        steps: The length in updates.

    Rounding errors grow with the logarithm of ``end / start``: up to 4 units in the last place
    where that is a million, 5 where it is 10**8.

    >>> [round(Exponential(start=1.0, end=0.01, steps=4)(k), 4) for k in (0, 1, 2, 4)]
    [1.0, 0.3162, 0.1, 0.01]
    """

    start: Positive
    end: Positive
    steps: PositiveSteps

    @property
    def length(self) -> int:
        return self.steps

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        done, left = xp.progress(t, self.steps)
        # From the nearer end: a smaller exponent has a smaller rounding error.
        return xp.where(
            done < 0.5,
            self.start * (self.end / self.start) ** done,
            self.end * (self.start / self.end) ** left,
        )

    held = at


class OneMinusSqrt(Ramp):
    """Fast at first, then ever slower: the "1-sqrt" cooldown.

    ``end + (start - end) * (1 - sqrt(t / steps))``, then ``end``.

    Args:
        start: The value at step 0.
        end: The value from step ``steps`` on, reached exactly.
        steps: The length in updates.

    Source: Haegele et al., "Scaling Laws and Compute-Optimal Training Beyond Fixed Training
    Durations", 2024 (arXiv:2405.18392).

    >>> [OneMinusSqrt(start=1.0, end=0.0, steps=4)(k) for k in (0, 1, 4)]
    [1.0, 0.5, 0.0]
    """

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        done, left = xp.progress(t, self.steps)
        of_start, of_end = _one_minus_sqrt(done, left, xp)
        return xp.mix(of_start, self.start, of_end, self.end)

    held = at


class SquareRoot(Ramp):
    """The square root of the fraction that is left: slow at first, then ever faster.

    ``end + (start - end) * sqrt(1 - t / steps)``, then ``end``.

    Args:
        start: The value at step 0.
        end: The value from step ``steps`` on, reached exactly.
        steps: The length in updates.

    >>> [SquareRoot(start=1.0, end=0.0, steps=4)(k) for k in (0, 3, 4)]
    [1.0, 0.5, 0.0]
    """

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        done, left = xp.progress(t, self.steps)
        root = xp.sqrt(left)
        return xp.mix(root, self.start, done / (1.0 + root), self.end)

    held = at


class Logarithmic(Ramp):
    """A logarithm of the step: steep at first, then ever flatter.

    ``start + (end - start) * log(1 + bend * t / steps) / log(1 + bend)``, then ``end``.

    Args:
        start: The value at step 0.
        end: The value from step ``steps`` on, reached exactly.
        steps: The length in updates.
        bend: Above 0; near 0 a line. DeepSpeed's warm-up of N updates has N - 1 for both.

    >>> [round(Logarithmic(start=0.0, end=1.0, steps=7, bend=7)(k), 4) for k in (0, 1, 3, 7)]
    [0.0, 0.3333, 0.6667, 1.0]
    """

    bend: Positive

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        done, left = xp.progress(t, self.steps)
        whole, bent = xp.log1p(0.0 * done + self.bend), self.bend * done  # torch's takes no float
        of_start = xp.log1p(self.bend * left / (1.0 + bent)) / whole
        return xp.mix(of_start, self.start, xp.log1p(bent) / whole, self.end)

    held = at


class Logistic(Ramp):
    """An S-curve, steeper in the middle and flatter at the ends than a cosine; also called tanh.

    The weight of ``start`` is ``sinh(k * left) / (sinh(k * left) + sinh(k * done))``, with the
    shares of the steps that are left and done and k the steepness. This is
    ``(1 + tanh(x) / tanh(k / 2)) / 2`` with x falling from k / 2 to -k / 2: a logistic curve,
    stretched so that both ends are exact.

    Args:
        start: The value at step 0.
        end: The value from step ``steps`` on, reached exactly.
        steps: The length in updates.
        steepness: The slope in the middle is about ``steepness / 2`` times that of a line; at
            most 40. Rounding errors grow with it: up to 4 units in the last place at 4, 13 at 12.

    ``TanhLRScheduler`` of timm does not stretch: with its default bounds it starts a millionth
    below ``start`` and stops 0.25 % of the way above ``end``.

    >>> [round(Logistic(start=1.0, end=0.0, steps=4)(k), 4) for k in (0, 1, 2, 3, 4)]
    [1.0, 0.895, 0.5, 0.105, 0.0]
    """

    steepness: Positive = 4.0

    def _validate(self) -> None:
        # The gradient contains sinh(steepness) squared, which must fit into a float32.
        if known_true(self.steepness > 40.0):
            raise invalid_value(
                "Logistic",
                "steepness",
                self.steepness,
                "at most 40",
                "A curve that steep is a jump in the middle: join two constants.",
            )

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        done, left = xp.progress(t, self.steps)
        fall, rise = xp.sinh(self.steepness * left), xp.sinh(self.steepness * done)
        return xp.mix(fall / (fall + rise), self.start, rise / (fall + rise), self.end)

    held = at


class REX(Ramp):
    """Reflected exponential: nearly flat first, then steeply down.

    With ``left = 1 - t / steps``, ``left / (1 - bend + bend * left)`` is the weight of ``start``.

    Args:
        start: The value at step 0.
        end: The value from step ``steps`` on, reached exactly.
        steps: The length in updates.
        bend: Above 0 (a line) and below 1 (a corner at the end); the paper takes 1/2.

    Source: Chen, Wolfe and Kyrillidis, "REX: Revisiting Budgeted Training with an Improved
    Schedule", 2022 (arXiv:2107.04197).

    >>> [round(REX(start=1.0, end=0.0, steps=4)(k), 4) for k in (0, 2, 4)]
    [1.0, 0.6667, 0.0]
    """

    bend: OpenFraction = 0.5

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        done, left = xp.progress(t, self.steps)
        flat = 1.0 - self.bend
        whole = flat + self.bend * left
        return xp.mix(left / whole, self.start, flat * done / whole, self.end)

    held = at


class KDecay(Ramp):
    """A cosine of a power of the step: longer near ``start``, faster later.

    ``end + (start - end) * (1 + cos(pi * (t / steps) ** power)) / 2``, then ``end``.

    Args:
        start: The value at step 0.
        end: The value from step ``steps`` on, reached exactly.
        steps: The length in updates.
        power: 1 is the plain cosine; the paper finds 1.5 to 3 useful. Rounding errors grow with it:
            up to 5 units in the last place at 2.

    Source: Zhang and Li, "k-decay: A New Method for Learning Rate Schedule", 2020
    (arXiv:2004.05909).

    >>> [round(KDecay(start=1.0, end=0.0, steps=4, power=2.0)(k), 4) for k in (0, 2, 4)]
    [1.0, 0.8536, 0.0]
    """

    power: Positive

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        done, left = xp.progress(t, self.steps)
        # The fraction done is raised to the power; the fraction left is 1 - done**power.
        bent, rest = xp.power(done, self.power), xp.one_minus_power(left, done, self.power)
        of_start, of_end = _half_wave(bent, rest, xp)
        return xp.mix(of_start, self.start, of_end, self.end)

    held = at


class FractionalRamp(Ramp):
    """From ``start`` to ``end`` over a number of updates that need not be whole.

    The value at step t is that of the curve at the time ``elapsed + t`` of its ``span``. With a
    whole span and nothing elapsed it is ``Linear``, ``Cosine`` or ``OneMinusSqrt``; write those.
    Two of these can meet between two updates, as the phases of ``OneCycleLR`` of torch do where
    30 % of its steps are no whole number. Errors are up to 6 units in the last place.

    Args:
        start: The value at the beginning of the span.
        end: The value from the end of the span on, reached exactly.
        steps: The length in updates, no less than what is left of the span at step 0.
        span: How long the whole way takes, in updates, whole or not.
        shape: "cosine", "linear" or "1-sqrt".
        elapsed: The updates of the span that are over at step 0, whole or not; None for none.

    >>> FractionalRamp(start=0.0, end=1.0, steps=3, span=2.5, shape="linear").values(4)
    [0.0, 0.4, 0.8, 1.0]
    >>> FractionalRamp(start=1.0, end=0.0, steps=2, span=2.5, shape="linear", elapsed=0.5)(1)
    0.4
    """

    span: RealSteps
    shape: Literal["cosine", "linear", "1-sqrt"] = "cosine"
    elapsed: RealSteps | None = None

    def _validate(self) -> None:
        elapsed = 0.0 if self.elapsed is None else self.elapsed
        if known_true(elapsed >= self.span):
            raise invalid_value(
                "FractionalRamp", "elapsed", self.elapsed, f"below span, {self.span!r}"
            )
        if known_true(self.steps < (self.span - elapsed) * (1.0 - _ROUNDED)):
            left = f"what is left of the span, {self.span - elapsed!r}, or more"
            hint = "For less of it, write .cut(steps)."
            raise invalid_value("FractionalRamp", "steps", self.steps, left, hint)

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        elapsed = 0.0 if self.elapsed is None else self.elapsed
        rest = self.span - elapsed
        # In the fewest updates, where differences are exact; fractions of the span lose digits.
        steps = math.ceil(rest) if known_true(rest <= self.steps) else self.steps
        done, left = xp.progress(t, steps)
        over = 0.0 if known_true(steps < rest) else steps - rest
        done = xp.clip((done * steps + elapsed) / self.span, None, 1.0)
        left = xp.clip(left * steps - over, 0.0, None) / self.span
        of_start, of_end = _WEIGHTS[self.shape](done, left, xp)
        return xp.mix(of_start, self.start, of_end, self.end)

    held = at


_ROUNDED = 1e-12  # the relative rounding error of span - elapsed; ``steps`` may fall short by it
# The weights of ``start`` and ``end`` where these shares are done and left.
_Weights = Callable[[Numeric, Numeric, Operations], Pair]


def _half_wave(done: Numeric, left: Numeric, xp: Operations) -> Pair:
    quarter = xp.pi / 2
    fall, rise = xp.sin(quarter * left), xp.sin(quarter * done)
    return fall * fall, rise * rise


def _one_minus_sqrt(done: Numeric, left: Numeric, xp: Operations) -> Pair:
    root = xp.sqrt(done)
    return left / (1.0 + root), root


_WEIGHTS: dict[str, _Weights] = {
    "cosine": _half_wave,
    "linear": lambda done, left, xp: (left, done),
    "1-sqrt": _one_minus_sqrt,
}


def __getattr__(name: str) -> Any:
    return renamed_class(__name__, name, globals())
