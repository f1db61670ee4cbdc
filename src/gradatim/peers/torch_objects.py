"""torch: the schedulers whose attributes are not their arguments."""

from __future__ import annotations

from functools import partial
from typing import Any

from gradatim.errors import GradatimError
from gradatim.peers.found import Read
from gradatim.peers.objects import arguments_of, call_of, number
from gradatim.peers.peer import Call
from gradatim.peers.torch import TORCH, one_cycle_of, reduce_lr_on_plateau


@TORCH.reads_object("SequentialLR")
def sequential(scheduler: Any, group: int) -> Call:
    """Its schedulers have underscores."""
    children = tuple(call_of(child, group) for child in scheduler._schedulers)
    starts = tuple(scheduler._milestones)
    return Call(TORCH, "SequentialLR", {"schedulers": children, "milestones": starts})


@TORCH.reads_object("ChainedScheduler")
def chained(scheduler: Any, group: int) -> Call:
    """Its schedulers have underscores, and the first of them knows the rate."""
    children = tuple(call_of(child, group) for child in scheduler._schedulers)
    lr = None if len(children) == 1 else number(bases(scheduler)[group])
    return Call(TORCH, "ChainedScheduler", {"schedulers": children}, lr)


@TORCH.reads_object("MultiStepLR")
def multi_step(scheduler: Any, group: int) -> Call:
    """Its milestones are counted."""
    found = {"milestones": list(scheduler.milestones.elements()), "gamma": scheduler.gamma}
    return Call(TORCH, "MultiStepLR", found, number(scheduler.base_lrs[group]))


@TORCH.reads_object("SWALR")
def averaging(scheduler: Any, group: int) -> Call:
    """Its rate is in the groups. torch 2.6 keeps the function of the strategy, not its name."""
    found = {
        "swa_lr": number(scheduler.optimizer.param_groups[group]["swa_lr"]),
        "anneal_epochs": scheduler.anneal_epochs,
        "anneal_strategy": "linear" if scheduler.anneal_func(0.25) == 0.25 else "cos",
    }
    return Call(TORCH, "SWALR", found, number(scheduler.base_lrs[group]))


@TORCH.reads_object("CyclicLR")
def cyclic(scheduler: Any, group: int) -> Call:
    """Its ends are lists, one entry a group, and its lengths a sum and a share."""
    up = scheduler.total_size * scheduler.step_ratio
    found = {
        "base_lr": number(scheduler.base_lrs[group]),
        "max_lr": number(scheduler.max_lrs[group]),
        "step_size_up": up,
        "step_size_down": scheduler.total_size - up,
        "mode": scheduler.mode,
        "gamma": scheduler.gamma,
        "scale_fn": scheduler._scale_fn_custom,
        "cycle_momentum": scheduler.cycle_momentum,
    }
    if scheduler.cycle_momentum:
        found["base_momentum"] = number(scheduler.base_momentums[group])
        found["max_momentum"] = number(scheduler.max_momentums[group])
    call = Call(TORCH, "CyclicLR", found)
    return call._replace(make=lambda lr: _renamed(scheduler, TORCH.means("CyclicLR", found, lr)))


@TORCH.reads_object("OneCycleLR")
def one_cycle(scheduler: Any, group: int) -> Call:
    """Its levels are in the groups, under the names that its phases give them."""
    held, parts = scheduler.optimizer.param_groups[group], scheduler._schedule_phases

    def levels(of: str) -> list[float]:
        names = [*(part[f"start_{of}"] for part in parts), parts[-1][f"end_{of}"]]
        return [number(held[name]) for name in names]

    ends = [part["end_step"] for part in parts]
    momenta = levels("momentum") if scheduler.cycle_momentum else []
    make = partial(one_cycle_of, levels("lr"), momenta, ends, scheduler._anneal_func_type)
    return Call(TORCH, "OneCycleLR", make=lambda lr: _renamed(scheduler, make()))


def _renamed(scheduler: Any, read: Read) -> Read:
    """With the momentum under the name that the optimizer has for it."""
    name = "betas[0]" if getattr(scheduler, "use_beta1", False) else "momentum"
    values = {name if key == "momentum" else key: read.values[key] for key in read.values}
    return Read(values, read.rule, read.differences)


@TORCH.reads_object("ReduceLROnPlateau")
def plateau(scheduler: Any, group: int) -> Call:
    """Its lower bounds are a list, and its first rates may be forgotten."""
    found = arguments_of(scheduler, reduce_lr_on_plateau, without=("min_lr", "eps"))
    found["min_lr"] = number(scheduler.min_lrs[group])
    held = scheduler.optimizer.param_groups
    # An amount, which is another share of each group's rate; a rule has one scale for all.
    found["eps"] = number(scheduler.eps) if len(held) == 1 else 0.0
    if all("initial_lr" in one for one in held):
        return Call(TORCH, "ReduceLROnPlateau", found, number(held[group]["initial_lr"]))
    rates = [number(lr) for lr in scheduler._last_lr]
    default = number(scheduler.optimizer.defaults["lr"])
    if scheduler.last_epoch == 0 or all(lr == default for lr in rates):
        return Call(TORCH, "ReduceLROnPlateau", found, rates[group])
    rule = TORCH.means("ReduceLROnPlateau", found, 1.0).rule
    raise GradatimError(
        f"ReduceLROnPlateau has been shown {scheduler.last_epoch} metrics and does not know any "
        "more from which rates it started. Call from_torch before the first, or write them "
        f"yourself: {{'lr': Constant(0.1), 'rule': {rule!r}}}, with min_lr as a share of it."
    )


@TORCH.reads_object("MultiplicativeLR")
def multiplicative(scheduler: Any, group: int) -> Call:
    """Refused: each rate is a factor times the one before it."""
    raise GradatimError(
        f"MultiplicativeLR: {where_from(scheduler.lr_lambdas[0])} is code of your own, which is no "
        "value, and it gives factors from one rate to the next. Where they are all the same, "
        "write ExponentialDecay(start=..., factor=...). Otherwise put a function of the step that "
        "returns the rate at the top of a module and write lr=Function('package.module:name')."
    )


def where_from(function: Any) -> str:
    """Where a function can be imported from, or what it is if it cannot."""
    name = getattr(function, "__qualname__", "")
    if not name:
        return f"an object of {type(function).__name__}"
    return name if "<" in name else f"{function.__module__}:{name}"


def bases(scheduler: Any) -> list[Any]:
    """The rates of all groups that a scheduler was built with, or the first one in it."""
    if hasattr(scheduler, "base_lrs"):
        return list(scheduler.base_lrs)
    if hasattr(scheduler, "_schedulers"):
        return bases(scheduler._schedulers[0])
    raise GradatimError(f"{type(scheduler).__name__} does not say from which rates it starts.")
