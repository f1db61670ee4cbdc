"""Which schedulers hold on to which optimizer."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from torch.optim import Optimizer

from gradatim.core.errors import GradatimError, refuse

_ATTACHED: WeakKeyDictionary[Optimizer, WeakSet[Any]] = WeakKeyDictionary()


def innermost(optimizer: Any) -> Optimizer:
    """The optimizer whose step is the real update, inside the wrappers of trainers."""
    while isinstance(getattr(optimizer, "optimizer", None), Optimizer):
        optimizer = optimizer.optimizer
    if not isinstance(optimizer, Optimizer):
        raise refuse("Scheduler", "optimizer", optimizer, "a torch optimizer")
    return optimizer


def attach(scheduler: Any, *hooks: Any) -> list[Any]:
    """Hang the hooks (before and after an update, before and after a load) on the optimizer.

    Raises:
        GradatimError: If another scheduler drives one of its values there.
    """
    optimizer = scheduler.optimizer
    others = _ATTACHED.setdefault(optimizer, WeakSet())
    for other in others:
        for name in scheduler._entries:
            if name in other._entries:
                raise GradatimError(
                    f"Scheduler: {name} of this optimizer is driven by another scheduler. Call "
                    "its detach() first, write one Scheduler with all schedules, or build the "
                    "optimizer anew."
                )
    others.add(scheduler)
    before, after, before_load, after_load = hooks
    return [
        optimizer.register_step_pre_hook(before),
        optimizer.register_step_post_hook(after),
        optimizer.register_load_state_dict_pre_hook(before_load),
        optimizer.register_load_state_dict_post_hook(after_load),
    ]


def release(scheduler: Any) -> None:
    """Forget that this scheduler held on to its optimizer."""
    _ATTACHED.get(scheduler.optimizer, WeakSet()).discard(scheduler)
