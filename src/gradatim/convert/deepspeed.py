"""DeepSpeed: the "scheduler" entry of its JSON configuration."""

from __future__ import annotations

import json
from typing import Any

from gradatim.convert.stages import (
    Read,
    Written,
    need,
    no_form,
    plain,
)
from gradatim.core.errors import GradatimError, unknown
from gradatim.core.ramps import Cosine, Linear
from gradatim.core.recipes import (
    warmup_constant,
    warmup_cosine,
    warmup_linear,
)
from gradatim.core.schedule import Schedule

_ENGINE = "Give the engine a scheduler of your own: deepspeed.initialize(lr_scheduler=...)."
_LATER = "DeepSpeed's first two updates both run at the start of the warm-up: it is one update late"
_COSINE = (
    "DeepSpeed's first update runs at 0 and its second at the start of the warm-up: it is one "
    "update late in the warm-up, and the curve after it is not."
)
_ALL = ("warmup_num_steps", "warmup_type", "last_batch_iteration")
_TAKES = {
    "WarmupLR": ("warmup_min_lr", "warmup_max_lr", *_ALL),
    "WarmupDecayLR": ("total_num_steps", "warmup_min_lr", "warmup_max_lr", *_ALL),
    "WarmupCosineLR": ("total_num_steps", "warmup_min_ratio", "cos_min_ratio", *_ALL),
}


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
    said: tuple[str, ...] = (f"{_LATER} all along.",)
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


def read(text: str, lr: float | None, steps: int | None) -> Read:
    """The schedule of a "scheduler" entry."""
    from gradatim.core.build import Node
    from gradatim.plans import json as strict

    def data(node: Node) -> Any:
        if isinstance(node.value, dict):
            return {key: data(entry) for key, entry in node.value.items()}
        return [data(n) for n in node.value] if isinstance(node.value, list) else node.value

    found = data(strict.read(text))
    entry = found.get("scheduler", found) if isinstance(found, dict) else {}
    kind = entry.get("type") if isinstance(entry, dict) else None
    if not isinstance(kind, str) or kind not in _TAKES:
        raise unknown("convert: DeepSpeed", "scheduler", kind, _TAKES)
    a = dict(entry.get("params", {}))
    for key, value in a.items():
        if key not in _TAKES[kind]:
            raise unknown(f"convert: {kind}", "parameter", key, _TAKES[kind])
        if value == "auto":
            raise GradatimError(
                f'convert: {kind}: {key} is "auto", which transformers fills in. Write its number.'
            )
    if a.get("warmup_type", "log") != "linear":
        raise GradatimError(
            "convert: DeepSpeed's warm-up is logarithmic by default, which has no form here. "
            'Write "warmup_type": "linear".'
        )
    up = max(2, a.get("warmup_num_steps", 1000))  # as DeepSpeed does
    total = up if kind == "WarmupLR" else a["total_num_steps"]
    if kind == "WarmupCosineLR":
        peak = need(kind, "the rate of the optimizer", lr, "Write --lr.")
        floor = peak * a.get("cos_min_ratio", 0.0001)
        start = peak * a.get("warmup_min_ratio", 0.0)
        schedule = warmup_cosine(peak, steps=total, warmup=up, start=start, floor=floor)
        return Read(schedule, (_COSINE,))
    start, said = a.get("warmup_min_lr", 0.0), (f"{_LATER} all along.",)
    if kind == "WarmupLR":
        top = a.get("warmup_max_lr", lr)
        peak = need(kind, "warmup_max_lr", top, "Write --lr, which stands for it.")
        return Read(warmup_constant(peak, warmup=up, start=start), said)
    # It comes down to where the warm-up began.
    return Read(
        warmup_linear(
            a.get("warmup_max_lr", 0.001), steps=total, warmup=up, start=start, floor=start
        ),
        said,
    )
