"""Switching to another learning rate, or another loss, at given steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, ClassVar

from torch import nn
from torch.optim import Optimizer

from gradatim.core.decays import Table
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import NonNegativeInt
from gradatim.errors import invalid_value
from gradatim.speechbrain.arguments import as_python_number, number, step_count
from gradatim.speechbrain.checkpoints import Recoverable, SavedEntry
from gradatim.speechbrain.optimizer import PerUpdate, set_rate, start_unknown


class IntervalScheduler(PerUpdate):
    """Sets the learning rate at given updates, and leaves it alone at all others.

    Args:
        intervals: Dictionaries ``{"steps": number of updates, "lr": rate}``. An entry listed
            after one with more steps applies one update after that one.

    >>> import torch
    >>> optim = torch.optim.Adam(torch.nn.Linear(3, 4).parameters(), lr=1)
    >>> scheduler = IntervalScheduler(
    ...     intervals=[
    ...         {"steps": 2, "lr": 0.01},
    ...         {"steps": 5, "lr": 0.005},
    ...         {"steps": 9, "lr": 0.001},
    ...     ]
    ... )
    >>> for _ in range(10):
    ...     pre, post = scheduler(optim)
    ...     print(f"{pre} -> {post}")
    1 -> 1
    1 -> 0.01
    0.01 -> 0.01
    0.01 -> 0.01
    0.01 -> 0.005
    0.005 -> 0.005
    0.005 -> 0.005
    0.005 -> 0.005
    0.005 -> 0.001
    0.001 -> 0.001
    """

    def __init__(self, intervals: Sequence[Mapping[str, Any]]) -> None:
        self.intervals = intervals
        self.losses = []
        self.n_steps = 0
        self._first: Any = None
        self._rates = dict(_rate_changes(intervals))

    @property
    def schedule(self) -> Schedule:
        """The curve as a value: ``schedule(n)`` is what call n writes, the rate after n updates."""
        if self._first is None:
            raise start_unknown("IntervalScheduler")
        return Table(((0, self._first), *self._rates.items()), "hold")

    def __call__(self, opt: Optimizer) -> tuple[Any, Any]:
        """Write the rate that is due, and return the old rate and the new one."""
        old = opt.param_groups[0]["lr"]
        if self._first is None:
            self._first = as_python_number(old)
        new = self._rates.get(self.n_steps + 1, old)
        self.current_lr = set_rate(opt, new)
        self.n_steps += 1
        return old, new

    def _validate(self) -> None:
        """Nothing to check: the file holds no part of the curve."""


def _rate_changes(intervals: Any) -> list[tuple[int, Any]]:
    changes: list[tuple[int, Any]] = []
    if not isinstance(intervals, Sequence):
        raise invalid_value("IntervalScheduler", "intervals", intervals, "a list")
    for i, entry in enumerate(intervals):
        where = f"intervals[{i}]"
        if not isinstance(entry, Mapping) or not {"steps", "lr"} <= set(entry):
            raise invalid_value(
                "IntervalScheduler",
                where,
                entry,
                "a dictionary with steps and lr",
                'Write {"steps": 1000, "lr": 1e-4}.',
            )
        step = step_count("IntervalScheduler", f"{where}['steps']", entry["steps"])
        number("IntervalScheduler", f"{where}['lr']", entry["lr"])
        if step > 0:  # step 0 is before the first call
            after = changes[-1][0] + 1 if changes else 1
            changes.append((max(step, after), as_python_number(entry["lr"])))
    return changes


class ScheduledLoss(Recoverable, nn.Module):
    """Uses one loss for some steps, then the next; the last one stays.

    Args:
        schedule: Dictionaries ``{"loss_fn": module or function, "steps": number of steps}``, in
            order; the last one needs no ``steps``.

    Each forward counts as a step, in evaluation too.

    >>> import torch
    >>> from torch import nn
    >>> loss_fn = ScheduledLoss(
    ...     schedule=[
    ...         {"steps": 3, "loss_fn": nn.MSELoss()},
    ...         {"steps": 2, "loss_fn": nn.L1Loss()},
    ...         {"loss_fn": nn.SmoothL1Loss()},
    ...     ]
    ... )
    >>> x = torch.tensor([1.0, 2.0])
    >>> y = torch.tensor([1.5, 2.5])
    >>> [loss_fn(x, y).item() for _ in range(7)]
    [0.25, 0.25, 0.25, 0.5, 0.5, 0.125, 0.125]
    """

    saved: ClassVar[tuple[SavedEntry, ...]] = (SavedEntry("n_steps", NonNegativeInt),)

    def __init__(self, schedule: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        _check_losses(schedule)
        self.schedule = schedule
        self.n_steps = 0
        losses = [item["loss_fn"] for item in schedule]
        # As submodules, so that all of them move to the device.
        self.losses = nn.ModuleList(loss for loss in losses if isinstance(loss, nn.Module))
        ends = accumulate(int(as_python_number(item["steps"])) for item in schedule[:-1])
        begins = {0: 0} | {end: i for i, end in enumerate(ends, start=1)}
        self._loss_index = Table(tuple(begins.items()), "hold")

    @property
    def current_loss_fn(self) -> Any:
        """The loss that the next forward uses."""
        return self.schedule[int(self._loss_index(self.n_steps))]["loss_fn"]

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The value of the current loss function for these arguments."""
        loss_fn = self.current_loss_fn
        self.n_steps += 1
        return loss_fn(*args, **kwargs)


def _check_losses(schedule: Any) -> None:
    where = "ScheduledLoss"
    if not isinstance(schedule, Sequence) or not schedule:
        raise invalid_value(where, "schedule", schedule, "a list of one loss or more")
    for i, item in enumerate(schedule):
        if not isinstance(item, Mapping) or not callable(item.get("loss_fn")):
            raise invalid_value(
                where,
                f"schedule[{i}]",
                item,
                "a dictionary with a loss_fn that can be called",
                'Write {"loss_fn": mse_loss, "steps": 1000}.',
            )
        if "steps" in item:
            step_count(where, f"schedule[{i}]['steps']", item["steps"])
        elif i < len(schedule) - 1:
            raise invalid_value(
                where,
                f"schedule[{i}]",
                item,
                "one with steps, since others follow it",
                "Without steps a loss stays for good.",
            )
