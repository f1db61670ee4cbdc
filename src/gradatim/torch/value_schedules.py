"""The schedules that the user gave for one value, such as "lr", and the groups that they drive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from gradatim.core.decays import Constant
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import Number, check_argument
from gradatim.core.warn import warn
from gradatim.drive import Plan, Target
from gradatim.errors import GradatimError, invalid_value, unknown_name
from gradatim.torch.group_keys import GroupKey, GroupKeys, is_pattern
from gradatim.torch.hyperparameters import Group, Hyperparameter, group_label
from gradatim.torch.relative import Relative, initial_key, relative_base

ScheduleLike = Schedule | Relative | float | None
"""What drives a group: a schedule, a constant number, or None to leave the group alone."""

# Keys are names, patterns or indices. A union of mappings by key type would make type checkers
# reject {"head": schedule, "*": 1e-4}.
SchedulesByGroup = ScheduleLike | Sequence[ScheduleLike] | Mapping[Any, ScheduleLike]
"""What ``Scheduler`` takes for a value: one schedule, one per group, or some by name or index."""

Groups = Mapping[str | None, Sequence[Group]]
"""The parameter groups of each optimizer, by its name; a single one has no name."""


class Assignment(NamedTuple):
    """What drives one value of one group."""

    hyperparameter: Hyperparameter
    target: Target
    """The target of the plan whose value is written."""
    schedule: Schedule
    base: float | None = None
    """What the schedule multiplies, if it is a relative one."""


class ValueSchedules:
    """The schedules of one value, each for the groups that its key selects.

    Groups that do not have the value are left alone, unless they are named.

    Args:
        value: The name of the value, such as "lr".
        given: What the user gave for it.
        groups: The parameter groups of each optimizer.
    """

    def __init__(
        self, value: str, given: SchedulesByGroup | Mapping[str | None, Schedule], groups: Groups
    ) -> None:
        self.value, self.hyperparameter = value, Hyperparameter.parse(value)
        self._optimizers = [name for name in groups if name is not None]
        all_groups = [group for some in groups.values() for group in some]
        if not any(map(self.is_in, all_groups)):
            self.hyperparameter.check(all_groups[0], value)  # raises: no group has it
        names = {str(group["name"]) for group in all_groups if group.get("name") is not None}
        if isinstance(given, Mapping) and value in given and value not in {*names, *groups}:
            raise GradatimError(
                f"Scheduler: the keys of {value}={{...}} are groups, and no group is named "
                f"{value!r}. A mapping from values is given as Scheduler(optimizer, **mapping)."
            )
        self.by_key: dict[GroupKey, Schedule | Relative | None] = {}
        for given_key, schedule in self._pairs(given, len(all_groups)):
            key = self._key(given_key, names)
            if key in self.by_key:
                raise invalid_value(
                    "Scheduler", value, given, f"a mapping that has group {key} once"
                )
            self.by_key[key] = _as_schedule(value, key, schedule)
        self._keys = GroupKeys(value, self.by_key, self._optimizers)
        initials = [one for one in map(self.initial, all_groups) if one is not None]
        self.is_initially_used = any(initials)
        """Whether some group begins with another number than 0."""
        self.is_initially_mixed = self.is_initially_used and not all(initials)
        """Whether some groups begin with 0, and some with another number."""

    @classmethod
    def of_plan(cls, plan: Plan, groups: Groups) -> list[ValueSchedules]:
        """The schedules of each value of a plan that is in the optimizer."""
        by_value: dict[str, dict[str | None, Schedule]] = {}
        for target, schedule in plan.schedules.items():
            if target.value not in plan.external:
                by_value.setdefault(target.value, {})[target.part] = schedule
        return [cls(value, schedules, groups) for value, schedules in by_value.items()]

    def _pairs(
        self, given: SchedulesByGroup, group_count: int
    ) -> Iterable[tuple[GroupKey, ScheduleLike]]:
        if isinstance(given, Mapping):
            if not given:
                raise invalid_value(
                    "Scheduler", self.value, given, "a mapping with at least one schedule"
                )
            return given.items()
        if not isinstance(given, Sequence) or isinstance(given, (str, Relative)):
            return [(None, given)]
        kind, count = "group", group_count
        if self._optimizers:
            kind, count = "optimizer", len(self._optimizers)
        if len(given) != count:
            raise invalid_value(
                "Scheduler", self.value, given, f"{count} schedules, one per {kind}"
            )
        return enumerate(given)

    def _key(self, key: GroupKey, names: set[str]) -> GroupKey:
        if key is not None and (isinstance(key, bool) or not isinstance(key, (str, int))):
            raise invalid_value("Scheduler", f"a group of {self.value}", key, "a name or an index")
        if self._optimizers:
            if isinstance(key, int):
                if not 0 <= key < len(self._optimizers):
                    raise unknown_name(
                        "Scheduler", f"optimizer of {self.value}", key, self._optimizers
                    )
                return self._optimizers[key]
            return key
        # In a plan file every key is a string: "0" is the index, unless a group has that name.
        if isinstance(key, str) and key.isdecimal() and key not in names:
            return int(key)
        return key

    @property
    def has_one_for_all(self) -> bool:
        """Whether one schedule drives all groups that have no schedule under a key."""
        return isinstance(self.by_key.get(None), Schedule)

    @property
    def differs_by_group(self) -> bool:
        """Whether two groups may have different schedules."""
        if any(isinstance(one, Relative) for one in self.by_key.values()):
            return True
        return set(self.by_key) not in ({None}, {"*"})

    def is_in(self, group: Group) -> bool:
        """Whether a group has this value."""
        return self.hyperparameter.key in group

    def initial(self, group: Group) -> float | None:
        """The number a group began with; None unless one schedule is for all groups."""
        if not self.has_one_for_all or not self.is_in(group):
            return None
        self.hyperparameter.check(group, self.value)
        return float(group.get(initial_key(self.value), self.hyperparameter.number(group)))

    def schedule_for(
        self, group: Group, index: int, optimizer: str | None
    ) -> Schedule | Relative | None:
        """The schedule of a group as it was given; None if the group is left alone.

        Raises:
            GradatimError: If no schedule is for the group.
        """
        return self.by_key[self._keys.find(group, index, optimizer)]

    def assign(self, group: Group, index: int, optimizer: str | None) -> Assignment | None:
        """What drives this value of a group; None if the group is left alone.

        Raises:
            GradatimError: If no schedule is for the group, or it is named and has no such value.
        """
        label = group_label(group, index, optimizer)
        if not self.is_in(group) and label not in self.by_key and index not in self.by_key:
            return None
        key = self._keys.find(group, index, optimizer)
        given = self.by_key[key]
        if given is None:
            return None
        self.hyperparameter.check(group, self.value)
        if isinstance(given, Relative):
            base = relative_base(self.value, self.hyperparameter, group, given)
            target = Target(self.value, label)
            return Assignment(self.hyperparameter, target, base * given.schedule, base)
        return Assignment(self.hyperparameter, _target(self.value, key), given)

    def check_all_used(self, groups: Groups) -> None:
        """Raise if a schedule drives no group, unless it is a pattern for groups added later."""
        found = [(g, i, name) for name, some in groups.items() for i, g in enumerate(some)]
        used = {self._keys.find(*one) for one in found if self.is_in(one[0])}
        for key, given in self.by_key.items():
            if key is None or key in used or given is None or is_pattern(key):
                continue
            if key in self._optimizers:
                self.hyperparameter.check(groups[key][0], self.value)  # raises: it has none
            labels = [group_label(*one) for one in found]
            error = unknown_name("Scheduler", f"group of {self.value}", key, labels)
            if isinstance(key, str) and not get_close_matches(key, labels, n=1):
                raise GradatimError(f"{error} For a group that is added later, write '{key}*'.")
            raise error

    def warn_if_initials_differ(self, groups: Groups) -> None:
        """Warn if one schedule drives groups with different initial values: they become equal."""
        driven: dict[str, float] = {}
        scales = set()
        for name, some in groups.items():
            for i, group in enumerate(some):
                initial = self.initial(group)
                if initial is not None and self._keys.find(group, i, name) is None:
                    driven[group_label(group, i, name)] = initial
                    scales.add(group.get("lr_scale", 1.0))
        if self.value == "lr" and len(scales) > 1:
            warn(
                "Scheduler: the groups have an 'lr_scale', timm's layer decay, and one schedule of "
                "lr ignores it. Write lr=[group['lr_scale'] * schedule for group in "
                "optimizer.param_groups]; if they are to be equal, lr={'*': schedule} says so."
            )
        numbers = {number for number in driven.values() if number != 0.0 or self.value == "lr"}
        if len(numbers) > 1:
            listed = ", ".join(f"{name}: {number:g}" for name, number in list(driven.items())[:6])
            warn(
                f"Scheduler: the groups begin with different {self.value} ({listed}), and one "
                f"schedule makes them equal. To multiply each group's own, write {self.value}="
                f"relative(schedule) with a peak of 1.0; if they are to be equal, {self.value}="
                "{'*': schedule} says so."
            )

    def schedules(self) -> dict[Target, Schedule]:
        """The schedules that are in the plan whether or not they drive a group yet."""
        given = self.by_key.items()
        return {_target(self.value, key): one for key, one in given if isinstance(one, Schedule)}


def _target(value: str, key: GroupKey) -> Target:
    return Target(value, None if key is None else str(key))


def _as_schedule(value: str, key: GroupKey, given: ScheduleLike) -> Schedule | Relative | None:
    name = value if key is None else f"{value}[{key!r}]"
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return Constant(check_argument("Scheduler", name, Number, given))
    if isinstance(given, Schedule | Relative) or (given is None and key is not None):
        return given
    allowed, hint = "a schedule or a number that stays", ""
    if key is None:
        allowed += ", a list of them, or a mapping from groups"
    if isinstance(given, str):
        hint = (
            f"Write plan={given!r} for a plan file."
            if given.endswith((".yaml", ".yml", ".toml", ".json"))
            else f"Write {value}=gradatim.parse(...) for the text of a schedule."
        )
    elif callable(given):
        hint = "Write gradatim.Function(function) for a function of the step."
    raise invalid_value("Scheduler", name, given, allowed, hint)


def new_schedules(
    assignments: Iterable[Assignment], known: Mapping[Target, Schedule]
) -> dict[Target, Schedule]:
    """The schedules of these assignments, where they are not known yet."""
    found: dict[Target, Schedule] = {}
    for _, target, schedule, _ in assignments:
        if found.setdefault(target, known.get(target, schedule)) != schedule:
            raise GradatimError(
                f"Scheduler: {target} is to be driven by two schedules, since two groups have that "
                f"name or index and begin with different {target.value}. Give each group a "
                '"name" of its own; for another optimizer, build a new Scheduler.'
            )
    return {target: schedule for target, schedule in found.items() if target not in known}
