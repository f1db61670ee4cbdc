"""Schedulers that follow a metric: a constant rate, and the rule that scales it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradatim.core.decays import Constant
from gradatim.core.errors import GradatimError
from gradatim.core.rules import Greedy, Plateau, Rule
from gradatim.torch.migrate.reading import Carried, Rates, number, reads


@reads("torch", "ReduceLROnPlateau")
def plateau(scheduler: Any, rates: Rates | None) -> Carried:
    """A constant, and the plateau rule."""
    rule = plateau_rule(scheduler)
    return _carried(_bases(scheduler, rule([1.0] * len(scheduler.min_lrs))), rule)


@reads("transformers", "GreedyLR")
def greedy(scheduler: Any, rates: Rates | None) -> Carried:
    """A constant, and the greedy rule."""
    if scheduler.smooth:
        raise GradatimError(
            "GreedyLR: smooth=True averages the metric over a window. Average it before you show "
            "it: scheduler.observe(mean), and build this one with smooth=False."
        )

    def rule(bases: Sequence[float]) -> Rule:
        return Greedy(
            scheduler.mode, "worse", scheduler.factor, scheduler.patience, scheduler.threshold,
            scheduler.threshold_mode == "rel", scheduler.cooldown, scheduler.warmup,
            _share("min_lr", scheduler.min_lrs, bases), _share("max_lr", scheduler.max_lrs, bases),
        )  # fmt: skip

    return _carried([number(lr) for lr in scheduler._init_lrs], rule)


def plateau_rule(scheduler: Any) -> Callable[[Sequence[float]], Rule]:
    """The rule of a ``ReduceLROnPlateau``, for the rates that each group begins with."""

    def rule(bases: Sequence[float]) -> Rule:
        return Plateau(
            mode=scheduler.mode, nan="worse", factor=scheduler.factor, patience=scheduler.patience,
            threshold=scheduler.threshold, relative=scheduler.threshold_mode == "rel",
            cooldown=scheduler.cooldown, floor=_share("min_lr", scheduler.min_lrs, bases),
        )  # fmt: skip

    return rule


def _carried(bases: list[float], rule: Callable[[Sequence[float]], Rule]) -> Carried:
    return Carried({("lr", i): Constant(lr) for i, lr in enumerate(bases)}, rule(bases))


def _share(name: str, bounds: Sequence[Any], bases: Sequence[float]) -> float:
    """The bound of the rates as one of the scale, which all groups have in common."""
    shares = [number(bound) / lr for bound, lr in zip(bounds, bases, strict=False) if lr]
    if not all(abs(share - shares[0]) <= 1e-12 * abs(shares[0]) for share in shares):
        raise GradatimError(
            f"{name} is another share of the rate in each group, {shares}, and a rule has one "
            "scale for all. Give each group a scheduler and a rule of its own, or bounds in the "
            "same proportion as the rates."
        )
    return shares[0] if shares else 0.0


def _bases(scheduler: Any, rule: Rule) -> list[float]:
    """The rates before any was lowered, which torch itself forgets."""
    groups = scheduler.optimizer.param_groups
    if all("initial_lr" in group for group in groups):
        return [number(group["initial_lr"]) for group in groups]
    held = [number(lr) for lr in scheduler._last_lr]
    default = number(scheduler.optimizer.defaults["lr"])
    if scheduler.last_epoch == 0 or all(lr == default for lr in held):
        return held
    raise GradatimError(
        f"ReduceLROnPlateau has been shown {scheduler.last_epoch} metrics and does not know any "
        "more from which rates it started. Call from_torch before the first, or write them "
        f"yourself: {{'lr': Constant(0.1), 'rule': {rule!r}}}, with min_lr as a share of it."
    )
