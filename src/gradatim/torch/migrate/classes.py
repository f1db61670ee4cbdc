"""The classes of ``torch.optim.lr_scheduler`` that are one curve, read by their attributes."""

from __future__ import annotations

from typing import Any

from gradatim.convert.meaning import torch as meaning
from gradatim.core.errors import GradatimError
from gradatim.core.schedule import Schedule
from gradatim.torch.migrate.reading import Carried, Rates, number, reads

_SETTINGS: dict[str, tuple[str, ...]] = {
    "StepLR": ("step_size", "gamma"),
    "MultiStepLR": ("milestones", "gamma"),
    "ConstantLR": ("factor", "total_iters"),
    "LinearLR": ("start_factor", "end_factor", "total_iters"),
    "ExponentialLR": ("gamma",),
    "PolynomialLR": ("total_iters", "power"),
    "CosineAnnealingLR": ("T_max", "eta_min"),
    "CosineAnnealingWarmRestarts": ("T_0", "T_mult", "eta_min"),
}


@reads("torch", *_SETTINGS)
def curve(scheduler: Any, rates: Rates | None) -> Carried:
    """A curve from the rate of each group."""
    name = next(base.__name__ for base in type(scheduler).__mro__ if base.__name__ in _SETTINGS)
    settings = {key: getattr(scheduler, key) for key in _SETTINGS[name]}
    if name == "MultiStepLR":
        settings["milestones"] = list(scheduler.milestones.elements())
    if rates is not None and settings.get("eta_min"):
        raise in_a_chain(name, "with eta_min does not multiply the rate that the others give")
    bases = scheduler.base_lrs if rates is None else rates
    return of_rates([meaning.schedule(name, {"lr": number(lr), **settings}) for lr in bases])


@reads("torch", "SWALR")
def averaging(scheduler: Any, rates: Rates | None) -> Carried:
    """The way to the rate at which weights are averaged."""
    if rates is not None:
        raise in_a_chain("SWALR", "starts at whatever rate it finds")
    # torch 2.6 keeps the function and not its name.
    strategy = "linear" if scheduler.anneal_func(0.25) == 0.25 else "cos"
    settings = {"anneal_epochs": scheduler.anneal_epochs, "anneal_strategy": strategy}
    pairs = zip(scheduler.base_lrs, scheduler.optimizer.param_groups, strict=False)
    return of_rates([
        meaning.schedule("SWALR", {"lr": number(lr), "swa_lr": number(group["swa_lr"]), **settings})
        for lr, group in pairs
    ])  # fmt: skip


@reads("torch", "CyclicLR")
def waves(scheduler: Any, rates: Rates | None) -> Carried:
    """Triangles, and of the momentum the same upside down."""
    if rates is not None:
        raise in_a_chain("CyclicLR", "writes rates of its own over those of the others")
    if scheduler._scale_fn_custom is not None:
        raise GradatimError(
            "CyclicLR: scale_fn is code of your own, which is no value. Write Triangle(low, high, "
            "half, factor=Function('package.module:name')), with a function of the step."
        )
    up = scheduler.total_size * scheduler.step_ratio
    shape = (up, scheduler.total_size - up, scheduler.mode, scheduler.gamma)
    pairs = zip(scheduler.base_lrs, scheduler.max_lrs, strict=True)
    lr = [meaning.waves(number(high), number(low), *shape) for low, high in pairs]
    momentum: list[Schedule] = []
    if scheduler.cycle_momentum:
        pairs = zip(scheduler.base_momentums, scheduler.max_momentums, strict=True)
        momentum = [meaning.waves(number(low), number(high), *shape) for low, high in pairs]
    return of_rates(lr, momentum, scheduler)


@reads("torch", "OneCycleLR")
def one_cycle(scheduler: Any, rates: Rates | None) -> Carried:
    """Up and down once, and of the momentum the same upside down."""
    if rates is not None:
        raise in_a_chain("OneCycleLR", "writes rates of its own over those of the others")
    stages = scheduler._schedule_phases
    ends = [stage["end_step"] for stage in stages]

    def cycle(group: dict[str, Any], of: str) -> Schedule:
        # torch keeps the levels in the groups, under the names that the phases give them.
        names = [*(stage[f"start_{of}"] for stage in stages), stages[-1][f"end_{of}"]]
        levels = [number(group[name]) for name in names]
        return meaning.cycle(levels, ends, scheduler._anneal_func_type)

    groups = scheduler.optimizer.param_groups[: len(scheduler.base_lrs)]
    lr = [cycle(group, "lr") for group in groups]
    momentum = [cycle(group, "momentum") for group in groups] if scheduler.cycle_momentum else []
    return of_rates(lr, momentum, scheduler)


def of_rates(
    lr: list[Schedule], momentum: list[Schedule] | None = None, scheduler: Any = None
) -> Carried:
    """These schedules of the rate of each group, and of its momentum."""
    values = {("lr", i): schedule for i, schedule in enumerate(lr)}
    if momentum:
        name = "betas[0]" if scheduler.use_beta1 else "momentum"
        values |= {(name, i): schedule for i, schedule in enumerate(momentum)}
    return Carried(values)


def in_a_chain(name: str, why: str) -> GradatimError:
    """The error for a scheduler whose rates are no factor."""
    return GradatimError(
        f"{name} in a ChainedScheduler {why}, so the chain is no product. Write the schedule that "
        "you mean, such as from_torch(first)['lr'] * Linear(0.1, 1.0, 100)."
    )
