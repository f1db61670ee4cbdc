"""The range of a value: what optimizers reject, and what is almost always a mistake."""

from __future__ import annotations

from collections.abc import Iterator

from gradatim.findings.curve import Curve
from gradatim.findings.finding import Finding

RATES = ("lr", "learning_rate")
# Rates outside of this range are typing mistakes, or curves that were never scaled by a rate.
LOWEST_RATE, HIGHEST_RATE = 1e-9, 10.0
# Decay factors of running averages, such as momentum, in any optimizer.
SHARES = ("momentum", "ema_momentum", "beta", "beta1", "beta2", "beta_1", "beta_2", "betas", "rho")
_NOT_NEGATIVE = (
    "weight_decay",
    "eps",
    "epsilon",
    "clipnorm",
    "global_clipnorm",
    "dampening",
    *SHARES,
)
_HARDLY_ABOVE = {"weight_decay": 1.0, "eps": 1.0, "epsilon": 1.0, "dampening": 1.0}
_HARDLY_BELOW = 0.1
"""A running average with a smaller decay factor, other than 0, averages almost nothing."""


def rate_bounds(curve: Curve) -> Iterator[Finding]:
    """A learning rate out of its range."""
    if curve.lowest < 0.0:
        yield Finding(
            "error",
            curve.place(curve.bottom),
            f"The value is {curve.lowest:g}: with a negative rate the loss goes up.",
            "Write .clip(low=0.0), or change the piece that goes below 0.",
        )
    if curve.peak > HIGHEST_RATE:
        yield Finding(
            "warning",
            curve.place(curve.top),
            f"The value is {curve.peak:g}, and a rate above {HIGHEST_RATE:g} is usually a mistake.",
            "If the curve was meant to scale a rate, multiply: 3e-4 * schedule.",
        )
    elif curve.peak == curve.lowest == 0.0:
        if any(map(curve.others_train, curve.samples)):
            yield Finding(
                "note",
                curve.place(0),
                "The value is 0 at every update: this part of the model is frozen.",
                "If this is not intended, give a peak above 0.",
            )
        else:
            yield Finding(
                "error",
                curve.place(0),
                "The value is 0 at every update: nothing is trained.",
                "Give a peak above 0.",
            )
    elif 0.0 < curve.peak < LOWEST_RATE:
        yield Finding(
            "warning",
            curve.place(curve.top),
            f"The value is at most {curve.peak:g}, too small to change float32 weights.",
            "Check whether the schedule was multiplied by a rate twice.",
        )


def value_bounds(curve: Curve, name: str) -> Iterator[Finding]:
    """A value other than a learning rate out of its range."""
    if name in _NOT_NEGATIVE and curve.lowest < 0.0:
        yield Finding(
            "error",
            curve.place(curve.bottom),
            f"The value is {curve.lowest:g}, and {name} is never below 0.",
            "Write .clip(low=0.0), or change the piece that goes below 0.",
        )
    most = _HARDLY_ABOVE.get(name)
    if most is not None and curve.peak > most:
        yield Finding(
            "warning",
            curve.place(curve.top),
            f"The value is {curve.peak:g}, and {name} above {most:g} is usually a mistake.",
            "If the curve was meant to scale a value, multiply: 0.1 * schedule.",
        )
    if name in SHARES:
        yield from _share(curve, name)


def _share(curve: Curve, name: str) -> Iterator[Finding]:
    if curve.peak >= 1.0:
        yield Finding(
            "error",
            curve.place(curve.top),
            f"The value is {curve.peak:g}, but {name} must be below 1: from 1 on the average "
            "never forgets.",
            "Write .clip(high=0.999), or change the piece that goes to 1.",
        )
    elif 0.0 < curve.peak < _HARDLY_BELOW:
        yield Finding(
            "warning",
            curve.place(curve.top),
            f"The value is at most {curve.peak:g}, and {name} below {_HARDLY_BELOW:g} averages "
            "almost nothing.",
            f"If it is a learning rate, its target is lr. A usual {name} is 0.9.",
        )
    after = [step for step in curve.samples if step > curve.top]
    lowest = min(after, key=curve.values.__getitem__, default=curve.top)
    if 0.0 <= curve.values[lowest] < _HARDLY_BELOW <= curve.peak:
        yield Finding(
            "warning",
            curve.place(lowest),
            f"The value falls from {curve.peak:g} to {curve.values[lowest]:g}, as a rate does, and "
            f"{name} below {_HARDLY_BELOW:g} averages almost nothing.",
            "Give the curve a floor, such as 0.85, or .clip(low=0.85).",
        )
