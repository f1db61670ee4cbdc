"""timm: what the classes of ``timm.scheduler`` mean."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

from gradatim.convert.meaning.phases import updates, whole
from gradatim.convert.meaning.torch import drops, stairs
from gradatim.core.closed_forms import Tanh
from gradatim.core.combine import join
from gradatim.core.decays import Constant, InverseSqrtDecay, PowerDecay
from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.ramps import Cosine, Exponential, KDecay, Linear, OneMinusSqrt, Polynomial
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import Positive, PositiveInt, Steps, check_argument

Arguments = dict[str, Any]
_MOST_CYCLES = 1_000


def schedule(name: str, arguments: Arguments, peak: float) -> Schedule:
    """The schedule of a class with these arguments, by the updates or epochs it counts.

    Raises:
        GradatimError: If the class is not known here, or its arguments have no form.
    """
    if name not in _MEANS:
        raise unknown("convert: timm", "scheduler", name, _MEANS)
    if arguments.get("noise_range_t") is not None:
        raise GradatimError(
            f"{name}: its noise has no form here, a schedule has one value for each step. Leave "
            "noise_range_t out."
        )
    curve, prefix = _MEANS[name]
    return _warmed_up(name, arguments, peak, curve(arguments, peak), prefix)


def _warmed_up(
    name: str, a: Arguments, peak: float, curve: Schedule, prefix: bool | None
) -> Schedule:
    up = check_argument(name, "warmup_t", Steps, whole(a.get("warmup_t", 0)))
    if not up:
        return curve
    top = peak
    if prefix is not None and not a.get("warmup_prefix", prefix):
        curve = curve.shift(-up)  # it runs on under the warm-up, and the rate jumps to it
        top = float(curve(0)) if name == "TanhLRScheduler" else peak
    return join(Linear(a.get("warmup_lr_init", 0.0), top, up), curve)


def _cycles(
    a: Arguments, peak: float, curve: Callable[[float, float, int], Schedule], reaches: bool = True
) -> Schedule:
    """Cycles that each begin lower than the one before and end at the same floor."""
    floor = a.get("lr_min", 0.0)
    steps = updates("timm", "t_initial", a["t_initial"])
    stretch = check_argument("timm", "cycle_mul", PositiveInt, whole(a.get("cycle_mul", 1.0)))
    limit = check_argument("timm", "cycle_limit", Steps, whole(a.get("cycle_limit", 1)))
    shrink = check_argument("timm", "cycle_decay", Positive, a.get("cycle_decay", 1.0))
    if shrink == 1.0 and limit:
        cycle = curve(peak, floor, steps)
        found = cycle.repeat(limit, stretch=stretch) if limit > 1 else cycle
        return found if reaches else found >> Constant(floor)
    if limit > _MOST_CYCLES:
        raise refuse("timm", "cycle_limit", limit, f"at most {_MOST_CYCLES}")
    each = [curve(peak * shrink**i, floor, steps * stretch**i) for i in range(limit)]
    return join(*each, *(() if reaches and limit else (Constant(floor),)))


def _cosine(a: Arguments, peak: float) -> Schedule:
    k = a.get("k_decay", 1.0)
    if k == 1.0:
        return _cycles(a, peak, Cosine)
    return _cycles(a, peak, lambda start, end, steps: KDecay(start, end, steps, k))


def _polynomial(a: Arguments, peak: float) -> Schedule:
    if a.get("k_decay", 1.0) != 1.0:
        raise refuse(
            "PolyLRScheduler",
            "k_decay",
            a["k_decay"],
            "1",
            "No schedule here is a power of what a power of the step leaves.",
        )
    power = a.get("power", 0.5)
    return _cycles(a, peak, lambda start, end, steps: Polynomial(start, end, steps, power))


def _tanh(a: Arguments, peak: float) -> Schedule:
    bounds = a.get("lb", -7.0), a.get("ub", 3.0)
    curve = lambda start, end, steps: Tanh(start, end, steps, *bounds).cut(steps)  # noqa: E731
    return _cycles(a, peak, curve, reaches=False)


def _multistep(a: Arguments, peak: float) -> Schedule:
    # Each drop comes one step earlier than it says; not before the first, which nobody asks for.
    steps = list(a["decay_t"])
    if steps != sorted(steps):
        raise refuse("MultiStepLRScheduler", "decay_t", steps, "rising")
    earlier = [max(ceil(step) - 1, 1) for step in steps]
    return drops("MultiStepLRScheduler", peak, earlier, a.get("decay_rate", 1.0))


def _stable(a: Arguments, peak: float) -> Schedule | None:
    """The part before the cooldown, if it is no constant."""
    kind = a.get("stable_fn", "constant")
    if kind == "constant":
        return None
    scale = updates(
        "WSDLRScheduler", "stable_timescale", a.get("stable_timescale") or a.get("warmup_t")
    )
    if kind == "rsqrt":
        return InverseSqrtDecay(peak, scale)
    return PowerDecay(peak, a.get("stable_power", 0.5), scale)


def _cooldown(a: Arguments, start: float, end: float, steps: int) -> Schedule:
    kind, ratio = a.get("decay_fn", "1-sqrt"), a.get("decay_ratio", 0.1)
    power = {"1-sqrt": 0.5, "linear": 1.0}.get(kind, a.get("decay_power", 0.5))
    if kind == "cosine":
        return Cosine(start, end, steps)
    if kind == "exp":
        height: float = (start - end) / (1.0 - ratio)
        level: float = end - height * ratio
        return height * Exponential(1.0, ratio, steps) + level
    if callable(kind) or power not in (0.5, 1.0):
        raise refuse(
            "WSDLRScheduler",
            "decay_fn",
            kind,
            "'linear', '1-sqrt', 'cosine' or 'exp'",
            "No other cooldown has a form here; write wsd(...) with one of its shapes.",
        )
    return OneMinusSqrt(start, end, steps) if power == 0.5 else Linear(start, end, steps)


def _wsd(a: Arguments, peak: float) -> Schedule:
    floor, stable = a.get("lr_min", 0.0), _stable(a, peak)
    down = updates("WSDLRScheduler", "decay_t", a["decay_t"])
    before = updates("WSDLRScheduler", "t_initial", a["t_initial"]) - down
    hold = (Constant(1.0 if stable else peak, before),) if before else ()
    if stable is None:
        return join(*hold, _cooldown(a, peak, floor, down))
    fall = join(*hold, _cooldown(a, 1.0, 0.0, down))
    return (stable.clip(low=floor) + -floor) * fall + floor if floor else stable * fall


_Curve = Callable[[Arguments, float], Schedule]
_MEANS: dict[str, tuple[_Curve, bool | None]] = {
    "CosineLRScheduler": (_cosine, False),
    "PolyLRScheduler": (_polynomial, False),
    "TanhLRScheduler": (_tanh, False),
    "StepLRScheduler": (lambda a, peak: stairs(peak, a["decay_t"], a.get("decay_rate", 1.0)), True),
    "MultiStepLRScheduler": (_multistep, True),
    "WSDLRScheduler": (_wsd, None),
    "PlateauLRScheduler": (lambda a, peak: Constant(peak), None),
}
"""The curve after a warm-up, and whether it waits for the end of that; None: always."""
SCHEDULERS = tuple(_MEANS)
"""The classes that mean a schedule."""
