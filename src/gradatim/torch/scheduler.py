"""Drives a torch optimizer along schedules."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args
from weakref import ref
from zlib import crc32

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.rules import Rule
from gradatim.core.run import Run
from gradatim.drive import Driver, OnMismatch, Plan
from gradatim.drive.plan import as_plan
from gradatim.torch.agreement import WAIT, agreed
from gradatim.torch.assign import Parts, Wanted, new_schedules
from gradatim.torch.attachment import Attachment
from gradatim.torch.idle import IdleWatch
from gradatim.torch.inner import innermost


class Scheduler(LRScheduler):
    """Drives an optimizer: each update uses the value that the schedule has for it.

    Attaching is the one line that is needed. The position counts the optimizer's real updates, by
    hooks on ``optimizer.step``; an update that a gradient scaler leaves out, or a micro-batch of
    an accumulation, does not count. ``scheduler.step()`` may be called as often as a loop or a
    trainer likes; it moves nothing.

    A value that something else writes into the optimizer is used for one update, stands in
    ``applied`` and the history, and is warned of once; after that update the plan writes again.
    ``released`` hands a value over for longer.

    Args:
        optimizer: The optimizer; a wrapper around one is looked through.
        lr: The schedule of the learning rate, in any of the forms below.
        plan: A ``Plan``, or the path of a plan file, in place of ``lr``, ``rule``, ``run`` and
            ``values``.
        rule: A rule, fed by ``observe``, that scales the learning rate; or a mapping from names
            such as "lr" to rules.
        run: The run, so that a resume with another batch or number of processes can keep its place
            in the data: ``on_mismatch="rescale"``.
        on_mismatch: The default ``on_mismatch`` of ``load_state_dict``: trainers load without
            passing one.
        values: More to drive: ``weight_decay``, ``momentum``, or any other number in the
            parameter groups, one element of a tuple as ``**{"betas[0]": ...}``. Each is a schedule
            or a number for all groups, a list with one per group, or a mapping from group names
            (the group's "name" entry), indices or patterns such as "encoder.*". A name comes
            before an index, an index before a pattern, and the most specific pattern wins; None
            leaves a group alone. ``relative(...)`` in place of a schedule multiplies what each
            group began with. A single schedule of any value but ``lr`` leaves groups alone that
            hold 0 of it where others do not, such as biases without weight decay.

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

    # Some trainers add to torch's own counter; it is not used here.
    _step_count = 1

    def __init__(
        self,
        optimizer: Optimizer,
        lr: Wanted = None,
        *,
        plan: Plan | str | os.PathLike[str] | None = None,
        rule: Rule | Mapping[str, Rule] | None = None,
        run: Run | None = None,
        on_mismatch: OnMismatch = "strict",
        **values: Wanted,
    ) -> None:
        # The constructor of LRScheduler would replace optimizer.step and write rates of its own.
        if on_mismatch not in get_args(OnMismatch):
            raise unknown("Scheduler", "on_mismatch", on_mismatch, get_args(OnMismatch))
        inner = innermost(optimizer)
        wanted = values if lr is None else {"lr": lr, **values}
        if plan is None:
            if not wanted:
                raise GradatimError("Scheduler: nothing to drive. Write lr=..., a schedule.")
            parts = [Parts(name, one, inner.param_groups) for name, one in wanted.items()]
        elif wanted or rule is not None or run is not None:
            given_too = [
                *wanted,
                *(["rule"] if rule is not None else []),
                *(["run"] if run else []),
            ]
            raise GradatimError(
                "Scheduler: a plan has its schedules, rules and run already; leave "
                f"{', '.join(given_too)} out."
            )
        else:
            given = as_plan("Scheduler", plan)
            parts, rule, run = Parts.of_plan(given, inner.param_groups), given.rules, given.run
        self._on_mismatch: OnMismatch = on_mismatch
        self._attachment = Attachment(inner, parts, strict=on_mismatch == "strict")
        self.driver = Driver(as_plan("Scheduler", self._attachment.roster.schedules(), rule, run))
        self._released: Counter[str] = Counter()
        self._attachment.attach(self.driver, ref(self), self._released)
        self._idle = IdleWatch(inner, 0)

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer. To set another one attaches to it, with the same schedules and position.

        Raises:
            GradatimError: If the other one's groups do not fit. Nothing changed.
        """
        return self._attachment.optimizer

    @optimizer.setter
    def optimizer(self, optimizer: Optimizer) -> None:
        inner, old = innermost(optimizer), self._attachment
        if inner is old.optimizer and old.attached:
            return
        new = Attachment(inner, old.roster.parts, strict=self._on_mismatch == "strict")
        missing = new_schedules(new.roster.assigned(), self.driver.plan.schedules)
        if missing:
            raise GradatimError(
                "Scheduler: the new optimizer has groups that the old one did not have: "
                f"{', '.join(sorted(map(str, missing)))}. Build a new Scheduler for it."
            )
        new.attach(self.driver, ref(self), self._released)
        old.detach()
        self._attachment, self._idle = new, IdleWatch(inner, self.position)

    @property
    def position(self) -> int:
        """The completed optimizer updates."""
        return self.driver.position

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
        self._attachment.match()
        return self._of_groups(self.driver.next)

    def _of_groups(self, values: dict[str, float]) -> dict[str, float]:
        taken = {str(place.target) for place in self._attachment.table.places}
        idle = {str(target) for target in self.driver.plan} - taken
        return {name: value for name, value in values.items() if name not in idle}

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
        states = crc32(repr(self.driver.state()["states"]).encode())
        names = name or ", ".join(self.driver.plan.rules)
        about = f"{names} at position {self.position} with rules in state {states:08x}"
        metric, given = agreed(metric, about, timeout)
        try:
            self.driver.observe(metric, name)
        except GradatimError as error:
            if given:
                error.add_note(given)
            raise
        finally:
            self._attachment.write()

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
        driven = self._attachment.values
        for value in values:
            if value not in driven:
                raise unknown("released", "value", value, driven)
        return Released(self, set(values) or driven)

    def retract(self) -> None:
        """Take the last update back, because the optimizer skipped it inside its own ``step()``.

        For optimizers that watch for spikes of the loss: call it after such a step. A step that a
        gradient scaler made void was not counted; after one, this does nothing.

        Raises:
            GradatimError: If no update has been counted since the start, the last load or the last
                call of this.
        """
        if self._attachment.last_step_counted is False:
            return
        if self._attachment.last_step_counted is None:
            raise GradatimError(
                "retract: no update has been counted since the start of the run, the last load or "
                "the last retract()."
            )
        self.driver.retract()
        self._attachment.last_step_counted = None
        self._attachment.write()

    def advance(self, updates: int = 1) -> None:
        """Count updates that no ``optimizer.step()`` made, such as those of a replayed CUDA graph.

        Args:
            updates: How many there were.
        """
        self._attachment.roster.check_bases_are_known()
        self.driver.advance(updates)
        self._attachment.write()

    def seek(self, position: int) -> None:
        """Go on at a position, for a run that another scheduler began.

        Args:
            position: The completed updates.

        Raises:
            GradatimError: If it is no whole number, 0 or more, or what a relative schedule
                multiplies is not known.
        """
        if position != 0:
            self._attachment.roster.check_bases_are_known()
        self.driver.seek(position)
        self._went_on()

    def _went_on(self) -> None:
        self._attachment.last_step_counted = None
        self._idle = IdleWatch(self.optimizer, self.position)
        self._attachment.write()

    def step(self, epoch: float | None = None, metric: object = None) -> None:
        """Do not advance the schedule; only write the current values if they are not written yet.

        Raises:
            GradatimError: If it is given an epoch or a metric.
        """
        for name, given in (("epoch", epoch), ("metric", metric)):
            if given is not None:
                raise refuse(
                    "Scheduler.step",
                    name,
                    given,
                    "left out",
                    "A metric goes to scheduler.observe(metric); updates count by themselves.",
                )
        self._attachment.ensure_written()
        self._idle.called(self.position)

    def get_last_lr(self) -> list[float | Tensor]:
        """The learning rate of each group for the next update, as torch's schedulers answer."""
        rates = [group["lr"] for group in self.optimizer.param_groups]
        return [rate.clone() if isinstance(rate, Tensor) else rate for rate in rates]

    def get_lr(self) -> list[float | Tensor]:
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
        self._attachment.match()
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
        self._attachment.match()
        self.driver.load(state_dict, self._on_mismatch if on_mismatch is None else on_mismatch)
        self._went_on()

    def detach(self) -> None:
        """Let go of the optimizer: its updates are no longer counted, its values stay."""
        self._attachment.detach()

    def __repr__(self) -> str:
        groups = self._attachment.roster.described()
        return (
            f"Scheduler({type(self.optimizer).__name__}, position={self.position}, "
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
        self._attachment.reattach(ref(self), self._released)


class Released:
    """A ``with`` block in which other code writes some values; see ``Scheduler.released``."""

    def __init__(self, scheduler: Scheduler, values: set[str]) -> None:
        self._scheduler, self._values = scheduler, values

    def __enter__(self) -> None:
        self._scheduler._released.update(self._values)
        try:
            self._scheduler._attachment.rebuild()
        except BaseException:
            self._scheduler._released.subtract(self._values)
            raise

    def __exit__(self, *_: object) -> None:
        self._scheduler._released.subtract(self._values)
        self._scheduler._attachment.rebuild()
