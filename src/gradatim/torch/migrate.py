"""What drives a torch optimizer now, as values: schedulers of torch and those who stand on it."""

from __future__ import annotations

from typing import Any

from gradatim.core.values.fields import PositiveInt, check_argument
from gradatim.errors import GradatimError
from gradatim.peers import read_object
from gradatim.peers.pace import paced
from gradatim.torch.scheduler import Scheduler


def from_torch(scheduler: Any, *, every: int = 1) -> dict[str, Any]:
    """The values that an existing scheduler drives: ``Scheduler(optimizer, **from_torch(old))``.

    What it was built with decides, not the optimizer's rates of this moment, so it may be called
    in the middle of a run, too; ``old`` must not be stepped any more after that. Where the values
    differ from those of the old scheduler, it is on purpose, and docs/migrate.md lists it.

    Args:
        scheduler: A scheduler of ``torch.optim.lr_scheduler``, ``transformers``, ``timm`` or
            Ignite, nested or not.
        every: The updates between two calls of ``old.step()``: 1, or for a scheduler that counts
            epochs, the updates of an epoch.

    Returns:
        For "lr" a schedule, or a list of them, one a group, where they differ; "momentum" or
        "betas[0]" likewise, if the old one drives them; "rule", if it follows a metric.

    Raises:
        GradatimError: If it is no scheduler, or one whose rates come out of code of yours. It says
            what to write instead.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    >>> old = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30, gamma=0.5)
    >>> from_torch(old)
    {'lr': Staircase(schedule=ExponentialDecay(start=0.1, factor=0.5, every=30), every=30)}
    """
    every = check_argument("from_torch", "every", PositiveInt, every)
    if isinstance(scheduler, Scheduler):
        raise GradatimError("from_torch: this is a Scheduler of gradatim already. Use it as it is.")
    try:
        groups, rule = read_object(scheduler)
    except GradatimError as error:
        raise GradatimError(f"from_torch: {error}") from None
    values: dict[str, Any] = {}
    for key in groups[0].values:
        each = [paced(group.values[key], every) for group in groups]
        values[key] = each if any(s != each[0] for s in each) else each[0]
    return values if rule is None else {**values, "rule": rule}
