"""Drives a torch optimizer along schedules."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from gradatim.core.driver import Driver
from gradatim.core.errors import GradatimError, refuse
from gradatim.core.resume import OnMismatch
from gradatim.core.rules import Rule
from gradatim.core.schedule import Schedule
from gradatim.plans import load_plan
from gradatim.torch.groups import Entry, Wanted, all_serve, per_part, serving
from gradatim.torch.hooks import around
from gradatim.torch.writers import Row, Writer

_ATTACHED: WeakKeyDictionary[Optimizer, WeakSet[Scheduler]] = WeakKeyDictionary()


class Scheduler(LRScheduler):
    """Drives an optimizer: each update uses the value that the schedule has for it.

    Attaching is the one line that is needed. The position counts the optimizer's real updates, by
    a hook on ``optimizer.step``; an update that a gradient scaler leaves out, or a micro-batch of
    an accumulation, does not count. ``scheduler.step()`` may be called as often as a loop or a
    trainer likes; it moves nothing.

    Args:
        optimizer: The optimizer; a wrapper around one is looked through.
        rule: A rule, fed by ``observe``, that scales the learning rate; or a mapping from names
            such as "lr" to rules.
        values: What to drive: ``lr``, ``weight_decay``, ``momentum``, or any other number in the
            parameter groups, one slot of a tuple as ``**{"betas[0]": ...}``. Each is a schedule
            for all groups, a list with one schedule a group, or a mapping from group names (the
            group's "name" entry), indices or patterns such as "encoder.*" to schedules. For a
            group that is added later, write a schedule for all or a pattern.

    Raises:
        GradatimError: If a value is not in the groups, a group has no schedule, something is no
            schedule, or another scheduler drives the same value of this optimizer.

    >>> import torch
    >>> from gradatim import warmup_linear
    >>> weight = torch.nn.Parameter(torch.zeros(1))
    >>> optimizer = torch.optim.SGD([weight], lr=0.1)
    >>> scheduler = Scheduler(optimizer, lr=warmup_linear(peak=1.0, warmup=2, steps=4))
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     print(scheduler.applied["lr"])
    0.0
    0.5
    1.0
    0.5
    """

    _handles: list[Any]
    _writer: Writer
    _row: Row
    _coming: object = None
    _key: str | None
    _column: int
    # Trainers add to torch's own counter when they leave a call out; the position is ours.
    _step_count = 1

    def __init__(
        self,
        optimizer: Optimizer,
        *unnamed: object,
        rule: Rule | Mapping[str, Rule] | None = None,
        **values: Wanted,
    ) -> None:
        if unnamed:
            raise refuse(
                "Scheduler",
                "a schedule",
                unnamed[0],
                "named",
                "Write Scheduler(optimizer, lr=...).",
            )
        # The constructor of LRScheduler would replace optimizer.step and write rates of its own.
        self.optimizer = _innermost(optimizer)
        groups = self.optimizer.param_groups
        if not values:
            raise GradatimError("Scheduler: nothing to drive. Write lr=..., a schedule.")
        self._entries = {name: Entry.read(name, groups) for name in values}
        schedules: dict[str, Schedule] = {}
        for name, wanted in values.items():
            schedules |= per_part(name, wanted, groups)
        self.driver = Driver(schedules, {"lr": rule} if isinstance(rule, Rule) else rule)
        self._targets: list[list[tuple[Entry, str]]] = []
        self._find_targets()
        served = {name for targets in self._targets for _, name in targets}
        all_serve(schedules, served, groups)
        self._attach()
        self._write()

    @classmethod
    def from_plan(cls, optimizer: Optimizer, path: str | os.PathLike[str]) -> Scheduler:
        """The scheduler that a plan file describes, for this optimizer.

        Raises:
            GradatimError: If the file cannot be read, or does not fit the optimizer.
        """
        plan = load_plan(path)
        values: dict[str, Any] = dict(plan.values)
        return cls(optimizer, rule=plan.rules, **values)

    @property
    def position(self) -> int:
        """The completed optimizer updates."""
        return self.driver.position

    @property
    def applied(self) -> dict[str, float] | None:
        """The values that the last update used; None before the first one."""
        return self.driver.applied

    @property
    def next(self) -> dict[str, float]:
        """The values that the next update uses; they are in the optimizer already."""
        return self.driver.next

    def history(self, name: str = "lr") -> Iterator[tuple[int, float]]:
        """The updates so far (since the last load) and the value that each one used."""
        return self.driver.history(name)

    def observe(self, metric: Any, name: str | None = None) -> None:
        """Show the metric of an evaluation to the rule, once an evaluation.

        Raises:
            GradatimError: If there is no rule, or the metric is not usable. Nothing changed.
        """
        if isinstance(metric, Tensor):
            if metric.numel() != 1:
                raise refuse("Scheduler.observe", "metric", metric, "one number")
            metric = metric.item()
        self.driver.observe(metric, name)
        self._write()

    def step(self, epoch: int | None = None) -> None:
        """Do nothing but make sure that the values are written: the updates are counted already.

        Raises:
            GradatimError: If it is given an epoch or a metric.
        """
        if epoch is not None:
            raise refuse(
                "Scheduler.step", "epoch", epoch, "left out",
                "A metric goes to scheduler.observe(metric); updates are counted by themselves.",
            )  # fmt: skip
        self._write()

    def get_last_lr(self) -> list[float | Any]:
        """The learning rate of each group for the next update, as torch's schedulers answer."""
        rates = [group["lr"] for group in self.optimizer.param_groups]
        return [rate.clone() if isinstance(rate, Tensor) else rate for rate in rates]

    def get_lr(self) -> list[float | Any]:
        """The same as ``get_last_lr``: the rate never depends on when one asks."""
        return self.get_last_lr()

    @property
    def last_epoch(self) -> int:  # type: ignore[override]
        """torch's name for the position."""
        return self.driver.position

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on exactly here: plain numbers and strings."""
        return self.driver.state()

    def load_state_dict(
        self, state_dict: Mapping[str, Any], on_mismatch: OnMismatch = "strict"
    ) -> None:
        """Go on where a state was taken, before or after the optimizer's own state is loaded.

        Args:
            state_dict: What ``state_dict()`` gave.
            on_mismatch: If the schedules differ: "strict" refuses and names each difference,
                "keep" takes those of the state, "override" this script's.

        Raises:
            GradatimError: If the state does not fit. Nothing changed.
        """
        self.driver.load(state_dict, on_mismatch)
        self._write()

    def detach(self) -> None:
        """Let go of the optimizer: its updates are no longer counted, its values stay."""
        for handle in self._handles:
            handle.remove()
        self._handles = []
        _ATTACHED.get(self.optimizer, WeakSet()).discard(self)

    def _attach(self) -> None:
        others = _ATTACHED.setdefault(self.optimizer, WeakSet())
        for other in others:
            for name in self._entries:
                if name in other._entries:
                    raise GradatimError(
                        f"Scheduler: {name} of this optimizer is driven by another scheduler. Call "
                        "its detach() first, write one Scheduler with all schedules, or build the "
                        "optimizer anew."
                    )
        others.add(self)
        before, after = around(self)
        self._handles = [
            self.optimizer.register_step_pre_hook(before),
            self.optimizer.register_step_post_hook(after),
            self.optimizer.register_load_state_dict_post_hook(self._after_load),
        ]

    def _after_load(self, *_: Any) -> None:
        # The optimizer's checkpoint carries rates of its own; the position here decides.
        self._find_targets()
        self._write()

    def _find_targets(self) -> None:
        """Settle for each new group what to write where; the others keep what they have."""
        groups = self.optimizer.param_groups
        del self._targets[len(groups) :]
        for i, group in list(enumerate(groups))[len(self._targets) :]:
            for name, entry in self._entries.items():
                entry.check(group, name)
            self._targets.append(
                [
                    (entry, serving(self.driver.schedules, name, group, i))
                    for name, entry in self._entries.items()
                ]
            )
        for entry in self._entries.values():
            entry.separate(groups)
        order = {name: column for column, name in enumerate(self.driver.schedules)}
        served = [[order[name] for _, name in targets] for targets in self._targets]
        columns = zip(self._entries.values(), zip(*served, strict=True), strict=False)
        self._writer = Writer(groups, columns)
        self._key, self._column = self._writer.only or (None, 0)

    def _write(self) -> None:
        if not self._handles:
            return
        groups = self.optimizer.param_groups
        if not self._writer.fits(groups):
            self._find_targets()
        if self.driver.coming is not self._coming:
            self._row, self._coming = tuple(self.driver.next.values()), self.driver.coming
        self._writer.write(groups, self._row)

    def __getstate__(self) -> dict[str, Any]:
        # A copy finds out for itself how to write into the groups of its own optimizer.
        state = self.__dict__ | {"_handles": bool(self._handles), "_coming": None}
        del state["_writer"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state | {"_handles": []}
        self._find_targets()
        if state["_handles"]:
            self._attach()


def _innermost(optimizer: Any) -> Optimizer:
    """The optimizer whose step is the real update, inside the wrappers of trainers."""
    while isinstance(getattr(optimizer, "optimizer", None), Optimizer):
        optimizer = optimizer.optimizer
    if not isinstance(optimizer, Optimizer):
        raise refuse("Scheduler", "optimizer", optimizer, "a torch optimizer")
    return optimizer
