"""NeMo: the policies of ``sched`` in its settings, which warm up and then multiply the rate.

A warm-up of W updates goes from ``1 / (W + 1)`` of the rate to the rate. After ``max_steps`` the
rate is ``min_lr``.
"""

from __future__ import annotations

from collections.abc import Callable

from gradatim.core.closed_forms import Noam
from gradatim.core.combine import join
from gradatim.core.decays import Constant, InverseSqrtDecay, PowerDecay
from gradatim.core.ramps import Cosine, Linear, OneMinusSqrt, Polynomial
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value
from gradatim.peers.arguments import (
    Fresh,
    Ignored,
    NonNegative,
    Number,
    Positive,
    PositiveSteps,
    Steps,
)
from gradatim.peers.peer import Peer
from gradatim.peers.torch import TORCH

NEMO = Peer("nemo", before={"optimizer": Ignored}, after={"last_epoch": Fresh}, inside=(TORCH,))
_Curve = Callable[[float, float, int], Schedule]


@NEMO.scheduler("CosineAnnealing")
def cosine(
    max_steps: PositiveSteps,
    min_lr: NonNegative = 0.0,
    warmup_steps: Steps | None = None,
    warmup_ratio: NonNegative | None = None,
    constant_steps: Steps | None = None,
    constant_ratio: NonNegative | None = None,
    *,
    lr: Number,
) -> Schedule:
    """A cosine down to ``min_lr``; with a constant part its warm-up begins at 0."""
    up = _part("warmup", warmup_steps, warmup_ratio, max_steps)
    hold = _part("constant", constant_steps, constant_ratio, max_steps)
    rise = _rise(lr, up) if not hold else ((Linear(0.0, lr, up),) if up else ())
    return join(*rise, _fall(Cosine, lr, min_lr, max_steps - up - hold))


@NEMO.scheduler("WarmupAnnealing")
def linear(
    max_steps: PositiveSteps,
    min_lr: NonNegative = 0.0,
    warmup_steps: Steps | None = None,
    warmup_ratio: NonNegative | None = None,
    *,
    lr: Number,
) -> Schedule:
    """A line down to ``min_lr``."""
    up = _part("warmup", warmup_steps, warmup_ratio, max_steps)
    return join(*_rise(lr, up), _fall(Linear, lr, min_lr, max_steps - up))


@NEMO.scheduler("PolynomialDecayAnnealing")
def polynomial(
    max_steps: PositiveSteps,
    min_lr: NonNegative = 0.0,
    power: Positive = 1.0,
    cycle: bool = False,
    warmup_steps: Steps | None = None,
    warmup_ratio: NonNegative | None = None,
    *,
    lr: Number,
) -> Schedule:
    """A power of what is left, down to ``min_lr``."""
    up, curve = _part("warmup", warmup_steps, warmup_ratio, max_steps), _power(power, cycle)
    return join(*_rise(lr, up), _fall(curve, lr, min_lr, max_steps - up))


@NEMO.scheduler("PolynomialHoldDecayAnnealing")
def polynomial_after_hold(
    max_steps: PositiveSteps,
    min_lr: NonNegative = 0.0,
    power: Positive = 1.0,
    cycle: bool = False,
    warmup_steps: Steps | None = None,
    warmup_ratio: NonNegative | None = None,
    hold_steps: Steps | None = None,
    hold_ratio: NonNegative | None = None,
    *,
    lr: Number,
) -> Schedule:
    """The peak for a while, and a power of what is left."""
    up = _part("warmup", warmup_steps, warmup_ratio, max_steps)
    hold = _part("hold", hold_steps, hold_ratio, max_steps)
    down = _fall(_power(power, cycle), lr, min_lr, max_steps - up - hold)
    return join(*_rise(lr, up), *_level(lr, hold), down)


@NEMO.scheduler("WarmupHoldAnnealLinear")
def linear_after_hold(
    max_steps: PositiveSteps,
    min_lr: NonNegative = 0.0,
    warmup_steps: Steps | None = None,
    warmup_ratio: NonNegative | None = None,
    hold_steps: Steps | None = None,
    hold_ratio: NonNegative | None = None,
    *,
    lr: Number,
) -> Schedule:
    """The peak for a while, and a line down to ``min_lr``."""
    up = _part("warmup", warmup_steps, warmup_ratio, max_steps)
    hold = _part("hold", hold_steps, hold_ratio, max_steps)
    down = _fall(Linear, lr, min_lr, max_steps - up - hold)
    return join(*_rise(lr, up), *_level(lr, hold), down)


@NEMO.scheduler("WarmupHoldAnnealOneMinusSquareRoot")
def one_minus_sqrt_after_hold(
    max_steps: PositiveSteps,
    min_lr: NonNegative = 0.0,
    warmup_steps: Steps | None = None,
    warmup_ratio: NonNegative | None = None,
    hold_steps: Steps | None = None,
    hold_ratio: NonNegative | None = None,
    *,
    lr: Number,
) -> Schedule:
    """The peak for a while, and one minus a square root, but never below ``min_lr``."""
    up = _part("warmup", warmup_steps, warmup_ratio, max_steps)
    hold = _part("hold", hold_steps, hold_ratio, max_steps)
    down = _fall(OneMinusSqrt, lr, 0.0, max_steps - up - hold)
    return join(*_rise(lr, up), *_level(lr, hold), _above(down, min_lr))


@NEMO.scheduler("SquareAnnealing")
def square(
    max_steps: PositiveSteps,
    min_lr: NonNegative = 1e-5,
    warmup_steps: Steps | None = None,
    warmup_ratio: NonNegative | None = None,
    *,
    lr: Number,
) -> Schedule:
    """The square of what is left, but never below ``min_lr``."""
    up = _part("warmup", warmup_steps, warmup_ratio, max_steps)
    down = _fall(_power(2.0, False), lr, 0.0, max_steps - up)
    return join(*_rise(lr, up), _above(down, min_lr))


@NEMO.scheduler("InverseSquareRootAnnealing")
def inverse_sqrt(
    max_steps: PositiveSteps,
    min_lr: NonNegative = 0.0,
    warmup_steps: Steps | None = None,
    warmup_ratio: NonNegative | None = None,
    *,
    lr: Number,
) -> Schedule:
    """One over the square root of the step, and after the run ``min_lr``."""
    up = _part("warmup", warmup_steps, warmup_ratio, max_steps)
    decay = InverseSqrtDecay(lr, up + 1).cut(_left(max_steps - up) + 1)
    return join(*_rise(lr, up), decay, Constant(min_lr))


@NEMO.scheduler("NoamHoldAnnealing")
def noam_after_hold(
    max_steps: PositiveSteps,
    decay_rate: Positive = 0.5,
    min_lr: NonNegative = 0.0,
    warmup_steps: Steps | None = None,
    warmup_ratio: NonNegative | None = None,
    hold_steps: Steps | None = None,
    hold_ratio: NonNegative | None = None,
    *,
    lr: Number,
) -> Schedule:
    """The peak for a while, one over a power of the step, and after the run ``min_lr``."""
    up = _part("warmup", warmup_steps, warmup_ratio, max_steps)
    hold = _part("hold", hold_steps, hold_ratio, max_steps)
    if up == 0:
        raise GradatimError("it cannot be used without a warm-up.")
    decay = PowerDecay(lr, decay_rate, up).cut(_left(max_steps - up - hold) + 1)
    return join(*_rise(lr, up), *_level(lr, hold), _above(decay, min_lr), Constant(min_lr))


@NEMO.scheduler("NoamAnnealing")
def noam(
    d_model: Positive,
    warmup_steps: Steps | None = None,
    warmup_ratio: NonNegative | None = None,
    max_steps: PositiveSteps | None = None,
    min_lr: NonNegative = 0.0,
    *,
    lr: Number,
) -> Schedule:
    """A line up and one over the square root of the step; the first two updates have one rate."""
    up = _part("warmup", warmup_steps, warmup_ratio, max_steps)
    curve = lr * Noam(max(up, 1), d_model)
    first = Constant(curve(1), 1)
    if not min_lr:
        return join(first, curve.shift(-1))
    rise = (curve.shift(-1).cut(up),) if up else ()
    return join(first, *rise, _above(curve.shift(-1 - up), min_lr))


def _part(name: str, steps: int | None, ratio: float | None, total: int | None) -> int:
    """The updates of a part of the run; a ratio is rounded down."""
    if steps is not None and ratio is not None:
        raise GradatimError(f"{name}_steps and {name}_ratio exclude each other.")
    if ratio is None:
        return steps or 0
    if total is None:
        raise GradatimError(f"{name}_ratio is a share of the run. Write max_steps.")
    return int(ratio * total)


def _rise(peak: float, up: int) -> tuple[Schedule, ...]:
    return (Linear(0.0, peak, up + 1).shift(-1),) if up else ()


def _level(peak: float, steps: int) -> tuple[Schedule, ...]:
    return (Constant(peak, steps),) if steps else ()


def _left(steps: int) -> int:
    if steps < 1:
        raise GradatimError("max_steps leaves nothing for the decay.")
    return steps


def _fall(curve: _Curve, peak: float, floor: float, steps: int) -> Schedule:
    if floor > peak:
        raise invalid_value("NeMo", "min_lr", floor, f"at most the rate, {peak!r}")
    return curve(peak, floor, _left(steps))


def _above(schedule: Schedule, floor: float) -> Schedule:
    return schedule.clip(floor, None) if floor else schedule


def _power(power: float, cycle: bool) -> _Curve:
    if cycle:
        raise GradatimError("cycle=True begins again after max_steps, which has no form here.")
    return lambda start, end, steps: Polynomial(start, end, steps, power)
