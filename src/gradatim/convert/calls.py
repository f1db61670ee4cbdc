"""Schedules of torch, Keras and Optax, read from the call that makes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradatim.convert.stages import Read, need, parse_call
from gradatim.core.combine import join
from gradatim.core.decays import Constant, ExponentialDecay, InverseTimeDecay
from gradatim.core.ramps import Cosine, Linear, Polynomial
from gradatim.core.recipes import (
    cosine_restarts,
    cyclic,
    multistep,
    one_cycle,
    piecewise_constant,
    step_decay,
    warmup_cosine,
)
from gradatim.core.schedule import Schedule

Arguments = dict[str, Any]
Makes = dict[str, tuple[str, Callable[[Arguments], Schedule]]]
_RISES = "After the end its cosine rises again; here the last value holds."

# "lr" in the arguments of torch's schedulers is the optimizer's, which they multiply.
_TORCH: Makes = {
    "StepLR": ("step_size gamma", lambda a: step_decay(
        a["lr"], a["step_size"], a.get("gamma", 0.1))),
    "MultiStepLR": ("milestones gamma", lambda a: multistep(
        a["lr"], a["milestones"], a.get("gamma", 0.1))),
    "ConstantLR": ("factor total_iters", lambda a: piecewise_constant(
        (a["lr"] * a.get("factor", 1 / 3), a["lr"]), (a.get("total_iters", 5),))),
    "LinearLR": ("start_factor end_factor total_iters", lambda a: Linear(
        a["lr"] * a.get("start_factor", 1 / 3), a["lr"] * a.get("end_factor", 1.0),
        a.get("total_iters", 5))),
    "ExponentialLR": ("gamma", lambda a: ExponentialDecay(a["lr"], a["gamma"])),
    "CosineAnnealingLR": ("T_max eta_min", lambda a: Cosine(
        a["lr"], a.get("eta_min", 0.0), a["T_max"])),
    "PolynomialLR": ("total_iters power", lambda a: Polynomial(
        a["lr"], 0.0, a.get("total_iters", 5), a.get("power", 1.0))),
    "CosineAnnealingWarmRestarts": ("T_0 T_mult eta_min", lambda a: cosine_restarts(
        a["lr"], a["T_0"], stretch=a.get("T_mult", 1), floor=a.get("eta_min", 0.0))),
    "CyclicLR": ("base_lr max_lr step_size_up step_size_down mode gamma", lambda a: cyclic(
        a["max_lr"], a["base_lr"], a.get("step_size_up", 2000), a.get("step_size_down"),
        a.get("mode", "triangular"), a.get("gamma", 1.0))),
    "OneCycleLR": (
        "max_lr total_steps epochs steps_per_epoch pct_start anneal_strategy cycle_momentum "
        "base_momentum max_momentum div_factor final_div_factor three_phase",
        lambda a: _one_cycle(a)),
}  # fmt: skip
_DECAY = "initial_learning_rate decay_steps decay_rate staircase"
_KERAS: Makes = {
    "CosineDecay": (
        "initial_learning_rate decay_steps alpha name warmup_target warmup_steps",
        lambda a: _cosine_decay(a)),
    "ExponentialDecay": (_DECAY, lambda a: _stairs(
        ExponentialDecay(a["initial_learning_rate"], a["decay_rate"], a["decay_steps"]), a)),
    "InverseTimeDecay": (_DECAY, lambda a: _stairs(
        InverseTimeDecay(a["initial_learning_rate"], a["decay_rate"], a["decay_steps"]), a)),
    "PolynomialDecay": (
        "initial_learning_rate decay_steps end_learning_rate power", lambda a: Polynomial(
            a["initial_learning_rate"], a.get("end_learning_rate", 0.0001), a["decay_steps"],
            a.get("power", 1.0))),
    # The old value is kept at the boundary itself, so each drop comes one update later.
    "PiecewiseConstantDecay": ("boundaries values", lambda a: piecewise_constant(
        a["values"], tuple(boundary + 1 for boundary in a["boundaries"]))),
    "CosineDecayRestarts": (
        "initial_learning_rate first_decay_steps t_mul m_mul alpha", lambda a: cosine_restarts(
            a["initial_learning_rate"], a["first_decay_steps"], stretch=int(a.get("t_mul", 2)),
            shrink=a.get("m_mul", 1.0),
            floor=a["initial_learning_rate"] * a.get("alpha", 0.0))),
}  # fmt: skip
_OPTAX: Makes = {
    "constant_schedule": ("value", lambda a: Constant(a["value"])),
    "linear_schedule": ("init_value end_value transition_steps transition_begin", lambda a: _after(
        a, Linear(a["init_value"], a["end_value"], a["transition_steps"]))),
    "polynomial_schedule": (
        "init_value end_value power transition_steps transition_begin", lambda a: _after(
            a, Polynomial(a["init_value"], a["end_value"], a["transition_steps"], a["power"]))),
    "cosine_decay_schedule": ("init_value decay_steps alpha", lambda a: Cosine(
        a["init_value"], a["init_value"] * a.get("alpha", 0.0), a["decay_steps"])),
    "exponential_decay": ("init_value transition_steps decay_rate transition_begin staircase",
        lambda a: _after(a, _stairs(ExponentialDecay(
            a["init_value"], a["decay_rate"], a["transition_steps"]), a))),
    "warmup_cosine_decay_schedule": (
        "init_value peak_value warmup_steps decay_steps end_value", lambda a: warmup_cosine(
            a["peak_value"], a["decay_steps"], a["warmup_steps"], a["init_value"],
            floor=a.get("end_value", 0.0))),
}  # fmt: skip


def _stairs(curve: Schedule, a: Arguments) -> Schedule:
    every = a.get("decay_steps") or a.get("transition_steps")
    return curve.staircase(every) if a.get("staircase") and every else curve


def _after(a: Arguments, curve: Schedule) -> Schedule:
    begin = a.get("transition_begin", 0)
    return Constant(float(curve(0)), begin) >> curve if begin else curve


def _cosine_decay(a: Arguments) -> Schedule:
    start, up = a["initial_learning_rate"], a.get("warmup_steps", 0)
    target = a.get("warmup_target")
    peak = start if target is None else target
    floor = peak * a.get("alpha", 0.0)
    rise = (Linear(start, peak, up),) if up and target is not None else ()
    return join(*rise, Cosine(peak, floor, a["decay_steps"]))


def _one_cycle(a: Arguments) -> Schedule:
    steps = a.get("total_steps") or a["epochs"] * a["steps_per_epoch"]
    start = a["max_lr"] / a.get("div_factor", 25.0)
    up = a.get("pct_start", 0.3) * steps - 1
    shape: Any = {"cos": "cosine"}.get(a.get("anneal_strategy", "cos"), a.get("anneal_strategy"))
    return one_cycle(
        a["max_lr"], steps, round(up), start, start / a.get("final_div_factor", 1e4),
        shape or "cosine", bool(a.get("three_phase", False)), "floor",
    )  # fmt: skip


def _reader(makes: Makes, of_optimizer: bool) -> Callable[[str, float | None, int | None], Read]:
    first = ("optimizer",) if of_optimizer else ()
    takes = {name: (*first, *names.split()) for name, (names, _) in makes.items()}

    def read(text: str, lr: float | None, steps: int | None) -> Read:
        name, arguments = parse_call(text, takes)
        if of_optimizer and name not in ("OneCycleLR", "CyclicLR"):
            arguments["lr"] = need(
                name, "the rate of the optimizer", lr, "Write --lr, such as --lr 0.1."
            )
        said = (_RISES,) if name == "CosineAnnealingLR" else ()
        return Read(makes[name][1](arguments), said)

    return read


read_torch = _reader(_TORCH, True)
read_keras = _reader(_KERAS, False)
read_optax = _reader(_OPTAX, False)
