"""Which schedule serves which parameter group: by name, by index, by pattern, or one for all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from gradatim.core.decays import Constant
from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.schedule import Schedule
from gradatim.drive import Plan, Target
from gradatim.torch.groups import Entry, Group, label
from gradatim.torch.relative import Relative, relative_base

One = Schedule | Relative | float | None
"""What serves a group: a schedule, a number that stays, or None to leave the group alone."""

Wanted = One | Sequence[One] | Mapping[str, One] | Mapping[int, One] | Mapping[str | int, One]
"""What ``Scheduler`` takes for a value."""

_WILDCARDS = "*?["


class Assignment(NamedTuple):
    """What drives one value of one group."""

    entry: Entry
    target: Target
    """The target of the plan whose value is written."""
    schedule: Schedule
    base: float | None = None
    """What the schedule multiplies, if it is a relative one."""


class Parts:
    """The schedules of one value, by the groups they are for.

    A group's own name comes first, then its index, then the most specific pattern that matches
    its name, then the schedule for all.

    Args:
        value: The name of the value, such as "lr".
        wanted: What the user gave for it.
        groups: The parameter groups.
    """

    def __init__(self, value: str, wanted: Any, groups: Sequence[Group]) -> None:
        self.value, self.entry = value, Entry.read(value)
        if not any(self.entry.key in group for group in groups):
            self.entry.check(groups[0], value)  # says what there is
        self.given: dict[str | int | None, Schedule | Relative | None] = {}
        if isinstance(wanted, Sequence) and not isinstance(wanted, (str, Relative)):
            if len(wanted) != len(groups):
                raise refuse("Scheduler", value, wanted, f"{len(groups)} schedules, one per group")
            wanted = dict(enumerate(wanted))
        if not isinstance(wanted, Mapping):
            wanted = {None: wanted}
        if not wanted:
            raise refuse("Scheduler", value, wanted, "a mapping with at least one schedule")
        names = {str(group["name"]) for group in groups if group.get("name") is not None}
        for part, one in wanted.items():
            if part is not None and (isinstance(part, bool) or not isinstance(part, (str, int))):
                raise refuse("Scheduler", f"a group of {value}", part, "a name or an index")
            # In a file every key is a text: "0" is the index, unless a group has that name.
            if isinstance(part, str) and part.isdecimal() and part not in names:
                part = int(part)
            if part in self.given:
                raise refuse("Scheduler", value, wanted, f"a mapping that has group {part} once")
            self.given[part] = _schedule(value, part, one)

    @classmethod
    def of_plan(cls, plan: Plan, groups: Sequence[Group]) -> list[Parts]:
        """The schedules of each value of a plan."""
        by_value: dict[str, dict[str | None, Schedule]] = {}
        for target, schedule in plan.schedules.items():
            by_value.setdefault(target.value, {})[target.part] = schedule
        return [cls(value, parts, groups) for value, parts in by_value.items()]

    @property
    def has_one_for_all(self) -> bool:
        """Whether one schedule, the same for every group, serves those without one of their own."""
        return isinstance(self.given.get(None), Schedule)

    @property
    def depends_on_group(self) -> bool:
        """Whether two groups may be served by different schedules."""
        if any(isinstance(one, Relative) for one in self.given.values()):
            return True
        return set(self.given) not in ({None}, {"*"})

    def key_for(self, group: Group, index: int) -> str | int | None:
        """The name, index or pattern whose schedule serves this group; None is the one for all."""
        own = label(group, index)
        if own in self.given:
            return own
        if index in self.given:
            return index
        patterns = [p for p in self.given if isinstance(p, str) and fnmatchcase(own, p)]
        if patterns:
            return self._most_specific(patterns, own)
        if None in self.given:
            return None
        listed = ", ".join(str(part) for part in self.given)
        starts = [p for p in self.given if isinstance(p, str) and own.startswith(p)]
        hint = f" A name is not a prefix; a pattern is: write '{starts[0]}*'." if starts else ""
        raise GradatimError(
            f"Scheduler: no schedule of {self.value} is for group {own!r}; there are {listed}. "
            f"Add one for it, or one for '*'.{hint}"
        )

    def _most_specific(self, patterns: list[str], own: str) -> str:
        """The matching pattern with the most characters that are no wildcard."""
        best = max(patterns, key=_literal_characters)
        rivals = [p for p in patterns if _literal_characters(p) == _literal_characters(best)]
        if len(rivals) > 1:
            raise GradatimError(
                f"Scheduler: the patterns {' and '.join(map(repr, rivals))} of {self.value} both "
                f"match group {own!r}, and neither is more specific. Give the group a schedule "
                "under its own name."
            )
        return best

    def assign(self, group: Group, index: int) -> Assignment | None:
        """What drives this value of a group; None if the group is left alone.

        Raises:
            GradatimError: If no schedule is for the group, or it has no such value.
        """
        key = self.key_for(group, index)
        given = self.given[key]
        if given is None:
            return None
        self.entry.check(group, self.value)
        if isinstance(given, Relative):
            base = relative_base(self.value, self.entry, group, given)
            target = Target(self.value, label(group, index))
            return Assignment(self.entry, target, base * given.schedule, base)
        return Assignment(self.entry, _target(self.value, key), given)

    def check_served(self, groups: Sequence[Group]) -> None:
        """Refuse a schedule that no group takes, unless it is a pattern for groups added later."""
        keys = {self.key_for(group, i) for i, group in enumerate(groups)}
        labels = [label(group, i) for i, group in enumerate(groups)]
        for part in self.given:
            if part is None or part in keys:
                continue
            if isinstance(part, str) and any(sign in part for sign in _WILDCARDS):
                continue
            raise unknown("Scheduler", f"group of {self.value}", part, labels)

    def schedules(self) -> dict[Target, Schedule]:
        """The schedules that are in the plan whether or not a group takes them yet."""
        given = self.given.items()
        return {_target(self.value, key): one for key, one in given if isinstance(one, Schedule)}


def _target(value: str, key: str | int | None) -> Target:
    return Target(value, None if key is None else str(key))


def _literal_characters(pattern: str) -> int:
    return len(re.sub(r"\[!?\]?[^]]*\]|[*?]", "", pattern))


def _schedule(value: str, part: str | int | None, given: object) -> Schedule | Relative | None:
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return Constant(given)
    if isinstance(given, Schedule | Relative) or (given is None and part is not None):
        return given
    allowed = "a schedule or a number that stays"
    if part is None:
        allowed += ", a list of them, or a mapping from groups"
    raise refuse("Scheduler", value if part is None else f"{value}[{part!r}]", given, allowed)


def new_schedules(
    assigned: Iterable[Assignment], known: Mapping[Target, Schedule]
) -> dict[Target, Schedule]:
    """The schedules of these assignments, where they are not known yet."""
    found: dict[Target, Schedule] = {}
    for _, target, schedule, _ in assigned:
        if found.setdefault(target, known.get(target, schedule)) != schedule:
            raise GradatimError(
                f"Scheduler: {target} is to be driven by two schedules, since two groups have that "
                f"name or index and begin with different {target.value}. Give each group a "
                '"name" of its own; for another optimizer, build a new Scheduler.'
            )
    return {target: schedule for target, schedule in found.items() if target not in known}
