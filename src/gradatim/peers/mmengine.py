"""mmengine: ``param_scheduler = [dict(type="LinearLR", ...), ...]`` in its settings in Python.

Each scheduler counts from its own ``begin`` to its ``end`` and multiplies the rate that it finds;
after its end the rate stays.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial, reduce
from itertools import pairwise
from operator import mul
from typing import Any, NamedTuple

from gradatim.core.combine import join
from gradatim.core.decays import Constant, ExponentialDecay
from gradatim.core.ramps import Cosine, Linear, Polynomial
from gradatim.core.recipes import piecewise_constant
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import check_argument
from gradatim.errors import GradatimError
from gradatim.peers.arguments import DecayFactor, Number, PositiveSteps, RealSteps, Steps
from gradatim.peers.found import Found, Given, Read
from gradatim.peers.nested import sequence
from gradatim.peers.pace import paced
from gradatim.peers.peer import Peer
from gradatim.peers.python.attributes import entries
from gradatim.peers.python.expression import Expression
from gradatim.peers.python.part import Part
from gradatim.peers.python.script import Place, Script
from gradatim.peers.python.world import World
from gradatim.peers.syntax import dotted
from gradatim.peers.torch import drops, stairs

MMENGINE = Peer("mmengine")
_KINDS = Peer("mmengine", ignored=("verbose", "last_step"))
"""The schedulers. ``lr`` is the rate that one finds, ``steps`` how long it is in force."""
_FOREVER = 10**9


@_KINDS.scheduler("LinearLR")
def linear(
    start_factor: Number = 1.0 / 3,
    end_factor: Number = 1.0,
    *,
    lr: Number,
    steps: PositiveSteps,
) -> Schedule:
    """A line, whose end is its last step and not the one after."""
    if steps == 1:
        return Constant(lr * start_factor)
    return Linear(lr * start_factor, lr * end_factor, steps - 1)


@_KINDS.scheduler("ConstantLR")
def constant(factor: Number = 1.0 / 3, *, lr: Number, steps: PositiveSteps) -> Schedule:
    """A share of the rate, and from the last step on the rate."""
    if steps == 1:
        return Constant(lr * factor)
    return piecewise_constant((lr * factor, lr), boundaries=(steps - 1,))


@_KINDS.scheduler("StepLR")
def step(step_size: PositiveSteps, gamma: Number = 0.1, *, lr: Number) -> Schedule:
    """The rate times ``gamma`` every ``step_size`` steps."""
    return stairs(lr, step_size, gamma)


@_KINDS.scheduler("MultiStepLR")
def multi_step(milestones: Sequence[Steps], gamma: Number = 0.1, *, lr: Number) -> Schedule:
    """The rate times ``gamma`` at each milestone, which count from ``begin``."""
    return drops(lr, [at for at in milestones if at], gamma)


@_KINDS.scheduler("ExponentialLR")
def exponential(gamma: DecayFactor, *, lr: Number) -> Schedule:
    """The rate times ``gamma`` at each step."""
    return ExponentialDecay(lr, gamma)


@_KINDS.scheduler("CosineAnnealingLR")
def cosine(
    T_max: RealSteps | None = None,
    eta_min: Number | None = None,
    eta_min_ratio: Number | None = None,
    *,
    lr: Number,
    steps: PositiveSteps,
) -> Schedule:
    """Half a wave of a cosine."""
    return Cosine(lr, eta_min or 0.0, int(T_max or steps))


@_KINDS.scheduler("PolyLR")
def polynomial(
    power: Number = 1.0,
    eta_min: Number | None = None,
    eta_min_ratio: Number | None = None,
    *,
    lr: Number,
    steps: PositiveSteps,
) -> Schedule:
    """A power of what is left, at ``eta_min`` at its last step."""
    return Polynomial(lr, eta_min or 0.0, max(steps - 1, 1), power)


_KINDS.refuses(
    "is not read. Write one_cycle(...), cosine_restarts(...) or a rule such as Plateau(...).",
    "OneCycleLR",
    "CosineRestartLR",
    "ReduceOnPlateauLR",
    "LinearInterpolationLR",
)


class _Phase(NamedTuple):
    """One entry of ``param_scheduler``."""

    kind: str
    arguments: Mapping[str, Any]
    begin: int
    end: int
    every: int
    """The updates of one of its steps; 1 where all count epochs."""
    floor: float
    """The rate that it ends at, if that is one and no share."""

    @property
    def updates(self) -> tuple[int, int]:
        """The updates from which on, and before which, it is in force."""
        return self.begin * self.every, self.end * self.every

    def curve(self, lr: float, floor: float, run: int | None) -> Schedule:
        """Its rates from ``begin`` on, where it finds this one; after its end they stay.

        Args:
            lr: The rate that it finds.
            floor: What it ends at, if it has an end.
            run: The steps of the run, if they are known.
        """
        steps = self.end - self.begin
        arguments = {key: v for key, v in self.arguments.items() if key != "eta_min_ratio"}
        if floor:
            arguments["eta_min"] = floor
        curve = _KINDS.means(self.kind, arguments, lr, steps).schedule
        over = curve.length is not None and curve.length < steps
        if over or self.end == _FOREVER or (run is not None and run <= self.end):
            return curve
        stays = Constant(float(curve(steps - 1)))
        return join(curve.cut(steps - 1), stays) if steps > 1 else stays


@MMENGINE.finds_in_code
def param_scheduler(script: Script, parts: Collection[int]) -> Iterator[Found]:
    """The settings of that name, if they are a dictionary with a type or a list of such."""
    for binding in script.module.bindings.get("param_scheduler", ())[-1:]:
        if binding.value is not None and isinstance(binding.value, ast.List | ast.Call | ast.Dict):
            reader = partial(_read, script, binding.value)
            yield Found(binding.line, "mmengine", "param_scheduler", reader)


def _read(script: Script, node: ast.expr, given: Given) -> Read:
    settings = _Settings(World(script, given), Place(script.module, _FOREVER, ()))
    lr = settings.rate() if given.lr is None else given.lr
    written = list(_written(settings, node))
    if not written:
        return Read({"lr": Constant(lr)})
    phases = _phases(written, lr, given)
    epochs = all(values.get("by_epoch", True) for _, values in written) and not any(
        values.get("convert_to_iter_based") for _, values in written
    )
    run = settings.number("train_cfg", "max_epochs" if epochs else "max_iters")
    apart = all(one.updates[1] <= next_.updates[0] for one, next_ in pairwise(phases))
    combined = (_one_after_another if apart else _product)(phases, lr, run)
    said = (*settings.world.said.values(), *settings.said())
    return Read({"lr": combined}, None, said, "It counts epochs (by_epoch)." if epochs else "")


class _Settings(NamedTuple):
    """The names of a settings file, and their entries."""

    world: World
    place: Place

    def entry(self, name: str, *keys: str) -> Part | None:
        """``name["key"]["key"]``, if the file sets it."""
        part: Part = Expression(ast.Name(name, ast.Load()), self.place, self.world).resolved()
        for key in keys:
            inside = entries(part).get(key)
            if inside is None:
                return None
            part = inside.resolved()
        return part

    def number(self, *keys: str) -> int | None:
        """A whole number, if the file sets it."""
        try:
            part = self.entry(*keys)
        except GradatimError:
            return None
        value = None if part is None else part.known_or_none()
        return value if type(value) is int else None

    def rate(self) -> float:
        """The rate of the optimizer."""
        part = self.entry("optim_wrapper", "optimizer", "lr") or self.entry("optimizer", "lr")
        if not isinstance(part, Expression):
            raise GradatimError("lr is missing. Write --lr, the rate of the optimizer.")
        return float(check_argument("optim_wrapper", "lr", Number, part.value("optimizer", "lr")))

    def said(self) -> Iterator[str]:
        """What else of the settings is about the rate."""
        for binding in self.world.script.module.bindings.get("_base_", ()):
            yield f"The files in _base_ (line {binding.line}) are not read."
        part = self.entry("optim_wrapper", "paramwise_cfg")
        if part is not None and "lr_mult" in ast.unparse(part.node):
            yield "paramwise_cfg gives some parameters a multiple of this rate."


def _written(settings: _Settings, node: ast.expr) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name and the arguments of each entry of ``param_scheduler``."""
    whole = Expression(node, settings.place, settings.world).resolved()
    for entry in [whole] if entries(whole) else whole.entries("param_scheduler", "it"):
        parts = {str(key): part for key, part in entries(entry.resolved()).items()}
        if "type" not in parts:
            raise GradatimError(f"line {entry.line}: an entry of param_scheduler has no type.")
        kind = parts.pop("type").node
        name = kind.value if isinstance(kind, ast.Constant) else dotted(kind).rpartition(".")[2]
        values = {
            key: part.value(str(name), key)
            for key, part in parts.items()
            if isinstance(part, Expression)
        }
        yield str(name), values


def _phases(written: Sequence[tuple[str, dict[str, Any]]], lr: float, given: Given) -> list[_Phase]:
    """The entries with their first and last steps, of so many updates each."""
    by_epoch = [values.get("by_epoch", True) for _, values in written]
    converts = [values.get("convert_to_iter_based", False) for _, values in written]
    mixed = any(converts) or not all(by_epoch)
    if mixed and any(by_epoch) and given.every is None:
        raise GradatimError(
            "some of param_scheduler count epochs and some updates. Write --every, the updates of "
            "an epoch, such as --every 391."
        )
    found = []
    for (kind, values), epochs, convert in zip(written, by_epoch, converts, strict=True):
        own = {k: v for k, v in values.items() if k not in _PLACES}
        begin, end = values.get("begin", 0), values.get("end", _FOREVER)
        every = (given.every or 1) if mixed and epochs else 1
        if epochs and convert:
            begin, end = begin * every, min(end * every, _FOREVER)
            own |= {key: own[key] * every for key in ("T_max", "step_size") if key in own}
            if "milestones" in own:
                own["milestones"] = [at * every for at in own["milestones"]]
            every = 1
        begin, end = (
            check_argument(kind, "begin", Steps, begin),
            check_argument(kind, "end", Steps, end),
        )
        if end <= begin:
            raise GradatimError(f"{kind}: end must be above begin, {begin}, got {end}.")
        arguments = _KINDS.bind(kind, (), own)
        ratio = arguments.get("eta_min_ratio")
        floor = arguments.get("eta_min") if ratio is None else ratio * lr
        found.append(_Phase(kind, arguments, begin, end, every, float(floor or 0.0)))
    return sorted(found, key=lambda phase: phase.updates)


_PLACES = ("begin", "end", "by_epoch", "convert_to_iter_based")


def _one_after_another(phases: Sequence[_Phase], lr: float, run: int | None) -> Schedule:
    """Each finds the rate that the one before has left."""
    curves: list[Schedule] = [Constant(lr)] if phases[0].begin else []
    for phase in phases:
        curve = phase.curve(lr, phase.floor, run)
        lr = float(curve(phase.end - phase.begin - 1)) if phase.end < _FOREVER else lr
        curves.append(paced(curve, phase.every))
    starts = [phase.updates[0] for phase in phases if phase.updates[0]]
    return sequence("begin", curves, starts) if starts else curves[0]


def _product(phases: Sequence[_Phase], lr: float, run: int | None) -> Schedule:
    """All at once; one that ends at a rate finds the others done with."""
    factors: list[Schedule] = []
    for phase in phases:
        begin, end = phase.updates
        others = [other for other in phases if other is not phase]
        if phase.floor and any(
            other.updates[0] < end and other.updates[1] > begin + phase.every for other in others
        ):
            raise GradatimError(
                f"{phase.kind}: others change the rate while it goes to eta_min, which is no "
                "product. Leave eta_min out, or let them end before it begins."
            )
        curve = phase.curve(1.0, phase.floor / lr, run)
        whole = join(Constant(1.0, phase.begin), curve) if phase.begin else curve
        factors.append(paced(whole, phase.every))
    return reduce(mul, factors, Constant(lr))
