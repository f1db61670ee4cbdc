"""How schedulers and recipes write a rate into an optimizer."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, ClassVar

from torch.optim import Optimizer

from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import NonNegativeInt
from gradatim.errors import GradatimError, invalid_value
from gradatim.speechbrain.arguments import number
from gradatim.speechbrain.checkpoints import Recoverable, SavedEntry

logger = logging.getLogger(__name__)


def update_learning_rate(
    optimizer: Optimizer, new_lr: float, param_group: Iterable[int] | None = None
) -> None:
    """Write a rate into an optimizer, and keep the one it replaces as ``prev_lr``.

    Args:
        optimizer: The optimizer.
        new_lr: The new rate.
        param_group: The indices of the groups to write to; None for all.

    Raises:
        GradatimError: If the rate is not finite or there is no such group. Nothing has changed.

    >>> import torch
    >>> optimizer = torch.optim.SGD(torch.nn.Linear(10, 10).parameters(), lr=0.1)
    >>> update_learning_rate(optimizer, 0.2)
    >>> optimizer.param_groups[0]["lr"]
    0.2
    """
    number("update_learning_rate", "new_lr", new_lr)
    groups = optimizer.param_groups
    try:
        chosen = groups if param_group is None else [groups[i] for i in param_group]
    except (TypeError, IndexError):
        raise invalid_value(
            "update_learning_rate",
            "param_group",
            param_group,
            f"a list of indices of the {len(groups)} groups",
        ) from None
    for group in chosen:
        old_lr = group["lr"]
        if new_lr != old_lr:
            group["lr"], group["prev_lr"] = new_lr, old_lr
            logger.info("Changing lr from %.2g to %.2g", old_lr, new_lr)


def set_rate(opt: Optimizer, lr: float) -> Any:
    """Write a rate into every parameter group, and return the first group's old rate."""
    old: Any = opt.param_groups[0]["lr"]
    for group in opt.param_groups:
        group["lr"] = lr
    return old


class PerUpdate(Recoverable):
    """A scheduler that is called with the optimizer after each update; ``n_steps`` counts calls."""

    saved: ClassVar[tuple[SavedEntry, ...]] = (
        SavedEntry("losses", list),
        SavedEntry("n_steps", NonNegativeInt),
    )

    n_steps: int
    losses: list[Any]
    current_lr: Any

    @property
    def schedule(self) -> Schedule:
        """The curve as a value: ``schedule(n)`` is what call n writes, the rate after n updates."""
        raise NotImplementedError

    def __call__(self, opt: Optimizer) -> tuple[Any, float]:
        """Write the next rate into the optimizer, and return the old rate and the new one."""
        n_steps = self.n_steps + 1
        new = self.schedule(n_steps)
        self.current_lr, self.n_steps = set_rate(opt, new), n_steps
        return self.current_lr, new


def start_unknown(where: str) -> GradatimError:
    """The error for a curve that starts at the optimizer's rate, before the first call."""
    return GradatimError(
        f"{where}: the curve starts at the optimizer's own rate, which is known from the first "
        "call on. Call the scheduler once before you ask for its schedule."
    )
