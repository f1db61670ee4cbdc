"""transformers: the ``get_..._schedule`` functions, which multiply the optimizer's rate."""

from __future__ import annotations

from typing import Any

from gradatim.convert.meaning import transformers
from gradatim.convert.python import function
from gradatim.convert.stages import Read, Stages, Written, call, need, stages
from gradatim.convert.syntax import Name, parse_call
from gradatim.core.decays import InverseSqrtDecay
from gradatim.core.errors import GradatimError
from gradatim.core.ramps import Cosine, Linear, OneMinusSqrt, Polynomial
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
        return (
            "get_wsd_schedule",
            {
                "num_warmup_steps": up,
                "num_stable_steps": found.hold,
                "num_decay_steps": curve.length,
                "decay_type": _WSD[type(curve)],
                "min_lr_ratio": floor,
            },
            (),
        )
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
        return (
            "get_polynomial_decay_schedule_with_warmup",
            {
                **spent,
                "lr_end": curve.end,
                "power": power,
            },
            (),
        )
    if isinstance(curve, InverseSqrtDecay) and up:
        return "get_inverse_sqrt_schedule", {"num_warmup_steps": up, "timescale": curve.scale}, ()
    return None


_SPENT = "num_warmup_steps num_training_steps"
_LEAST = "min_lr min_lr_rate"
_TAKES = {
    name: f"optimizer {names}".split()
    for name, names in {
        "get_constant_schedule": "last_epoch",
        "get_constant_schedule_with_warmup": "num_warmup_steps last_epoch",
        "get_linear_schedule_with_warmup": f"{_SPENT} last_epoch",
        "get_cosine_schedule_with_warmup": f"{_SPENT} num_cycles last_epoch",
        "get_cosine_with_hard_restarts_schedule_with_warmup": f"{_SPENT} num_cycles last_epoch",
        "get_cosine_with_min_lr_schedule_with_warmup": f"{_SPENT} num_cycles last_epoch {_LEAST}",
        "get_cosine_with_min_lr_schedule_with_warmup_lr_rate": (
            f"{_SPENT} num_cycles last_epoch {_LEAST} warmup_lr_rate"
        ),
        "get_polynomial_decay_schedule_with_warmup": f"{_SPENT} lr_end power last_epoch",
        "get_inverse_sqrt_schedule": "num_warmup_steps timescale last_epoch",
        "get_wsd_schedule": "num_warmup_steps num_decay_steps num_training_steps num_stable_steps "
        "warmup_type decay_type min_lr_ratio num_cycles last_epoch",
    }.items()
}


def read(text: str, lr: float | None, steps: int | None) -> Read:
    """The schedule of a call such as ``get_linear_schedule_with_warmup(optimizer, 500, 10000)``."""
    name, a = parse_call(text, _TAKES)
    peak = need(name, "the rate of the optimizer", lr, "Write --lr, such as --lr 3e-4.")
    if a.pop("last_epoch", -1) != -1:
        raise GradatimError(f"convert: {name}: last_epoch is for a resume. Leave it out.")
    rises = "cosine" in name and a.get("num_cycles", 0.5) == 0.5
    return Read(transformers.schedule(name, a, peak), (_RISES,) if rises else ())
