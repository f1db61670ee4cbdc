"""transformers: the ``get_..._schedule`` functions, which multiply the optimizer's rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradatim.convert.python import function
from gradatim.convert.stages import Name, Read, Stages, Written, call, need, parse_call, stages
from gradatim.core.combine import join
from gradatim.core.decays import Constant, InverseSqrtDecay
from gradatim.core.ramps import Cosine, Linear, OneMinusSqrt, Polynomial
from gradatim.core.recipes import (
    warmup_constant,
    warmup_cosine,
    warmup_inverse_sqrt,
    warmup_linear,
    wsd,
)
from gradatim.core.schedule import Schedule

_RISES = "After the end its cosine rises again; here the last value holds."
_LR = "The optimizer is made with lr={!r}, which the schedule multiplies."
_WSD: dict[type[Schedule], str] = {Linear: "linear", Cosine: "cosine", OneMinusSqrt: "1-sqrt"}


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
        return "get_wsd_schedule", {
            "num_warmup_steps": up, "num_stable_steps": found.hold, "num_decay_steps": curve.length,
            "decay_type": _WSD[type(curve)], "min_lr_ratio": floor,
        }, ()  # fmt: skip
    if found.hold:
        return None
    spent: dict[str, Any] = {"num_warmup_steps": up, "num_training_steps": up + (curve.length or 0)}
    if isinstance(curve, Cosine) and floor:
        spent["min_lr_rate"] = floor
        return "get_cosine_with_min_lr_schedule_with_warmup", spent, (_RISES,)
    if isinstance(curve, Cosine):
        return "get_cosine_schedule_with_warmup", spent, (_RISES,)
    if isinstance(curve, Linear) and not floor:
        return "get_linear_schedule_with_warmup", spent, ()
    if isinstance(curve, Linear | Polynomial):
        power = curve.power if isinstance(curve, Polynomial) else 1.0
        return "get_polynomial_decay_schedule_with_warmup", {
            **spent, "lr_end": curve.end, "power": power,
        }, ()  # fmt: skip
    if isinstance(curve, InverseSqrtDecay) and up:
        return "get_inverse_sqrt_schedule", {"num_warmup_steps": up, "timescale": curve.scale}, ()
    return None


_SPENT = ("optimizer", "num_warmup_steps", "num_training_steps")
_TAKES: dict[str, tuple[str, ...]] = {
    "get_constant_schedule": ("optimizer",),
    "get_constant_schedule_with_warmup": _SPENT[:2],
    "get_linear_schedule_with_warmup": _SPENT,
    "get_cosine_schedule_with_warmup": _SPENT,
    "get_cosine_with_min_lr_schedule_with_warmup": (*_SPENT, "num_cycles", "last_epoch", "min_lr",
                                                    "min_lr_rate"),
    "get_polynomial_decay_schedule_with_warmup": (*_SPENT, "lr_end", "power"),
    "get_inverse_sqrt_schedule": (*_SPENT[:2], "timescale"),
    "get_wsd_schedule": ("optimizer", "num_warmup_steps", "num_decay_steps", "num_training_steps",
                         "num_stable_steps", "warmup_type", "decay_type", "min_lr_ratio"),
}  # fmt: skip


def read(text: str, lr: float | None, steps: int | None) -> Read:
    """The schedule of a call such as ``get_linear_schedule_with_warmup(optimizer, 500, 10000)``."""
    name, a = parse_call(text, _TAKES)
    peak = need(name, "the rate of the optimizer", lr, "Write --lr, such as --lr 3e-4.")
    up, total = a.get("num_warmup_steps", 0), a.get("num_training_steps", 0)
    forms: dict[str, Callable[[], Schedule]] = {
        "get_constant_schedule": lambda: Constant(peak),
        "get_constant_schedule_with_warmup": lambda: warmup_constant(peak, up),
        "get_linear_schedule_with_warmup": lambda: warmup_linear(peak, total, up),
        "get_cosine_schedule_with_warmup": lambda: warmup_cosine(peak, total, up),
        "get_cosine_with_min_lr_schedule_with_warmup": lambda: warmup_cosine(
            peak, total, up,
            floor=a["min_lr"] if a.get("min_lr") is not None else peak * a.get("min_lr_rate", 0.0),
        ),
        "get_polynomial_decay_schedule_with_warmup": lambda: join(
            *((Linear(0.0, peak, up),) if up else ()),
            Polynomial(peak, a.get("lr_end", 1e-7), total - up, a.get("power", 1.0)),
        ),
        "get_inverse_sqrt_schedule": lambda: warmup_inverse_sqrt(
            peak, up, scale=a.get("timescale") or up or 10_000
        ),
        "get_wsd_schedule": lambda: _wsd(a, peak),
    }  # fmt: skip
    return Read(forms[name](), (_RISES,) if "cosine" in name else ())


def _wsd(a: dict[str, Any], peak: float) -> Schedule:
    up, down, ratio = a["num_warmup_steps"], a["num_decay_steps"], a.get("min_lr_ratio", 0.0)
    stable = a.get("num_stable_steps")
    stable = a["num_training_steps"] - up - down if stable is None else stable
    return wsd(
        peak, up + stable + down, up, down, a.get("decay_type", "cosine"), start=ratio * peak,
        floor=ratio * peak,
    )  # fmt: skip
