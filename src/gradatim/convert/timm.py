"""timm: schedulers that count updates or epochs after a warm-up of their own."""

from __future__ import annotations

from typing import Any

from gradatim.convert.meaning import timm
from gradatim.convert.stages import Read, Written, call, need, no_form, plain
from gradatim.convert.syntax import Name, parse_call
from gradatim.core.ramps import Cosine, KDecay, Linear, Polynomial
from gradatim.core.schedule import Schedule

_WARMUP = "warmup_t warmup_lr_init"
_CYCLE = "lr_min cycle_mul cycle_decay cycle_limit"
_NOISE = "noise_range_t noise_pct noise_std noise_seed"
_USUAL = f"{_WARMUP} warmup_prefix t_in_epochs {_NOISE}"
_TAKES = {
    name: f"optimizer {names}".split()
    for name, names in {
        "CosineLRScheduler": f"t_initial {_CYCLE} {_USUAL} k_decay initialize",
        "PolyLRScheduler": f"t_initial power {_CYCLE} {_USUAL} k_decay initialize",
        "TanhLRScheduler": f"t_initial lb ub {_CYCLE} {_USUAL} initialize",
        "StepLRScheduler": f"decay_t decay_rate {_USUAL} initialize",
        "MultiStepLRScheduler": f"decay_t decay_rate {_USUAL} initialize",
        "WSDLRScheduler": "t_initial decay_t lr_min stable_fn stable_timescale stable_power "
        f"decay_fn decay_power decay_ratio {_WARMUP} t_in_epochs {_NOISE} initialize",
    }.items()
}
_STEP = "Call scheduler.step_update(n) after update n, from 1, and scheduler.step_update(0) before."


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


def read(text: str, lr: float | None, steps: int | None) -> Read:
    """The schedule of a scheduler of timm that counts updates."""
    name, a = parse_call(text, _TAKES)
    peak = need(name, "the rate of the optimizer", lr, "Write --lr.")
    said: tuple[str, ...] = ()
    if a.get("t_in_epochs", True):
        said = ("It counts epochs there; the numbers here are taken for updates.",)
    return Read(timm.schedule(name, a, peak), said)
