"""torch: the schedulers of ``torch.optim.lr_scheduler``."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

from gradatim.core.closed_forms import GeometricDecay
from gradatim.core.decays import Constant, ExponentialDecay
from gradatim.core.ramps import Linear, Polynomial
from gradatim.core.recipes import cosine_restarts, multistep, piecewise_constant, step_decay
from gradatim.core.recipes.cycles import triangles
from gradatim.core.rules import Plateau
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError
from gradatim.peers.arguments import (
    Entries,
    Fresh,
    Ignored,
    NonNegative,
    Number,
    Positive,
    PositiveInt,
    PositiveSteps,
    RealSteps,
    Steps,
    rounded,
)
from gradatim.peers.found import Read
from gradatim.peers.functions.reading import Formulas, read_functions
from gradatim.peers.nested import one_after_another, product
from gradatim.peers.peer import Call, Calls, Peer
from gradatim.peers.phases import Phase, Shape, phases
from gradatim.peers.source import function
from gradatim.peers.stages import Written

TORCH = Peer(
    "torch", before={"optimizer": Ignored}, after={"last_epoch": Fresh}, ignored=("verbose",)
)
RISES = "After the end its cosine rises again; here the last value holds."
Strategy = Literal["cos", "linear"]
_SHAPES: dict[str, Shape] = {"cos": "cosine", "linear": "linear"}


@TORCH.scheduler("StepLR")
def step_lr(step_size: PositiveSteps, gamma: Number = 0.1, *, lr: Number) -> Schedule:
    """The rate times ``gamma`` every ``step_size`` updates."""
    return stairs(lr, step_size, gamma)


@TORCH.scheduler("MultiStepLR")
def multi_step_lr(milestones: Sequence[Steps], gamma: Number = 0.1, *, lr: Number) -> Schedule:
    """The rate times ``gamma`` at each milestone."""
    return drops(lr, milestones, gamma)


@TORCH.scheduler("ConstantLR")
def constant_lr(
    factor: Number = 1.0 / 3, total_iters: PositiveSteps = 5, *, lr: Number
) -> Schedule:
    """A share of the rate, and then the rate."""
    return piecewise_constant((lr * factor, lr), boundaries=(total_iters,))


@TORCH.scheduler("LinearLR")
def linear_lr(
    start_factor: Number = 1.0 / 3,
    end_factor: Number = 1.0,
    total_iters: PositiveSteps = 5,
    *,
    lr: Number,
) -> Schedule:
    """A line between two shares of the rate."""
    return Linear(lr * start_factor, lr * end_factor, total_iters)


@TORCH.scheduler("ExponentialLR")
def exponential_lr(gamma: NonNegative, *, lr: Number) -> Schedule:
    """The rate times ``gamma`` at each update."""
    if gamma == 0.0:
        return piecewise_constant((lr, 0.0), boundaries=(1,))
    return ExponentialDecay(lr, gamma) if gamma <= 1.0 else GeometricDecay(lr, gamma, 1.0)


@TORCH.scheduler("PolynomialLR")
def polynomial_lr(total_iters: PositiveSteps = 5, power: Number = 1.0, *, lr: Number) -> Schedule:
    """A power of what is left, down to 0."""
    return Constant(lr) if power == 0 else Polynomial(lr, 0.0, total_iters, power)


@TORCH.scheduler("CosineAnnealingLR")
def cosine_annealing_lr(T_max: RealSteps, eta_min: Number = 0.0, *, lr: Number) -> Read:
    """Half a wave of a cosine down to ``eta_min``."""
    return Read({"lr": phases(Phase(T_max, lr, eta_min, "cosine"))}, differences=(RISES,))


@TORCH.scheduler("CosineAnnealingWarmRestarts")
def cosine_annealing_warm_restarts(
    T_0: PositiveSteps, T_mult: PositiveInt = 1, eta_min: Number = 0.0, *, lr: Number
) -> Schedule:
    """Cosines that begin again, each ``T_mult`` times as long as the one before."""
    return cosine_restarts(lr, cycle=T_0, stretch=T_mult, floor=eta_min)


@TORCH.scheduler("CyclicLR")
def cyclic_lr(
    base_lr: Number,
    max_lr: Number,
    step_size_up: PositiveSteps = 2000,
    step_size_down: PositiveSteps | None = None,
    mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
    gamma: Number = 1.0,
    scale_fn: Any = None,
    scale_mode: Ignored = "cycle",
    cycle_momentum: bool = True,
    base_momentum: Number = 0.8,
    max_momentum: Number = 0.9,
) -> Read:
    """Triangles between two rates, and of the momentum the same upside down."""
    if scale_fn is not None:
        raise GradatimError(
            "CyclicLR: scale_fn is code of your own, which is no value. Write Triangle(low, high, "
            "half, factor=Function('package.module:name')), with a function of the step."
        )
    down = step_size_up if step_size_down is None else step_size_down

    def waves(top: float, start: float) -> Schedule:
        if mode == "exp_range" and gamma > 1.0:
            height = triangles(top - start, 0.0, step_size_up, down)
            return height * GeometricDecay(1.0, gamma, 1.0) + start
        shrink = gamma if mode == "exp_range" else 1.0
        return triangles(top, start, step_size_up, down, mode, shrink)

    values = {"lr": waves(max_lr, base_lr)}
    return Read(
        values | {"momentum": waves(base_momentum, max_momentum)} if cycle_momentum else values
    )


@TORCH.scheduler("OneCycleLR")
def one_cycle_lr(
    max_lr: Number,
    total_steps: PositiveSteps | None = None,
    epochs: PositiveSteps | None = None,
    steps_per_epoch: PositiveSteps | None = None,
    pct_start: NonNegative = 0.3,
    anneal_strategy: Strategy = "cos",
    cycle_momentum: bool = True,
    base_momentum: Number = 0.85,
    max_momentum: Number = 0.95,
    div_factor: Positive = 25.0,
    final_div_factor: Positive = 1e4,
    three_phase: bool = False,
) -> Read:
    """Up and down once, and of the momentum the same upside down."""
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        raise GradatimError("OneCycleLR: write total_steps, or epochs and steps_per_epoch.")
    total = total_steps or (epochs or 0) * (steps_per_epoch or 0)
    start, up = max_lr / div_factor, pct_start * total
    if up == 1:
        raise GradatimError(
            "OneCycleLR: pct_start is one update of total_steps, and torch divides by the length "
            "of that phase, 0. Write one_cycle(...)."
        )
    levels, ends = [start, max_lr, start / final_div_factor], [up - 1, total - 1]
    momenta = [max_momentum, base_momentum, max_momentum]
    if three_phase:
        levels, ends = [*levels[:2], start, levels[2]], [up - 1, 2 * up - 2, total - 1]
        momenta = [*momenta, max_momentum]
    return one_cycle_of(levels, momenta if cycle_momentum else (), ends, anneal_strategy)


def one_cycle_of(
    levels: Sequence[float], momenta: Sequence[float], ends: Sequence[float], strategy: str
) -> Read:
    """Phases from level to level, of the rate and of the momentum, with these last steps."""

    def from_level_to_level(levels: Sequence[float]) -> Schedule:
        pairs = zip(ends, pairwise(levels), strict=True)
        return phases(*(Phase(end, *pair, _SHAPES[strategy]) for end, pair in pairs))

    values = {"lr": from_level_to_level(levels)}
    return Read(values | {"momentum": from_level_to_level(momenta)} if momenta else values)


@TORCH.scheduler("SWALR")
def swalr(
    swa_lr: Number, anneal_epochs: Steps = 10, anneal_strategy: Strategy = "cos", *, lr: Number
) -> Schedule:
    """The way to the rate at which weights are averaged."""
    if anneal_epochs == 0:
        return Constant(swa_lr)
    return phases(Phase(anneal_epochs, lr, swa_lr, _SHAPES[anneal_strategy]))


@TORCH.scheduler("ReduceLROnPlateau", whole=True)
def reduce_lr_on_plateau(
    optimizer: Ignored,
    mode: Literal["min", "max"] = "min",
    factor: Number = 0.1,
    patience: Steps = 10,
    threshold: Number = 1e-4,
    threshold_mode: Literal["rel", "abs"] = "rel",
    cooldown: Steps = 0,
    min_lr: NonNegative = 0,
    eps: NonNegative = 1e-8,
    *,
    lr: Number,
) -> Read:
    """A constant rate, and the rule that lowers it, until that is by ``eps`` or less."""
    rule = Plateau(
        mode=mode,
        nan="worse",
        factor=factor,
        patience=patience,
        threshold=threshold,
        relative=threshold_mode == "rel",
        cooldown=cooldown,
        floor=_lowest(lr, factor, min_lr, eps) / lr if lr else 0.0,
    )
    return Read({"lr": Constant(lr)}, rule)


def _lowest(lr: float, factor: float, least: float, eps: float) -> float:
    """The rate that is lowered no more, because it would be by ``eps`` or less."""
    if not 0.0 < factor < 1.0 or not eps:
        return least
    while (lower := max(lr * factor, least)) < lr - eps:
        lr = lower
    return least if math.isclose(lr, least) else lr


@TORCH.scheduler("SequentialLR")
def sequential_lr(schedulers: Calls, milestones: Entries, *, lr: Number | None = None) -> Read:
    """Each from its own first step, from its milestone on."""
    parts = [child.means(lr) for child in schedulers]
    said = _nested(schedulers, "OneCycleLR", "CyclicLR", "SequentialLR", "ChainedScheduler")
    return one_after_another("milestones", parts, milestones, said)


def _nested(schedulers: Calls, *names: str) -> tuple[str, ...]:
    """What is said where building one scheduler changes the rate that the others start from."""
    inside = [child.name for child in schedulers if child.name in names]
    if not inside:
        return ()
    return (f"torch loses a part of the {inside[0]} in it; here each means what it says alone.",)


@TORCH.scheduler("ChainedScheduler", whole=True)
def chained_scheduler(
    schedulers: Calls, optimizer: Ignored = None, *, lr: Number | None = None
) -> Read:
    """The product of all: the first has the rate of the optimizer, the others multiply it."""
    if not schedulers:
        raise GradatimError("ChainedScheduler: schedulers must be a list of one or more.")
    first, *others = schedulers
    if not others:
        return first.means(lr)
    for child in schedulers:
        _check_factor(child)
    found = product([first.means(lr), *(child.means(1.0) for child in others)])
    return found.saying(*_nested(schedulers, "SequentialLR"))


_NO_FACTORS = {
    "CosineAnnealingWarmRestarts": "with eta_min does not multiply the rate that the others give",
    "CosineAnnealingLR": "with eta_min does not multiply the rate that the others give",
    "OneCycleLR": "writes rates of its own over those of the others",
    "CyclicLR": "writes rates of its own over those of the others",
    "SWALR": "starts at whatever rate it finds",
}


def _check_factor(call: Call) -> None:
    for child in call.arguments.get("schedulers", ()):
        _check_factor(child)
    why = _NO_FACTORS.get(call.name)
    if call.peer.name == "timm":
        why = "writes rates of its own over those of the others"
    if why is not None and (call.arguments.get("eta_min") or not why.startswith("with eta_min")):
        raise GradatimError(
            f"{call.name} in a ChainedScheduler {why}, so the chain is no product. Write the "
            "schedule that you mean, such as from_torch(first)['lr'] * Linear(0.1, 1.0, 100)."
        )


@TORCH.scheduler("LambdaLR")
def lambda_lr(lr_lambda: Formulas, *, lr: Number, steps: PositiveSteps | None = None) -> Read:
    """The rate times a function of the step, which is recognised by its values."""
    return read_functions(lr_lambda, "factor", lr, steps)


@TORCH.scheduler("MultiplicativeLR")
def multiplicative_lr(
    lr_lambda: Formulas, *, lr: Number, steps: PositiveSteps | None = None
) -> Read:
    """The rate before times a function of the step."""
    return read_functions(lr_lambda, "change", lr, steps)


def stairs(lr: float, every: float, factor: float) -> Schedule:
    """The rate times ``factor`` once every ``every`` updates."""
    every = rounded(every)
    if factor == 0.0 and isinstance(every, int):
        return piecewise_constant((lr, 0.0), boundaries=(every,))
    if isinstance(every, int) and 0.0 < factor <= 1.0:
        return step_decay(lr, every=every, factor=factor)
    return GeometricDecay(lr, factor, every, stairs=True)


def drops(lr: float, milestones: Sequence[int], factor: float) -> Schedule:
    """The rate times ``factor`` at each milestone, twice where one is there twice."""
    times = Counter(milestones)
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


@TORCH.writes
def write(schedule: Schedule, steps: int) -> Written:
    """A ``LambdaLR`` with the schedule as its function."""
    code = (
        "import math\n\nimport torch\n\n\n" + function(schedule) + "\n\n"
        "# The optimizer is made with lr=1.0, which LambdaLR multiplies with the function.\n"
        "scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)\n"
    )
    return Written(
        code,
        (
            "Call scheduler.step() after every optimizer.step(), and only then: LambdaLR counts "
            "calls.",
            "The function needs no gradatim. With it, write gradatim.torch.Scheduler(optimizer, "
            "lr=schedule); it counts by itself.",
        ),
    )
