"""DeepSpeed: the "scheduler" entry of its JSON configuration."""

from __future__ import annotations

import json
from typing import Any, Literal

from gradatim.core.ramps import Cosine, Linear
from gradatim.core.recipes import warmup_constant, warmup_cosine, warmup_linear
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, unknown_name
from gradatim.peers.arguments import Fresh, Number, PositiveSteps, Steps
from gradatim.peers.found import Read
from gradatim.peers.peer import Peer
from gradatim.peers.stages import Written, no_form, plain

DEEPSPEED = Peer("deepspeed")
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
    """A line up, and then its end."""
    peak = lr if warmup_max_lr is None else warmup_max_lr
    if peak is None:
        raise GradatimError("WarmupLR: warmup_max_lr is missing. Write --lr, which stands for it.")
    up = _warmup(warmup_num_steps, warmup_type)
    return Read({"lr": warmup_constant(peak, warmup=up, start=warmup_min_lr)}, differences=_LATE)


@DEEPSPEED.scheduler("WarmupDecayLR")
def warmup_decay_lr(
    total_num_steps: PositiveSteps,
    warmup_min_lr: Number = 0.0,
    warmup_max_lr: Number = 0.001,
    warmup_num_steps: Steps = 1000,
    warmup_type: Warmup = "log",
    last_batch_iteration: Fresh = -1,
) -> Read:
    """A line up and one down to where that began."""
    up, floor = _warmup(warmup_num_steps, warmup_type), warmup_min_lr
    schedule = warmup_linear(
        warmup_max_lr, steps=total_num_steps, warmup=up, start=floor, floor=floor
    )
    return Read({"lr": schedule}, differences=_LATE)


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
    """A line up and a cosine down, from and to shares of the rate."""
    schedule = warmup_cosine(
        lr,
        steps=total_num_steps,
        warmup=_warmup(warmup_num_steps, warmup_type),
        start=lr * warmup_min_ratio,
        floor=lr * cos_min_ratio,
    )
    return Read({"lr": schedule}, differences=(_COSINE,))


def _warmup(steps: int, shape: str) -> int:
    if shape != "linear":
        raise GradatimError(
            "DeepSpeed's warm-up is logarithmic by default, which has no form here. "
            'Write "warmup_type": "linear".'
        )
    return max(2, steps)  # as DeepSpeed does


@DEEPSPEED.reads_text
def read(text: str, lr: float | None, steps: int | None) -> Read:
    """The schedule of a "scheduler" entry, alone or in a whole configuration."""
    from gradatim.core.build import Node
    from gradatim.plans import json as strict

    def data(node: Node) -> Any:
        if isinstance(node.value, dict):
            return {key: data(entry) for key, entry in node.value.items()}
        return [data(n) for n in node.value] if isinstance(node.value, list) else node.value

    found = data(strict.read_json(text))
    entry = found.get("scheduler", found) if isinstance(found, dict) else None
    entry = entry if isinstance(entry, dict) else {}
    name, given = entry.get("type"), entry.get("params", {})
    if not isinstance(name, str):
        raise unknown_name("DeepSpeed", "scheduler", name, DEEPSPEED.meanings)
    DEEPSPEED.meaning(name)
    if not isinstance(given, dict):
        raise GradatimError(f"{name}: params must be an object.")
    for key, value in given.items():
        if value == "auto":
            raise GradatimError(
                f'{name}: {key} is "auto", which transformers fills in. Write its number.'
            )
    return DEEPSPEED.means(name, DEEPSPEED.bind(name, (), given), lr, steps)


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
