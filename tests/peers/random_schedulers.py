"""Random schedulers of torch, transformers, timm and Ignite, and the values they really give."""

import importlib.util
import math
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any, NamedTuple

import torch
from torch.optim import SGD, Adam, Optimizer
from torch.optim import lr_scheduler as peers
from torch.optim.swa_utils import SWALR

with warnings.catch_warnings(action="ignore"):  # torch itself has deprecated what Ignite imports
    from ignite.handlers import param_scheduler as ignite
    from transformers import optimization as hf


def _timm() -> types.ModuleType:
    """timm's schedulers without its models, which need torchvision."""
    found = importlib.util.find_spec("timm")
    assert found is not None
    assert found.submodule_search_locations is not None
    package = types.ModuleType("timm")
    package.__path__ = list(found.submodule_search_locations)
    kept = sys.modules.get("timm")
    sys.modules["timm"] = package
    try:
        return importlib.import_module("timm.scheduler")
    finally:
        sys.modules.pop("timm")
        if kept is not None:
            sys.modules["timm"] = kept


timm = _timm()
MOMENTUM = 0.9
Make = Callable[[Random, Optimizer, int], Any]


class Kind(NamedTuple):
    """How to make a random scheduler for a run of some steps, and how it is driven."""

    make: Make
    loop: str = "torch"
    chained: bool = False
    """Whether its roundings add up: it goes from rate to rate, or counts cycles in a float."""


def optimizer(
    random: Random, groups: int = 2, make: Any = None, lr: float | None = None
) -> Optimizer:
    """One with groups of different rates."""
    parts = [
        {"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr or rate(random)}
        for _ in range(groups)
    ]
    if make is None:
        make = random.choice([SGD, Adam])
    return make(parts, **({"momentum": MOMENTUM} if make is SGD else {}))


def rate(random: Random) -> float:
    return 10.0 ** random.uniform(-5, 0)


def used(scheduler: Any, over: Optimizer, steps: int, loop: str) -> dict[str, list[list[float]]]:
    """What each update really used, by the name of the value and the group."""
    found: dict[str, list[list[float]]] = {}
    for step in range(steps):
        if loop == "ignite":
            scheduler(None)
        for i, group in enumerate(over.param_groups):
            for name, value in _held(group):
                rows = found.setdefault(name, [[] for _ in over.param_groups])
                rows[i].append(float(value))
        if not step:
            over.step()  # it has no gradients, and torch asks only whether it was called at all
        if loop == "torch":
            scheduler.step()
        elif loop == "timm":
            scheduler.step_update(step + 1)
    return found


def _held(group: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "lr", group["lr"]
    if "momentum" in group:
        yield "momentum", group["momentum"]
    if "betas" in group:
        yield "betas[0]", group["betas"][0]


def _length(random: Random, steps: int) -> int:
    return random.choice([1, 2, 3, random.randint(1, steps), random.randint(1, 2 * steps)])


def _step(random: Random, over: Optimizer, steps: int) -> Any:
    return peers.StepLR(over, _length(random, steps), random.choice([0.1, 0.5, 0.93, 1.0, 1.01]))


def _multistep(random: Random, over: Optimizer, steps: int, first: int = 0) -> Any:
    milestones = [random.randint(first, steps) for _ in range(random.randint(0, 5))]
    return peers.MultiStepLR(over, milestones, random.choice([0.1, 0.5, 0.93, 1.2]))


def _constant(random: Random, over: Optimizer, steps: int) -> Any:
    return peers.ConstantLR(over, random.uniform(0.01, 1.0), _length(random, steps))


def _linear(random: Random, over: Optimizer, steps: int, least: float = 0.0) -> Any:
    ends = random.uniform(0.001, 1.0), random.choice([least, 1.0, random.uniform(least, 1.0)])
    return peers.LinearLR(over, *ends, _length(random, steps))


def _exponential(random: Random, over: Optimizer, steps: int) -> Any:
    return peers.ExponentialLR(over, random.choice([random.uniform(0.8, 1.0), 1.0, 1.003]))


def _polynomial(random: Random, over: Optimizer, steps: int) -> Any:
    return peers.PolynomialLR(over, _length(random, steps), random.choice([0.5, 1.0, 2.0, 3.7]))


def _cosine(random: Random, over: Optimizer, steps: int, floor: float | None = None) -> Any:
    # It rises again after its end, so that the end is that of the run or later.
    length = random.choice([steps, steps + 1, 2 * steps, steps + 0.5])
    least = random.choice([0.0, 1e-6]) if floor is None else floor
    return peers.CosineAnnealingLR(over, length, least)


def _restarts(random: Random, over: Optimizer, steps: int, floor: float | None = None) -> Any:
    least = random.choice([0.0, 1e-6]) if floor is None else floor
    first = random.randint(1, steps)
    return peers.CosineAnnealingWarmRestarts(over, first, random.randint(1, 3), least)


def _cyclic(random: Random, over: Optimizer, steps: int) -> Any:
    mode = random.choice(["triangular", "triangular2", "exp_range"])
    low = [rate(random) for _ in over.param_groups]
    return peers.CyclicLR(
        over,
        low,
        [lr * random.uniform(0.5, 20.0) for lr in low],
        random.randint(1, 40),
        random.choice([None, random.randint(1, 40)]),
        mode,
        random.choice([0.9, 0.99, 1.001]) if mode == "exp_range" else 1.0,
        cycle_momentum=random.random() < 0.7,
    )


def _one_cycle(random: Random, over: Optimizer, steps: int) -> Any:
    total = random.randint(steps, 2 * steps)
    share = random.choice([0.3, random.uniform(0.0, 1.0), 0.0, 1.0])
    if share * total == 1.0:
        share = 0.3
    return peers.OneCycleLR(
        over,
        [rate(random) for _ in over.param_groups],
        total,
        pct_start=share,
        anneal_strategy=random.choice(["cos", "linear"]),
        cycle_momentum=random.random() < 0.7,
        div_factor=random.uniform(1.0, 50.0),
        final_div_factor=10 ** random.uniform(0, 5),
        three_phase=random.random() < 0.3,
    )


def _averaging(random: Random, over: Optimizer, steps: int) -> Any:
    return SWALR(
        over,
        rate(random),
        random.choice([0, _length(random, steps)]),
        random.choice(["cos", "linear"]),
    )


_FACTORS = (_step, _multistep, _constant, _linear, _exponential, _polynomial)


def _sequential(random: Random, over: Optimizer, steps: int) -> Any:
    count = random.randint(2, 4)
    starts = sorted(random.sample(range(1, steps), count - 1))
    lasts = [random.choice(_FACTORS)(random, over, steps) for _ in range(count - 1)]
    last = random.choice((*_FACTORS, _cosine, _restarts))(random, over, steps)
    return peers.SequentialLR(over, [*lasts, last], starts)


def _chained(random: Random, over: Optimizer, steps: int) -> Any:
    # A line to 0 leaves a rounding there, and a factor above 1 would make a rate of it.
    factors = [*_FACTORS, partial(_linear, least=0.01)]
    factors.remove(_linear)
    parts = [random.choice(factors)(random, over, steps) for _ in range(random.randint(1, 3))]
    if random.random() < 0.5:
        parts.append(_cosine(random, over, steps, 0.0))
    if random.random() < 0.3:
        parts = [peers.ChainedScheduler(parts), _exponential(random, over, steps)]
    return peers.ChainedScheduler(parts)


def _warm(random: Random, steps: int) -> float:
    return random.choice([0, 1, random.randint(0, steps - 2), 0.1 * steps])


def _whole_warm(random: Random, steps: int) -> int:
    return random.choice([0, 1, random.randint(0, steps - 2)])


def _wsd_of_hf(random: Random, over: Optimizer, steps: int) -> Any:
    up, down = random.randint(0, steps // 3), random.randint(1, steps // 3)
    kinds = ["linear", "cosine", "1-sqrt"]
    return hf.get_wsd_schedule(
        over,
        up,
        down,
        random.randint(up + down, 2 * steps),
        warmup_type=random.choice(kinds),
        decay_type=random.choice(kinds),
        min_lr_ratio=random.choice([0.0, random.random()]),
        num_cycles=random.choice([0.5, 0.5, 0.7, 1.0]),
    )


def _restarts_of_hf(random: Random, over: Optimizer, steps: int) -> Any:
    # Of 49 restarts and the like, roundings there lose some: cycles that are one in 2 lose none.
    cycles = random.choice([1, 2, 4, 1.5, 2.5])
    return hf.get_cosine_with_hard_restarts_schedule_with_warmup(
        over, _whole_warm(random, steps), random.randint(steps, 2 * steps), cycles
    )


TORCH = {
    "StepLR": Kind(_step, chained=True),
    "MultiStepLR": Kind(_multistep, chained=True),
    "ConstantLR": Kind(_constant, chained=True),
    "LinearLR": Kind(_linear, chained=True),
    "ExponentialLR": Kind(_exponential, chained=True),
    "PolynomialLR": Kind(_polynomial, chained=True),
    "CosineAnnealingLR": Kind(_cosine, chained=True),
    "CosineAnnealingWarmRestarts": Kind(_restarts),
    "CyclicLR": Kind(_cyclic, chained=True),
    "OneCycleLR": Kind(_one_cycle),
    "SWALR": Kind(_averaging, chained=True),
    "SequentialLR": Kind(_sequential, chained=True),
    "ChainedScheduler": Kind(_chained, chained=True),
}
TRANSFORMERS = {
    "get_constant_schedule": Kind(lambda r, o, n: hf.get_constant_schedule(o)),
    "get_constant_schedule_with_warmup": Kind(
        lambda r, o, n: hf.get_constant_schedule_with_warmup(o, _warm(r, n))
    ),
    "get_linear_schedule_with_warmup": Kind(
        lambda r, o, n: hf.get_linear_schedule_with_warmup(
            o, _warm(r, n), r.choice([n, r.uniform(n, 2 * n)])
        )
    ),
    "get_cosine_schedule_with_warmup": Kind(
        lambda r, o, n: hf.get_cosine_schedule_with_warmup(o, _warm(r, n), r.randint(n, 2 * n))
    ),
    "get_cosine_schedule_with_warmup, cycles": Kind(
        lambda r, o, n: hf.get_cosine_schedule_with_warmup(
            o, _whole_warm(r, n), r.randint(n, 2 * n), r.choice([0.3, 1.0, 1.5, 3.7])
        )
    ),
    "get_cosine_with_min_lr_schedule_with_warmup": Kind(
        lambda r, o, n: hf.get_cosine_with_min_lr_schedule_with_warmup(
            o, _whole_warm(r, n), n + 3, r.choice([0.5, 1.5]), min_lr_rate=r.random()
        )
    ),
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate": Kind(
        lambda r, o, n: hf.get_cosine_with_min_lr_schedule_with_warmup_lr_rate(
            o,
            _whole_warm(r, n),
            r.randint(n, 2 * n),
            r.choice([0.5, 1.5]),
            min_lr_rate=r.random(),
            warmup_lr_rate=r.choice([None, r.random()]),
        )
    ),
    "get_cosine_with_hard_restarts_schedule_with_warmup": Kind(_restarts_of_hf),
    "get_polynomial_decay_schedule_with_warmup": Kind(
        lambda r, o, n: hf.get_polynomial_decay_schedule_with_warmup(
            o, _whole_warm(r, n), r.randint(n - 1, 2 * n), 1e-7, r.choice([0.5, 1.0, 2.0])
        )
    ),
    "get_inverse_sqrt_schedule": Kind(
        lambda r, o, n: hf.get_inverse_sqrt_schedule(
            o, _whole_warm(r, n), r.choice([None, r.randint(1, n)])
        )
    ),
    "get_wsd_schedule": Kind(_wsd_of_hf),
}


def _timm_common(random: Random, steps: int, **more: Any) -> dict[str, Any]:
    warm = random.choice([0, random.randint(1, steps // 3)])
    return {
        "warmup_t": warm,
        "warmup_lr_init": random.choice([0.0, 1e-6]),
        "t_in_epochs": False,
        **more,
    }


def _timm_cycles(random: Random, steps: int, **more: Any) -> dict[str, Any]:
    return _timm_common(
        random,
        steps,
        t_initial=random.randint(max(steps // 8, 1), steps),
        lr_min=random.choice([0.0, 1e-6]),
        cycle_mul=random.choice([1.0, 1.0, 2.0]),
        cycle_decay=random.choice([1.0, 0.5, 0.9]),
        cycle_limit=random.randint(1, 4),
        warmup_prefix=random.random() < 0.5,
        **more,
    )


def _timm_wsd(random: Random, over: Optimizer, steps: int) -> Any:
    total = random.randint(2, steps)
    stable = random.choice(["constant", "constant", "rsqrt", "power"])
    return timm.WSDLRScheduler(
        over,
        **_timm_common(
            random,
            steps,
            t_initial=total,
            decay_t=random.randint(1, total),
            lr_min=random.choice([0.0, 1e-6]),
            stable_fn=stable,
            stable_power=0.7,
            stable_timescale=random.randint(1, steps),
            decay_fn=random.choice(["linear", "1-sqrt", "cosine", "exp", "power"]),
        ),
    )


TIMM = {
    "CosineLRScheduler": Kind(
        lambda r, o, n: timm.CosineLRScheduler(
            o, **_timm_cycles(r, n, k_decay=r.choice([1.0, 1.0, 1.7]))
        ),
        "timm",
    ),
    "PolyLRScheduler": Kind(
        lambda r, o, n: timm.PolyLRScheduler(
            o, **_timm_cycles(r, n, power=r.choice([0.5, 1.0, 2.3]))
        ),
        "timm",
    ),
    "TanhLRScheduler": Kind(
        lambda r, o, n: timm.TanhLRScheduler(
            o, **_timm_cycles(r, n, lb=r.uniform(-19.5, -18.5), ub=r.uniform(0.5, 4.0))
        ),
        "timm",
    ),
    "StepLRScheduler": Kind(
        lambda r, o, n: timm.StepLRScheduler(
            o,
            **_timm_common(
                r,
                n,
                decay_t=r.choice([1, r.randint(1, n), 2.25, 2.4]),
                decay_rate=r.choice([0.1, 0.97, 1.02]),
                warmup_prefix=r.random() < 0.5,
            ),
        ),
        "timm",
    ),
    "MultiStepLRScheduler": Kind(
        lambda r, o, n: timm.MultiStepLRScheduler(
            o,
            **_timm_common(
                r,
                n,
                decay_t=sorted(r.randint(1, n) for _ in range(r.randint(0, 4))),
                decay_rate=0.3,
                warmup_prefix=r.random() < 0.5,
            ),
        ),
        "timm",
    ),
    "WSDLRScheduler": Kind(_timm_wsd, "timm"),
}


def _ignite_cycle(random: Random, steps: int, **more: Any) -> dict[str, Any]:
    by = random.choice([(1.0, 1.0), (0.5, 0.5), (0.9, 0.5), (1.0, 0.7)])
    return {
        "param_name": "lr",
        "start_value": rate(random),
        "end_value": rate(random),
        "cycle_size": random.randint(2, steps),
        "cycle_mult": random.choice([1.0, 1.0, 2.0]),
        "start_value_mult": by[0],
        "end_value_mult": by[1],
        **more,
    }


def _ignite_linear(random: Random, over: Optimizer, steps: int) -> Any:
    monotonic = random.random() < 0.5
    warm = random.choice([0, random.randint(1, steps)]) if monotonic else 0
    return ignite.LinearCyclicalScheduler(
        over, monotonic=monotonic, **_ignite_cycle(random, steps, warmup_duration=warm)
    )


def _ignite_cosine(random: Random, over: Optimizer, steps: int) -> Any:
    warm = random.choice([0, random.randint(1, steps)])
    return ignite.CosineAnnealingScheduler(
        over, **_ignite_cycle(random, steps, warmup_duration=warm)
    )


def _ignite_piecewise(random: Random, over: Optimizer, steps: int) -> Any:
    milestones = sorted(random.randint(0, steps) for _ in range(random.randint(1, 6)))
    points = [(step, rate(random)) for step in milestones]
    return ignite.PiecewiseLinear(over, "lr", milestones_values=points)


_IGNITE = (_ignite_linear, _ignite_cosine, _ignite_piecewise)


def _ignite_concat(random: Random, over: Optimizer, steps: int) -> Any:
    count = random.randint(2, 4)
    children = [random.choice(_IGNITE)(random, over, steps) for _ in range(count)]
    durations = [random.randint(1, steps) for _ in range(count - 1)]
    return ignite.ConcatScheduler(children, durations)


def _ignite_groups(random: Random, over: Optimizer, steps: int) -> Any:
    children = [random.choice(_IGNITE)(random, over, steps) for _ in over.param_groups]
    for i, child in enumerate(children):
        child.param_group_index = i
    return ignite.ParamGroupScheduler(children)


# Of torch's own the ones that Ignite asks rightly; its questions to others are in migrate.md.
_LATER = partial(_multistep, first=1)
_ASKED = (_step, _LATER, _cyclic, lambda r, o, n: hf.get_linear_schedule_with_warmup(o, 3, n))


def _ignite_wrapper(random: Random, over: Optimizer, steps: int) -> Any:
    return ignite.LRScheduler(random.choice(_ASKED)(random, over, steps))


def _ignite_warmup(random: Random, over: Optimizer, steps: int) -> Any:
    inner = random.choice([_step, _multistep, _exponential, _cosine, _ignite_cosine])
    made = inner(random, over, 2 * steps)
    return ignite.create_lr_scheduler_with_warmup(
        made, rate(random), random.randint(2, steps // 2), random.choice([None, rate(random)])
    )


IGNITE = {
    "LinearCyclicalScheduler": Kind(_ignite_linear, "ignite"),
    "CosineAnnealingScheduler": Kind(_ignite_cosine, "ignite"),
    "PiecewiseLinear": Kind(_ignite_piecewise, "ignite"),
    "ConcatScheduler": Kind(_ignite_concat, "ignite"),
    "ParamGroupScheduler": Kind(_ignite_groups, "ignite"),
    "LRScheduler": Kind(_ignite_wrapper, "ignite", chained=True),
    "create_lr_scheduler_with_warmup": Kind(_ignite_warmup, "ignite", chained=True),
}
KINDS = TORCH | TRANSFORMERS | TIMM | IGNITE


def off(ours: list[float], theirs: list[float]) -> float:
    """The largest difference as a share of the value, less what torch and the others round off.

    Their formulas add terms of the size of the highest value, so a few roundings of that size are
    in each of their numbers, however small it is.
    """
    top = max(map(abs, theirs))
    slack = 8 * math.ulp(top)
    return max(
        max(abs(a - b) - slack, 0.0) / max(abs(b), math.ulp(0.0))
        for a, b in zip(ours, theirs, strict=True)
    )
