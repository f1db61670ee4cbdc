"""The numbers in an optimizer's parameter groups that a schedule can drive."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from torch import Tensor

from gradatim.errors import GradatimError, invalid_value, unknown_name

Group = dict[str, Any]
"""One of ``optimizer.param_groups``."""

_USUAL_NAMES = {"learning_rate": "lr", "wd": "weight_decay"}
"""Names of other frameworks, and torch's."""
_NAME = re.compile(r"(\w+)(?:\[(\d+)\])?")


class Hyperparameter(NamedTuple):
    """Where a number is in a parameter group: under "lr", or in a tuple, as "betas[0]" is."""

    key: str
    element: int | None
    """The index in the tuple under the key; None if the key holds the number itself."""

    @classmethod
    def parse(cls, name: str) -> Hyperparameter:
        """The hyperparameter that has a name such as "lr" or "betas[0]"."""
        found = _NAME.fullmatch(name)
        if found is None:
            raise invalid_value("Scheduler", "a value's name", name, 'like "lr" or "betas[0]"')
        return cls(found[1], None if found[2] is None else int(found[2]))

    def check(self, group: Group, name: str) -> None:
        """Raise if the group does not have it, or holds something else than a float there."""
        held = group.get(self.key)
        elements = held if isinstance(held, (tuple, list)) else ()
        if self.element is None and elements:
            written = " or ".join(f"**{{'{self.key}[{i}]': ...}}" for i in range(len(elements)))
            raise GradatimError(
                f"Scheduler: {name} is a tuple of {len(elements)} numbers; a schedule drives one "
                f"of them. Write {written}."
            )
        if self.element is not None and self.element < len(elements):
            held = elements[self.element]
        elif self.key not in group or self.element is not None:
            if name in _USUAL_NAMES and _USUAL_NAMES[name] in group:
                raise GradatimError(
                    f"Scheduler: torch has no {name}. Write {_USUAL_NAMES[name]}=..."
                )
            raise unknown_name("Scheduler", "value", name, hyperparameter_names([group]))
        is_number = isinstance(held, (int, float)) and not isinstance(held, bool)
        if not is_number and not (isinstance(held, Tensor) and held.numel() == 1):
            raise invalid_value(
                "Scheduler", f"what the optimizer holds as {name}", held, "a number"
            )
        if isinstance(held, Tensor) and not held.is_floating_point():
            raise invalid_value(
                "Scheduler",
                f"what the optimizer holds as {name}",
                held,
                "a tensor of floats, since a tensor of integers would round every value down",
                f"Write {name}=torch.tensor({float(held)}) when building the optimizer.",
            )

    def read(self, group: Group) -> float | Tensor:
        """The number or tensor that the group holds now.

        Raises:
            GradatimError: If other code has taken it out of the group.
        """
        held: float | Tensor
        try:
            held = group[self.key] if self.element is None else group[self.key][self.element]
        except (KeyError, IndexError):
            name = self.key if self.element is None else f"{self.key}[{self.element}]"
            raise GradatimError(
                f"Scheduler: a parameter group has no {name} any more, and the scheduler drives "
                "it. Put it back, or build the scheduler anew."
            ) from None
        return held

    def number(self, group: Group) -> float:
        """The number that the group holds now; of a tensor, its item."""
        held = self.read(group)
        return float(held.detach() if isinstance(held, Tensor) else held)

    def write(self, group: Group, value: float | Tensor) -> None:
        """Replace the number or tensor; the other elements of a tuple stay."""
        if self.element is None:
            group[self.key] = value
        else:
            self.read(group)  # raises if it is gone
            elements = list(group[self.key])
            elements[self.element] = value
            group[self.key] = type(group[self.key])(elements)

    def unshare_tensors(self, groups: Sequence[Group], defaults: Group, used: set[int]) -> None:
        """Clone tensors until each group has its own, and none whose id is in ``used``.

        Groups that took the optimizer's default all hold the same tensor object. The default gets
        a copy too, or a group added later would begin with the value written last.
        """
        seen = set(used)
        default = defaults.get(self.key)
        if isinstance(default, Tensor) and any(self.read(group) is default for group in groups):
            defaults[self.key] = default.detach().clone()
        for group in groups:
            held = self.read(group)
            if isinstance(held, Tensor):
                if id(held) in seen:
                    self.write(group, held.clone())
                seen.add(id(held))


def hyperparameter_names(groups: Iterable[Group]) -> list[str]:
    """The names of everything in these groups that a schedule could drive."""
    names: set[str] = set()
    for group in groups:
        for key, held in group.items():
            if isinstance(held, (tuple, list)) and key != "params":
                names.update(f"{key}[{i}]" for i, x in enumerate(held) if type(x) in (int, float))
            elif type(held) in (int, float) or isinstance(held, Tensor):
                names.add(key)
    return sorted(names)


def group_label(group: Group, index: int, optimizer: str | None) -> str:
    """The name or index of a group, after the name of its optimizer if there are several."""
    own = str(group.get("name", index))
    return own if optimizer is None else f"{optimizer}/{own}"
