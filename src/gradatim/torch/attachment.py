"""Attaches an optimizer to a driver, by hooks that run before and after each of its steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import update_wrapper
from types import MethodType
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import ReferenceType, WeakKeyDictionary, WeakSet

import torch
from torch.compiler import is_dynamo_compiling
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.optimizer import Args, Kwargs, StateDict

from gradatim.core.warn import warn
from gradatim.drive import Driver, Target
from gradatim.errors import GradatimError
from gradatim.torch.checkpoint import with_groups_in_order
from gradatim.torch.group_writer import ExternalWrite, GroupWriter
from gradatim.torch.hyperparameters import Hyperparameter
from gradatim.torch.known_groups import KnownGroup, KnownGroups
from gradatim.torch.optimizer_steps import has_nested_steps, initializes_state
from gradatim.torch.value_schedules import ValueSchedules, new_schedules

P = ParamSpec("P")
T = TypeVar("T")

_ATTACHED: WeakKeyDictionary[Optimizer, WeakSet[Attachment]] = WeakKeyDictionary()


class Attachment:
    """Writes the values of a plan into one optimizer, and counts its updates.

    After each step every group is compared with what was written before it. What other code wrote
    was used by that step: it is recorded and warned of once, and then the plan's value is written.

    Args:
        optimizer: The optimizer.
        values: The schedules of each value.
        strict: Whether a checkpoint of the optimizer must have groups of the same names.
        index: Its index among the optimizers that share one driver.
        name: Its name, if there are several.
    """

    driver: Driver
    scheduler: ReferenceType[LRScheduler]
    released: Counter[str]
    """How many open ``released`` blocks there are for each value."""
    writer: GroupWriter
    attachments: Sequence[Attachment] = ()
    """All attachments that share the driver, including this one."""
    _written: list[float]
    """The row that was written last: the values of all targets of the plan, in order."""

    def __init__(
        self,
        optimizer: Optimizer,
        values: Sequence[ValueSchedules],
        strict: bool,
        index: int = 0,
        name: str | None = None,
    ) -> None:
        self.optimizer, self._strict, self.index = optimizer, strict, index
        self.known_groups = KnownGroups(optimizer, values, name)
        self.is_attached = False
        self._warned: set[str] = set()
        self._initializes_state = False

    @property
    def value_names(self) -> set[str]:
        """The names of the values that are driven."""
        return {one.value for one in self.known_groups.values}

    def take_over(self) -> None:
        """Detach schedulers that no longer exist from the optimizer.

        Raises:
            GradatimError: If another scheduler drives one of these values of this optimizer.
        """
        for other in list(_ATTACHED.get(self.optimizer, ())):
            both = sorted(self.value_names & other.value_names)
            if both and other.scheduler() is not None:
                raise GradatimError(
                    f"Scheduler: {both[0]} of this optimizer is driven by another scheduler. Call "
                    "its detach() first, write one Scheduler with all schedules, or build the "
                    "optimizer anew."
                )
            if both:
                other.detach()

    def attach(
        self, driver: Driver, scheduler: ReferenceType[LRScheduler], released: Counter[str]
    ) -> None:
        """Drive the optimizer from now on.

        Args:
            driver: The driver.
            scheduler: The scheduler that this belongs to. Once it is garbage-collected, another
                scheduler may drive the optimizer.
            released: How many open ``released`` blocks there are for each value.
        """
        self.driver, self.scheduler, self.released = driver, scheduler, released
        row = driver.due(self.index)
        self._build_writer()
        self._register_hooks()
        self._write(row)

    def _register_hooks(self) -> None:
        _ATTACHED.setdefault(self.optimizer, WeakSet()).add(self)
        self._untraced_before_step = _untraced(self.before_step)
        self._untraced_after_step = _untraced(self.after_step)
        self._call_setters = _untraced(self.driver.call_setters)
        self._attributes = vars(self.optimizer)
        self._handles = [
            self.optimizer.register_load_state_dict_pre_hook(self._before_load),
            self.optimizer.register_load_state_dict_post_hook(self._after_load),
        ]
        self.is_attached = True
        if has_nested_steps(self.optimizer):
            # torch calls its hooks around a step() and around the step() of the parent class that
            # it calls. Only the outermost call goes through the instance.
            step = self._with_hooks(self.optimizer.step)
            self._attributes["step"] = MethodType(step, self.optimizer)
        else:
            self._handles += [
                self.optimizer.register_step_pre_hook(self.before_step),
                self.optimizer.register_step_post_hook(self.after_step),
            ]

    def _with_hooks(self, step: Callable[P, T]) -> Callable[Concatenate[Optimizer, P], T]:
        def step_with_hooks(optimizer: Optimizer, /, *args: P.args, **kwargs: P.kwargs) -> T:
            if not self.is_attached:
                return step(*args, **kwargs)
            self.before_step(optimizer, args, kwargs)
            result = step(*args, **kwargs)
            self.after_step(optimizer, args, kwargs)
            return result

        return update_wrapper(step_with_hooks, step)

    def detach(self) -> None:
        """Remove the hooks: the optimizer keeps its values, its updates are no longer counted."""
        if self.is_attached:
            for handle in self._handles:
                handle.remove()
            _ATTACHED[self.optimizer].discard(self)
            self.is_attached = False

    def before_step(self, optimizer: Optimizer, args: Args, kwargs: Kwargs) -> None:
        """Run before each step: write the values that are due, unless they are written already."""
        if is_dynamo_compiling():
            return self._untraced_before_step(optimizer, args, kwargs)
        self._initializes_state = False
        if (
            self._written is not self.driver.row
            or kwargs
            or self._has_others
            or len(optimizer.param_groups) != self._group_count
        ):
            self._initializes_state = initializes_state(optimizer, kwargs)
            if not self._initializes_state:
                self.write_if_due()
        if self.driver.is_guarded and not self._initializes_state:
            self.driver.check_ready(self.index)
        return None

    def after_step(self, optimizer: Optimizer, args: Args, kwargs: Kwargs) -> None:
        """Run after each step: compare what it used, count the update, write the next values."""
        if is_dynamo_compiling():
            return self._untraced_after_step(optimizer, args, kwargs)
        if self._initializes_state:
            self.driver.updates.skipped()
            return None
        # A gradient scaler calls step() of a fused optimizer on overflow too, and sets this.
        if self._attributes.get("found_inf"):
            self.driver.skipped(self.index)
            if self.driver.is_guarded:
                self._call_setters()
            return None
        # Both loops over groups are inlined, since they run at every step.
        row, is_as_written = self._written, True
        for key, column in self._in_all_groups:
            value = row[column]
            for group in optimizer.param_groups:
                if group.get(key) is not value:
                    is_as_written = False
        if self._has_others and is_as_written:
            is_as_written = self.writer.others_are_as_written(row)
        writes = () if is_as_written else self._external_writes()
        used = self.writer.used_by_target(writes, self._shared_targets()) if writes else None
        warnings = [self._warning(write) for write in writes] if writes else ()
        self._written = row = self.driver.stepped(self.index, used)
        for key, column in self._in_all_groups:
            value = row[column]
            for group in optimizer.param_groups:
                group[key] = value
        if self._has_others:
            self.writer.write_others(row)
        if self.driver.updates.only is not None:
            self._write_other_optimizers()
        if self.driver.is_guarded:
            self._call_setters()
        for warning in filter(None, warnings):
            warn(warning)
        return None

    def _write(self, row: list[float]) -> None:
        self._written = row
        for key, column in self._in_all_groups:
            value = row[column]
            for group in self.optimizer.param_groups:
                group[key] = value
        self.writer.write_others(row)

    def is_written(self) -> bool:
        """Whether the values that are due were written, and no group was added."""
        is_due = self._written is self.driver.due(self.index)
        return is_due and len(self.optimizer.param_groups) == self._group_count

    def write_if_due(self) -> None:
        """Write the values that are due, but keep what other code has written since the last step.

        The next step uses that, also if the driver was moved in the meantime.
        """
        self.match_groups()
        row = self.driver.due(self.index)
        if row is not self._written:
            writes = list(self.writer.external_writes(self._written)) if self._written else []
            self._write(row)
            for write in writes:
                write.group_value.set(write.used)

    def _write_other_optimizers(self) -> None:
        """Write into the other optimizers what their next steps use, if it is known."""
        for one in self.attachments:
            if one is not self and one.is_attached and not one.is_written():
                one.write_if_due()

    def _external_writes(self) -> list[ExternalWrite]:
        if self.known_groups.has_swapped_groups():
            raise GradatimError(
                "Scheduler: the optimizer steps its parameter groups one at a time, so several "
                "steps are one update. DeepSpeed's ZeRO does so: build the scheduler after "
                "deepspeed.initialize, Scheduler(engine.optimizer, ...)."
            )
        return list(self.writer.external_writes(self._written))

    def _shared_targets(self) -> set[Target]:
        """The targets that groups of other optimizers take, too."""
        others = (one for one in self.attachments if one is not self)
        return {group_value.target for one in others for group_value in one.writer.group_values}

    def _warning(self, write: ExternalWrite) -> str | None:
        """The warning about a value that other code wrote; None if it was given before."""
        value = write.group_value.target.value
        if self.released[value] or value in self._warned:
            return None
        self._warned.add(value)
        return (
            f"something else has changed {value} of group {write.group_value.label!r} for update "
            f"{self.driver.updates.before(self.index) + 1}, from {write.planned!r} to "
            f"{write.used!r}. That update used {write.used!r}; now the scheduler writes its own "
            f"again. To hand {value} over for longer, write: with "
            f"scheduler.released({value!r}): ..."
        )

    def match_groups(self) -> None:
        """Recognize groups that were removed, reordered, replaced, renamed or added.

        Raises:
            GradatimError: If the schedule of a group is ambiguous. Nothing changed.
        """
        if not self.known_groups.is_current():
            self._set_groups(self.known_groups.recognized())

    def _set_groups(self, groups: list[KnownGroup]) -> None:
        assignments = [one for known in groups for one in known.assignments]
        known_schedules = self.driver.script_plan.schedules
        for target, schedule in new_schedules(assignments, known_schedules).items():
            self.driver.add(target, schedule)
        self.known_groups.replace(groups)
        self._build_writer()

    def _build_writer(self) -> None:
        """Prepare what the hooks compare and write, for the groups as they are now."""
        known = self.known_groups
        groups = [one.group for one in known.groups]
        known.store_initial_values()
        for one in known.values:
            holding = [group for group in groups if one.is_in(group)]
            used = self._earlier_tensors(one.hyperparameter)
            one.hyperparameter.unshare_tensors(holding, self.optimizer.defaults, used)
        if known.drives_all("lr"):
            self.driver.partly_driven.discard(self.index)
        else:
            self.driver.partly_driven.add(self.index)
        labels = [known.label(group, i) for i, group in enumerate(groups)]
        columns = {target: column for column, target in enumerate(self.driver.plan)}
        self.writer = GroupWriter(known.groups, labels, columns, +self.released)
        by_name = any(one.differs_by_group for one in known.values)
        self._in_all_groups = self.writer.in_all_groups
        self._has_others = self.writer.has_others or by_name
        self._group_count = len(groups)
        self._written = []  # nothing yet

    def _earlier_tensors(self, hyperparameter: Hyperparameter) -> set[int]:
        """The ids of the tensors that hold this value in the optimizers before this one."""
        earlier = (one.optimizer for one in self.attachments[: self.index])
        groups = (group for optimizer in earlier for group in optimizer.param_groups)
        return {id(hyperparameter.read(group)) for group in groups if hyperparameter.key in group}

    def write(self) -> None:
        """Write the values that the next step uses, unless detached."""
        if self.is_attached:
            self.match_groups()
            self._write(self.driver.due(self.index))

    def update_released(self) -> None:
        """Change which values are written, after a ``released`` block has begun or ended."""
        if self.is_attached:
            self.match_groups()
            self._build_writer()
            self.write()

    def _before_load(self, optimizer: Optimizer, state: StateDict) -> StateDict:
        self.match_groups()
        return with_groups_in_order(state, self.optimizer.param_groups, self._strict)

    def _after_load(self, optimizer: Optimizer) -> None:
        # The optimizer's checkpoint has rates of its own; those of the driver's position are used.
        self._set_groups(self.known_groups.recognized_by_index())
        self.write()

    def __getstate__(self) -> dict[str, Any]:
        if self.is_attached:
            self.match_groups()  # a copy finds its groups by the index of these
        # `reattach` registers the hooks and builds the writer.
        copied = (
            "optimizer",
            "attachments",
            "_strict",
            "index",
            "known_groups",
            "is_attached",
            "driver",
            "_warned",
        )
        return {name: vars(self)[name] for name in copied}

    def reattach(self, scheduler: ReferenceType[LRScheduler], released: Counter[str]) -> None:
        """Attach a copy to its own optimizer, if the original was attached."""
        was_attached, self.is_attached = self.is_attached, False
        self.scheduler, self.released = scheduler, released
        self._initializes_state = False
        self._set_groups(self.known_groups.recognized_by_index())
        if was_attached:
            self._register_hooks()
            self.write()


def _untraced(function: Callable[P, None]) -> Callable[P, None]:
    """Keep torch.compile from tracing a function: a new rate must not recompile anything."""
    disable: Callable[[Callable[P, None]], Callable[P, None]] = torch.compiler.disable
    return disable(function)
