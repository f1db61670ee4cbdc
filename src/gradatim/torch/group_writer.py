"""Writes the values of a plan into the parameter groups, and finds what other code wrote there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from torch import Tensor

from gradatim.drive import Target
from gradatim.torch.hyperparameters import Group, Hyperparameter
from gradatim.torch.known_groups import KnownGroup
from gradatim.torch.writers import ElementWriter, TensorWriter


class GroupValue(NamedTuple):
    """One driven number of one group."""

    hyperparameter: Hyperparameter
    group: Group
    target: Target
    label: str
    """The name or index of the group."""
    column: int
    """The index of its value in a row: the values of all targets of the plan, in order."""

    def set(self, number: float) -> None:
        """Set the number, in place if the group holds a tensor."""
        held = self.hyperparameter.read(self.group)
        if isinstance(held, Tensor):
            held.detach().fill_(number)
        else:
            self.hyperparameter.write(self.group, number)


class ExternalWrite(NamedTuple):
    """A number that other code wrote over the value of the plan."""

    group_value: GroupValue
    used: float
    planned: float


class GroupWriter:
    """Writes rows: the values of all targets of a plan, in order.

    Floats that every group takes are left to the caller, see ``in_all_groups``.

    Args:
        groups: The groups.
        labels: The name or index of each.
        columns: The index of each target in a row.
        released: Names of values that are not written for now, only read.
    """

    in_all_groups: list[tuple[str, int]]
    """(key, column) of each float that is the same in every group."""

    def __init__(
        self,
        groups: Sequence[KnownGroup],
        labels: Sequence[str],
        columns: Mapping[Target, int],
        released: Collection[str],
    ) -> None:
        self.group_values = [
            GroupValue(one.hyperparameter, known.group, one.target, label, columns[one.target])
            for known, label in zip(groups, labels, strict=True)
            for one in known.assignments
        ]
        written = [one for one in self.group_values if one.target.value not in released]
        self._has_released = len(written) < len(self.group_values)
        self._writers: list[tuple[TensorWriter | ElementWriter, int]] = []
        floats: dict[tuple[str, int], list[Group]] = {}
        for hyperparameter, group, _, _, column in written:
            held = hyperparameter.read(group)
            if isinstance(held, Tensor):
                self._writers.append((TensorWriter(hyperparameter, group, held), column))
            elif hyperparameter.element is not None:
                self._writers.append((ElementWriter(hyperparameter, group), column))
            else:
                floats.setdefault((hyperparameter.key, column), []).append(group)
        in_all = [at for at, holding in floats.items() if len(holding) == len(groups)]
        self.in_all_groups = in_all
        self._in_some_groups = [(*at, some) for at, some in floats.items() if at not in in_all]
        self.has_others = bool(self._in_some_groups or self._writers or self._has_released)
        """Whether anything but ``in_all_groups`` is written or read."""

    def write_others(self, row: Sequence[float]) -> None:
        """Write all values of a row but those of ``in_all_groups``."""
        for key, column, groups in self._in_some_groups:
            value = row[column]
            for group in groups:
                group[key] = value
        for writer, column in self._writers:
            writer.write(row[column])

    def others_are_as_written(self, row: Sequence[float]) -> bool:
        """Whether the groups still hold what ``write_others`` wrote."""
        if self._has_released:
            return False
        for key, column, groups in self._in_some_groups:
            value = row[column]
            for group in groups:
                if group.get(key) is not value:
                    return False
        return all(writer.is_unchanged() for writer, _ in self._writers)

    def external_writes(self, row: Sequence[float]) -> Iterator[ExternalWrite]:
        """Each number in the groups that differs from the row."""
        for one in self.group_values:
            used, planned = one.hyperparameter.number(one.group), row[one.column]
            held = one.hyperparameter.read(one.group)
            if isinstance(held, Tensor) and held.is_floating_point():
                planned = held.new_tensor(planned).item()  # rounded to the dtype of the tensor
            if used != planned:
                yield ExternalWrite(one, used, planned)

    def used_by_target(
        self, writes: Sequence[ExternalWrite], shared: Collection[Target]
    ) -> dict[Target, float]:
        """The numbers used: one for a target if all its groups used it, else one for each group.

        Args:
            writes: What other code wrote.
            shared: Targets that groups of other optimizers take, too.
        """
        used: dict[Target, float] = {}
        for target in {write.group_value.target for write in writes}:
            of_target = [write for write in writes if write.group_value.target == target]
            groups = sum(one.target == target for one in self.group_values)
            same = len(of_target) == groups and len({write.used for write in of_target}) == 1
            if same and target not in shared:
                used[target] = of_target[0].used
            else:
                for write in of_target:
                    used[Target(target.value, write.group_value.label)] = write.used
        return used
