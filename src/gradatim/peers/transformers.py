"""transformers: the ``get_..._schedule`` functions, which multiply the optimizer's rate."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any, Literal

from gradatim.core.closed_forms import CosineWave
from gradatim.core.combine import join
from gradatim.core.decays import Constant, InverseSqrtDecay
from gradatim.core.ramps import Cosine, Linear, OneMinusSqrt, Polynomial, SquareRoot
from gradatim.core.recipes import warmup_inverse_sqrt
from gradatim.core.rules import Greedy
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value, unknown_name
from gradatim.peers.arguments import (
    Fresh,
    Ignored,
    NonNegative,
    Number,
    PositiveSteps,
    Steps,
    rounded,
)
from gradatim.peers.found import Read
from gradatim.peers.peer import Peer
from gradatim.peers.phases import Phase, phases
from gradatim.peers.source import function
from gradatim.peers.stages import Stages, Written, call, stages
from gradatim.peers.syntax import Name
from gradatim.peers.torch import RISES, reduce_lr_on_plateau

TRANSFORMERS = Peer("transformers", before={"optimizer": Ignored}, after={"last_epoch": Fresh})
Shape = Literal["linear", "cosine", "1-sqrt"]
_MOST_CYCLES = 1_000


@TRANSFORMERS.scheduler("get_constant_schedule")
def constant(*, lr: Number) -> Schedule:
    """The rate of the optimizer."""
    return Constant(lr)


@TRANSFORMERS.scheduler("get_constant_schedule_with_warmup")
def constant_with_warmup(num_warmup_steps: NonNegative, *, lr: Number) -> Schedule:
    """A line up from 0, and then the rate of the optimizer."""
    return phases(Phase(num_warmup_steps, 0.0, lr)) if num_warmup_steps else Constant(lr)


@TRANSFORMERS.scheduler("get_linear_schedule_with_warmup")
def linear(
    num_warmup_steps: NonNegative, num_training_steps: NonNegative, *, lr: Number
) -> Schedule:
    """A line up from 0 and one down to 0."""
    _check_lengths(num_warmup_steps, num_training_steps)
    return phases(Phase(num_warmup_steps, 0.0, lr), Phase(num_training_steps, lr, 0.0))


@TRANSFORMERS.scheduler("get_cosine_schedule_with_warmup")
def cosine(
    num_warmup_steps: NonNegative,
    num_training_steps: NonNegative,
    num_cycles: Number = 0.5,
    *,
    lr: Number,
) -> Read:
    """A line up from 0 and half a wave of a cosine down to 0."""
    return cosine_to_floor(None, num_warmup_steps, num_training_steps, num_cycles, lr=lr)


@TRANSFORMERS.scheduler("get_cosine_with_min_lr_schedule_with_warmup", whole=True)
def cosine_to_floor(
    optimizer: Ignored,
    num_warmup_steps: NonNegative,
    num_training_steps: NonNegative,
    num_cycles: Number = 0.5,
    last_epoch: Fresh = -1,
    min_lr: Number | None = None,
    min_lr_rate: Number | None = None,
    *,
    lr: Number,
) -> Read:
    """A line up from 0 and half a wave of a cosine down to a floor."""
    floor = _floor(lr, min_lr, min_lr_rate)
    _check_lengths(num_warmup_steps, num_training_steps)
    if num_cycles == 0.5:
        down = Phase(num_training_steps, lr, floor, "cosine")
        return Read({"lr": phases(Phase(num_warmup_steps, 0.0, lr), down)}, differences=(RISES,))
    up, steps = _whole(num_warmup_steps, num_training_steps)
    return Read({"lr": join(*_up(lr, up), _waves(lr, floor, steps, num_cycles))})


@TRANSFORMERS.scheduler("get_cosine_with_min_lr_schedule_with_warmup_lr_rate", whole=True)
def cosine_from_rate(
    optimizer: Ignored,
    num_warmup_steps: NonNegative,
    num_training_steps: NonNegative,
    num_cycles: Number = 0.5,
    last_epoch: Fresh = -1,
    min_lr: Number | None = None,
    min_lr_rate: Number | None = None,
    warmup_lr_rate: Number | None = None,
    *,
    lr: Number,
) -> Read:
    """The one whose first update is one step up the warm-up, and whose last is at the floor."""
    up, steps = _whole(num_warmup_steps, num_training_steps)
    curve, rate = _waves(lr, _floor(lr, min_lr, min_lr_rate), steps, num_cycles), warmup_lr_rate
    if up > 1:
        line = Linear(0.0, lr, up).shift(-1) if rate is None else Linear(rate * lr, lr, up - 1)
        curve = line >> curve
    elif up == 1 and rate is not None:
        curve = Constant(rate * lr, 1) >> curve.shift(-1)
    elif not up:
        curve = curve.shift(-1)
    return Read({"lr": curve}, differences=(RISES,) if num_cycles == 0.5 else ())


@TRANSFORMERS.scheduler("get_cosine_with_hard_restarts_schedule_with_warmup")
def restarts(
    num_warmup_steps: NonNegative,
    num_training_steps: NonNegative,
    num_cycles: NonNegative = 1,
    *,
    lr: Number,
) -> Schedule:
    """A line up from 0, and cosines that share the rest of the run."""
    up, steps = _whole(num_warmup_steps, num_training_steps)
    cycles = rounded(num_cycles)
    if not 0 < cycles <= _MOST_CYCLES:
        allowed = f"above 0 and at most {_MOST_CYCLES}"
        raise invalid_value("transformers", "num_cycles", cycles, allowed)
    if isinstance(cycles, int) and steps % cycles == 0:
        curve = Cosine(lr, 0.0, steps // cycles)
        return join(*_up(lr, up), curve.repeat(cycles) if cycles > 1 else curve)
    ends = [up + i * steps / cycles for i in range(1, ceil(cycles) + 1)]
    rise = [Phase(up, 0.0, lr)] if up else []
    falls = phases(*rise, *(Phase(end, lr, 0.0, "cosine") for end in ends))
    return falls if isinstance(cycles, int) else falls.cut(up + steps) >> Constant(0.0)


@TRANSFORMERS.scheduler("get_polynomial_decay_schedule_with_warmup")
def polynomial(
    num_warmup_steps: NonNegative,
    num_training_steps: NonNegative,
    lr_end: Number = 1e-7,
    power: Number = 1.0,
    *,
    lr: Number,
) -> Schedule:
    """A line up from 0, and a power of what is left, down to ``lr_end``."""
    up, steps = _whole(num_warmup_steps, num_training_steps)
    return join(*_up(lr, up), Polynomial(lr, lr_end, steps, power))


@TRANSFORMERS.scheduler("get_inverse_sqrt_schedule")
def inverse_sqrt(
    num_warmup_steps: Steps, timescale: PositiveSteps | None = None, *, lr: Number
) -> Schedule:
    """A line up from 0, and one over the square root of the step."""
    scale = timescale or num_warmup_steps or 10_000
    return warmup_inverse_sqrt(lr, warmup=num_warmup_steps, scale=scale)


@TRANSFORMERS.scheduler("get_wsd_schedule")
def wsd(
    num_warmup_steps: Steps,
    num_decay_steps: Steps,
    num_training_steps: Steps | None = None,
    num_stable_steps: Any = None,
    warmup_type: Shape = "linear",
    decay_type: Shape = "cosine",
    min_lr_ratio: Number = 0,
    num_cycles: Number = 0.5,
    *,
    lr: Number,
) -> Schedule:
    """A warm-up, a stable part and a cooldown."""
    up, down, floor = num_warmup_steps, num_decay_steps, lr * min_lr_ratio
    stable = rounded(num_stable_steps)
    if stable is None and num_training_steps is None:
        raise GradatimError("get_wsd_schedule: write num_training_steps or num_stable_steps.")
    stable = (num_training_steps or 0) - up - down if stable is None else stable
    if stable < 0:
        raise GradatimError(
            f"transformers: num_warmup_steps, {up}, and num_decay_steps, {down}, are longer than "
            f"the run, {up + down + stable}. There the rate would jump from the one into the other."
        )
    rises: dict[str, Callable[[float, float, int], Schedule]] = {
        "linear": Linear,
        "cosine": Cosine,
        "1-sqrt": SquareRoot,
    }
    pieces: list[Schedule] = [rises[warmup_type](floor, lr, up)] if up else []
    pieces += [Constant(lr, stable)] if stable else []
    if down and decay_type == "cosine":
        pieces.append(_waves(lr, floor, down, num_cycles))
    elif down:
        pieces.append((Linear if decay_type == "linear" else OneMinusSqrt)(lr, floor, down))
    if not down or (decay_type == "cosine" and num_cycles != 0.5):
        pieces.append(Constant(floor))
    return join(*pieces)


TRANSFORMERS.scheduler("get_reduce_on_plateau_schedule", whole=True)(reduce_lr_on_plateau)


@TRANSFORMERS.scheduler("get_greedy_schedule", "GreedyLR", whole=True)
def greedy(
    optimizer: Ignored,
    mode: Literal["min", "max"] = "min",
    factor: Number = 0.95,
    patience: Steps = 10,
    threshold: Number = 1e-6,
    threshold_mode: Literal["rel", "abs"] = "abs",
    cooldown: Steps = 0,
    warmup: Steps = 0,
    min_lr: NonNegative = 1e-3,
    max_lr: NonNegative = 1.0,
    eps: Ignored = 1e-8,
    verbose: Ignored = False,
    smooth: bool = False,
    window_size: Ignored = 50,
    reset_start: Any = 500,
    *,
    lr: Number,
) -> Read:
    """A constant rate, and the rule that raises and lowers it."""
    if smooth:
        raise GradatimError(
            "GreedyLR: smooth=True averages the metric over a window. Average it before you show "
            "it: scheduler.observe(mean), and build this one with smooth=False."
        )
    if reset_start < 500:
        raise GradatimError(
            f"GreedyLR: reset_start={reset_start!r} begins again after that many metrics at "
            "min_lr, which no rule here does. Leave it out: after 500, nearly no run comes there."
        )
    rule = Greedy(
        mode=mode,
        nan="worse",
        factor=factor,
        patience=patience,
        threshold=threshold,
        relative=threshold_mode == "rel",
        cooldown=cooldown,
        warmup=warmup,
        floor=min_lr / lr,
        ceiling=max_lr / lr,
    )
    said = f"After {reset_start} metrics at min_lr it begins again there; here it stays at min_lr."
    return Read({"lr": Constant(lr)}, rule, (said,))


TYPES = {
    "linear": "get_linear_schedule_with_warmup",
    "cosine": "get_cosine_schedule_with_warmup",
    "cosine_with_restarts": "get_cosine_with_hard_restarts_schedule_with_warmup",
    "polynomial": "get_polynomial_decay_schedule_with_warmup",
    "constant": "get_constant_schedule",
    "constant_with_warmup": "get_constant_schedule_with_warmup",
    "inverse_sqrt": "get_inverse_sqrt_schedule",
    "reduce_lr_on_plateau": "get_reduce_on_plateau_schedule",
    "cosine_with_min_lr": "get_cosine_with_min_lr_schedule_with_warmup",
    "cosine_warmup_with_min_lr": "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    "warmup_stable_decay": "get_wsd_schedule",
    "greedy": "get_greedy_schedule",
}


@TRANSFORMERS.scheduler("get_scheduler", whole=True)
def by_type(
    name: str,
    optimizer: Ignored,
    num_warmup_steps: NonNegative | None = None,
    num_training_steps: NonNegative | None = None,
    scheduler_specific_kwargs: Any = None,
    *,
    lr: Number,
) -> Read:
    """One of the others, by the name that ``TrainingArguments(lr_scheduler_type=...)`` takes."""
    if name not in TYPES:
        raise unknown_name("get_scheduler", "name", name, TYPES)
    taken = TRANSFORMERS.parameters(TYPES[name])
    lengths = {"num_warmup_steps": num_warmup_steps, "num_training_steps": num_training_steps}
    found = {key: steps for key, steps in lengths.items() if key in taken and steps is not None}
    more = TRANSFORMERS.bind(TYPES[name], (), scheduler_specific_kwargs or {})
    return TRANSFORMERS.means(TYPES[name], found | more, lr)


def _check_lengths(up: float, total: float) -> None:
    if total <= up:
        raise invalid_value(
            "transformers",
            "num_training_steps",
            total,
            f"above num_warmup_steps, {up}",
            "Nothing is left for the decay.",
        )


def _whole(up: float, total: float) -> tuple[int, int]:
    """The warm-up and the updates after it, for shapes that need whole numbers of them."""
    _check_lengths(up, total)
    up, total = rounded(up), rounded(total)
    for name, steps in (("num_warmup_steps", up), ("num_training_steps", total)):
        if not isinstance(steps, int):
            raise GradatimError(f"{name} must be a whole number of updates, got {steps}.")
    return int(up), int(total - up)


def _floor(lr: float, least: float | None, rate: float | None) -> float:
    if least is not None:  # transformers, too, makes a share of it
        return lr * (least / lr)
    return lr * (rate or 0.0)


def _up(peak: float, up: int) -> tuple[Schedule, ...]:
    return (Linear(0.0, peak, up),) if up else ()


def _waves(peak: float, floor: float, steps: int, cycles: float) -> Schedule:
    """So many whole waves of a cosine, and then the value it has come to."""
    if cycles in (0.5, -0.5):
        return Cosine(peak, floor, steps)
    if cycles == 0:
        return Constant(peak, steps)
    wave: Schedule = CosineWave(steps / abs(2.0 * cycles)) * Constant(peak - floor)
    return (wave + floor if floor else wave).cut(steps)


_NO_RATES = (
    "it drives no rates: it shows those that the optimizer finds for itself. There is nothing to "
    "carry; leave the scheduler out."
)
TRANSFORMERS.refuses(
    _NO_RATES, "AdafactorSchedule", "LayerWiseDummyScheduler", "get_adafactor_schedule"
)
_LR = "The optimizer is made with lr={!r}, which the schedule multiplies."
_WSD: dict[type[Schedule], str] = {Linear: "linear", Cosine: "cosine", OneMinusSqrt: "1-sqrt"}


@TRANSFORMERS.writes
def write(schedule: Schedule, steps: int) -> Written:
    """The function that is it, or a ``LambdaLR`` for ``Trainer(optimizers=...)``."""
    found = stages(schedule)
    form = _form(found) if found and not found.early and found.start == 0.0 else None
    if found is None or form is None:
        code = (
            "import math\n\nfrom torch.optim.lr_scheduler import LambdaLR\n\n\n"
            + function(schedule)
            + "\n\n# The optimizer is made with lr=1.0, which LambdaLR multiplies.\n"
            "scheduler = LambdaLR(optimizer, rate)\n"
            "# Trainer(..., optimizers=(optimizer, scheduler))\n"
        )
        return Written(code, ("No function of transformers has this shape; this is its formula.",))
    name, arguments, said = form
    code = f"from transformers import {name}\n\nscheduler = " + call(
        name, optimizer=Name("optimizer"), **arguments
    )
    return Written(f"{code}\n", (_LR.format(found.peak), *said))


def _form(found: Stages) -> tuple[str, dict[str, Any], tuple[str, ...]] | None:
    curve, up = found.curve, found.warmup
    floor = curve.end / found.peak if isinstance(curve, Linear | Cosine | OneMinusSqrt) else 0.0
    if curve is None:
        return "get_constant_schedule_with_warmup", {"num_warmup_steps": up}, ()
    if found.hold and type(curve) in _WSD and (floor == 0.0 or not up):
        lengths = {"num_stable_steps": found.hold, "num_decay_steps": curve.length}
        shape = {"decay_type": _WSD[type(curve)], "min_lr_ratio": floor}
        return "get_wsd_schedule", {"num_warmup_steps": up, **lengths, **shape}, ()
    if found.hold:
        return None
    spent: dict[str, Any] = {"num_warmup_steps": up, "num_training_steps": up + (curve.length or 0)}
    if isinstance(curve, Cosine) and floor:
        spent["min_lr_rate"] = floor
        return "get_cosine_with_min_lr_schedule_with_warmup", spent, (RISES,)
    if isinstance(curve, Cosine):
        return "get_cosine_schedule_with_warmup", spent, (RISES,)
    if isinstance(curve, Linear) and not floor:
        return "get_linear_schedule_with_warmup", spent, ()
    if isinstance(curve, Linear | Polynomial):
        power = curve.power if isinstance(curve, Polynomial) else 1.0
        return (
            "get_polynomial_decay_schedule_with_warmup",
            {**spent, "lr_end": curve.end, "power": power},
            (),
        )
    if isinstance(curve, InverseSqrtDecay) and up:
        return "get_inverse_sqrt_schedule", {"num_warmup_steps": up, "timescale": curve.scale}, ()
    return None
