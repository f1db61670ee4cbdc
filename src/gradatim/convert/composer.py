"""Composer: schedulers that multiply the rate, with times as texts such as "500ba"."""

from __future__ import annotations

from gradatim.convert.stages import (
    Read,
    Written,
    call,
    need,
    no_form,
    parse_call,
    plain,
)
from gradatim.core.combine import join
from gradatim.core.errors import GradatimError
from gradatim.core.ramps import Cosine, Linear, Polynomial
from gradatim.core.recipes import (
    warmup_constant,
    warmup_cosine,
    warmup_linear,
)
from gradatim.core.schedule import Schedule


def write(schedule: Schedule, steps: int) -> Written:
    """A scheduler of Composer, with its lengths in batches."""
    instead = "Composer takes any function of its state: schedulers=lambda state: ..."
    found = plain("Composer", schedule, instead)
    curve, up = found.curve, f"{found.warmup}ba"
    if found.hold or (found.start and found.warmup):
        raise no_form("Composer", schedule, instead)
    end = {"t_max": f"{found.warmup + ((curve and curve.length) or 0)}ba"}
    if curve is None:
        code = call("ConstantWithWarmupScheduler", t_warmup=up)
    elif isinstance(curve, Cosine):
        alpha = curve.end / found.peak
        code = call("CosineAnnealingWithWarmupScheduler", t_warmup=up, **end, alpha_f=alpha)
    elif isinstance(curve, Linear):
        alpha = curve.end / found.peak
        code = call("LinearWithWarmupScheduler", t_warmup=up, **end, alpha_f=alpha)
    elif isinstance(curve, Polynomial):
        code = call("PolynomialWithWarmupScheduler", t_warmup=up, power=curve.power, **end,
                    alpha_f=curve.end / found.peak)  # fmt: skip
    else:
        raise no_form("Composer", schedule, instead)
    name = code.partition("(")[0]
    return Written(
        f"from composer.optim import {name}\n\nschedulers = {code}\n",
        (f"The optimizer is made with lr={found.peak!r}, which the scheduler multiplies.",
         "A batch there is one update, also with several microbatches."),
    )  # fmt: skip


_COMPOSER = {
    "ConstantWithWarmupScheduler": ("t_warmup", "alpha", "t_max", "scale_warmup"),
    "LinearWithWarmupScheduler": ("t_warmup", "alpha_i", "alpha_f", "t_max", "scale_warmup"),
    "CosineAnnealingWithWarmupScheduler": ("t_warmup", "t_max", "alpha_f", "scale_warmup"),
    "CosineAnnealingScheduler": ("t_max", "alpha_f"),
    "PolynomialWithWarmupScheduler": ("t_warmup", "power", "t_max", "alpha_f", "scale_warmup"),
}


def read(text: str, lr: float | None, steps: int | None) -> Read:
    """The schedule of a Composer scheduler such as CosineAnnealingWithWarmupScheduler('500ba')."""
    name, a = parse_call(text, _COMPOSER)
    peak = need(name, "the rate of the optimizer", lr, "Write --lr.")

    def updates(key: str, default: str) -> int:
        time = str(a.get(key, default))
        number, unit = time.rstrip("abdurepsmtok"), time.lstrip("0123456789.e+-")
        if unit == "ba":
            return int(number)
        if unit == "dur":
            whole = need(name, "how long the run is", steps, "Write --updates.")
            return round(float(number) * whole)
        raise GradatimError(
            f"convert: {name}: {key}={time!r} is not in batches ('500ba') or 'dur'."
        )

    up = updates("t_warmup", "0ba")
    if name == "ConstantWithWarmupScheduler":
        return Read(warmup_constant(peak * a.get("alpha", 1.0), up))
    end, floor = updates("t_max", "1dur"), peak * a.get("alpha_f", 0.0)
    if name == "LinearWithWarmupScheduler":
        return Read(warmup_linear(peak * a.get("alpha_i", 1.0), end, up, floor=floor))
    if name == "PolynomialWithWarmupScheduler":
        curve = Polynomial(peak, floor, end - up, a.get("power", 2.0))
        return Read(join(*((Linear(0.0, peak, up),) if up else ()), curve))
    return Read(warmup_cosine(peak, end, up, floor=floor))
