"""transformers: what its ``get_..._schedule`` functions mean."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

from gradatim.convert.meaning.phases import Phase, phases, updates, whole
from gradatim.core.closed_forms import CosineWave
from gradatim.core.combine import join
from gradatim.core.decays import Constant
from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.ramps import Cosine, Linear, OneMinusSqrt, Polynomial, SquareRoot
from gradatim.core.recipes import warmup_inverse_sqrt
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import NonNegative, check_argument

Arguments = dict[str, Any]
_MOST_CYCLES = 1_000


def schedule(name: str, arguments: Arguments, peak: float) -> Schedule:
    """The schedule of one of the functions with these arguments, for a rate that it multiplies.

    Raises:
        GradatimError: If the function is not known here, or its arguments have no form.
    """
    if name not in _MEANS:
        raise unknown("convert: transformers", "function", name, _MEANS)
    return _MEANS[name](arguments, peak)


def _warmup(a: Arguments) -> float:
    length: float = check_argument(
        "transformers", "num_warmup_steps", NonNegative, a["num_warmup_steps"]
    )
    return length


def _total(a: Arguments) -> float:
    total: float = check_argument(
        "transformers", "num_training_steps", NonNegative, a["num_training_steps"]
    )
    if total <= a["num_warmup_steps"]:
        raise refuse(
            "transformers",
            "num_training_steps",
            total,
            f"above num_warmup_steps, {a['num_warmup_steps']}",
            "Nothing is left for the decay.",
        )
    return total


def _whole(a: Arguments) -> tuple[int, int]:
    """The warm-up and the updates after it, for shapes that need whole numbers of them."""
    total = _total(a)
    up = updates("transformers", "num_warmup_steps", a["num_warmup_steps"]) if _warmup(a) else 0
    return up, updates("transformers", "num_training_steps", total) - up


def _floor(a: Arguments, peak: float) -> float:
    least = a.get("min_lr")
    return least if least is not None else peak * (a.get("min_lr_rate") or 0.0)


def _up(peak: float, up: int) -> tuple[Schedule, ...]:
    return (Linear(0.0, peak, up),) if up else ()


def _constant(a: Arguments, peak: float) -> Schedule:
    return phases(Phase(_warmup(a), 0.0, peak)) if _warmup(a) else Constant(peak)


def _linear(a: Arguments, peak: float) -> Schedule:
    return phases(Phase(_warmup(a), 0.0, peak), Phase(_total(a), peak, 0.0))


def _waves(peak: float, floor: float, steps: int, cycles: float) -> Schedule:
    """So many whole waves of a cosine, and then the value it has come to."""
    if cycles in (0.5, -0.5):
        return Cosine(peak, floor, steps)
    if cycles == 0:
        return Constant(peak, steps)
    wave: Schedule = CosineWave(steps / abs(2.0 * cycles)) * Constant(peak - floor)
    return (wave + floor if floor else wave).cut(steps)


def _cosine(a: Arguments, peak: float) -> Schedule:
    cycles = a.get("num_cycles", 0.5)
    if cycles == 0.5:
        down = Phase(_total(a), peak, _floor(a, peak), "cosine")
        return phases(Phase(_warmup(a), 0.0, peak), down)
    up, steps = _whole(a)
    return join(*_up(peak, up), _waves(peak, _floor(a, peak), steps, cycles))


def _restarts(a: Arguments, peak: float) -> Schedule:
    up, steps = _whole(a)
    cycles = whole(
        check_argument("transformers", "num_cycles", NonNegative, a.get("num_cycles", 1))
    )
    if not 0 < cycles <= _MOST_CYCLES:
        raise refuse("transformers", "num_cycles", cycles, f"above 0 and at most {_MOST_CYCLES}")
    if isinstance(cycles, int) and steps % cycles == 0:
        curve = Cosine(peak, 0.0, steps // cycles)
        return join(*_up(peak, up), curve.repeat(cycles) if cycles > 1 else curve)
    ends = [up + i * steps / cycles for i in range(1, ceil(cycles) + 1)]
    rise = [Phase(up, 0.0, peak)] if up else []
    falls = phases(*rise, *(Phase(end, peak, 0.0, "cosine") for end in ends))
    return falls if isinstance(cycles, int) else falls.cut(up + steps) >> Constant(0.0)


def _polynomial(a: Arguments, peak: float) -> Schedule:
    up, steps = _whole(a)
    floor = peak * (a.get("lr_end", 1e-7) / a.get("lr_init", peak))
    return join(*_up(peak, up), Polynomial(peak, floor, steps, a.get("power", 1.0)))


def _inverse_sqrt(a: Arguments, peak: float) -> Schedule:
    up = whole(_warmup(a))
    scale = updates("transformers", "timescale", a.get("timescale") or up or 10_000)
    return warmup_inverse_sqrt(peak, warmup=up, scale=scale)


def _cosine_from_one(a: Arguments, peak: float) -> Schedule:
    """The one whose first update is one step up the warm-up, and whose last is at the floor."""
    up, steps = _whole(a)
    rate, curve = (
        a.get("warmup_lr_rate"),
        _waves(peak, _floor(a, peak), steps, a.get("num_cycles", 0.5)),
    )
    if up > 1:
        line = (
            Linear(0.0, peak, up).shift(-1) if rate is None else Linear(rate * peak, peak, up - 1)
        )
        return line >> curve
    if up == 1 and rate is not None:
        return Constant(rate * peak, 1) >> curve.shift(-1)
    return curve if up else curve.shift(-1)


def _wsd(a: Arguments, peak: float) -> Schedule:
    up, down = (whole(a[name]) for name in ("num_warmup_steps", "num_decay_steps"))
    stable, floor = whole(a.get("num_stable_steps")), peak * a.get("min_lr_ratio", 0.0)
    stable = a["num_training_steps"] - up - down if stable is None else stable
    if stable < 0:
        raise GradatimError(
            f"transformers: num_warmup_steps, {up}, and num_decay_steps, {down}, are longer than "
            f"the run, {up + down + stable}. There the rate would jump from the one into the other."
        )
    rises: dict[str, Any] = {"linear": Linear, "cosine": Cosine, "1-sqrt": SquareRoot}
    falls: dict[str, Any] = {"linear": Linear, "1-sqrt": OneMinusSqrt}
    rise, shape = a.get("warmup_type", "linear"), a.get("decay_type", "cosine")
    for name, kind in (("warmup_type", rise), ("decay_type", shape)):
        if kind not in rises:
            raise unknown("get_wsd_schedule", name, kind, rises)
    pieces: list[Schedule] = [rises[rise](floor, peak, up)] if up else []
    pieces += [Constant(peak, stable)] if stable else []
    cycles = a.get("num_cycles", 0.5)
    if down and shape == "cosine":
        pieces.append(_waves(peak, floor, down, cycles))
    elif down:
        pieces.append(falls[shape](peak, floor, down))
    if not down or (shape == "cosine" and cycles != 0.5):
        pieces.append(Constant(floor))
    return join(*pieces)


_MEANS: dict[str, Callable[[Arguments, float], Schedule]] = {
    "get_constant_schedule": lambda a, peak: Constant(peak),
    "get_constant_schedule_with_warmup": _constant,
    "get_linear_schedule_with_warmup": _linear,
    "get_cosine_schedule_with_warmup": _cosine,
    "get_cosine_with_min_lr_schedule_with_warmup": _cosine,
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate": _cosine_from_one,
    "get_cosine_with_hard_restarts_schedule_with_warmup": _restarts,
    "get_polynomial_decay_schedule_with_warmup": _polynomial,
    "get_inverse_sqrt_schedule": _inverse_sqrt,
    "get_wsd_schedule": _wsd,
}
FUNCTIONS = tuple(_MEANS)
"""The functions that mean a schedule."""
