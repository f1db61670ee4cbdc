"""DeepSpeed: the "scheduler" entry of its JSON configuration."""

from __future__ import annotations

import json
from typing import Literal

from gradatim.core.closed_forms import Line
from gradatim.core.combine import join
from gradatim.core.decays import Constant, InverseTimeDecay
from gradatim.core.ramps import Cosine, Linear, Logarithmic
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value
from gradatim.peers.arguments import Fresh, NonNegative, Number, PositiveSteps, Steps
from gradatim.peers.found import Read
from gradatim.peers.peer import Peer
from gradatim.peers.stages import Written, no_form, plain
from gradatim.peers.torch import TORCH

DEEPSPEED = Peer("deepspeed", inside=(TORCH,))
Warmup = Literal["linear", "log"]
_ENGINE = "Give the engine a scheduler of your own: deepspeed.initialize(lr_scheduler=...)."
_LATER = "DeepSpeed's first two updates both run at the start of the warm-up: it is one update late"
_LATE = (f"{_LATER} all along.",)
_COSINE = (
    "DeepSpeed's first update runs at 0 and its second at the start of the warm-up: it is one "
    "update late in the warm-up, and the curve after it is not."
)


@DEEPSPEED.scheduler("WarmupLR")
def warmup_lr(
    warmup_min_lr: Number = 0.0,
    warmup_max_lr: Number | None = None,
    warmup_num_steps: Steps = 1000,
    warmup_type: Warmup = "log",
    last_batch_iteration: Fresh = -1,
    *,
    lr: Number | None = None,
) -> Read:
    """A logarithm or a line up, and then its end."""
    peak = lr if warmup_max_lr is None else warmup_max_lr
    if peak is None:
        raise GradatimError("WarmupLR: warmup_max_lr is missing. Write --lr, which stands for it.")
    up = _rise(warmup_min_lr, peak, warmup_num_steps, warmup_type)
    return Read({"lr": join(*up, Constant(peak))}, differences=_LATE)


@DEEPSPEED.scheduler("WarmupDecayLR")
def warmup_decay_lr(
    total_num_steps: PositiveSteps,
    warmup_min_lr: Number = 0.0,
    warmup_max_lr: Number = 0.001,
    warmup_num_steps: Steps = 1000,
    warmup_type: Warmup = "log",
    last_batch_iteration: Fresh = -1,
) -> Read:
    """A logarithm or a line up, and a line down to where that began."""
    up = _rise(warmup_min_lr, warmup_max_lr, warmup_num_steps, warmup_type)
    down = Linear(warmup_max_lr, warmup_min_lr, _left(total_num_steps, warmup_num_steps))
    return Read({"lr": join(*up, down)}, differences=_LATE)


@DEEPSPEED.scheduler("WarmupCosineLR")
def warmup_cosine_lr(
    total_num_steps: PositiveSteps,
    warmup_min_ratio: Number = 0.0,
    warmup_num_steps: Steps = 1000,
    cos_min_ratio: Number = 0.0001,
    warmup_type: Warmup = "log",
    last_batch_iteration: Fresh = -1,
    *,
    lr: Number,
) -> Read:
    """A logarithm or a line up and a cosine down, from and to shares of the rate."""
    up = _rise(lr * warmup_min_ratio, lr, warmup_num_steps, warmup_type)
    down = Cosine(lr, lr * cos_min_ratio, _left(total_num_steps, warmup_num_steps))
    return Read({"lr": join(*up, down)}, differences=(_COSINE,))


@DEEPSPEED.scheduler("LRRangeTest")
def range_test(
    lr_range_test_min_lr: Number = 1e-3,
    lr_range_test_step_size: PositiveSteps = 2000,
    lr_range_test_step_rate: Number = 1.0,
    lr_range_test_staircase: bool = False,
    last_batch_iteration: Fresh = -1,
) -> Read:
    """A line up without end, or its stairs."""
    start, size = lr_range_test_min_lr, lr_range_test_step_size
    line = Line(start, start * lr_range_test_step_rate, size)
    return Read({"lr": line.staircase(size) if lr_range_test_staircase else line})


@DEEPSPEED.scheduler("OneCycle")
def one_cycle(
    cycle_min_lr: Number,
    cycle_max_lr: Number,
    decay_lr_rate: NonNegative = 0.0,
    cycle_first_step_size: PositiveSteps = 2000,
    cycle_second_step_size: PositiveSteps | None = None,
    cycle_first_stair_count: Steps = 0,
    cycle_second_stair_count: Steps | None = None,
    decay_step_size: Steps = 0,
    cycle_momentum: bool = True,
    cycle_min_mom: Number = 0.8,
    cycle_max_mom: Number = 0.9,
    decay_mom_rate: NonNegative = 0.0,
    last_batch_iteration: Fresh = -1,
) -> Read:
    """A line up, a line down, and one over the time; of the momentum the same upside down."""
    if cycle_first_stair_count or cycle_second_stair_count:
        raise GradatimError(
            "OneCycle: its stairs have no form here, and older versions of DeepSpeed ignore them. "
            "Write cycle_first_stair_count: 0."
        )
    first, second = cycle_first_step_size, cycle_second_step_size or cycle_first_step_size
    low, high, every = cycle_min_lr, cycle_max_lr, decay_step_size
    decays = decay_step_size and decay_lr_rate
    last: Schedule = InverseTimeDecay(low, decay_lr_rate, every) if decays else Constant(low)
    values = {"lr": join(Linear(low, high, first), Linear(high, low, second), last)}
    if not cycle_momentum:
        return Read(values)
    low, high = cycle_min_mom, cycle_max_mom
    grows = decay_step_size and decay_mom_rate
    last = Line(high, high * decay_mom_rate, every) if grows else Constant(high)
    values["momentum"] = join(Linear(high, low, first), Linear(low, high, second), last)
    said = f"The momentum of the first update is {low!r} there, and SGD's stays as it is."
    return Read(values, differences=(said,))


def _rise(start: float, peak: float, steps: int, shape: str) -> tuple[Schedule, ...]:
    """The warm-up. The logarithmic one is at its end one update early, and waits."""
    steps = max(2, steps)  # as DeepSpeed does
    if shape == "linear":
        return (Linear(start, peak, steps),)
    return Logarithmic(start, peak, steps - 1, float(steps - 1)), Constant(peak, 1)


def _left(total: int, warmup: int) -> int:
    """The updates after the warm-up."""
    warmup = max(2, warmup)
    if total <= warmup:
        allowed = f"above warmup_num_steps, {warmup}"
        raise invalid_value("DeepSpeed", "total_num_steps", total, allowed)
    return total - warmup


@DEEPSPEED.writes
def write(schedule: Schedule, steps: int) -> Written:
    """The "scheduler" entry of a DeepSpeed configuration."""
    found = plain("DeepSpeed", schedule, _ENGINE)
    curve, total = found.curve, found.warmup + ((found.curve and found.curve.length) or 0)
    warm = {
        "warmup_min_lr": found.start,
        "warmup_max_lr": found.peak,
        "warmup_num_steps": found.warmup,
        "warmup_type": "linear",
    }
    said: tuple[str, ...] = _LATE
    if found.hold or found.warmup < 2:
        raise no_form("DeepSpeed", schedule, f"{_ENGINE} Its warm-up has 2 updates or more.")
    if curve is None:
        kind, params = "WarmupLR", warm
    elif isinstance(curve, Linear) and curve.end == found.start:
        kind, params = "WarmupDecayLR", {"total_num_steps": total, **warm}
    elif isinstance(curve, Cosine):
        kind, params = (
            "WarmupCosineLR",
            {
                "total_num_steps": total,
                "warmup_min_ratio": found.start / found.peak,
                "warmup_num_steps": found.warmup,
                "cos_min_ratio": curve.end / found.peak,
                "warmup_type": "linear",
            },
        )
        said = (
            _COSINE,
            f"The optimizer is configured with lr={found.peak!r}, which this multiplies.",
        )
    else:
        raise no_form("DeepSpeed", schedule, _ENGINE)
    return Written(json.dumps({"scheduler": {"type": kind, "params": params}}, indent=2), said)
