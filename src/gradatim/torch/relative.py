"""Schedules that multiply what each parameter group began with."""

from __future__ import annotations

from typing import NamedTuple, TypeGuard

from torch import Tensor

from gradatim.core.errors import GradatimError, refuse
from gradatim.core.schedule import Schedule
from gradatim.core.sketch import horizon, sample_points
from gradatim.core.warn import warn
from gradatim.torch.groups import Entry, Group

# Factors have a peak near 1; a curve that stays below this was meant as a rate.
_SMALLEST_PEAK = 0.01


class Relative(NamedTuple):
    """A schedule of factors, and the base they multiply if it is stated."""

    schedule: Schedule
    base: float | None = None


def relative(schedule: Schedule, base: float | None = None) -> Relative:
    """Multiply what each group began with: layer-wise decay, muP, one shape for many rates.

    The value of a group is ``base * schedule(step)``. The base is the group's "initial_lr" (in
    general "initial_" and the value's name), or else what the group holds when a scheduler first
    sees it; it is kept under that name and travels in the optimizer's checkpoint. Each group's
    values have its name or index: ``scheduler.applied["lr/head"]``.

    Args:
        schedule: A schedule of factors, such as one with ``peak=1.0``.
        base: What the factors multiply, where the groups do not hold it: for an optimizer that
            was trained by another scheduler, whose rate has decayed already.

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
        raise refuse("relative", "schedule", schedule, "a schedule")
    if base is not None and not (_is_number(base) and base > 0):
        raise refuse("relative", "base", base, "a finite number above 0")
    factors = [value for _, value in sample_points(schedule, horizon(schedule), 200)]
    peak = max(map(abs, factors))
    if 0.0 < peak < _SMALLEST_PEAK:
        warn(
            f"relative: the factors are at most {peak:g}. They multiply what each group "
            "began with, so a schedule for relative() has a peak near 1.0."
        )
    return Relative(schedule, base)


def initial(value: str) -> str:
    """The key under which a group keeps what it began with, as torch's own schedulers do."""
    return f"initial_{value}"


def relative_base(value: str, entry: Entry, group: Group, given: Relative) -> float:
    """What the factors multiply in this group."""
    base = given.base if given.base is not None else group.get(initial(value))
    base = entry.number(group) if base is None else base
    base = (
        float(base.detach()) if isinstance(base, Tensor) else base
    )  # as torch's schedulers keep it
    if not _is_number(base):
        raise refuse("relative", f"{initial(value)} of a group", base, "a finite number")
    return float(base)


def unknown_base(value: str, group: str) -> GradatimError:
    """The error for a group whose base would be a guess."""
    return GradatimError(
        f"relative: the {value} that group {group!r} holds may have been changed by a schedule "
        f"since the run began, and the group has no {initial(value)!r}. State what the group began "
        f"with: relative(schedule, base=...), or group[{initial(value)!r}] = ..."
    )


def _is_number(base: object) -> TypeGuard[float]:
    return isinstance(base, (int, float)) and not isinstance(base, bool) and base - base == 0
