"""The entries of parameter groups that a schedule can be written to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from torch import Tensor

from gradatim.core.errors import refuse, unknown

Group = dict[str, Any]
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
        if isinstance(held, Tensor) and not held.is_floating_point():
            raise refuse(
                "Scheduler", f"what the optimizer holds as {name}", held,
                "a tensor of floats, since whole numbers would cut every value short",
                f"Write {name}=torch.tensor({float(held)}) when building the optimizer.",
            )  # fmt: skip

    def held(self, group: Group) -> Any:
        """What the group holds now."""
        return group[self.key] if self.slot is None else group[self.key][self.slot]

    def number(self, group: Group) -> float:
        """What the group holds now, as a number."""
        held = self.held(group)
        return float(held.detach() if isinstance(held, Tensor) else held)

    def write(self, group: Group, value: float) -> None:
        """Write the value; a tensor is filled in place, so that compiled code sees it."""
        held = group[self.key] if self.slot is None else group[self.key][self.slot]
        if isinstance(held, Tensor):
            held.detach().fill_(value)  # one that needs gradients cannot be filled otherwise
        elif self.slot is None:
            group[self.key] = value
        else:
            self._put(group, value)

    def separate(self, groups: Sequence[Group], defaults: Group) -> None:
        """Give each group a tensor of its own: those that took a default all hold the same one.

        So does the default itself, or a group added later would begin with the value of that day.
        """
        seen: set[int] = set()
        default = defaults.get(self.key)
        if isinstance(default, Tensor) and any(self.held(group) is default for group in groups):
            defaults[self.key] = default.detach().clone()
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
