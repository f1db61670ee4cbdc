"""Ties an optimizer to a driver: what runs before and after each step of the optimizer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from types import MethodType
from typing import Any
from weakref import ReferenceType, WeakKeyDictionary, WeakSet

import torch
from torch.compiler import is_dynamo_compiling
from torch.optim import Optimizer

from gradatim.core.errors import GradatimError
from gradatim.core.warn import warn
from gradatim.drive import Driver, Target
from gradatim.torch.assign import Parts, new_schedules
from gradatim.torch.checkpoint import in_order_of
from gradatim.torch.groups import Entry
from gradatim.torch.inner import has_nested_steps
from gradatim.torch.roster import Member, Roster
from gradatim.torch.table import Change, Table

Hook = Callable[[Optimizer, Any, Any], None]

_ATTACHED: WeakKeyDictionary[Optimizer, WeakSet[Attachment]] = WeakKeyDictionary()


class Attachment:
    """Writes the values of a plan into one optimizer, and counts its updates.

    After each step every group is compared with what was written before it. What other code wrote
    was used by that step: it is recorded and warned of once, and then the plan writes again.

    Args:
        optimizer: The optimizer.
        parts: For each value, its schedules by group.
        strict: Whether a checkpoint of the optimizer must have groups of the same names.
        index: Its place among those that share one driver.
        name: Its name, where there are several.
    """

    driver: Driver
    owner: ReferenceType[Any]
    released: Counter[str]
    """How many ``released`` blocks hand each value over at the moment."""
    table: Table
    siblings: Sequence[Attachment] = ()
    """The attachments that share the driver, this one among them."""
    _row: list[float]
    """The row that was written last."""

    def __init__(
        self,
        optimizer: Optimizer,
        parts: Sequence[Parts],
        strict: bool,
        index: int = 0,
        name: str | None = None,
    ) -> None:
        self.optimizer, self._strict, self.index = optimizer, strict, index
        self.roster = Roster(optimizer, parts, name)
        self.attached = False
        self._warned: set[str] = set()
        self._is_probe = False

    @property
    def values(self) -> set[str]:
        """The names of the values that are driven."""
        return {one.value for one in self.roster.parts}

    def claim(self) -> None:
        """Take the optimizer over from schedulers that nobody holds any more.

        Raises:
            GradatimError: If another scheduler drives one of these values of this optimizer.
        """
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

    def attach(self, driver: Driver, owner: ReferenceType[Any], released: Counter[str]) -> None:
        """Drive the optimizer from now on.

        Args:
            driver: The driver.
            owner: The scheduler that this belongs to. If nobody holds it any more, another
                scheduler may take its place.
            released: The values that are handed over at the moment.
        """
        self.driver, self.owner, self.released = driver, owner, released
        row = driver.due(self.index)
        self._build()
        self._hook()
        self._write(row)

    def _hook(self) -> None:
        _ATTACHED.setdefault(self.optimizer, WeakSet()).add(self)
        # Keep torch.compile from tracing the hooks: a changed rate must not recompile.
        disable: Callable[[Hook], Hook] = torch.compiler.disable
        self._untraced_before, self._untraced_after = disable(self.before), disable(self.after)
        # Nor a setter, which would be compiled for each number that it is called with.
        untraced: Callable[[Callable[[], None]], Callable[[], None]] = torch.compiler.disable
        self._call_setters = untraced(self.driver.call_setters)
        self._attributes = vars(self.optimizer)
        self._handles = [
            self.optimizer.register_load_state_dict_pre_hook(self._before_load),
            self.optimizer.register_load_state_dict_post_hook(self._after_load),
        ]
        self.attached = True
        if has_nested_steps(self.optimizer):
            self._wrap_step()
        else:
            self._handles += [
                self.optimizer.register_step_pre_hook(self.before),
                self.optimizer.register_step_post_hook(self.after),
            ]

    def _wrap_step(self) -> None:
        """Run ``before`` and ``after`` around the outermost step only.

        torch calls its hooks around a step() and around the step() of the parent class that it
        calls. The outermost call goes through the instance, the inner ones do not.
        """
        step = self.optimizer.step

        @wraps(step)
        def outermost(optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
            if not self.attached:
                return step(*args, **kwargs)
            self.before(optimizer, args, kwargs)
            result = step(*args, **kwargs)
            self.after(optimizer, args, kwargs)
            return result

        self.optimizer.step = MethodType(outermost, self.optimizer)  # type: ignore[method-assign]

    def detach(self) -> None:
        """Let go of the optimizer: its values stay, its updates are no longer counted."""
        if self.attached:
            for handle in self._handles:
                handle.remove()
            _ATTACHED[self.optimizer].discard(self)
            self.attached = False

    def before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """Run before each step: match groups that changed, write if the driver was moved."""
        if is_dynamo_compiling():
            return self._untraced_before(optimizer, args, kwargs)
        self._is_probe = False
        if (
            self._row is not self.driver.row
            or kwargs
            or self._has_others
            or len(optimizer.param_groups) != self._group_count
        ):
            self._prepare_step(kwargs)
        if self.driver.is_guarded and not self._is_probe:
            self.driver.check_ready(self.index)
        return None

    def after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """Run after each step: see what was used, count the update, write the next values."""
        if is_dynamo_compiling():
            return self._untraced_after(optimizer, args, kwargs)
        # A gradient scaler calls step() of a fused optimizer on overflow too, and tells it so.
        if self._is_probe:
            self.driver.updates.skipped()
            return None
        if "found_inf" in self._attributes and optimizer.found_inf:  # type: ignore[attr-defined]
            self.driver.skipped(self.index)
            if self.driver.is_guarded:
                self._call_setters()
            return None
        # Both loops are written out here, since they run at every step.
        row, is_as_written = self._row, True
        for key, column in self._in_all:
            value = row[column]
            for group in optimizer.param_groups:
                if group[key] is not value:
                    is_as_written = False
        if self._has_others and is_as_written:
            is_as_written = self.table.others_are_as_written(row)
        changes = () if is_as_written else self._changes()
        used = self.table.by_target(changes, self._shared()) if changes else None
        warnings = [self._warning(change) for change in changes] if changes else ()
        self._row = row = self.driver.stepped(self.index, used)
        for key, column in self._in_all:
            value = row[column]
            for group in optimizer.param_groups:
                group[key] = value
        if self._has_others:
            self.table.write_others(row)
        if self.driver.updates.only is not None:
            self._write_siblings()
        if self.driver.is_guarded:
            self._call_setters()
        for warning in filter(None, warnings):
            warn(warning)
        return None

    def _write(self, row: list[float]) -> None:
        self._row = row
        for key, column in self._in_all:
            value = row[column]
            for group in self.optimizer.param_groups:
                group[key] = value
        self.table.write_others(row)

    def _prepare_step(self, kwargs: Mapping[str, Any]) -> None:
        self._is_probe = self._probed(kwargs)
        if self._is_probe:
            return
        self.catch_up()

    def is_written(self) -> bool:
        """Whether the values that are due were written, and no group was added."""
        is_due = self._row is self.driver.due(self.index)
        return is_due and len(self.optimizer.param_groups) == self._group_count

    def catch_up(self) -> None:
        """Write the values that are due, and keep what other code has written in the meantime."""
        self.match()
        row = self.driver.due(self.index)
        if row is not self._row:
            # The next step uses it, whichever row is due by then.
            changes = list(self.table.changes(self._row)) if self._row else []
            self._write(row)
            for change in changes:
                change.place.put(change.used)

    def _write_siblings(self) -> None:
        """Write into the other optimizers what their next steps use, if it is known."""
        for one in self.siblings:
            if one is not self and one.attached and not one.is_written():
                one.catch_up()

    def _changes(self) -> list[Change]:
        """What the step used where other code had written."""
        if self.roster.returned():
            raise GradatimError(
                "Scheduler: the optimizer steps its parameter groups one at a time, so several "
                "steps are one update. DeepSpeed's ZeRO does so: build the scheduler after "
                "deepspeed.initialize, Scheduler(engine.optimizer, ...)."
            )
        return list(self.table.changes(self._row))

    def _shared(self) -> set[Target]:
        """The targets that groups of other optimizers take, too."""
        others = (one for one in self.siblings if one is not self)
        return {place.target for one in others for place in one.table.places}

    def _warning(self, change: Change) -> str | None:
        """The first warning about a value that other code wrote."""
        value = change.place.target.value
        if self.released[value] or value in self._warned:
            return None
        self._warned.add(value)
        return (
            f"something else has changed {value} of group {change.place.label!r} for update "
            f"{self.driver.updates.before(self.index) + 1}, from {change.planned!r} to "
            f"{change.used!r}. That update used {change.used!r}; now the scheduler writes its own "
            f"again. To hand {value} over for longer, write: with "
            f"scheduler.released({value!r}): ..."
        )

    def _probed(self, kwargs: Mapping[str, Any]) -> bool:
        """Whether this is the step of torch.distributed.checkpoint that only creates the state.

        It calls ``step(closure=None)`` on an optimizer without state, with every rate and every
        gradient set to 0.
        """
        if kwargs != {"closure": None} or self.optimizer.state:
            return False
        rate, groups = Entry("lr", None), self.optimizer.param_groups
        if any(rate.number(group) != 0.0 for group in groups if "lr" in group):
            return False
        gradients = (p.grad for group in groups for p in group["params"] if p.grad is not None)
        return not any(bool(gradient.any()) for gradient in gradients)

    def match(self) -> None:
        """Take up groups that were removed, reordered, replaced, renamed or added.

        Raises:
            GradatimError: If nothing tells which schedule is meant for a group. Nothing changed.
        """
        if not self.roster.is_current():
            self._set_members(self.roster.found())

    def _set_members(self, members: list[Member]) -> None:
        assigned = [one for member in members for one in member.assigned]
        for target, schedule in new_schedules(assigned, self.driver.script_plan.schedules).items():
            self.driver.add(target, schedule)
        self.roster.replace(members)
        self._build()

    def _build(self) -> None:
        """Prepare what the hooks compare and write, for the groups as they are now."""
        groups = [member.group for member in self.roster.members]
        self.roster.keep_bases()
        for parts in self.roster.parts:
            holding = [group for group in groups if parts.is_in(group)]
            parts.entry.separate(holding, self.optimizer.defaults, self._taken(parts.entry))
        columns = {target: column for column, target in enumerate(self.driver.plan)}
        by_name = any(parts.depends_on_group for parts in self.roster.parts)
        if self.roster.leaves_groups_alone("lr"):
            self.driver.partly_driven.add(self.index)
        else:
            self.driver.partly_driven.discard(self.index)
        labels = [self.roster.label(group, i) for i, group in enumerate(groups)]
        self.table = Table(self.roster.members, labels, columns, +self.released)
        self._in_all, self._has_others = self.table.in_all, self.table.has_others or by_name
        self._group_count = len(groups)
        self._row = []  # nothing is written yet

    def _taken(self, entry: Entry) -> set[int]:
        """The tensors that hold this value in the optimizers before this one."""
        earlier = (one.optimizer for one in self.siblings[: self.index])
        groups = (group for optimizer in earlier for group in optimizer.param_groups)
        return {id(entry.held(group)) for group in groups if entry.key in group}

    def write(self) -> None:
        """Write the values of the next step, unless detached."""
        if self.attached:
            self.match()
            self._write(self.driver.due(self.index))

    def rebuild(self) -> None:
        """Take up that values were handed over or taken back."""
        if self.attached:
            self.match()
            self._build()
            self.write()

    def _before_load(self, optimizer: Any, state: dict[str, Any]) -> dict[str, Any]:
        self.match()
        return in_order_of(state, self.optimizer.param_groups, self._strict)

    def _after_load(self, *_: Any) -> None:
        # The optimizer's checkpoint carries rates of its own; the driver's position decides.
        self._set_members(self.roster.in_place())
        self.write()

    def __getstate__(self) -> dict[str, Any]:
        if self.attached:
            self.match()  # a copy finds its groups in the places of these
        # Hooks and cached tables are rebuilt by `reattach`.
        kept = (
            "optimizer",
            "siblings",
            "_strict",
            "index",
            "roster",
            "attached",
            "driver",
            "_warned",
        )
        return {key: vars(self)[key] for key in kept}

    def reattach(self, owner: ReferenceType[Any], released: Counter[str]) -> None:
        """Attach a copy to its own optimizer, if the original was attached."""
        was, self.attached, self.owner, self.released = self.attached, False, owner, released
        self._is_probe = False
        self._set_members(self.roster.in_place())
        if was:
            self._hook()
            self.write()
