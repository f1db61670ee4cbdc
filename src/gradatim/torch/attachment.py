"""Ties an optimizer to a driver: what runs before and after each step of the optimizer."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any
from weakref import ReferenceType, WeakKeyDictionary, WeakSet

import torch
from torch.compiler import is_dynamo_compiling
from torch.optim import Optimizer

from gradatim.core.errors import GradatimError
from gradatim.drive import Driver, Target
from gradatim.torch.assign import Parts, schedules_of
from gradatim.torch.groups import Entry, Group
from gradatim.torch.inner import has_nested_steps
from gradatim.torch.roster import Member, Roster, in_order_of
from gradatim.torch.table import Change, Table

Hook = Callable[[Optimizer, Any, Any], None]

_ATTACHED: WeakKeyDictionary[Optimizer, WeakSet[Attachment]] = WeakKeyDictionary()


class Attachment:
    """Writes the values of a plan into one optimizer, and counts its updates.

    Before each step every group is compared with what was written. What somebody else wrote is
    used for that step, recorded, and warned of once; after the step the plan writes again.

    Args:
        optimizer: The optimizer.
        parts: For each value, its schedules by group.
        strict: Whether a checkpoint of the optimizer must have groups of the same names.
    """

    driver: Driver
    owner: ReferenceType[Any]
    table: Table
    _row: list[float]
    """The row that was written last."""
    index = 0
    """The optimizer's place among those that share one plan."""

    def __init__(self, optimizer: Optimizer, parts: Sequence[Parts], strict: bool) -> None:
        self.optimizer, self._strict = optimizer, strict
        self.roster = Roster(optimizer, parts)
        self.attached = False
        self.released: set[str] = set()
        self._warned: set[str] = set()
        self._used: dict[Target, float] | None = None
        self._is_probe = False
        self._open_steps = 0

    @property
    def values(self) -> set[str]:
        """The names of the values that are driven."""
        return {one.value for one in self.roster.parts}

    def attach(self, driver: Driver, owner: ReferenceType[Any]) -> None:
        """Drive the optimizer from now on.

        Args:
            driver: The driver.
            owner: The scheduler that this belongs to. If nobody holds it any more, another
                scheduler may take its place.

        Raises:
            GradatimError: If another scheduler drives one of these values of this optimizer.
        """
        self.driver, self.owner = driver, owner
        self._make_room()
        row = driver.due(self.index)
        self._build()
        self._hook()
        self._write(self.optimizer.param_groups, row)

    def _make_room(self) -> None:
        for other in list(_ATTACHED.get(self.optimizer, ())):
            both = sorted(self.values & other.values)
            if both and other.owner() is not None:
                raise GradatimError(
                    f"Scheduler: {both[0]} of this optimizer is driven by another scheduler. Call "
                    "its detach() first, write one Scheduler with all schedules, or build the "
                    "optimizer anew."
                )
            if both:
                other.detach()

    def _hook(self) -> None:
        _ATTACHED.setdefault(self.optimizer, WeakSet()).add(self)
        # torch.compile leaves these out of what it compiles: a new rate compiles nothing again.
        disable: Callable[[Hook], Hook] = torch.compiler.disable
        self._untraced_before, self._untraced_after = disable(self.before), disable(self.after)
        self._handles = [
            self.optimizer.register_step_pre_hook(self.before),
            self.optimizer.register_step_post_hook(self.after),
            self.optimizer.register_load_state_dict_pre_hook(self._before_load),
            self.optimizer.register_load_state_dict_post_hook(self._after_load),
        ]
        self._attributes = vars(self.optimizer)
        self._nested = has_nested_steps(self.optimizer)
        if self._nested:
            self._watch_outermost_step()
        self.attached = True

    def _watch_outermost_step(self) -> None:
        """Let a step() that calls its parent's step() count once.

        torch calls the hooks around both. The outermost call goes through the instance, so the
        count of open steps begins there: one that raised has left none behind.
        """
        step = self.optimizer.step

        @wraps(step)
        def outermost(*args: Any, **kwargs: Any) -> Any:
            self._open_steps = 0
            return step(*args, **kwargs)

        self.optimizer.step = outermost  # type: ignore[method-assign]
        self._outermost = outermost

    def detach(self) -> None:
        """Let go of the optimizer: its values stay, its updates are no longer counted."""
        if not self.attached:
            return
        for handle in self._handles:
            handle.remove()
        if self._nested and vars(self.optimizer).get("step") is self._outermost:
            del self.optimizer.step
        _ATTACHED[self.optimizer].discard(self)
        self.attached = False

    def before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """Run by torch before each step: see that what is used is what the plan says."""
        if is_dynamo_compiling():
            return self._untraced_before(optimizer, args, kwargs)
        if self._nested:
            self._open_steps += 1
            if self._open_steps > 1:
                return None
        self._used, self._is_probe, row = None, False, self._row
        if row is not self.driver.row or kwargs or self._others:
            return self._examine(kwargs)
        for key, column in self._in_all:
            value = row[column]
            for group in optimizer.param_groups:
                if group[key] is not value:
                    return self._examine(kwargs)
        return None

    def after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """Run by torch after each step: count the update, write the values of the next one."""
        if is_dynamo_compiling():
            return self._untraced_after(optimizer, args, kwargs)
        if self._nested:
            self._open_steps -= 1
            if self._open_steps > 0:
                return None
        # A gradient scaler calls step() of a fused optimizer on overflow too, and tells it so.
        if self._is_probe or ("found_inf" in self._attributes and optimizer.found_inf):  # type: ignore[attr-defined]
            return None
        self._row = row = self.driver.stepped(self.index, self._used)
        for key, column in self._in_all:
            value = row[column]
            for group in optimizer.param_groups:
                group[key] = value
        if self._others:
            self.table.write_others(row)
        return None

    def _stands(self) -> bool:
        """Whether the groups hold what the next step is to use, and are the known ones."""
        # The groups are no argument, here and in the table: torch.compile, where it runs the hooks
        # but does not trace them, compiles the functions they call that are given tensors.
        row, table, groups = self._row, self.table, self.optimizer.param_groups
        if row is not self.driver.row and row is not self.driver.due(self.index):
            return False
        for key, column in table.in_all:
            value = row[column]
            for group in groups:
                if group[key] is not value:
                    return False
        return not table.has_others or table.others_stand(row)

    def _write(self, groups: Sequence[Group], row: list[float]) -> None:
        self._row, table = row, self.table
        for key, column in table.in_all:
            value = row[column]
            for group in groups:
                group[key] = value
        if table.has_others:
            table.write_others(row)

    def _examine(self, kwargs: Mapping[str, Any]) -> None:
        """Find out why the groups may not be what was written last."""
        self._is_probe = self._probed(kwargs)
        if self._is_probe or self._stands():
            return
        self.match()
        groups, row = self.optimizer.param_groups, self.driver.due(self.index)
        if row is not self._row:
            self._write(groups, row)
        if not self._stands():
            self._note_changes(row)

    def _note_changes(self, row: list[float]) -> None:
        changes = list(self.table.changes(row))
        self._used = self.table.by_target(changes)
        for change in changes:
            value = change.place.target.value
            if value not in self.released and value not in self._warned:
                self._warned.add(value)
                self._warn(change)

    def _warn(self, change: Change) -> None:
        value = change.place.target.value
        warnings.warn(
            f"gradatim: something else has changed {value} of group {change.place.label!r} before "
            f"update {self.driver.position + 1}, from {change.planned!r} to {change.used!r}. This "
            f"update uses {change.used!r}; after it the scheduler writes its own again. To hand "
            f"{value} over for longer, write: with scheduler.released({value!r}): ...",
            stacklevel=5,
        )

    def _probed(self, kwargs: Mapping[str, Any]) -> bool:
        """Whether this step is none: torch's distributed checkpoints make one to fill the state.

        They call ``step(closure=None)`` on an optimizer without state, with every rate set to 0.
        """
        if kwargs != {"closure": None} or self.optimizer.state:
            return False
        rate = Entry("lr", None)
        groups = [group for group in self.optimizer.param_groups if "lr" in group]
        if any(rate.number(group) != 0.0 for group in groups):
            return False
        # A schedule may begin at 0 itself. Whoever drives the rate knows whether it wrote these.
        drives = [one for one in _ATTACHED[self.optimizer] if "lr" in one.values]
        return not any(one._stands() for one in drives)

    def match(self) -> None:
        """Take up groups that were removed, reordered, replaced, renamed or added.

        Raises:
            GradatimError: If nothing tells which schedule is meant for a group. Nothing changed.
        """
        if not self.roster.is_current():
            self._take_up(self.roster.found())

    def _take_up(self, members: list[Member]) -> None:
        assigned = [one for member in members for one in member.assigned]
        for target, schedule in schedules_of(assigned, self.driver.plan.schedules).items():
            self.driver.add(target, schedule)
        self.roster.replace(members)
        self._build()

    def _build(self) -> None:
        """Prepare what the hooks compare and write, for the groups as they are now."""
        groups = [member.group for member in self.roster.members]
        self.roster.keep_bases()
        for parts in self.roster.parts:
            holding = [group for group in groups if parts.entry.key in group]
            parts.entry.separate(holding, self.optimizer.defaults)
        columns = {target: column for column, target in enumerate(self.driver.plan)}
        by_name = any(parts.depends_on_group for parts in self.roster.parts)
        self.table = Table(self.optimizer, self.roster.members, columns, self.released, by_name)
        self._in_all, self._others = self.table.in_all, self.table.has_others
        self._row = []  # nothing is written yet

    def write(self) -> None:
        """Write the values of the next step, unless detached."""
        if self.attached:
            self.match()
            self._write(self.optimizer.param_groups, self.driver.due(self.index))

    def ensure_written(self) -> None:
        """Write the values of the next step if the driver has moved or a group was added."""
        groups, members = self.optimizer.param_groups, self.roster.members
        if self._row is not self.driver.due(self.index) or len(groups) != len(members):
            self.write()

    def release(self, values: set[str]) -> None:
        """Write all values but these from now on."""
        self.released = values
        self._build()
        self.write()

    def _before_load(self, optimizer: Any, state: dict[str, Any]) -> dict[str, Any]:
        self.match()
        return in_order_of(state, self.optimizer.param_groups, self._strict)

    def _after_load(self, *_: Any) -> None:
        # The optimizer's checkpoint carries rates of its own; the driver's position decides.
        self._take_up(self.roster.in_place())
        self.write()

    def __getstate__(self) -> dict[str, Any]:
        # A copy finds out for itself how to write into the groups of its own optimizer.
        left_out = (
            "_handles",
            "_outermost",
            "_untraced_before",
            "_untraced_after",
            "owner",
            "_attributes",
            "table",
        )
        return {key: value for key, value in vars(self).items() if key not in left_out}

    def reattach(self, owner: ReferenceType[Any]) -> None:
        """Attach a copy to its own optimizer, if the original was attached."""
        was, self.attached, self.owner = self.attached, False, owner
        self._take_up(self.roster.in_place())
        if was:
            self._hook()
            self.write()
