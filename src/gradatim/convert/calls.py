"""Schedules of torch, Keras and Optax, read from the call that makes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from gradatim.convert.meaning import torch
from gradatim.convert.nested import product, sequence
from gradatim.convert.stages import Read, need
from gradatim.convert.syntax import Expression, last_call
from gradatim.core.combine import join
from gradatim.core.decays import Constant, ExponentialDecay, InverseTimeDecay
from gradatim.core.errors import GradatimError, refuse
from gradatim.core.ramps import Cosine, Linear, Polynomial
from gradatim.core.recipes import cosine_restarts, piecewise_constant, warmup_cosine
from gradatim.core.schedule import Schedule

Arguments = dict[str, Any]
Makes = dict[str, tuple[str, Callable[[Arguments], Schedule]]]
_RISES = "After the end its cosine rises again; here the last value holds."

# "lr" in the arguments of torch's schedulers is the optimizer's, which they multiply.
_TORCH: Makes = {
    name: (names, partial(torch.schedule, name))
    for name, names in {
        "StepLR": "step_size gamma",
        "MultiStepLR": "milestones gamma",
        "ConstantLR": "factor total_iters",
        "LinearLR": "start_factor end_factor total_iters",
        "ExponentialLR": "gamma",
        "CosineAnnealingLR": "T_max eta_min",
        "PolynomialLR": "total_iters power",
        "CosineAnnealingWarmRestarts": "T_0 T_mult eta_min",
        "CyclicLR": "base_lr max_lr step_size_up step_size_down mode gamma scale_fn scale_mode "
        "cycle_momentum base_momentum max_momentum",
        "OneCycleLR": "max_lr total_steps epochs steps_per_epoch pct_start anneal_strategy "
        "cycle_momentum base_momentum max_momentum div_factor final_div_factor three_phase",
        "SWALR": "swa_lr anneal_epochs anneal_strategy",
    }.items()
}
_DECAY = "initial_learning_rate decay_steps decay_rate staircase name"
_KERAS: Makes = {
    "CosineDecay": (
        "initial_learning_rate decay_steps alpha name warmup_target warmup_steps",
        lambda a: _cosine_decay(a),
    ),
    "ExponentialDecay": (
        _DECAY,
        lambda a: _stairs(
            ExponentialDecay(a["initial_learning_rate"], a["decay_rate"], a["decay_steps"]), a
        ),
    ),
    "InverseTimeDecay": (
        _DECAY,
        lambda a: _stairs(
            InverseTimeDecay(a["initial_learning_rate"], a["decay_rate"], a["decay_steps"]), a
        ),
    ),
    "PolynomialDecay": (
        "initial_learning_rate decay_steps end_learning_rate power cycle name",
        lambda a: _polynomial(a),
    ),
    # The old value is kept at the boundary itself, so each drop comes one update later.
    "PiecewiseConstantDecay": (
        "boundaries values name",
        lambda a: piecewise_constant(
            a["values"], boundaries=tuple(boundary + 1 for boundary in a["boundaries"])
        ),
    ),
    "CosineDecayRestarts": (
        "initial_learning_rate first_decay_steps t_mul m_mul alpha name",
        lambda a: cosine_restarts(
            a["initial_learning_rate"],
            cycle=a["first_decay_steps"],
            stretch=_whole("CosineDecayRestarts", "t_mul", a.get("t_mul", 2)),
            factor=a.get("m_mul", 1.0),
            floor=a["initial_learning_rate"] * a.get("alpha", 0.0),
        ),
    ),
}
_OPTAX: Makes = {
    "constant_schedule": ("value", lambda a: Constant(a["value"])),
    "linear_schedule": (
        "init_value end_value transition_steps transition_begin",
        lambda a: _after(a, Linear(a["init_value"], a["end_value"], a["transition_steps"])),
    ),
    "polynomial_schedule": (
        "init_value end_value power transition_steps transition_begin",
        lambda a: _after(
            a, Polynomial(a["init_value"], a["end_value"], a["transition_steps"], a["power"])
        ),
    ),
    "cosine_decay_schedule": (
        "init_value decay_steps alpha",
        lambda a: Cosine(a["init_value"], a["init_value"] * a.get("alpha", 0.0), a["decay_steps"]),
    ),
    "exponential_decay": (
        "init_value transition_steps decay_rate transition_begin staircase end_value",
        lambda a: _after(
            a,
            _bounded(
                _stairs(
                    ExponentialDecay(a["init_value"], a["decay_rate"], a["transition_steps"]), a
                ),
                a,
            ),
        ),
    ),
    "warmup_cosine_decay_schedule": (
        "init_value peak_value warmup_steps decay_steps end_value",
        lambda a: warmup_cosine(
            a["peak_value"],
            steps=a["decay_steps"],
            warmup=a["warmup_steps"],
            start=a["init_value"],
            floor=a.get("end_value", 0.0),
        ),
    ),
}


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


def _polynomial(a: Arguments) -> Schedule:
    if a.get("cycle"):
        raise refuse("convert: PolynomialDecay", "cycle", True, "False", "It has no form here.")
    return Polynomial(
        a["initial_learning_rate"],
        a.get("end_learning_rate", 0.0001),
        a["decay_steps"],
        a.get("power", 1.0),
    )


def _bounded(curve: Schedule, a: Arguments) -> Schedule:
    return curve if a.get("end_value") is None else curve.clip(low=a["end_value"])


def _whole(where: str, name: str, value: Any) -> int:
    if value != int(value):
        raise refuse(f"convert: {where}", name, value, "a whole number")
    return int(value)


# What the schedulers in another one multiply, they may: these set the rate anew at every step.
_ALONE = {"CosineAnnealingWarmRestarts", "CyclicLR", "OneCycleLR", "SWALR"}
_ON_TOP = ("last_epoch", "verbose")
_NESTS = {
    "SequentialLR": ("optimizer", "schedulers", "milestones", *_ON_TOP),
    "ChainedScheduler": ("schedulers", "optimizer"),
    "join_schedules": ("schedules", "boundaries"),
}


class _Calls:
    """Reads the schedules of one project, also those that stand in others."""

    def __init__(self, makes: Makes, nests: tuple[str, ...], lr: float | None) -> None:
        self.makes, self.lr = makes, lr
        last = _ON_TOP if makes is _TORCH else ()
        first = ("optimizer",) if makes is _TORCH else ()
        self.takes = {n: (*first, *names.split(), *last) for n, (names, _) in makes.items()}
        self.takes |= {name: _NESTS[name] for name in nests}
        self.said: dict[str, None] = {}

    def schedule(self, text: Expression, inside: str = "", lr: float | None = None) -> Schedule:
        """The schedule of a call, and of those in it."""
        name, arguments = text.call(self.takes)
        if inside and self.makes is _TORCH and self._clashes(name, inside):
            raise GradatimError(f"convert: {name} in {inside} has no form here. {_INSTEAD}")
        if name in _NESTS:
            return self._nested(name, arguments)
        a = {key: e.value(name, key) for key, e in arguments.items() if key != "optimizer"}
        if a.pop("last_epoch", -1) != -1:
            raise GradatimError(f"convert: {name}: last_epoch is for a resume. Leave it out.")
        if a.get("scale_fn") is not None:
            raise GradatimError(f"convert: {name}: a scale_fn has no form here.")
        if self.makes is _TORCH and name not in ("OneCycleLR", "CyclicLR"):
            a["lr"] = lr or need(
                name, "the rate of the optimizer", self.lr, "Write --lr, such as --lr 0.1."
            )
        if inside == "ChainedScheduler" and a.get("eta_min"):
            raise GradatimError(
                f"convert: {name} with an eta_min in {inside} has no form here. {_INSTEAD}"
            )
        if name == "CosineAnnealingLR":
            self.said[_RISES] = None
        return self.makes[name][1](a)

    def _clashes(self, name: str, inside: str) -> bool:
        own = {"OneCycleLR", "CyclicLR"} if inside == "SequentialLR" else _ALONE
        return name in own or name in _NESTS

    def _nested(self, name: str, arguments: dict[str, Expression]) -> Schedule:
        key = "schedules" if name == "join_schedules" else "schedulers"
        parts = arguments[key].entries(name, key)
        if not parts:
            raise refuse(f"convert: {name}", key, (), "a list of one or more")
        if name == "ChainedScheduler":
            # The first has the rate of the optimizer, and the others multiply it.
            whole = self.schedule(parts[0], name if len(parts) > 1 else "")
            return product([whole, *(self.schedule(part, name, 1.0) for part in parts[1:])])
        inner = [self.schedule(part, name) for part in parts]
        between = "boundaries" if name == "join_schedules" else "milestones"
        return sequence(name, between, inner, arguments[between].value(name, between))


_INSTEAD = "Convert each by itself, and join them with >> or multiply them with *."


def _reader(makes: Makes, *nests: str) -> Callable[[str, float | None, int | None], Read]:
    def read(text: str, lr: float | None, steps: int | None) -> Read:
        calls = _Calls(makes, nests, lr)
        schedule = calls.schedule(last_call(text, calls.takes))
        return Read(schedule, tuple(calls.said))

    return read


read_torch = _reader(_TORCH, "SequentialLR", "ChainedScheduler")
read_keras = _reader(_KERAS)
read_optax = _reader(_OPTAX, "join_schedules")
