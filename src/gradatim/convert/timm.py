"""timm: schedulers that count updates or epochs after a warm-up of their own."""

from __future__ import annotations

from typing import Any

from gradatim.convert.stages import (
    Name,
    Read,
    Written,
    call,
    need,
    no_form,
    parse_call,
    plain,
)
from gradatim.core.combine import join
from gradatim.core.ramps import Cosine, Linear, Polynomial
from gradatim.core.schedule import Schedule

_TIMM = ("optimizer", "t_initial", "lr_min", "warmup_t", "warmup_lr_init", "warmup_prefix",
         "t_in_epochs", "power")  # fmt: skip
_STEP = "Call scheduler.step_update(n) after update n, from 1, and scheduler.step_update(0) before."


def write(schedule: Schedule, steps: int) -> Written:
    """A scheduler of timm that counts updates."""
    instead = "timm takes a cosine, a line or a polynomial after a warm-up."
    found = plain("timm", schedule, instead)
    curve = found.curve
    if found.hold or not isinstance(curve, Cosine | Linear | Polynomial):
        raise no_form("timm", schedule, instead)
    name = "CosineLRScheduler" if isinstance(curve, Cosine) else "PolyLRScheduler"
    more: dict[str, Any] = {}
    if not isinstance(curve, Cosine):
        more["power"] = curve.power if isinstance(curve, Polynomial) else 1.0
    code = call(
        name, optimizer=Name("optimizer"), t_initial=curve.steps, lr_min=curve.end,
        warmup_t=found.warmup, warmup_lr_init=found.start, warmup_prefix=True, t_in_epochs=False,
        **more,
    )  # fmt: skip
    return Written(
        f"from timm.scheduler import {name}\n\nscheduler = {code}\n",
        (f"The optimizer is made with lr={found.peak!r}.", _STEP,
         "warmup_prefix=True matters: without it the curve has moved on when the warm-up ends."),
    )  # fmt: skip


def read(text: str, lr: float | None, steps: int | None) -> Read:
    """The schedule of a CosineLRScheduler or PolyLRScheduler that counts updates."""
    name, a = parse_call(text, {"CosineLRScheduler": _TIMM, "PolyLRScheduler": _TIMM})
    peak = need(name, "the rate of the optimizer", lr, "Write --lr.")
    up, total, floor = a.get("warmup_t", 0), a.get("t_initial", 0), a.get("lr_min", 0.0)
    said: tuple[str, ...] = ()
    if a.get("t_in_epochs", True):
        said = ("It counts epochs there; the numbers here are taken for updates.",)
    start = a.get("warmup_lr_init", 0.0)
    curve: Schedule = Cosine(peak, floor, total)
    if name == "PolyLRScheduler":
        curve = Polynomial(peak, floor, total, a.get("power", 0.5))
    if up and not a.get("warmup_prefix", False):
        curve = curve.shift(-up)  # it runs on under the warm-up, and the rate jumps to it
    return Read(join(*((Linear(start, peak, up),) if up else ()), curve), said)
