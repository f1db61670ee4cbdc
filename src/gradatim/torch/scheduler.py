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

from gradatim.core.errors import GradatimError, unknown
from gradatim.core.rules import Rule
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.drive import Driver, OnMismatch, Plan
from gradatim.drive.driven import Driven
from gradatim.drive.plan import as_plan
from gradatim.torch.agreement import WAIT, agreed, observed
from gradatim.torch.assign import Parts, Wanted, new_schedules
from gradatim.torch.attachment import Attachment
from gradatim.torch.attachments import Attachments, groups_of, index_of, optimizers_of
from gradatim.torch.checkpoint import SAME_GROUPS
from gradatim.torch.exchange import exchange
from gradatim.torch.idle import IdleWatch
from gradatim.torch.inner import innermost
from gradatim.torch.released import Released
from gradatim.torch.torch_interface import TorchInterface
from gradatim.torch.value_tensor import value_tensor


class Scheduler(Driven, TorchInterface):
    """Drives an optimizer: each update uses the value that the schedule has for it.

    Attaching is the one line that is needed. The position counts the optimizer's real updates, by
    hooks on ``optimizer.step``; an update that a gradient scaler leaves out, or a micro-batch of
    an accumulation, does not count. ``scheduler.step()`` may be called as often as a loop or a
    trainer likes; it moves nothing.

    A value that something else writes into the optimizer is used for one update, stands in
    ``applied`` and the history, and is warned of once; after that update the plan writes again.
    ``released`` hands a value over for longer.

    Args:
        optimizer: The optimizer; a wrapper around one is looked through. Of several that share
            the plan, a mapping from names to optimizers, or a list.
        lr: The schedule of the learning rate, in any of the forms below.
        plan: A ``Plan``, or the path of a plan file, in place of ``lr``, ``rule``, ``run`` and
            ``values``.
        rule: A rule, fed by ``observe``, that scales the learning rate; or a mapping from names
            such as "lr" to rules.
        run: The run, so that a resume with another batch or number of processes can keep its place
            in the data: ``on_mismatch="rescale"``.
        external: Schedules of values outside of the optimizer, such as
            ``{"kl": schedule, "window": schedule.rounded(128)}``: read them by ``value`` or
            ``tensor``, or let ``setters`` take them where they are used.
        setters: For a value, a function that is called with each new number, such as
            ``{"window": model.set_window}``. If it raises, the next step is refused until it
            does not.
        update: The name of the one of several optimizers whose steps are the updates, such as
            "generator". Otherwise an update begins when an optimizer steps that is not later in
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
            named. ``relative(...)`` in place of a schedule multiplies what each group began with.
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

    def __init__(
        self,
        optimizer: Optimizer | Mapping[str, Optimizer] | Sequence[Optimizer],
        lr: Wanted = None,
        *,
        plan: Plan | str | os.PathLike[str] | None = None,
        rule: Rule | Mapping[str, Rule] | None = None,
        run: Run | None = None,
        external: Mapping[str, Schedule | float] | None = None,
        setters: Mapping[str, Callable[[Any], object]] | None = None,
        update: str | None = None,
        on_mismatch: OnMismatch = "strict",
        now: Callable[[], float] | None = None,
        **values: Wanted,
    ) -> None:
        # The constructor of LRScheduler would replace optimizer.step and write rates of its own.
        if on_mismatch not in get_args(OnMismatch):
            raise unknown("Scheduler", "on_mismatch", on_mismatch, get_args(OnMismatch))
        optimizers = optimizers_of(optimizer)
        wanted = values if lr is None else {"lr": lr, **values}
        beside = {"rule": rule, "run": run, "external": external}
        if plan is not None:
            given_too = [*wanted, *(name for name, one in beside.items() if one is not None)]
            if given_too:
                raise GradatimError(
                    "Scheduler: a plan has its schedules, rules and run already; leave "
                    f"{', '.join(given_too)} out."
                )
            given = as_plan("Scheduler", plan)
            parts = Parts.of_plan(given, groups_of(optimizers))
            rule, run = given.rules, given.run
            external = {name: given[name] for name in given.external}
        else:
            parts = [Parts(name, one, groups_of(optimizers)) for name, one in wanted.items()]
        if not parts and not external:
            raise GradatimError("Scheduler: nothing to drive. Write lr=..., a schedule.")
        self._on_mismatch: OnMismatch = on_mismatch
        self._attachments = Attachments(optimizers, parts, strict=on_mismatch in SAME_GROUPS)
        schedules = self._attachments.schedules()
        if not schedules and not external:
            raise GradatimError("Scheduler: every group is left alone, so nothing is driven.")
        self._attachments.claim()
        self.driver = Driver(
            as_plan("Scheduler", schedules, rule, run, external),
            setters=setters,
            now=now,
            exchange=exchange,
            optimizers=len(optimizers),
            update=index_of(update, optimizers),
        )
        self._released: Counter[str] = Counter()
        self._attachments.attach(self.driver, ref(self), self._released)
        self._idle = IdleWatch(list(optimizers.values()), 0)

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer. To set another one attaches to it, with the same schedules and position.

        Raises:
            GradatimError: If there are several, or the other one's groups do not fit. Nothing
                changed.
        """
        return self._only().optimizer

    @optimizer.setter
    def optimizer(self, optimizer: Optimizer) -> None:
        inner, old = innermost(optimizer), self._only()
        if inner is old.optimizer and old.attached:
            return
        new = Attachments(
            {old.roster.name: inner},
            self._attachments.parts,
            strict=self._on_mismatch in SAME_GROUPS,
        )
        missing = new_schedules(new.all[0].roster.assigned(), self.driver.script_plan.schedules)
        if missing:
            raise GradatimError(
                "Scheduler: the new optimizer has groups that the old one did not have: "
                f"{', '.join(sorted(map(str, missing)))}. Build a new Scheduler for it."
            )
        new.claim()
        new.attach(self.driver, ref(self), self._released)
        self._attachments.detach()
        # In place: a `released` block that is open now follows to the new optimizer.
        self._attachments.all, self._idle = new.all, IdleWatch([inner], self.position)

    @property
    def optimizers(self) -> dict[str | None, Optimizer]:
        """The optimizers, by name; a single one has None for a name."""
        return self._attachments.optimizers

    def _only(self) -> Attachment:
        if len(self._attachments.all) > 1:
            names = ", ".join(repr(name) for name in self.optimizers)
            raise GradatimError(
                f"Scheduler: optimizer is not one, this scheduler drives {names}. Write "
                "scheduler.optimizers[name]."
            )
        return self._attachments.all[0]

    @property
    def applied(self) -> dict[str, float] | None:
        """The values that the last update used; None before the first one, and after a load.

        A group into which other code wrote has an entry of its own, such as "lr/head". Schedules
        that no group takes, such as a pattern for groups added later, are left out.
        """
        applied = self.driver.applied
        return None if applied is None else self._of_groups(applied)

    @property
    def next(self) -> dict[str, float]:
        """The values of the next update, already in the optimizer except for released ones."""
        self._attachments.match()
        return self._of_groups(self.driver.next)

    def _of_groups(self, values: dict[str, float]) -> dict[str, float]:
        plan = self.driver.plan
        idle = {str(t) for t in plan if t.value not in plan.external} - {
            str(target) for target in self._attachments.targets
        }
        return {name: value for name, value in values.items() if name not in idle}

    def tensor(
        self,
        name: str,
        *,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ) -> Tensor:
        """The same number as a tensor without dimensions, which compiled code can read.

        It keeps its storage and is filled with each new value, so nothing is compiled again.

        Args:
            name: Its name in ``external``, or that of any other target.
            dtype: Of the tensor; int64 for whole numbers and torch's default float otherwise.
            device: Of the tensor.

        Raises:
            GradatimError: If there is no such value, or it is not whole and the dtype is.
        """
        return value_tensor(self.driver, name, dtype, device)

    def observe(self, metric: Any, name: str | None = None, *, timeout: float = WAIT) -> None:
        """Show the metric of an evaluation to the rule, once per evaluation.

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
        metric, given = agreed(metric, observed(self.driver, name), timeout)
        try:
            self.driver.observe(metric, name)
        except GradatimError as error:
            if given:
                error.add_note(given)
            raise
        finally:
            self._attachments.write()

    def released(self, *values: str) -> Released:
        """Hand values over to other code, such as a learning-rate finder, within a ``with`` block.

        Inside, nothing is written and nothing is warned of; what each update used is recorded all
        the same, and updates are counted. At the end the plan's values are written again.

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
        driven = self._attachments.values
        for value in values:
            if value not in driven:
                raise unknown("released", "value", value, driven)
        return Released(self._attachments, self._released, set(values) or driven)

    def retract(self) -> None:
        """Take the last update back, because the optimizer skipped it inside its own ``step()``.

        For optimizers that watch for spikes of the loss: call it after such a step. A step that a
        gradient scaler made void was not counted; after one, this does nothing.

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
        self._attachments.check_bases_are_known()
        self.driver.advance(updates)
        self._attachments.write()

    def seek(self, position: int, tick: int | None = None) -> None:
        """Go on at a position, for a run that another scheduler began.

        Args:
            position: The completed updates.
            tick: What the run's clock shows there: samples, tokens, milliseconds. It may be left
                out where it follows from the position.

        Raises:
            GradatimError: If one is no whole number, 0 or more, the tick is not known, or what a
                relative schedule multiplies is not known.
        """
        if position != 0:
            self._attachments.check_bases_are_known()
        self._go_on(lambda: self.driver.seek(position, tick))

    def _go_on(self, move: Callable[[], None]) -> None:
        row = self.driver.due_next()
        try:
            move()
        finally:
            # If a setter has raised, the driver has moved all the same.
            if self.driver.row is not row:
                self._attachments.write()
        self._idle = IdleWatch(list(self.optimizers.values()), self.position)

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on exactly here: plain numbers and strings."""
        self._attachments.match()
        return self.driver.state()

    def load_state_dict(
        self, state_dict: Mapping[str, Any], on_mismatch: OnMismatch | None = None
    ) -> None:
        """Go on where a state was taken, before or after the optimizer's own state is loaded.

        Args:
            state_dict: What ``state_dict()`` gave.
            on_mismatch: If the schedules differ: "strict" refuses and names each difference,
                "keep" takes those of the state, "override" this script's, "same-past" too if they
                gave the state's values so far, and "rescale" too, at the same place in the data.
                "extend" continues the state's to the end of this script's longer run. None for
                what was said when building.

        Raises:
            GradatimError: If the state does not fit. Nothing changed.
        """
        self._attachments.match()
        policy = self._on_mismatch if on_mismatch is None else on_mismatch
        self._go_on(lambda: self.driver.load(state_dict, policy))

    def detach(self) -> None:
        """Let go of the optimizer: its updates are no longer counted, its values stay."""
        self._attachments.detach()

    def __repr__(self) -> str:
        attached = self._attachments.all
        groups = {name: t for one in attached for name, t in one.roster.described().items()}
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
