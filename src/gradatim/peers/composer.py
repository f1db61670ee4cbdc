"""Composer: schedulers that multiply the rate, with times as texts such as "500ba"."""

from __future__ import annotations

import re
from typing import Any

from gradatim.core.combine import join
from gradatim.core.decays import Constant, InverseSqrtDecay
from gradatim.core.ramps import Cosine, Linear, Polynomial
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value
from gradatim.peers.arguments import Ignored, Number, PositiveSteps
from gradatim.peers.peer import Peer
from gradatim.peers.stages import Written, call, no_form, plain

COMPOSER = Peer("composer")


@COMPOSER.scheduler("ConstantScheduler")
def constant(
    alpha: Number = 1.0, t_max: Any = "1dur", *, lr: Number, steps: PositiveSteps | None = None
) -> Schedule:
    """A multiple of the rate, and the rate after ``t_max``."""
    if alpha == 1.0:
        return Constant(lr)
    return Constant(lr * alpha, batches("t_max", t_max, steps)) >> Constant(lr)


@COMPOSER.scheduler("ConstantWithWarmupScheduler")
def constant_with_warmup(
    t_warmup: Any,
    alpha: Number = 1.0,
    t_max: Ignored = "1dur",
    scale_warmup: Ignored = False,
    *,
    lr: Number,
    steps: PositiveSteps | None = None,
) -> Schedule:
    """A line up, and a multiple of the rate."""
    up = batches("t_warmup", t_warmup, steps)
    return join(*_rise(lr * alpha, up), Constant(lr * alpha))


@COMPOSER.scheduler("LinearScheduler")
def linear(
    alpha_i: Number = 1.0,
    alpha_f: Number = 0.0,
    t_max: Any = "1dur",
    *,
    lr: Number,
    steps: PositiveSteps | None = None,
) -> Schedule:
    """A line between two multiples of the rate."""
    return Linear(lr * alpha_i, lr * alpha_f, _left("0ba", t_max, steps)[1])


@COMPOSER.scheduler("LinearWithWarmupScheduler")
def linear_with_warmup(
    t_warmup: Any,
    alpha_i: Number = 1.0,
    alpha_f: Number = 0.0,
    t_max: Any = "1dur",
    scale_warmup: Ignored = False,
    *,
    lr: Number,
    steps: PositiveSteps | None = None,
) -> Schedule:
    """A line up and a line down."""
    up, left = _left(t_warmup, t_max, steps)
    return join(*_rise(lr * alpha_i, up), Linear(lr * alpha_i, lr * alpha_f, left))


@COMPOSER.scheduler("CosineAnnealingScheduler")
def cosine(
    t_max: Any = "1dur", alpha_f: Number = 0.0, *, lr: Number, steps: PositiveSteps | None = None
) -> Schedule:
    """A cosine down to a multiple of the rate."""
    return Cosine(lr, lr * alpha_f, _left("0ba", t_max, steps)[1])


@COMPOSER.scheduler("CosineAnnealingWithWarmupScheduler")
def cosine_with_warmup(
    t_warmup: Any,
    t_max: Any = "1dur",
    alpha_f: Number = 0.0,
    scale_warmup: Ignored = False,
    *,
    lr: Number,
    steps: PositiveSteps | None = None,
) -> Schedule:
    """A line up and a cosine down."""
    up, left = _left(t_warmup, t_max, steps)
    return join(*_rise(lr, up), Cosine(lr, lr * alpha_f, left))


@COMPOSER.scheduler("PolynomialScheduler")
def polynomial(
    power: Number,
    t_max: Any = "1dur",
    alpha_f: Number = 0.0,
    *,
    lr: Number,
    steps: PositiveSteps | None = None,
) -> Schedule:
    """A power of what is left."""
    return Polynomial(lr, lr * alpha_f, _left("0ba", t_max, steps)[1], power)


@COMPOSER.scheduler("PolynomialWithWarmupScheduler")
def polynomial_with_warmup(
    t_warmup: Any,
    power: Number = 2.0,
    t_max: Any = "1dur",
    alpha_f: Number = 0.0,
    scale_warmup: Ignored = False,
    *,
    lr: Number,
    steps: PositiveSteps | None = None,
) -> Schedule:
    """A line up, and a power of what is left."""
    up, left = _left(t_warmup, t_max, steps)
    return join(*_rise(lr, up), Polynomial(lr, lr * alpha_f, left, power))


@COMPOSER.scheduler("InverseSquareRootWithWarmupScheduler")
def inverse_sqrt_with_warmup(
    t_warmup: Any,
    t_scale: Any,
    t_cooldown: Any,
    t_max: Any = "1dur",
    alpha_f_decay: Number = 0.0,
    alpha_f_cooldown: Number = 0.0,
    *,
    lr: Number,
    steps: PositiveSteps | None = None,
) -> Schedule:
    """A line up, one over the square root down to a share of the rate, and a line down."""
    if alpha_f_decay < alpha_f_cooldown:
        raise GradatimError("alpha_f_decay must be alpha_f_cooldown or more.")
    up, scale = batches("t_warmup", t_warmup, steps), batches("t_scale", t_scale, steps)
    cool, total = batches("t_cooldown", t_cooldown, steps), batches("t_max", t_max, steps)
    floor = lr * alpha_f_decay
    decay: Schedule = InverseSqrtDecay(lr - floor, scale)
    decay = decay + floor if floor else decay
    between = max(total - cool - up, 0)
    level = decay(between)
    last = Linear(level, lr * alpha_f_cooldown, cool) if cool else Constant(level)
    return join(*_rise(lr, up), *((decay.cut(between),) if between else ()), last)


def _rise(peak: float, up: int) -> tuple[Schedule, ...]:
    return (Linear(0.0, peak, up),) if up else ()


def _left(t_warmup: Any, t_max: Any, steps: int | None) -> tuple[int, int]:
    """The batches of the warm-up, and those from there to the end."""
    up = batches("t_warmup", t_warmup, steps)
    left = batches("t_max", t_max, steps) - up
    if left < 1:
        raise GradatimError(f"t_max is over before t_warmup, {up} batches.")
    return up, left


def batches(name: str, time: Any, steps: int | None) -> int:
    """A time of Composer such as "500ba" or "0.1dur" in batches.

    Raises:
        GradatimError: If it is in other units, or a share of a run whose length is not known.
    """
    found = re.fullmatch(r"([0-9.e+_]+)(ba|dur)", time, re.I) if isinstance(time, str) else None
    if found is None:
        raise invalid_value("composer", name, time, "in batches ('500ba') or in 'dur'")
    if found[2].lower() == "ba":
        return int(float(found[1]))
    if steps is None:
        raise GradatimError(f"{name} is a share of the run. Write --steps, how long that is.")
    return int(float(found[1]) * steps)


@COMPOSER.writes
def write(schedule: Schedule, steps: int) -> Written:
    """A scheduler of Composer, with its lengths in batches."""
    instead = "Composer takes any function of its state: schedulers=lambda state: ..."
    found = plain("Composer", schedule, instead)
    curve, up = found.curve, found.warmup
    if found.hold or (found.start and up):
        raise no_form("Composer", schedule, instead)
    # A warm-up of 0 batches is taken there with a warning at each of them.
    name, warm = ("WithWarmupScheduler", {"t_warmup": f"{up}ba"}) if up else ("Scheduler", {})
    last = up + ((curve and curve.length) or 0)
    fall: dict[str, Any] = {"t_max": f"{last}ba"}
    if curve is None:
        name, fall = f"Constant{name}", {}
    elif isinstance(curve, Cosine):
        name = f"CosineAnnealing{name}"
    elif isinstance(curve, Linear):
        name = f"Linear{name}"
    elif isinstance(curve, Polynomial):
        name, fall = f"Polynomial{name}", {"power": curve.power, **fall}
    else:
        raise no_form("Composer", schedule, instead)
    if isinstance(curve, Cosine | Linear | Polynomial):
        fall["alpha_f"] = curve.end / found.peak
    said = [
        f"The optimizer is made with lr={found.peak!r}, which the scheduler multiplies.",
        "A batch there is one update, also with several microbatches.",
    ]
    if up and curve and steps > last:
        said.append(f"Composer refuses a max_duration above t_max: end the run at {last} batches.")
    code = call(name, **warm, **fall)
    return Written(f"from composer.optim import {name}\n\nschedulers = {code}\n", tuple(said))
