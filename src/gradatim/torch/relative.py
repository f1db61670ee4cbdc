"""Schedules that multiply the initial value of each parameter group."""

from __future__ import annotations

from typing import NamedTuple, TypeGuard

from torch import Tensor

from gradatim.core.schedule import Schedule
from gradatim.core.sketch import horizon, sample_points
from gradatim.core.warn import warn
from gradatim.errors import GradatimError, invalid_value
from gradatim.torch.hyperparameters import Group, Hyperparameter

# Factors have a peak near 1; a curve that stays below this was meant as a rate.
_SMALLEST_PEAK = 0.01


class Relative(NamedTuple):
    """A schedule of factors, and the base they multiply if it is stated."""

    schedule: Schedule
    base: float | None = None


def relative(schedule: Schedule, base: float | None = None) -> Relative:
    """Multiply the initial value of each group: layer-wise decay, muP, one shape for many rates.

    The value of a group is ``base * schedule(step)``. The base is the group's "initial_lr" (in
    general "initial_" and the value's name), or else what the group holds when the scheduler is
    built or the group is added; it is stored under that key, and so in checkpoints of the
    optimizer. Each group has a value of its own: ``scheduler.applied["lr/head"]``.

    Args:
        schedule: A schedule of factors, such as one with ``peak=1.0``.
        base: What the factors multiply, where the groups do not hold it: for an optimizer whose
            rate another scheduler has already decayed.

    Raises:
        GradatimError: If it is no schedule, or the base no number above 0.

    >>> import torch
    >>> from gradatim import Linear
    >>> from gradatim.torch import Scheduler
    >>> def weights():
    ...     return [torch.nn.Parameter(torch.zeros(1))]
    >>> groups = [
    ...     {"params": weights(), "lr": 0.5, "name": "body"},
    ...     {"params": weights(), "lr": 2.0, "name": "head"},
    ... ]
    >>> optimizer = torch.optim.SGD(groups)
    >>> scheduler = Scheduler(optimizer, lr=relative(Linear(start=1.0, end=0.0, steps=4)))
    >>> optimizer.step()
    >>> scheduler.next
    {'lr/body': 0.375, 'lr/head': 1.5}
    """
    if not isinstance(schedule, Schedule):
        raise invalid_value("relative", "schedule", schedule, "a schedule")
    if base is not None and not (_is_number(base) and base > 0):
        raise invalid_value("relative", "base", base, "a finite number above 0")
    factors = [value for _, value in sample_points(schedule, horizon(schedule), 200)]
    peak = max(map(abs, factors))
    if 0.0 < peak < _SMALLEST_PEAK:
        warn(
            f"relative: the factors are at most {peak:g}. They multiply the initial value of each "
            "group, so a schedule for relative() has a peak near 1.0."
        )
    return Relative(schedule, base)


def initial_key(value: str) -> str:
    """The key of a group's initial value: "initial_lr", as torch's own schedulers name it."""
    return f"initial_{value}"


def relative_base(
    value: str, hyperparameter: Hyperparameter, group: Group, given: Relative
) -> float:
    """What the factors multiply in this group."""
    base = given.base if given.base is not None else group.get(initial_key(value))
    base = hyperparameter.number(group) if base is None else base
    if isinstance(base, Tensor):  # torch's schedulers keep the initial_lr of a tensor as a tensor
        base = float(base.detach())
    if not _is_number(base):
        raise invalid_value("relative", f"{initial_key(value)} of a group", base, "a finite number")
    return float(base)


def unknown_base(value: str, group: str) -> GradatimError:
    """The error for a group whose initial value is not known in the middle of a run."""
    key = initial_key(value)
    return GradatimError(
        f"relative: a schedule may have changed the {value} of group {group!r} since the run "
        f"began, and the group has no {key!r}. State the value that the group began with: "
        f"relative(schedule, base=...), or group[{key!r}] = ..."
    )


def _is_number(base: object) -> TypeGuard[float]:
    return isinstance(base, (int, float)) and not isinstance(base, bool) and base - base == 0
