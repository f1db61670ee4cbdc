"""Drives a torch optimizer along schedules."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args
from weakref import ref

import torch
from torch import Tensor
from torch.optim import Optimizer

from gradatim.core.deprecated import Removed
from gradatim.core.rules import Rule
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.drive import Driver, OnMismatch, Plan
from gradatim.drive.driven import Driven
from gradatim.drive.plan import as_plan
from gradatim.errors import GradatimError, unknown_name
from gradatim.torch.all_reduce import async_max
from gradatim.torch.attachments import Attachments, groups_of, index_of, optimizers_by_name
from gradatim.torch.checkpoint import STRICT_ABOUT_GROUPS
from gradatim.torch.distributed_metric import (
    DEFAULT_TIMEOUT,
    Metric,
    mean_over_ranks,
    observation_context,
)
from gradatim.torch.lr_scheduler import LRSchedulerInterface
from gradatim.torch.released import Released
from gradatim.torch.unused_optimizer import UnusedOptimizerCheck
from gradatim.torch.unwrap import OptimizerLike, unwrap_optimizer
from gradatim.torch.value_schedules import SchedulesByGroup, ValueSchedules
from gradatim.torch.value_tensor import value_tensor


class Scheduler(Driven, LRSchedulerInterface):
    """Drives an optimizer: each update uses the value that the schedule has for it.

    Building one is all that is needed. It counts the optimizer's real updates, by hooks on
    ``optimizer.step``; an update that a gradient scaler skips, or a micro-batch of gradient
    accumulation, does not count. ``scheduler.step()`` may be called as often as a loop or a
    trainer does; it never advances the schedule.

    If other code writes a value into the optimizer, one update uses it; it is in ``applied`` and
    the history, and is warned of once. After that update the plan's value is written again.
    ``released`` lets other code write for longer.

    Args:
        optimizer: The optimizer, or a wrapper around it. For several that share the plan, a
            mapping from names to optimizers, or a list.
        lr: The schedule of the learning rate, in any of the forms below.
        plan: A ``Plan``, or the path of a plan file, in place of ``lr``, ``rule``, ``run`` and
            ``values``.
        rule: A rule that scales the learning rate by the metrics given to ``observe``; or a mapping
            from names such as "lr" to rules.
        run: The run, so that a resume with another batch size or number of processes can keep its
            place in the data: ``on_mismatch="rescale"``.
        external: Schedules of values outside of the optimizer, such as
            ``{"kl": schedule, "window": schedule.rounded(128)}``. Read them by ``value`` or
            ``tensor``, or pass ``setters``.
        setters: For a value, a function that is called with each new number, such as
            ``{"window": model.set_window}``. If it raises, it is called again before the next
            step, which is not made until it succeeds.
        update: The name of the one of several optimizers whose steps are the updates, such as
            "generator". By default an update begins when an optimizer steps that is not later in
            the list than the last one that stepped.
        on_mismatch: The default ``on_mismatch`` of ``load_state_dict``: trainers load without
            passing one.
        now: A clock in seconds in place of ``time.monotonic``, for a run measured in time.
        values: More to drive: ``weight_decay``, ``momentum``, or any other number in the
            parameter groups, one element of a tuple as ``**{"betas[0]": ...}``. Each is a schedule
            or a number for all groups, a list with one per group, or a mapping from group names
            (the group's "name" entry), indices or patterns such as "encoder.*". A name comes
            before an index, an index before a pattern, and the most specific pattern wins; None
            leaves a group alone. Of several optimizers, "adamw" means all groups of one, and
            "adamw/head" is one group of it. A group without the value is left alone unless it is
            named. ``relative(...)`` in place of a schedule multiplies each group's initial value.
            A single schedule of any value but ``lr`` leaves groups alone that hold 0 of it where
            others do not, such as biases without weight decay.

    Raises:
        GradatimError: If a value is not in the groups, a group has no schedule, or another
            scheduler drives the same value.

    >>> import torch
    >>> from gradatim import warmup_linear
    >>> weight = torch.nn.Parameter(torch.zeros(1))
    >>> optimizer = torch.optim.SGD([weight], lr=0.1)
    >>> scheduler = Scheduler(optimizer, warmup_linear(peak=1.0, warmup=2, steps=4))
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     print(scheduler.applied["lr"])
    0.0
    0.5
    1.0
    0.5
    """

    from_plan = Removed("Write Scheduler(optimizer, plan=path).")

    def __init__(
        self,
        optimizer: OptimizerLike | Mapping[str, OptimizerLike] | Sequence[OptimizerLike],
        lr: SchedulesByGroup = None,
        *,
        plan: Plan | str | os.PathLike[str] | None = None,
        rule: Rule | Mapping[str, Rule] | None = None,
        run: Run | None = None,
        external: Mapping[str, Schedule | float] | None = None,
        setters: Mapping[str, Callable[[Any], object]] | None = None,
        update: str | None = None,
        on_mismatch: OnMismatch = "strict",
        now: Callable[[], float] | None = None,
        **values: SchedulesByGroup,
    ) -> None:
        # LRScheduler.__init__ is not called: it would replace optimizer.step and write rates.
        if on_mismatch not in get_args(OnMismatch):
            raise unknown_name("Scheduler", "on_mismatch", on_mismatch, get_args(OnMismatch))
        optimizers = optimizers_by_name(optimizer)
        groups = groups_of(optimizers)
        given = values if lr is None else {"lr": lr, **values}
        if plan is None:
            value_schedules = [ValueSchedules(name, one, groups) for name, one in given.items()]
        else:
            beside = {"rule": rule, "run": run, "external": external}
            unused = [*given, *(name for name, one in beside.items() if one is not None)]
            if unused:
                raise GradatimError(
                    "Scheduler: a plan has its schedules, rules and run already; leave "
                    f"{', '.join(unused)} out."
                )
            plan = as_plan("Scheduler", plan)
            value_schedules = ValueSchedules.of_plan(plan, groups)
            rule, run = plan.rules, plan.run
            external = {name: plan[name] for name in plan.external}
        if not value_schedules and not external:
            raise GradatimError("Scheduler: nothing to drive. Write lr=..., a schedule.")
        self._on_mismatch: OnMismatch = on_mismatch
        strict = on_mismatch in STRICT_ABOUT_GROUPS
        self._attachments = Attachments(optimizers, value_schedules, strict)
        schedules = self._attachments.schedules()
        if not schedules and not external:
            raise GradatimError("Scheduler: every group is left alone, so nothing is driven.")
        self._attachments.take_over()
        self.driver = Driver(
            as_plan("Scheduler", schedules, rule, run, external),
            setters=setters,
            now=now,
            exchange=async_max,
            optimizers=len(optimizers),
            update=index_of(update, optimizers),
        )
        self._released: Counter[str] = Counter()
        self._attachments.attach(self.driver, ref(self), self._released)
        self._unused_optimizer_check = UnusedOptimizerCheck(list(optimizers.values()), 0)

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer. Setting another one attaches to it, with the same schedules and position.

        Raises:
            GradatimError: If there are several, or the other one's groups do not fit. Nothing
                changed.
        """
        return self._attachments.single.optimizer

    @optimizer.setter
    def optimizer(self, optimizer: Optimizer) -> None:
        inner, old = unwrap_optimizer(optimizer), self._attachments.single
        if inner is old.optimizer and old.is_attached:
            return
        new = self._attachments.with_optimizer(inner, self.driver.script_plan.schedules)
        new.take_over()
        new.attach(self.driver, ref(self), self._released)
        self._attachments.detach()
        # `Attachments` itself stays: a `released` block that is open now refers to it.
        self._attachments.all = new.all
        self._unused_optimizer_check = UnusedOptimizerCheck([inner], self.position)

    @property
    def optimizers(self) -> dict[str | None, Optimizer]:
        """The optimizers, by name; a single one has None for a name."""
        return self._attachments.optimizers

    @property
    def applied(self) -> dict[str, float] | None:
        """The values that the last update used; None before the first one, and after a load.

        A group into which other code wrote has an entry of its own, such as "lr/head". Schedules
        that drive no group, such as a pattern for groups added later, are left out.
        """
        applied = self.driver.applied
        return None if applied is None else self._in_use(applied)

    @property
    def next(self) -> dict[str, float]:
        """The values of the next update, already in the optimizer except for released ones."""
        self._attachments.match_groups()
        return self._in_use(self.driver.next)

    def _in_use(self, values: dict[str, float]) -> dict[str, float]:
        """The values without those of schedules that drive no group."""
        plan = self.driver.plan
        driven = {one.target for one in self._attachments.group_values}
        unused = {str(t) for t in plan if t.value not in plan.external and t not in driven}
        return {name: value for name, value in values.items() if name not in unused}

    def tensor(
        self,
        name: str,
        *,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ) -> Tensor:
        """The same number as a tensor, which compiled code and CUDA graphs can read.

        It keeps its storage and is filled with each new value, so nothing is recompiled.

        Args:
            name: Its name in ``external``, or that of any other target.
            dtype: The tensor's dtype; int64 for whole numbers and torch's default dtype otherwise.
            device: The tensor's device.

        Raises:
            GradatimError: If there is no such value, or the dtype is of integers and it is none.
        """
        return value_tensor(self.driver, name, dtype, device)

    def observe(
        self, metric: Metric, name: str | None = None, *, timeout: float = DEFAULT_TIMEOUT
    ) -> None:
        """Give the metric of an evaluation to the rule, once per evaluation.

        Under ``torch.distributed`` every rank calls this, and all rules use the mean of the ranks'
        metrics. A rank that has none, because another one evaluates, gives None.

        Args:
            metric: The metric, a number or a tensor of one.
            name: The value whose rule is meant; None for all rules.
            timeout: Seconds to wait for the other ranks.

        Raises:
            GradatimError: If there is no rule, the metric is not usable, or a rank does not call
                this: then on all ranks. Nothing changed.
        """
        mean, metrics_of_ranks = mean_over_ranks(
            metric, observation_context(self.driver, name), timeout
        )
        try:
            self.driver.observe(mean, name)
        except GradatimError as error:
            if metrics_of_ranks:
                error.add_note(metrics_of_ranks)
            raise
        finally:
            self._attachments.write()

    def released(self, *values: str) -> Released:
        """Let other code, such as a learning-rate finder, write values within a ``with`` block.

        Inside, nothing is written and nothing is warned of; updates are counted, and what each one
        used is recorded. At the end the plan's values are written again.

        Args:
            values: The names, such as "lr"; all that is driven if none is given.

        Raises:
            GradatimError: If one of them is not driven.

        >>> import torch
        >>> from gradatim import Constant
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
        >>> scheduler = Scheduler(optimizer, Constant(0.5))
        >>> with scheduler.released("lr"):
        ...     optimizer.param_groups[0]["lr"] = 0.25
        ...     optimizer.step()
        >>> scheduler.applied, optimizer.param_groups[0]["lr"]
        ({'lr': 0.25}, 0.5)
        """
        driven = self._attachments.value_names
        for value in values:
            if value not in driven:
                raise unknown_name("released", "value", value, driven)
        return Released(self._attachments, self._released, set(values) or driven)

    def retract(self) -> None:
        """Uncount the last update, because the optimizer skipped it inside its own ``step()``.

        Call it after such a step of an optimizer that detects loss spikes. A step that a gradient
        scaler skipped was not counted; after one, this does nothing.

        Raises:
            GradatimError: If no update has been counted since the start, the last load or the last
                call of this.
        """
        if self.driver.updates.last_was_counted is None:
            raise GradatimError(
                "retract: no update has been counted since the start of the run, the last load or "
                "the last retract()."
            )
        self.driver.retract()
        self._attachments.write()

    def advance(self, updates: int = 1) -> None:
        """Count updates that no ``optimizer.step()`` made, such as those of a replayed CUDA graph.

        Args:
            updates: How many there were.
        """
        self._attachments.check_bases()
        self.driver.advance(updates)
        self._attachments.write()

    def seek(self, position: int, tick: int | None = None) -> None:
        """Continue at a position, in a run that another scheduler began.

        Args:
            position: The completed updates.
            tick: What the run's clock shows there: samples, tokens, milliseconds. It may be left
                out where it follows from the position.

        Raises:
            GradatimError: If one is no whole number, 0 or more, the tick is not known, or the base
                of a relative schedule is not known.
        """
        if position != 0:
            self._attachments.check_bases()
        self._move(lambda: self.driver.seek(position, tick))

    def _move(self, move: Callable[[], None]) -> None:
        row = self.driver.due_next()
        try:
            move()
        finally:
            # If a setter raises, the driver has moved already.
            if self.driver.row is not row:
                self._attachments.write()
        optimizers = list(self.optimizers.values())
        self._unused_optimizer_check = UnusedOptimizerCheck(optimizers, self.position)

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to resume exactly here, as plain numbers and strings."""
        self._attachments.match_groups()
        return self.driver.state()

    def load_state_dict(
        self, state_dict: Mapping[str, Any], on_mismatch: OnMismatch | None = None
    ) -> None:
        """Resume from a state, before or after the optimizer's own state is loaded.

        Args:
            state_dict: What ``state_dict()`` returned.
            on_mismatch: What to do if the state's schedules differ from this script's. "strict"
                raises and names each difference; "keep" uses those of the state; "override" uses
                this script's, as does "same-past" if they gave the state's values so far, and
                "rescale", which keeps the place in the data. "extend" continues the state's to the
                end of this script's longer run. None for the default given to the constructor.

        Raises:
            GradatimError: If the state does not fit. Nothing changed.
        """
        self._attachments.match_groups()
        policy = self._on_mismatch if on_mismatch is None else on_mismatch
        self._move(lambda: self.driver.load(state_dict, policy))

    def detach(self) -> None:
        """Remove the hooks: the optimizer keeps its values, its updates are no longer counted."""
        self._attachments.detach()

    def __repr__(self) -> str:
        attached = self._attachments.all
        groups = {name: t for one in attached for name, t in one.known_groups.targets().items()}
        kinds = ", ".join(type(one.optimizer).__name__ for one in attached)
        return (
            f"Scheduler({kinds}, position={self.position}, "
            f"next={self.driver.next}, groups={groups}, scales={self.driver.scales})"
        )

    def __copy__(self) -> Scheduler:
        raise GradatimError(
            "Scheduler: a shallow copy would drive the same optimizer twice. Copy both: "
            "copy.deepcopy((optimizer, scheduler))."
        )

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_released": Counter()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        for one in self._attachments.all:
            one.reattach(ref(self), self._released)
