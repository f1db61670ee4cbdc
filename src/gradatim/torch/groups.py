"""The numbers in parameter groups that a schedule can drive."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from torch import Tensor

from gradatim.core.errors import GradatimError, refuse, unknown

Group = dict[str, Any]
_NAME = re.compile(r"(\w+)(?:\[(\d+)\])?")


class Entry(NamedTuple):
    """One number of a parameter group: a key such as "lr", or one slot of a tuple, "betas[0]"."""

    key: str
    slot: int | None

    @classmethod
    def read(cls, name: str) -> Entry:
        """The entry that a name such as "lr" or "betas[0]" stands for."""
        found = _NAME.fullmatch(name)
        if found is None:
            raise refuse("Scheduler", "a value's name", name, 'like "lr" or "betas[0]"')
        return cls(found[1], None if found[2] is None else int(found[2]))

    def check(self, group: Group, name: str) -> None:
        """Refuse a group that has no such number, or holds something else there."""
        held = group.get(self.key)
        if self.slot is None and isinstance(held, (tuple, list)):
            slots = " or ".join(f"**{{'{self.key}[{i}]': ...}}" for i in range(len(held)))
            raise GradatimError(
                f"Scheduler: {name} is a tuple of {len(held)} numbers; a schedule drives one of "
                f"them. Write {slots}."
            )
        if self.slot is not None and isinstance(held, (tuple, list)) and self.slot < len(held):
            held = held[self.slot]
        elif self.key not in group or self.slot is not None:
            raise unknown("Scheduler", "value", name, entries([group]))
        number = isinstance(held, (int, float)) and not isinstance(held, bool)
        if not number and not (isinstance(held, Tensor) and held.numel() == 1):
            raise refuse("Scheduler", f"what the optimizer holds as {name}", held, "a number")
        if isinstance(held, Tensor) and not held.is_floating_point():
            raise refuse(
                "Scheduler",
                f"what the optimizer holds as {name}",
                held,
                "a tensor of floats, since a tensor of integers would round every value down",
                f"Write {name}=torch.tensor({float(held)}) when building the optimizer.",
            )

    def held(self, group: Group) -> Any:
        """What the group holds now."""
        return group[self.key] if self.slot is None else group[self.key][self.slot]

    def number(self, group: Group) -> float:
        """What the group holds now, as a number."""
        held = self.held(group)
        return float(held.detach() if isinstance(held, Tensor) else held)

    def put(self, group: Group, value: Any) -> None:
        """Replace what the group holds; the other slots of a tuple stay."""
        if self.slot is None:
            group[self.key] = value
        else:
            slots = list(group[self.key])
            slots[self.slot] = value
            group[self.key] = type(group[self.key])(slots)

    def separate(self, groups: Sequence[Group], defaults: Group, taken: set[int]) -> None:
        """Give each group a tensor of its own, which is none of those ``taken``.

        Groups that took the optimizer's default all hold the same tensor object. The default gets
        a copy too, or a group added later would begin with the value written last.
        """
        seen = set(taken)
        default = defaults.get(self.key)
        if isinstance(default, Tensor) and any(self.held(group) is default for group in groups):
            defaults[self.key] = default.detach().clone()
        for group in groups:
            held = self.held(group)
            if isinstance(held, Tensor):
                if id(held) in seen:
                    self.put(group, held.clone())
                seen.add(id(held))


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


def label(group: Group, index: int, optimizer: str | None) -> str:
    """What a group is called: by its name or index, and before that the name of its optimizer."""
    own = str(group.get("name", index))
    return own if optimizer is None else f"{optimizer}/{own}"
