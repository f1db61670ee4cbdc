"""The parameter groups of an optimizer, and what drives each value of each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import is_
from typing import Any, NamedTuple
from weakref import ReferenceType, ref

from torch.optim import Optimizer

from gradatim.core.errors import GradatimError
from gradatim.core.schedule import Schedule
from gradatim.drive import Target
from gradatim.torch.assign import Assignment, Parts, new_schedules
from gradatim.torch.groups import Group, label
from gradatim.torch.relative import Relative, initial, unknown_base


class Member(NamedTuple):
    """A group as it was last seen."""

    group: Group
    name: Any
    params: tuple[int, ...]
    assigned: list[Assignment]
    first: Mapping[str, float]
    """Initial values, for values driven by one schedule for all groups."""


class Former(NamedTuple):
    """A group that was taken out of the optimizer, and may be put back."""

    name: Any
    params: tuple[ReferenceType[Any], ...]
    assigned: list[Assignment]
    first: Mapping[str, float]


class Roster:
    """Knows every group again after groups were removed, reordered, replaced, renamed or added.

    A group's name decides. A group without a name is known as the same object, or by its
    parameters.

    Args:
        optimizer: The optimizer.
        parts: For each value, its schedules by group.
        name: The name of the optimizer, where it is one of several.
    """

    def __init__(
        self, optimizer: Optimizer, parts: Sequence[Parts], name: str | None = None
    ) -> None:
        self.optimizer, self.parts, self.name = optimizer, list(parts), name
        self.members: list[Member] = []
        self._former: list[Former] = []
        self._most_groups = 0
        # Groups whose base was read from a value that a schedule may have changed.
        self._doubtful: list[tuple[str, str]] = []
        groups = optimizer.param_groups
        firsts = [self._first(group) for group in groups]
        pairs = zip(groups, firsts, strict=True)
        self.replace([self._member(g, i, first, firsts) for i, (g, first) in enumerate(pairs)])

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_former": []}  # weak references cannot be copied

    def label(self, group: Group, index: int) -> str:
        """What a group is called."""
        return label(group, index, self.name)

    def schedules(self) -> dict[Target, Schedule]:
        """All that is to be driven, including what waits for a group added later."""
        waiting = {t: s for one in self.parts for t, s in one.schedules().items()}
        return waiting | new_schedules(self.assigned(), waiting)

    def assigned(self) -> list[Assignment]:
        """What drives each value of each group."""
        return [one for member in self.members for one in member.assigned]

    def is_current(self) -> bool:
        """Whether the optimizer's groups are those that are known, with the names they had."""
        groups, members = self.optimizer.param_groups, self.members
        if len(groups) != len(members):
            return False
        for group, one in zip(groups, members):  # noqa: B905  of one length, and strict is slower
            if group is not one.group or group.get("name") is not one.name:
                return False
        return True

    def returned(self) -> bool:
        """Whether the optimizer has none of the known groups, but one that was taken out before."""
        groups = self.optimizer.param_groups
        known = {id(member.group) for member in self.members}
        return not any(id(group) in known for group in groups) and any(
            _has_params(one, group["params"]) for group in groups for one in self._former
        )

    def found(self) -> list[Member]:
        """The optimizer's groups as they are now.

        Raises:
            GradatimError: If nothing tells which schedule is meant for one of them.
        """
        return [self._found(group, i) for i, group in enumerate(self.optimizer.param_groups)]

    def in_place(self) -> list[Member]:
        """The optimizer's groups after a load, which replaces each by a new one in its place."""
        pairs = zip(self.optimizer.param_groups, self.members, strict=True)
        return [
            _seen(group, member.assigned, member.first)
            if group.get("name") == member.name
            else self._found(group, i)
            for i, (group, member) in enumerate(pairs)
        ]

    def _found(self, group: Group, index: int) -> Member:
        before = self._before(group)
        if before is not None:
            return _seen(group, before.assigned, before.first)
        self._check_place(group, index)
        first = self._first(group)
        return self._member(group, index, first, [*(one.first for one in self.members), first])

    def replace(self, members: list[Member]) -> None:
        """Know these groups from now on."""
        present = {id(member.group) for member in members}
        for one in self.members:
            if id(one.group) not in present:
                params = tuple(ref(parameter) for parameter in one.group["params"])
                self._former.append(Former(one.name, params, one.assigned, one.first))
        self.members = members
        self._most_groups = max(self._most_groups, len(members))

    def leaves_groups_alone(self, value: str) -> bool:
        """Whether some group has this value and no schedule for it."""
        driven = [any(a.target.value == value for a in one.assigned) for one in self.members]
        return not all(driven)

    def keep_bases(self) -> None:
        """Note in the groups what they began with, as torch does, for checkpoints to carry."""
        for member in self.members:
            for value, number in self._to_keep(member).items():
                member.group[initial(value)] = number

    def described(self) -> dict[str, list[str]]:
        """For each group, by name or index, the targets that serve it."""
        return {
            self.label(member.group, i): [str(one.target) for one in member.assigned]
            for i, member in enumerate(self.members)
        }

    def _to_keep(self, member: Member) -> dict[str, float]:
        """What a group began with, where a later scheduler must know it to tell groups apart."""
        kept = {one.target.value: one.base for one in member.assigned if one.base is not None}
        mixed = {one.value for one in self.parts if one.is_mixed}
        for value, number in member.first.items():
            zeros = {other.first[value] == 0.0 for other in self.members if value in other.first}
            if len(zeros) == 2 or value in mixed:
                kept[value] = number
        return kept

    def _first(self, group: Group) -> dict[str, float]:
        """What a group began with, of the values that have one schedule for all groups."""
        firsts = {one.value: one.first(group) for one in self.parts}
        return {value: first for value, first in firsts.items() if first is not None}

    def _member(
        self,
        group: Group,
        index: int,
        first: Mapping[str, float],
        all_first: Sequence[Mapping[str, float]],
    ) -> Member:
        assigned = []
        for one in self.parts:
            found = one.assign(group, index, self.name)
            if found is None:
                continue
            if found.base is not None:
                self._check_base(one, group, index)
            # Keep weight_decay=0 groups at 0 (biases, norms) if other groups decay.
            off = found.target == Target(one.value) and one.value != "lr"
            off = off and first.get(one.value) == one.entry.number(group) == 0.0
            if off and (one.is_on or any(other.get(one.value) for other in all_first)):
                continue
            assigned.append(found)
        return _seen(group, assigned, first)

    def _check_base(self, one: Parts, group: Group, index: int) -> None:
        """Refuse to take what a group holds for its base if a schedule may have changed it."""
        given = one.given[one.key_for(group, index, self.name)]
        if not isinstance(given, Relative) or given.base is not None:
            return
        if initial(one.value) in group:
            return
        if any(p in self.optimizer.state for p in group["params"]):
            raise unknown_base(one.value, self.label(group, index))
        # Without a state there may have been updates all the same. If all groups agree on a value
        # that is not the optimizer's default, a schedule may have written it.
        held = {one.entry.number(g) for g in self.optimizer.param_groups if one.entry.key in g}
        if len(held) == 1 and held != {self.optimizer.defaults.get(one.entry.key)}:
            self._doubtful.append((one.value, self.label(group, index)))

    def check_bases_are_known(self) -> None:
        """Refuse to go on in the middle of a run if the base of a relative schedule is a guess."""
        if self._doubtful:
            raise unknown_base(*self._doubtful[0])

    def _before(self, group: Group) -> Member | Former | None:
        """What is known of a group from before; None if it is new, or has a new name."""
        name, params = group.get("name"), group["params"]
        same = next((one for one in self.members if one.group is group), None)
        if same is not None and same.name == name:
            return same
        if name is not None:
            named = [one for one in self._known() if one.name == name]
            alike = [one for one in named if _has_params(one, params)]
            return next(iter(alike or named), None)
        if same is not None:
            return None  # its name was taken away
        return next((one for one in self._known() if params and _has_params(one, params)), None)

    def _known(self) -> Iterator[Member | Former]:
        yield from self.members
        yield from self._former

    def _check_place(self, group: Group, index: int) -> None:
        """Refuse a new group of which only its place could say which schedule is meant for it.

        Groups added at the end count on from there, as in torch.
        """
        values = [one.value for one in self.parts if one.depends_on_group]
        if values and group.get("name") is None and index < self._most_groups:
            raise GradatimError(
                f"Scheduler: the optimizer's parameter groups were changed, and nothing tells "
                f"which schedule of {values[0]} is meant for group {index}: it has no name, and "
                'no known group has its parameters. Give each group a "name" when building the '
                "optimizer, or build the scheduler anew."
            )


def _params(group: Group) -> tuple[int, ...]:
    return tuple(map(id, group["params"]))


def _has_params(one: Member | Former, params: Sequence[Any]) -> bool:
    if isinstance(one, Member):
        return one.params == tuple(map(id, params))
    known = [reference() for reference in one.params]
    return len(known) == len(params) and all(map(is_, known, params))


def _seen(group: Group, assigned: list[Assignment], first: Mapping[str, float]) -> Member:
    return Member(group, group.get("name"), _params(group), assigned, first)
