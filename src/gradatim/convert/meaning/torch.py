"""torch: what the classes of ``torch.optim.lr_scheduler`` mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from gradatim.convert.meaning.phases import Phase, Shape, phases, time, updates, whole
from gradatim.core.closed_forms import GeometricDecay
from gradatim.core.decays import Constant, ExponentialDecay
from gradatim.core.errors import GradatimError, unknown
from gradatim.core.ramps import Linear, Polynomial
from gradatim.core.recipes import (
    cosine_restarts,
    multistep,
    piecewise_constant,
    step_decay,
)
from gradatim.core.recipes.cycles import triangles
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import NonNegativeInt, check_argument

Arguments = dict[str, Any]


def schedule(name: str, arguments: Arguments) -> Schedule:
    """The schedule of a class with these arguments; "lr" among them is the optimizer's rate.

    Raises:
        GradatimError: If the class is not known here, or its arguments have no form.
    """
    if name not in _MEANS:
        raise unknown("convert: torch", "scheduler", name, _MEANS)
    return _MEANS[name](arguments)


def stairs(lr: float, every: float, factor: float) -> Schedule:
    """The rate times ``factor`` once every ``every`` updates."""
    every = whole(every)
    if factor == 0.0 and isinstance(every, int):
        return piecewise_constant((lr, 0.0), boundaries=(every,))
    if isinstance(every, int) and 0.0 < factor <= 1.0:
        return step_decay(lr, every=every, factor=factor)
    return GeometricDecay(lr, factor, every, stairs=True)


def drops(where: str, lr: float, milestones: Sequence[float], factor: float) -> Schedule:
    """The rate times ``factor`` at each milestone, twice where one is there twice."""
    times = Counter(
        check_argument(where, "a milestone", NonNegativeInt, whole(step)) for step in milestones
    )
    lr *= factor ** times.pop(0, 0)
    if all(often == 1 for often in times.values()):
        return (
            multistep(lr, boundaries=tuple(sorted(times)), factor=factor) if times else Constant(lr)
        )
    values, passed = [lr], 0
    for step in sorted(times):
        passed += times[step]
        values.append(lr * factor**passed)
    return piecewise_constant(tuple(values), boundaries=tuple(sorted(times)))


def _exponential(a: Arguments) -> Schedule:
    lr, gamma = a["lr"], a["gamma"]
    if gamma == 0.0:
        return piecewise_constant((lr, 0.0), boundaries=(1,))
    return ExponentialDecay(lr, gamma) if 0.0 < gamma <= 1.0 else GeometricDecay(lr, gamma, 1.0)


def _polynomial(a: Arguments) -> Schedule:
    steps = updates("PolynomialLR", "total_iters", a.get("total_iters", 5))
    power = a.get("power", 1.0)
    return Constant(a["lr"]) if power == 0 else Polynomial(a["lr"], 0.0, steps, power)


def waves(
    peak: float, start: float, up: float, down: float | None, mode: str, gamma: float
) -> Schedule:
    """The waves of ``CyclicLR``, of a rate or of a momentum."""
    rise = updates("CyclicLR", "step_size_up", up)
    fall = rise if down is None else updates("CyclicLR", "step_size_down", down)
    shape: Any = mode
    if mode == "exp_range" and gamma > 1.0:
        height = triangles(peak - start, 0.0, rise, fall) * GeometricDecay(1.0, gamma, 1.0)
        return height + start
    return triangles(peak, start, rise, fall, shape, gamma if mode == "exp_range" else 1.0)


def cycle(levels: Sequence[float], ends: Sequence[float], strategy: str) -> Schedule:
    """The phases of ``OneCycleLR``, of a rate or of a momentum, from each level to the next."""
    shape = _strategy("OneCycleLR", strategy)
    given = zip(ends, pairwise(levels), strict=True)
    return phases(*(Phase(end, *pair, shape) for end, pair in given))


def _strategy(where: str, name: str) -> Shape:
    if name not in ("cos", "linear"):
        raise unknown(where, "anneal_strategy", name, ("cos", "linear"))
    return "cosine" if name == "cos" else "linear"


def _one_cycle(a: Arguments) -> Schedule:
    steps = a.get("total_steps") or a["epochs"] * a["steps_per_epoch"]
    peak, start = a["max_lr"], a["max_lr"] / a.get("div_factor", 25.0)
    floor, up = start / a.get("final_div_factor", 1e4), a.get("pct_start", 0.3) * steps
    if up == 1:
        raise GradatimError(
            "OneCycleLR: pct_start is one update of total_steps, and torch divides by the length "
            "of that phase, 0. Write one_cycle(...)."
        )
    levels, ends = [start, peak, floor], [up - 1, steps - 1]
    if a.get("three_phase", False):
        levels, ends = [start, peak, start, floor], [up - 1, 2 * up - 2, steps - 1]
    return cycle(levels, ends, a.get("anneal_strategy", "cos"))


def _averaging(a: Arguments) -> Schedule:
    shape = _strategy("SWALR", a.get("anneal_strategy", "cos"))
    if a.get("anneal_epochs", 10) == 0:
        return Constant(a["swa_lr"])
    steps = updates("SWALR", "anneal_epochs", a.get("anneal_epochs", 10))
    return phases(Phase(steps, a["lr"], a["swa_lr"], shape))


_MEANS: dict[str, Callable[[Arguments], Schedule]] = {
    "StepLR": lambda a: stairs(
        a["lr"], updates("StepLR", "step_size", a["step_size"]), a.get("gamma", 0.1)
    ),
    "MultiStepLR": lambda a: drops("MultiStepLR", a["lr"], a["milestones"], a.get("gamma", 0.1)),
    "ConstantLR": lambda a: piecewise_constant(
        (a["lr"] * a.get("factor", 1 / 3), a["lr"]),
        boundaries=(updates("ConstantLR", "total_iters", a.get("total_iters", 5)),),
    ),
    "LinearLR": lambda a: Linear(
        a["lr"] * a.get("start_factor", 1 / 3),
        a["lr"] * a.get("end_factor", 1.0),
        updates("LinearLR", "total_iters", a.get("total_iters", 5)),
    ),
    "ExponentialLR": _exponential,
    "PolynomialLR": _polynomial,
    "CosineAnnealingLR": lambda a: phases(
        Phase(
            time("CosineAnnealingLR", "T_max", a["T_max"]), a["lr"], a.get("eta_min", 0.0), "cosine"
        )
    ),
    "CosineAnnealingWarmRestarts": lambda a: cosine_restarts(
        a["lr"], cycle=a["T_0"], stretch=a.get("T_mult", 1), floor=a.get("eta_min", 0.0)
    ),
    "CyclicLR": lambda a: waves(
        a["max_lr"],
        a["base_lr"],
        a.get("step_size_up", 2000),
        a.get("step_size_down"),
        a.get("mode", "triangular"),
        a.get("gamma", 1.0),
    ),
    "OneCycleLR": _one_cycle,
    "SWALR": _averaging,
}
