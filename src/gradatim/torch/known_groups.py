"""The parameter groups of an optimizer, and what drives each value of each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import is_
from typing import Any, NamedTuple
from weakref import ReferenceType, ref

from torch import Tensor
from torch.optim import Optimizer

from gradatim.core.schedule import Schedule
from gradatim.drive import Target
from gradatim.errors import GradatimError
from gradatim.torch.hyperparameters import Group, group_label
from gradatim.torch.relative import Relative, initial_key, unknown_base
from gradatim.torch.value_schedules import Assignment, ValueSchedules, new_schedules


class KnownGroup(NamedTuple):
    """A group of the optimizer as it was last seen."""

    group: Group
    name: str | None
    params: tuple[int, ...]
    """The ids of its parameters."""
    assignments: list[Assignment]
    initials: Mapping[str, float]
    """What it began with, by the names of the values that one schedule drives in all groups."""

    def has_params(self, params: Sequence[Tensor]) -> bool:
        """Whether it has these parameters, in this order."""
        return self.params == tuple(map(id, params))


class RemovedGroup(NamedTuple):
    """A group that was taken out of the optimizer, and may be put back."""

    name: str | None
    params: tuple[ReferenceType[Tensor], ...]
    assignments: list[Assignment]
    initials: Mapping[str, float]

    def has_params(self, params: Sequence[Tensor]) -> bool:
        """Whether it had these parameters, in this order."""
        known = [reference() for reference in self.params]
        return len(known) == len(params) and all(map(is_, known, params))


class KnownGroups:
    """Recognizes groups after they were removed, reordered, replaced, renamed or added.

    A group with a name is recognized by it. A group without a name is recognized as the same
    object, or by its parameters.

    Args:
        optimizer: The optimizer.
        values: The schedules of each value.
        name: The name of the optimizer, if it is one of several.
    """

    def __init__(
        self, optimizer: Optimizer, values: Sequence[ValueSchedules], name: str | None = None
    ) -> None:
        self.optimizer, self.values, self.name = optimizer, list(values), name
        self.groups: list[KnownGroup] = []
        self._removed: list[RemovedGroup] = []
        self._most_groups = 0
        # (value, group) whose base was read from a number that a schedule may have changed.
        self._uncertain_bases: list[tuple[str, str]] = []
        groups = optimizer.param_groups
        initials = [self._initials(group) for group in groups]
        pairs = zip(groups, initials, strict=True)
        self.replace([self._new(g, i, own, initials) for i, (g, own) in enumerate(pairs)])

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_removed": []}  # weak references cannot be copied

    def label(self, group: Group, index: int) -> str:
        """The name or index of a group, after the name of its optimizer if there are several."""
        return group_label(group, index, self.name)

    def schedules(self) -> dict[Target, Schedule]:
        """All schedules of the plan, including those for groups that are added later."""
        given = {t: s for one in self.values for t, s in one.schedules().items()}
        return given | new_schedules(self.assignments(), given)

    def assignments(self) -> list[Assignment]:
        """What drives each value of each group."""
        return [one for known in self.groups for one in known.assignments]

    def is_current(self) -> bool:
        """Whether the optimizer has the known groups, in order and with the same names."""
        groups, known_groups = self.optimizer.param_groups, self.groups
        if len(groups) != len(known_groups):
            return False
        for group, known in zip(groups, known_groups):  # noqa: B905  strict=True is slower
            if group is not known.group or group.get("name") is not known.name:
                return False
        return True

    def has_swapped_groups(self) -> bool:
        """Whether the optimizer has none of the known groups, but one that was removed before."""
        groups = self.optimizer.param_groups
        known = {id(one.group) for one in self.groups}
        return not any(id(group) in known for group in groups) and any(
            one.has_params(group["params"]) for group in groups for one in self._removed
        )

    def recognized(self) -> list[KnownGroup]:
        """The optimizer's groups as they are now.

        Raises:
            GradatimError: If the schedule of one of them is ambiguous.
        """
        return [self._recognize(group, i) for i, group in enumerate(self.optimizer.param_groups)]

    def recognized_by_index(self) -> list[KnownGroup]:
        """The optimizer's groups after a load, which replaces the group at each index."""
        pairs = zip(self.optimizer.param_groups, self.groups, strict=True)
        return [
            _known(group, known.assignments, known.initials)
            if group.get("name") == known.name
            else self._recognize(group, i)
            for i, (group, known) in enumerate(pairs)
        ]

    def _recognize(self, group: Group, index: int) -> KnownGroup:
        known = self._find(group)
        if known is not None:
            return _known(group, known.assignments, known.initials)
        self._check_is_added(group, index)
        initials = self._initials(group)
        others = [one.initials for one in self.groups]
        return self._new(group, index, initials, [*others, initials])

    def replace(self, groups: list[KnownGroup]) -> None:
        """Make these the known groups."""
        present = {id(one.group) for one in groups}
        for one in self.groups:
            if id(one.group) not in present:
                params = tuple(ref(parameter) for parameter in one.group["params"])
                self._removed.append(RemovedGroup(one.name, params, one.assignments, one.initials))
        self.groups = groups
        self._most_groups = max(self._most_groups, len(groups))

    def drives_all(self, value: str) -> bool:
        """Whether every group has a schedule for this value."""
        return all(any(a.target.value == value for a in one.assignments) for one in self.groups)

    def store_initial_values(self) -> None:
        """Store initial values in the groups, as torch does, so that checkpoints have them."""
        for known in self.groups:
            for value, number in self._to_store(known).items():
                known.group[initial_key(value)] = number

    def targets(self) -> dict[str, list[str]]:
        """The targets that drive each group, by its name or index."""
        return {
            self.label(known.group, i): [str(one.target) for one in known.assignments]
            for i, known in enumerate(self.groups)
        }

    def _to_store(self, known: KnownGroup) -> dict[str, float]:
        """Initial values that a scheduler needs if it is built in the middle of a run."""
        stored = {one.target.value: one.base for one in known.assignments if one.base is not None}
        mixed = {one.value for one in self.values if one.is_initially_mixed}
        for value, number in known.initials.items():
            zeros = {
                other.initials[value] == 0.0 for other in self.groups if value in other.initials
            }
            if len(zeros) == 2 or value in mixed:
                stored[value] = number
        return stored

    def _initials(self, group: Group) -> dict[str, float]:
        initials = {one.value: one.initial(group) for one in self.values}
        return {value: initial for value, initial in initials.items() if initial is not None}

    def _new(
        self,
        group: Group,
        index: int,
        initials: Mapping[str, float],
        all_initials: Sequence[Mapping[str, float]],
    ) -> KnownGroup:
        assignments = []
        for one in self.values:
            assignment = one.assign(group, index, self.name)
            if assignment is None:
                continue
            if assignment.base is not None:
                self._check_base(one, group, index)
            # Keep weight_decay=0 groups at 0 (biases, norms) if other groups decay.
            is_zero = initials.get(one.value) == one.hyperparameter.number(group) == 0.0
            is_for_all = assignment.target == Target(one.value) and one.value != "lr"
            others = one.is_initially_used or any(other.get(one.value) for other in all_initials)
            if not (is_zero and is_for_all and others):
                assignments.append(assignment)
        return _known(group, assignments, initials)

    def _check_base(self, schedules: ValueSchedules, group: Group, index: int) -> None:
        """Raise if a schedule may have changed the number that would be taken for the base."""
        value, hyperparameter = schedules.value, schedules.hyperparameter
        given = schedules.schedule_for(group, index, self.name)
        if not isinstance(given, Relative) or given.base is not None:
            return
        if initial_key(value) in group:
            return
        if any(p in self.optimizer.state for p in group["params"]):
            raise unknown_base(value, self.label(group, index))
        # Without optimizer state there may have been updates all the same. If all groups agree on
        # a number that is not the optimizer's default, a schedule may have written it.
        groups = [one for one in self.optimizer.param_groups if hyperparameter.key in one]
        numbers = {hyperparameter.number(one) for one in groups}
        if len(numbers) == 1 and numbers != {self.optimizer.defaults.get(hyperparameter.key)}:
            self._uncertain_bases.append((value, self.label(group, index)))

    def check_bases(self) -> None:
        """Raise, for a run that goes on in the middle, if the base of a relative is uncertain."""
        if self._uncertain_bases:
            raise unknown_base(*self._uncertain_bases[0])

    def _find(self, group: Group) -> KnownGroup | RemovedGroup | None:
        """The known group that a group is; None if it is new, or has a new name."""
        name, params = group.get("name"), group["params"]
        same = next((one for one in self.groups if one.group is group), None)
        if same is not None and same.name == name:
            return same
        if name is not None:
            named = [one for one in self._known_and_removed() if one.name == name]
            return next((one for one in named if one.has_params(params)), next(iter(named), None))
        if same is not None or not params:
            return None  # its name was deleted, or there is nothing to recognize it by
        return next((one for one in self._known_and_removed() if one.has_params(params)), None)

    def _known_and_removed(self) -> Iterator[KnownGroup | RemovedGroup]:
        yield from self.groups
        yield from self._removed

    def _check_is_added(self, group: Group, index: int) -> None:
        """Raise if a new group is ambiguous: schedules differ, and only its index identifies it.

        Indices of groups added at the end are new, as in torch.
        """
        values = [one.value for one in self.values if one.differs_by_group]
        if values and group.get("name") is None and index < self._most_groups:
            raise GradatimError(
                f"Scheduler: the optimizer's parameter groups were changed, and it is ambiguous "
                f"which schedule of {values[0]} is meant for group {index}: it has no name, and "
                'no known group has its parameters. Give each group a "name" when building the '
                "optimizer, or build the scheduler anew."
            )


def _known(
    group: Group, assignments: list[Assignment], initials: Mapping[str, float]
) -> KnownGroup:
    params = tuple(map(id, group["params"]))
    return KnownGroup(group, group.get("name"), params, assignments, initials)
