"""Where each value of a plan stands in the parameter groups: writing it, and seeing it changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from torch import Tensor

from gradatim.drive import Target
from gradatim.torch.cells import SlotCell, TensorCell
from gradatim.torch.groups import Entry, Group
from gradatim.torch.roster import Member


class Place(NamedTuple):
    """One number of one group, and the column of the row that is written there."""

    entry: Entry
    group: Group
    target: Target
    label: str
    column: int

    def put(self, number: float) -> None:
        """Write a number as other code does."""
        held = self.entry.held(self.group)
        if isinstance(held, Tensor):
            held.detach().fill_(number)
        else:
            self.entry.put(self.group, number)


class Change(NamedTuple):
    """A value that somebody else wrote."""

    place: Place
    used: float
    planned: float


class Table:
    """Where each column of a row is written: floats shared by all groups, and everything else.

    Args:
        members: The groups.
        labels: What they are called.
        columns: The column of each target in a row.
        released: Values that are handed over: read, but not written.
    """

    in_all: list[tuple[str, int]]
    """(key, column) of the floats that are written into every group."""

    def __init__(
        self,
        members: Sequence[Member],
        labels: Sequence[str],
        columns: Mapping[Target, int],
        released: Collection[str],
    ) -> None:
        self.places = [
            Place(one.entry, member.group, one.target, name, columns[one.target])
            for member, name in zip(members, labels, strict=True)
            for one in member.assigned
        ]
        self._released = any(place.target.value in released for place in self.places)
        self._cells: list[tuple[TensorCell | SlotCell, int]] = []
        floats: dict[tuple[str, int], list[Group]] = {}
        for place in self.places:
            entry, group = place.entry, place.group
            if place.target.value in released:
                continue
            if isinstance(entry.held(group), Tensor):
                self._cells.append((TensorCell(entry, group), place.column))
            elif entry.slot is not None:
                self._cells.append((SlotCell(entry, group), place.column))
            else:
                floats.setdefault((entry.key, place.column), []).append(group)
        self.in_all = [at for at, groups in floats.items() if len(groups) == len(members)]
        self._in_some = [(*at, groups) for at, groups in floats.items() if at not in self.in_all]
        self.has_others = bool(self._in_some or self._cells or self._released)

    def write_others(self, row: Sequence[float]) -> None:
        """Write all values of a row but those of ``in_all``."""
        for key, column, groups in self._in_some:
            value = row[column]
            for group in groups:
                group[key] = value
        for cell, column in self._cells:
            cell.write(row[column])

    def others_are_as_written(self, row: Sequence[float]) -> bool:
        """Whether the groups still hold what ``write_others`` wrote."""
        if self._released:
            return False
        for key, column, members in self._in_some:
            value = row[column]
            for group in members:
                if group.get(key) is not value:
                    return False
        return all(cell.is_unchanged() for cell, _ in self._cells)

    def changes(self, row: Sequence[float]) -> Iterator[Change]:
        """Each number that is not what the row says."""
        for place in self.places:
            if place.entry.key not in place.group:
                place.entry.check(place.group, place.target.value)  # says what is missing
            used, planned = place.entry.number(place.group), row[place.column]
            held = place.entry.held(place.group)
            if isinstance(held, Tensor) and held.is_floating_point():
                planned = held.new_tensor(planned).item()  # rounded as the tensor rounds it
            if used != planned:
                yield Change(place, used, planned)

    def by_target(
        self, changes: Sequence[Change], shared: Collection[Target]
    ) -> dict[Target, float]:
        """What was used: under the target if all its groups used it, else for each group.

        Args:
            changes: What other code wrote.
            shared: Targets that groups of other optimizers take, too.
        """
        used: dict[Target, float] = {}
        for target in {change.place.target for change in changes}:
            mine = [change for change in changes if change.place.target == target]
            groups = sum(place.target == target for place in self.places)
            same = len(mine) == groups and len({change.used for change in mine}) == 1
            if same and target not in shared:
                used[target] = mine[0].used
            else:
                used |= {Target(target.value, c.place.label): c.used for c in mine}
        return used
