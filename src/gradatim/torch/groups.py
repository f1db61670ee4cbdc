"""Which entry of which parameter group a schedule is written to."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from torch import Tensor

from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.schedule import Schedule

Group = dict[str, Any]
Wanted = Schedule | Sequence[Schedule] | Mapping[str | int, Schedule]
_SLOT = re.compile(r"(\w+)(?:\[(\d+)\])?")


class Entry(NamedTuple):
    """One number of a parameter group: a key such as "lr", or one slot of a tuple, "betas[0]"."""

    key: str
    slot: int | None

    @classmethod
    def read(cls, name: str, groups: Sequence[Group]) -> Entry:
        """The entry that a name such as "lr" or "betas[0]" stands for, present in every group."""
        found = _SLOT.fullmatch(name)
        if found is None:
            raise refuse("Scheduler", "a value's name", name, 'like "lr" or "betas[0]"')
        entry = cls(found[1], None if found[2] is None else int(found[2]))
        for group in groups:
            entry.check(group, name)
        return entry

    def check(self, group: Group, name: str) -> None:
        """Refuse to write a number where the group has nothing, or holds something else."""
        held = group.get(self.key)
        if self.slot is not None and isinstance(held, (tuple, list)) and self.slot < len(held):
            held = held[self.slot]
        elif self.key not in group or self.slot is not None or isinstance(held, (tuple, list)):
            raise unknown("Scheduler", "value", name, entries([group]))
        number = isinstance(held, (int, float)) and not isinstance(held, bool)
        if not number and not (isinstance(held, Tensor) and held.numel() == 1):
            raise refuse("Scheduler", f"what the optimizer holds as {name}", held, "a number")

    def held(self, group: Group) -> Any:
        """What the group holds now."""
        return group[self.key] if self.slot is None else group[self.key][self.slot]

    def write(self, group: Group, value: float) -> None:
        """Write the value; a tensor is filled in place, so that compiled code sees it."""
        held = group[self.key] if self.slot is None else group[self.key][self.slot]
        if isinstance(held, Tensor):
            held.fill_(value)
        elif self.slot is None:
            group[self.key] = value
        else:
            self._put(group, value)

    def separate(self, groups: Sequence[Group]) -> None:
        """Give each group a tensor of its own: those that took a default all hold the same one."""
        seen: set[int] = set()
        for group in groups:
            held = self.held(group)
            if isinstance(held, Tensor):
                if id(held) in seen:
                    self._put(group, held.clone())
                seen.add(id(held))

    def _put(self, group: Group, value: Any) -> None:
        if self.slot is None:
            group[self.key] = value
            return
        slots = list(group[self.key])
        slots[self.slot] = value
        group[self.key] = type(group[self.key])(slots)


def entries(groups: Iterable[Group]) -> list[str]:
    """The names of everything in these groups that a schedule could drive."""
    names: set[str] = set()
    for group in groups:
        for key, held in group.items():
            if isinstance(held, (tuple, list)) and key != "params":
                names.update(f"{key}[{i}]" for i, x in enumerate(held) if type(x) in (int, float))
            elif type(held) in (int, float) or isinstance(held, Tensor):
                names.add(key)
    return sorted(names)


def per_part(name: str, wanted: Any, groups: Sequence[Group]) -> dict[str, Schedule]:
    """The schedules of one value by name: ``{"lr": ...}``, or ``{"lr/head": ..., "lr/0": ...}``."""
    if isinstance(wanted, Schedule):
        return {name: wanted}
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        if len(wanted) != len(groups):
            raise refuse("Scheduler", name, wanted, f"{len(groups)} schedules, one a group")
        wanted = dict(enumerate(wanted))
    if not isinstance(wanted, Mapping):
        raise refuse(
            "Scheduler", name, wanted, "a schedule, a list of them, or a mapping from groups",
            f"For one value all along, write {name}=Constant(value).",
        )  # fmt: skip
    for part, schedule in wanted.items():
        if not isinstance(schedule, Schedule):
            raise refuse("Scheduler", f"{name}[{part!r}]", schedule, "a schedule")
    return {f"{name}/{part}": schedule for part, schedule in wanted.items()}


def serving(names: Iterable[str], value: str, group: Group, position: int) -> str:
    """Which of the schedules' names serves this group: its own name, its index, or a pattern."""
    mine = [name for name in names if name == value or name.startswith(f"{value}/")]
    if mine == [value]:
        return value
    label = _label(group, position)
    for name in (f"{value}/{label}", f"{value}/{position}"):
        if name in mine:
            return name
    for name in mine:
        if fnmatchcase(f"{value}/{label}", name):
            return name
    raise GradatimError(
        f"Scheduler: no schedule of {value} is for group {label!r}; there are "
        f"{', '.join(name.partition('/')[2] for name in mine)}. Add one for it, or one for '*'."
    )


def all_serve(names: Iterable[str], serving: Container[str], groups: Sequence[Group]) -> None:
    """Refuse a schedule that no group takes, unless it is for a pattern and so may be for later."""
    for name in names:
        part = name.partition("/")[2]
        if name not in serving and not any(sign in part for sign in "*?["):
            labels = [_label(group, i) for i, group in enumerate(groups)]
            raise unknown("Scheduler", f"group of {name.partition('/')[0]}", part, labels)


def _label(group: Group, position: int) -> str:
    return str(group.get("name", position))
