"""The last-iterate bound of convex theory: it compares schedules without a training run.

For SGD with rates eta_1 ... eta_T on a convex function, with D the distance from the start to the
optimum and G the largest norm of a gradient, the expected gap of the last iterate is at most

    D^2 / (2 sum eta)  +  G^2 sum eta^2 / (2 sum eta)
    +  1/2 sum_{k<T} eta_k / (sum_{i>k} eta_i) * G^2 (sum_{i>=k} eta_i^2) / (sum_{i>=k} eta_i).

With eta = rate * shape it is ``first / rate + rest * rate``: the best rate is
``sqrt(first / rest)``, the least bound ``2 sqrt(first * rest)``.

Language models are not convex, but the bound ranks their schedules. Use it to compare schedules and
to transfer a rate from one to another; its value does not predict a loss.

Sources: Defazio et al., "When, Why and How Much? Adaptive Learning Rate Scheduling by
Refinement", 2023 (arXiv:2310.07831), theorem 10; Schaipp et al., "The Surprising Agreement Between
Convex Optimization Theory and Learning-Rate Scheduling", 2025 (arXiv:2501.18965).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gradatim.errors import GradatimError, invalid_value
from gradatim.logs.rates import as_rates

if TYPE_CHECKING:
    from gradatim.logs.rates import Array, Rates

MEASURED_EXPONENT = 0.32
"""The exponent of the best rate over the horizon T, measured on language models: T^-0.32
(arXiv:2409.19913, arXiv:2603.28743)."""


@dataclass(frozen=True)
class Best:
    """The smallest bound of a shape, and the factor on the shape that reaches it."""

    rate: float
    value: float


def value(
    schedule: Rates, steps: int | None = None, *, distance: float = 1.0, gradient: float = 1.0
) -> float:
    """The bound on the gap after the last update.

    Args:
        schedule: A schedule, or one rate per update. Zeros at its end are left out, since such
            updates change nothing.
        steps: The updates of the run; by default the length of the schedule.
        distance: D, from the start to the optimum.
        gradient: G, the largest norm of a gradient.

    Raises:
        GradatimError: For rates that are negative or not finite, or D or G not above 0.

    A constant rate c over two steps, by hand: 1 / (4 c) + c / 2 + c / 2.

    >>> value([0.5, 0.5])
    1.0
    """
    scale = _scale(distance, gradient)
    first, rest = _terms(_without_final_zeros(schedule, steps))
    return distance * gradient * (first / scale + rest * scale)


def best(
    shape: Rates, steps: int | None = None, *, distance: float = 1.0, gradient: float = 1.0
) -> Best:
    """The factor on this shape that minimises the bound, and the bound there.

    Args:
        shape: A schedule, or one value per update; only its form matters.
        steps: The updates of the run; by default the length of the schedule.
        distance: D, from the start to the optimum.
        gradient: G, the largest norm of a gradient.

    >>> from gradatim import Linear
    >>> best(Linear(start=1.0, end=0.0, steps=100))
    Best(rate=0.0972552145, value=0.2036084162)
    """
    scale = _scale(distance, gradient)
    first, rest = _terms(_without_final_zeros(shape, steps))
    return Best(math.sqrt(first / rest) / scale, 2 * distance * gradient * math.sqrt(first * rest))


def transfer(
    lr: float,
    *,
    from_: Rates,
    to: Rates,
    steps: int | None = None,
    to_steps: int | None = None,
    exponent: float = 0.5,
) -> float:
    """The peak rate for another shape or horizon, from one that was tuned.

    ``lr * best rate of to / best rate of from_``, both as peaks.

    Args:
        lr: The peak rate that is good for ``from_``.
        from_: The schedule it was tuned with; only its shape matters.
        to: The schedule that needs a rate.
        steps: Updates of ``from_``; by default its length.
        to_steps: Updates of ``to``; by default its length, or ``steps``.
        exponent: The best rate is taken to fall with the horizon as T^-exponent. The default 0.5
            is that of the theory. On language models 0.32 was measured, ``MEASURED_EXPONENT``:
            use it for a run that is many times as long. It has no effect between equal horizons.

    Raises:
        GradatimError: For a rate that is not above 0, or a schedule without rates.

    Half of a shape everywhere is the same shape:

    >>> from gradatim import Linear
    >>> line = Linear(start=1.0, end=0.0, steps=100)
    >>> transfer(lr=1e-3, from_=line, to=0.5 * line)
    0.001
    """
    if not (math.isfinite(lr) and lr > 0):
        raise invalid_value("bound.transfer", "lr", lr, "a finite number above 0")
    source, target = as_rates("bound.transfer", from_, steps), _target_rates(to, to_steps, steps)
    ratio = _best_peak(target) / _best_peak(source)
    return float(lr * ratio * (len(target) / len(source)) ** (0.5 - exponent))


@dataclass(frozen=True)
class Extension:
    """Two ways to continue a finished run: with a lower rate, or with a longer cooldown.

    ``factor`` times the old rate after the old cooldown would have begun, with the old share of
    cooldown at the new end; or the old rate throughout and a last ``cooldown`` share of the run.
    ``cooldown`` is None if even a cooldown over all of the run does not make the old rate the best.
    """

    factor: float
    cooldown: float | None


def extend(steps: int, to: int, *, cooldown: float = 0.2) -> Extension:
    """How to continue a WSD run that has its best rate, so that the rate stays the best.

    The first run holds its rate and cools down linearly over the last ``cooldown`` of ``steps``.
    The longer one branches off where that cooldown began.

    Args:
        steps: Updates of the run that was tuned.
        to: Updates of the longer run.
        cooldown: The share of cooldown in a run, above 0 and below 1.

    Raises:
        GradatimError: If ``to`` is not above ``steps``, or the share not between 0 and 1.

    >>> extension = extend(4000, to=8000)
    >>> round(extension.factor, 3), round(extension.cooldown, 2)
    (0.533, 0.63)
    """
    from scipy.optimize import brentq

    if not 0 < cooldown < 1:
        raise invalid_value("bound.extend", "cooldown", cooldown, "above 0 and below 1")
    if not 2 <= steps < to:
        raise invalid_value(
            "bound.extend", "to", to, f"more than steps, {steps}, which is 2 or more"
        )
    held = steps - int(cooldown * steps)
    last = max(1, int(cooldown * to))
    wanted = _best_peak(_wsd(steps, steps - held))

    def excess_with_factor(factor: float) -> float:
        second = np.full(to - held - last, factor)
        shape = np.concatenate([np.ones(held), second, factor * _line(last)])
        first, rest = _terms(shape)
        return math.log(first / rest) / 2 - math.log(wanted)

    def excess_with_cooldown(share: float) -> float:
        return math.log(_best_peak(_wsd(to, share * to)) / wanted)

    # The best rate grows as the second stage is lowered, until that is too low and the bound
    # deteriorates: the answer is the first crossing below 1.
    low = 1.0
    while excess_with_factor(low) < 0:
        low *= 0.8
        if low < 1e-6:
            raise invalid_value(
                "bound.extend", "to", to, "nearer to steps: no rate fits both stages"
            )
    factor = brentq(excess_with_factor, low, min(1.0, low / 0.8), xtol=1e-10)
    enough = excess_with_cooldown(cooldown) < 0 < excess_with_cooldown(1.0)
    return Extension(
        factor, brentq(excess_with_cooldown, cooldown, 1.0, xtol=1e-9) if enough else None
    )


def _wsd(steps: int, cooldown: float) -> Array:
    # The cooldown may be a fraction of a step here: its length is the unknown of an equation.
    return np.minimum(1.0, (steps - np.arange(steps)) / max(cooldown, 1.0))


def _line(steps: int) -> Array:
    return 1.0 - np.arange(steps) / steps


def _best_peak(shape: Array) -> float:
    shape = np.trim_zeros(shape, "b")
    first, rest = _terms(shape)
    return math.sqrt(first / rest) * float(shape.max())


def _target_rates(to: Rates, to_steps: int | None, steps: int | None) -> Array:
    own = getattr(to, "length", None)
    return as_rates("bound.transfer", to, to_steps or (own and int(own)) or steps)


def _without_final_zeros(schedule: Rates, steps: int | None) -> Array:
    return np.trim_zeros(as_rates("bound", schedule, steps), "b")


def _scale(distance: float, gradient: float) -> float:
    for name, number in (("distance", distance), ("gradient", gradient)):
        if not (math.isfinite(number) and number > 0):
            raise invalid_value("bound", name, number, "a finite number above 0")
    return gradient / distance


def _terms(shape: Array) -> tuple[float, float]:
    """The coefficients of 1 / rate and of rate in the bound, for D = G = 1."""
    # Summed from the end: differences of forward sums would cancel there.
    backwards = shape[::-1].copy()
    left = np.cumsum(backwards)
    squares = np.cumsum(backwards * backwards)
    if not (left[-1] > 0 and math.isfinite(squares[-1]) and squares[0] > 0):
        raise GradatimError("bound: the rates are too small or too large to be squared.")
    squares /= left
    last = np.dot(backwards[1:] / left[:-1], squares[1:])
    return float(0.5 / left[-1]), float(0.5 * (squares[-1] + last))
