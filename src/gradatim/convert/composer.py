"""Composer: schedulers that multiply the rate, with times as texts such as "500ba"."""

from __future__ import annotations

import re
from typing import Any

from gradatim.convert.stages import Read, Written, call, need, no_form, plain
from gradatim.convert.syntax import parse_call
from gradatim.core.combine import join
from gradatim.core.decays import Constant
from gradatim.core.errors import GradatimError, refuse
from gradatim.core.ramps import Cosine, Linear, Polynomial
from gradatim.core.schedule import Schedule


def write(schedule: Schedule, steps: int) -> Written:
    """A scheduler of Composer, with its lengths in batches."""
    instead = "Composer takes any function of its state: schedulers=lambda state: ..."
    found = plain("Composer", schedule, instead)
    curve, up = found.curve, found.warmup
    if found.hold or (found.start and up):
        raise no_form("Composer", schedule, instead)
    # A warm-up of 0 batches is taken there with a warning at each of them.
    name, warm = ("WithWarmupScheduler", {"t_warmup": f"{up}ba"}) if up else ("Scheduler", {})
    last = up + ((curve and curve.length) or 0)
    fall: dict[str, Any] = {"t_max": f"{last}ba"}
    if curve is None:
        name, fall = f"Constant{name}", {}
    elif isinstance(curve, Cosine):
        name = f"CosineAnnealing{name}"
    elif isinstance(curve, Linear):
        name = f"Linear{name}"
    elif isinstance(curve, Polynomial):
        name, fall = f"Polynomial{name}", {"power": curve.power, **fall}
    else:
        raise no_form("Composer", schedule, instead)
    if isinstance(curve, Cosine | Linear | Polynomial):
        fall["alpha_f"] = curve.end / found.peak
    said = [
        f"The optimizer is made with lr={found.peak!r}, which the scheduler multiplies.",
        "A batch there is one update, also with several microbatches.",
    ]
    if up and curve and steps > last:
        said.append(f"Composer refuses a max_duration above t_max: end the run at {last} batches.")
    code = call(name, **warm, **fall)
    return Written(f"from composer.optim import {name}\n\nschedulers = {code}\n", tuple(said))


_COMPOSER = {
    "ConstantScheduler": ("alpha", "t_max"),
    "ConstantWithWarmupScheduler": ("t_warmup", "alpha", "t_max", "scale_warmup"),
    "LinearScheduler": ("alpha_i", "alpha_f", "t_max"),
    "LinearWithWarmupScheduler": ("t_warmup", "alpha_i", "alpha_f", "t_max", "scale_warmup"),
    "CosineAnnealingScheduler": ("t_max", "alpha_f"),
    "CosineAnnealingWithWarmupScheduler": ("t_warmup", "t_max", "alpha_f", "scale_warmup"),
    "PolynomialScheduler": ("power", "t_max", "alpha_f"),
    "PolynomialWithWarmupScheduler": ("t_warmup", "power", "t_max", "alpha_f", "scale_warmup"),
}


def read(text: str, lr: float | None, steps: int | None) -> Read:
    """The schedule of a Composer scheduler such as CosineAnnealingWithWarmupScheduler('500ba')."""
    name, a = parse_call(text, _COMPOSER)
    peak = need(name, "the rate of the optimizer", lr, "Write --lr.")

    def updates(key: str, default: str) -> int:
        time = a.get(key, default)
        found = re.fullmatch(r"([0-9.e+_]+)(ba|dur)", time, re.I) if isinstance(time, str) else None
        if found is None:
            raise refuse(f"convert: {name}", key, time, "in batches ('500ba') or in 'dur'")
        if found[2].lower() == "ba":
            return int(float(found[1]))
        whole = need(name, "how long the run is", steps, "Write --updates.")
        return int(float(found[1]) * whole)

    up, kind = updates("t_warmup", "0ba"), name.partition("Scheduler")[0].partition("With")[0]
    if kind == "Constant":
        top = peak * a.get("alpha", 1.0)
        curve: Schedule = Constant(top)
        if name == "ConstantScheduler" and top != peak:
            curve = Constant(top, updates("t_max", "1dur")) >> Constant(peak)
    else:
        top, floor = peak * a.get("alpha_i", 1.0), peak * a.get("alpha_f", 0.0)
        left = updates("t_max", "1dur") - up
        if left < 1:
            raise GradatimError(f"convert: {name}: t_max is over before t_warmup, {up} batches.")
        if kind == "Polynomial":
            power = a["power"] if name == "PolynomialScheduler" else a.get("power", 2.0)
            curve = Polynomial(top, floor, left, power)
        else:
            curve = (Cosine if kind == "CosineAnnealing" else Linear)(top, floor, left)
    return Read(join(*((Linear(0.0, top, up),) if up else ()), curve))
