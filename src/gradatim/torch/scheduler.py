"""Drives a torch optimizer along schedules."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args
from zlib import crc32

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from gradatim.core.driver import Driver
from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.resume import OnMismatch
from gradatim.core.rules import Rule
from gradatim.core.run import Run
from gradatim.torch.agreement import WAIT, agreed
from gradatim.torch.parts import Wanted
from gradatim.torch.wiring import Wiring, innermost


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
        run: The run, so that a resume with another batch or number of processes can keep its place
            in the data: ``on_mismatch="rescale"``.
        on_mismatch: What a load does if the schedules differ, unless it is told: trainers load by
            themselves. See ``load_state_dict``.
        values: What to drive: ``lr``, ``weight_decay``, ``momentum``, or any other number in the
            parameter groups, one slot of a tuple as ``**{"betas[0]": ...}``. Each is a schedule
            for all groups, a list with one schedule a group, or a mapping from group names (the
            group's "name" entry), indices or patterns such as "encoder.*" to schedules. For a
            group that is added later, write a schedule for all or a pattern. ``relative(...)`` in
            place of a schedule multiplies what each group began with. Groups with names are
            matched by them when a checkpoint of the optimizer is loaded.

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

    # Trainers add to torch's own counter when they leave a call out; the position is ours.
    _step_count = 1

    def __init__(
        self,
        optimizer: Optimizer,
        *unnamed: object,
        rule: Rule | Mapping[str, Rule] | None = None,
        run: Run | None = None,
        on_mismatch: OnMismatch = "strict",
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
        if on_mismatch not in get_args(OnMismatch):
            raise unknown("Scheduler", "on_mismatch", on_mismatch, get_args(OnMismatch))
        if not isinstance(rule, Rule | Mapping | None):
            raise refuse(
                "Scheduler", "rule", rule, "a rule, or a mapping from names such as 'lr' to rules",
                "Write rule=Plateau(mode='min').",
            )  # fmt: skip
        inner = innermost(optimizer)
        if not inner.param_groups:
            raise GradatimError("Scheduler: the optimizer has no parameter groups.")
        if not values:
            raise GradatimError("Scheduler: nothing to drive. Write lr=..., a schedule.")
        # The constructor of LRScheduler would replace optimizer.step and write rates of its own.
        self.optimizer, self._on_mismatch = inner, on_mismatch
        self._wiring = Wiring(self.optimizer, values, strict=on_mismatch == "strict")
        rules = {"lr": rule} if isinstance(rule, Rule) else rule
        self.driver = Driver(self._wiring.schedules, rules, run)
        self._wiring.connect(self.driver)

    @classmethod
    def from_plan(
        cls,
        optimizer: Optimizer,
        path: str | os.PathLike[str],
        on_mismatch: OnMismatch = "strict",
    ) -> Scheduler:
        """The scheduler that a plan file describes, for this optimizer.

        Args:
            optimizer: The optimizer.
            path: The file.
            on_mismatch: What a load does if the schedules differ, see ``load_state_dict``.

        Raises:
            GradatimError: If the file cannot be read, or does not fit the optimizer.
        """
        from gradatim.plans import load_plan

        plan = load_plan(path)
        values: dict[str, Any] = dict(plan.values)
        return cls(optimizer, rule=plan.rules, run=plan.run, on_mismatch=on_mismatch, **values)

    @property
    def position(self) -> int:
        """The completed optimizer updates."""
        return self.driver.position

    @property
    def applied(self) -> dict[str, float] | None:
        """The values that the last update used; None before the first one, and after a load."""
        return self.driver.applied

    @property
    def next(self) -> dict[str, float]:
        """The values that the next update uses; they are in the optimizer already."""
        self._wiring.refresh()
        return self.driver.next

    def history(self, name: str = "lr") -> Iterator[tuple[int, float]]:
        """The updates so far (since the last load) and the value that each one used."""
        return self.driver.history(name)

    def save_history(self, path: str | os.PathLike[str]) -> None:
        """Write the history of all values to a CSV file."""
        self.driver.save_history(path)

    def log_history(self, log: Callable[[str, float, int], object]) -> None:
        """Log every update since the last call: ``scheduler.log_history(writer.add_scalar)``.

        Args:
            log: Takes the name, the value and the position, as TensorBoard's ``add_scalar`` does.
        """
        self.driver.log_history(log)

    def observe(self, metric: Any, name: str | None = None, *, timeout: float = WAIT) -> None:
        """Show the metric of an evaluation to the rule, once an evaluation.

        Under ``torch.distributed`` every rank calls this, and all decide on the mean of the ranks'
        metrics. A rank that has none, because another one evaluates, gives None.

        Args:
            metric: The metric, a number or a tensor of one.
            name: The value whose rule is meant; None for all rules.
            timeout: Seconds to wait for the other ranks.

        Raises:
            GradatimError: If there is no rule, the metric is not usable, or a rank stays away:
                then on all ranks. Nothing changed.
        """
        states = crc32(repr(self.driver.state()["states"]).encode())
        names = name or ", ".join(self.driver.rules)
        about = f"{names} at position {self.position} with rules in state {states:08x}"
        metric, given = agreed(metric, about, timeout)
        try:
            self.driver.observe(metric, name)
        except GradatimError as error:
            if given:
                error.add_note(given)
            raise
        self._wiring.write()

    def advance(self, updates: int = 1) -> None:
        """Count updates that no ``optimizer.step()`` made, such as those of a replayed CUDA graph.

        Args:
            updates: How many there were.
        """
        self.driver.advance(updates)
        self._wiring.write()

    def seek(self, position: int) -> None:
        """Go on as if so many updates were completed: for a run that another scheduler began.

        Raises:
            GradatimError: If it is no whole number, 0 or more.
        """
        self.driver.load({**self.driver.state(), "position": position}, "keep")
        self._wiring.write()

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
        self._wiring.ensure()

    def get_last_lr(self) -> list[float | Any]:
        """The learning rate of each group for the next update, as torch's schedulers answer."""
        rates = [group["lr"] for group in self.optimizer.param_groups]
        return [rate.clone() if isinstance(rate, Tensor) else rate for rate in rates]

    def get_lr(self) -> list[float | Any]:
        """The same as ``get_last_lr``: the rate never depends on when one asks."""
        return self.get_last_lr()

    @property
    def last_epoch(self) -> int:
        """torch's name for the position. To set it, as some trainers do, changes nothing."""
        return self.driver.position

    @last_epoch.setter
    def last_epoch(self, value: int) -> None:
        pass

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on exactly here: plain numbers and strings."""
        self._wiring.refresh()
        return self.driver.state()

    def load_state_dict(
        self, state_dict: Mapping[str, Any], on_mismatch: OnMismatch | None = None
    ) -> None:
        """Go on where a state was taken, before or after the optimizer's own state is loaded.

        Args:
            state_dict: What ``state_dict()`` gave.
            on_mismatch: If the schedules differ: "strict" refuses and names each difference,
                "keep" takes those of the state, "override" this script's, and "rescale" this
                script's at the same place in the data, for another batch or number of processes.
                None for what was said when building.

        Raises:
            GradatimError: If the state does not fit. Nothing changed.
        """
        self._wiring.refresh()
        self.driver.load(state_dict, self._on_mismatch if on_mismatch is None else on_mismatch)
        self._wiring.write()

    def detach(self) -> None:
        """Let go of the optimizer: its updates are no longer counted, its values stay."""
        self._wiring.cut()
