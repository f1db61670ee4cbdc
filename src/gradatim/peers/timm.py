"""timm: schedulers that count updates or epochs after a warm-up of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, Literal

from gradatim.core.closed_forms import Tanh
from gradatim.core.combine import join
from gradatim.core.decays import Constant, InverseSqrtDecay, PowerDecay
from gradatim.core.ramps import Cosine, Exponential, KDecay, Linear, OneMinusSqrt, Polynomial
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value
from gradatim.peers.arguments import (
    Ignored,
    NonNegative,
    Number,
    Positive,
    PositiveInt,
    PositiveSteps,
    Steps,
)
from gradatim.peers.found import Read
from gradatim.peers.objects import arguments_of, call_of, number
from gradatim.peers.peer import Call, Peer
from gradatim.peers.stages import Written, call, no_form, plain
from gradatim.peers.syntax import Name
from gradatim.peers.torch import drops, reduce_lr_on_plateau, stairs

TIMM = Peer("timm", before={"optimizer": Ignored}, after={"initialize": Ignored})
_MOST_CYCLES = 1_000
_EPOCHS = "It counts epochs there; the numbers here are taken for updates."


@TIMM.scheduler("CosineLRScheduler")
def cosine(
    t_initial: PositiveSteps,
    lr_min: Number = 0.0,
    cycle_mul: PositiveInt = 1,
    cycle_decay: Positive = 1.0,
    cycle_limit: Steps = 1,
    warmup_t: Steps = 0,
    warmup_lr_init: Number = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: Any = None,
    noise_pct: Ignored = 0.67,
    noise_std: Ignored = 1.0,
    noise_seed: Ignored = 42,
    k_decay: Positive = 1.0,
    *,
    lr: Number,
) -> Read:
    """Cosines, or cosines of a power of the step."""

    def curve(start: float, end: float, steps: int) -> Schedule:
        if k_decay == 1.0:
            return Cosine(start, end, steps)
        return KDecay(start, end, steps, k_decay)

    cycles = _cycles(curve, lr, lr_min, t_initial, cycle_mul, cycle_decay, cycle_limit)
    warm = _warmed_up(cycles, lr, warmup_t, warmup_lr_init, warmup_prefix)
    return _read(warm, t_in_epochs, noise_range_t)


@TIMM.scheduler("PolyLRScheduler")
def polynomial(
    t_initial: PositiveSteps,
    power: Number = 0.5,
    lr_min: Number = 0.0,
    cycle_mul: PositiveInt = 1,
    cycle_decay: Positive = 1.0,
    cycle_limit: Steps = 1,
    warmup_t: Steps = 0,
    warmup_lr_init: Number = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: Any = None,
    noise_pct: Ignored = 0.67,
    noise_std: Ignored = 1.0,
    noise_seed: Ignored = 42,
    k_decay: Positive = 1.0,
    *,
    lr: Number,
) -> Read:
    """Powers of what is left."""
    if k_decay != 1.0:
        why = "No schedule here is a power of what a power of the step leaves."
        raise invalid_value("PolyLRScheduler", "k_decay", k_decay, "1", why)

    def curve(start: float, end: float, steps: int) -> Schedule:
        return Polynomial(start, end, steps, power)

    cycles = _cycles(curve, lr, lr_min, t_initial, cycle_mul, cycle_decay, cycle_limit)
    warm = _warmed_up(cycles, lr, warmup_t, warmup_lr_init, warmup_prefix)
    return _read(warm, t_in_epochs, noise_range_t)


@TIMM.scheduler("TanhLRScheduler")
def tanh(
    t_initial: PositiveSteps,
    lb: Number = -7.0,
    ub: Number = 3.0,
    lr_min: Number = 0.0,
    cycle_mul: PositiveInt = 1,
    cycle_decay: Positive = 1.0,
    cycle_limit: Steps = 1,
    warmup_t: Steps = 0,
    warmup_lr_init: Number = 0.0,
    warmup_prefix: bool = False,
    t_in_epochs: bool = True,
    noise_range_t: Any = None,
    noise_pct: Ignored = 0.67,
    noise_std: Ignored = 1.0,
    noise_seed: Ignored = 42,
    *,
    lr: Number,
) -> Read:
    """Parts of a hyperbolic tangent, whose first value is not the rate."""

    def curve(start: float, end: float, steps: int) -> Schedule:
        return Tanh(start, end, steps, lb, ub).cut(steps)

    cycles = _cycles(
        curve, lr, lr_min, t_initial, cycle_mul, cycle_decay, cycle_limit, reaches=False
    )
    top = lr if warmup_prefix or not warmup_t else float(cycles.shift(-warmup_t)(0))
    warm = _warmed_up(cycles, top, warmup_t, warmup_lr_init, warmup_prefix)
    return _read(warm, t_in_epochs, noise_range_t)


@TIMM.scheduler("StepLRScheduler")
def step(
    decay_t: Positive,
    decay_rate: Number = 1.0,
    warmup_t: Steps = 0,
    warmup_lr_init: Number = 0.0,
    warmup_prefix: bool = True,
    t_in_epochs: bool = True,
    noise_range_t: Any = None,
    noise_pct: Ignored = 0.67,
    noise_std: Ignored = 1.0,
    noise_seed: Ignored = 42,
    *,
    lr: Number,
) -> Read:
    """The rate times ``decay_rate`` every ``decay_t`` steps."""
    warm = _warmed_up(stairs(lr, decay_t, decay_rate), lr, warmup_t, warmup_lr_init, warmup_prefix)
    return _read(warm, t_in_epochs, noise_range_t)


@TIMM.scheduler("MultiStepLRScheduler")
def multi_step(
    decay_t: Sequence[Number],
    decay_rate: Number = 1.0,
    warmup_t: Steps = 0,
    warmup_lr_init: Number = 0.0,
    warmup_prefix: bool = True,
    t_in_epochs: bool = True,
    noise_range_t: Any = None,
    noise_pct: Ignored = 0.67,
    noise_std: Ignored = 1.0,
    noise_seed: Ignored = 42,
    *,
    lr: Number,
) -> Read:
    """The rate times ``decay_rate`` one step before each of ``decay_t``, the first step at most."""
    if list(decay_t) != sorted(decay_t):
        raise invalid_value("MultiStepLRScheduler", "decay_t", tuple(decay_t), "rising")
    curve = drops(lr, [max(ceil(at) - 1, 1) for at in decay_t], decay_rate)
    warm = _warmed_up(curve, lr, warmup_t, warmup_lr_init, warmup_prefix)
    return _read(warm, t_in_epochs, noise_range_t)


@TIMM.scheduler("WSDLRScheduler")
def wsd(
    t_initial: PositiveSteps,
    decay_t: PositiveSteps,
    lr_min: Number = 0.0,
    stable_fn: Literal["constant", "rsqrt", "power"] = "constant",
    stable_timescale: PositiveSteps | None = None,
    stable_power: Number = 0.5,
    decay_fn: Any = "1-sqrt",
    decay_power: Number = 0.5,
    decay_ratio: Number = 0.1,
    warmup_t: Steps = 0,
    warmup_lr_init: Number = 0.0,
    t_in_epochs: bool = True,
    noise_range_t: Any = None,
    noise_pct: Ignored = 0.67,
    noise_std: Ignored = 1.0,
    noise_seed: Ignored = 42,
    *,
    lr: Number,
) -> Read:
    """A stable part, and a cooldown of ``decay_t`` steps."""
    stable: Schedule | None = None
    if stable_fn != "constant":
        scale = stable_timescale or warmup_t
        power = stable_power if stable_fn == "power" else 0.5
        stable = (
            InverseSqrtDecay(lr, scale) if stable_fn == "rsqrt" else PowerDecay(lr, power, scale)
        )
    before = t_initial - decay_t
    hold = (Constant(1.0 if stable else lr, before),) if before else ()

    def cooldown(start: float, end: float) -> Schedule:
        return _cooldown(decay_fn, decay_power, decay_ratio, start, end, decay_t)

    if stable is None:
        curve = join(*hold, cooldown(lr, lr_min))
    else:
        fall = join(*hold, cooldown(1.0, 0.0))
        curve = (stable.clip(low=lr_min) + -lr_min) * fall + lr_min if lr_min else stable * fall
    warm = _warmed_up(curve, lr, warmup_t, warmup_lr_init, True)
    return _read(warm, t_in_epochs, noise_range_t)


@TIMM.scheduler("PlateauLRScheduler")
def plateau(
    decay_rate: Number = 0.1,
    patience_t: Steps = 10,
    threshold: Number = 1e-4,
    cooldown_t: Steps = 0,
    warmup_t: Steps = 0,
    warmup_lr_init: Number = 0.0,
    lr_min: NonNegative = 0.0,
    mode: Literal["min", "max"] = "max",
    noise_range_t: Any = None,
    noise_type: Ignored = "normal",
    noise_pct: Ignored = 0.67,
    noise_std: Ignored = 1.0,
    noise_seed: Ignored = None,
    *,
    lr: Number,
) -> Read:
    """A constant rate after a warm-up, and the rule that lowers it."""
    rule = reduce_lr_on_plateau(
        None, mode, decay_rate, patience_t, threshold, "rel", cooldown_t, lr_min, lr=lr
    ).rule
    warm = _warmed_up(Constant(lr), lr, warmup_t, warmup_lr_init, True)
    return Read(_read(warm, False, noise_range_t).values, rule)


def _read(schedule: Schedule, epochs: bool, noise: Any) -> Read:
    if noise is not None:
        raise GradatimError(
            "its noise has no form here, a schedule has one value for each step. Leave "
            "noise_range_t out."
        )
    return Read({"lr": schedule}, differences=(_EPOCHS,) if epochs else ())


def _warmed_up(curve: Schedule, top: float, up: int, start: float, waits: bool) -> Schedule:
    """The curve after a warm-up; one that does not wait runs on under it, and the rate jumps."""
    if not up:
        return curve
    return join(Linear(start, top, up), curve if waits else curve.shift(-up))


def _cycles(
    curve: Callable[[float, float, int], Schedule],
    peak: float,
    floor: float,
    steps: int,
    stretch: int,
    shrink: float,
    limit: int,
    *,
    reaches: bool = True,
) -> Schedule:
    """Cycles that each begin lower than the one before and end at the same floor."""
    if shrink == 1.0 and limit:
        cycle = curve(peak, floor, steps)
        found = cycle.repeat(limit, stretch=stretch) if limit > 1 else cycle
        return found if reaches else found >> Constant(floor)
    if limit > _MOST_CYCLES:
        raise GradatimError(f"cycle_limit must be at most {_MOST_CYCLES}, got {limit}.")
    each = [curve(peak * shrink**i, floor, steps * stretch**i) for i in range(limit)]
    return join(*each, *(() if reaches and limit else (Constant(floor),)))


def _cooldown(
    kind: Any, power: float, ratio: float, start: float, end: float, steps: int
) -> Schedule:
    power = {"1-sqrt": 0.5, "linear": 1.0}.get(kind, power) if isinstance(kind, str) else power
    if kind == "cosine":
        return Cosine(start, end, steps)
    if kind == "exp":
        height: float = (start - end) / (1.0 - ratio)
        level: float = end - height * ratio
        return height * Exponential(1.0, ratio, steps) + level
    if kind not in ("1-sqrt", "linear", "power") or power not in (0.5, 1.0):
        raise invalid_value(
            "WSDLRScheduler",
            "decay_fn",
            kind,
            "'linear', '1-sqrt', 'cosine' or 'exp'",
            "No other cooldown has a form here; write wsd(...) with one of its shapes.",
        )
    return OneMinusSqrt(start, end, steps) if power == 0.5 else Linear(start, end, steps)


@TIMM.reads_object(*TIMM.meanings)
def timm_object(scheduler: Any, group: int) -> Call:
    """Its rates come with a factor for some groups, and may be another value of the optimizer."""
    name = next(kind.__name__ for kind in type(scheduler).__mro__ if kind.__name__ in TIMM.meanings)
    lr = number(scheduler.base_values[group])
    scale = scheduler.optimizer.param_groups[group].get("lr_scale", 1.0)
    found = _plateau_arguments(scheduler, group) if name == "PlateauLRScheduler" else None
    found = found or arguments_of(scheduler, TIMM.meaning(name))

    def make(_: float | None) -> Read:
        read = TIMM.means(name, found, lr)
        schedule = read.schedule if scale == 1.0 else scale * read.schedule
        return Read({scheduler.param_group_field: schedule}, read.rule, read.differences)

    return Call(TIMM, name, found, lr, make)


def _plateau_arguments(scheduler: Any, group: int) -> dict[str, Any]:
    """It keeps a scheduler of torch, and of itself only the warm-up."""
    inner = call_of(scheduler.lr_scheduler, group).arguments
    return {
        "decay_rate": inner["factor"],
        "patience_t": inner["patience"],
        "threshold": inner["threshold"],
        "cooldown_t": inner["cooldown"],
        "lr_min": inner["min_lr"],
        "mode": inner["mode"],
        "warmup_t": scheduler.warmup_t,
        "warmup_lr_init": scheduler.warmup_lr_init,
        "noise_range_t": scheduler.noise_range_t,
    }


_STEP = "Call scheduler.step_update(n) after update n, from 1, and scheduler.step_update(0) before."


@TIMM.writes
def write(schedule: Schedule, steps: int) -> Written:
    """A scheduler of timm that counts updates."""
    instead = "timm takes a cosine, a line or a polynomial after a warm-up."
    found = plain("timm", schedule, instead)
    curve = found.curve
    if found.hold or not isinstance(curve, Cosine | KDecay | Linear | Polynomial) or curve.end < 0:
        raise no_form("timm", schedule, instead)
    name = "CosineLRScheduler" if isinstance(curve, Cosine | KDecay) else "PolyLRScheduler"
    more: dict[str, Any] = {"k_decay": curve.power} if isinstance(curve, KDecay) else {}
    if name == "PolyLRScheduler":
        more["power"] = curve.power if isinstance(curve, Polynomial) else 1.0
    code = call(
        name,
        optimizer=Name("optimizer"),
        t_initial=curve.steps,
        lr_min=curve.end,
        warmup_t=found.warmup,
        warmup_lr_init=found.start,
        warmup_prefix=True,
        t_in_epochs=False,
        **more,
    )
    return Written(
        f"from timm.scheduler import {name}\n\nscheduler = {code}\n",
        (
            f"The optimizer is made with lr={found.peak!r}.",
            _STEP,
            "warmup_prefix=True matters: without it the curve has moved on when the warm-up ends.",
        ),
    )
