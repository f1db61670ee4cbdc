"""Which schedule serves which parameter group: by name, by index, by pattern, or one for all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from gradatim.core.decays import Constant
from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.schedule import Schedule
from gradatim.core.warn import warn
from gradatim.drive import Plan, Target
from gradatim.torch.groups import Entry, Group, label
from gradatim.torch.relative import Relative, initial, relative_base

One = Schedule | Relative | float | None
"""What serves a group: a schedule, a number that stays, or None to leave the group alone."""

# Keys are names, patterns or indices. A union of mappings by key type would make type checkers
# reject {"head": schedule, "*": 1e-4}.
Wanted = One | Sequence[One] | Mapping[Any, One]
"""What ``Scheduler`` takes for a value."""

Groups = Mapping[str | None, Sequence[Group]]
"""The parameter groups of each optimizer, by its name; a single one has no name."""

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
    its name, then the schedule for all. Of several optimizers, a group "embed" of "adamw" is named
    "adamw/embed", and "adamw" alone is the pattern "adamw/*". Groups that do not have the value
    are left alone, unless they are named.

    Args:
        value: The name of the value, such as "lr".
        wanted: What the user gave for it.
        groups: The parameter groups of each optimizer.
    """

    def __init__(self, value: str, wanted: Any, groups: Groups) -> None:
        self.value, self.entry = value, Entry.read(value)
        self._optimizers = [name for name in groups if name is not None]
        every = [group for each in groups.values() for group in each]
        if not any(map(self.is_in, every)):
            self.entry.check(every[0], value)  # says what there is
        names = {str(group["name"]) for group in every if group.get("name") is not None}
        self.given: dict[str | int | None, Schedule | Relative | None] = {}
        for part, one in self._by_part(wanted, every).items():
            key = self._key(part, names)
            if key in self.given:
                raise refuse("Scheduler", value, wanted, f"a mapping that has group {key} once")
            self.given[key] = _schedule(value, key, one)
        firsts = [first for first in map(self.first, every) if first is not None]
        self.is_on = any(firsts)
        """Whether some group begins with another number than 0."""
        self.is_mixed = self.is_on and not all(firsts)
        """Whether some begin with 0, and some with another number."""

    @classmethod
    def of_plan(cls, plan: Plan, groups: Groups) -> list[Parts]:
        """The schedules of each value of a plan that is in the optimizer."""
        by_value: dict[str, dict[str | None, Schedule]] = {}
        for target, schedule in plan.schedules.items():
            if target.value not in plan.external:
                by_value.setdefault(target.value, {})[target.part] = schedule
        return [cls(value, parts, groups) for value, parts in by_value.items()]

    def _by_part(self, wanted: Any, every: Sequence[Group]) -> Mapping[Any, Any]:
        if isinstance(wanted, Sequence) and not isinstance(wanted, (str, Relative)):
            of, count = ("group", len(every))
            if self._optimizers:
                of, count = ("optimizer", len(self._optimizers))
            if len(wanted) != count:
                raise refuse("Scheduler", self.value, wanted, f"{count} schedules, one per {of}")
            return dict(enumerate(wanted))
        if not isinstance(wanted, Mapping):
            return {None: wanted}
        if not wanted:
            raise refuse("Scheduler", self.value, wanted, "a mapping with at least one schedule")
        return wanted

    def _key(self, part: Any, names: set[str]) -> str | int | None:
        if part is not None and (isinstance(part, bool) or not isinstance(part, (str, int))):
            raise refuse("Scheduler", f"a group of {self.value}", part, "a name or an index")
        if self._optimizers:
            if isinstance(part, int):
                if not 0 <= part < len(self._optimizers):
                    raise unknown("Scheduler", f"optimizer of {self.value}", part, self._optimizers)
                return self._optimizers[part]
            return part
        # In a file every key is a text: "0" is the index, unless a group has that name.
        return (
            int(part) if isinstance(part, str) and part.isdecimal() and part not in names else part
        )

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

    def is_in(self, group: Group) -> bool:
        """Whether a group has this value."""
        return self.entry.key in group

    def first(self, group: Group) -> float | None:
        """What a group began with, where it may be left alone because it began with 0."""
        if not self.has_one_for_all or not self.is_in(group):
            return None
        self.entry.check(group, self.value)
        return float(group.get(initial(self.value), self.entry.number(group)))

    def key_for(self, group: Group, index: int, optimizer: str | None) -> str | int | None:
        """The name, index or pattern whose schedule serves this group; None is the one for all."""
        own = label(group, index, optimizer)
        if own in self.given:
            return own
        if optimizer is None and index in self.given:
            return index
        patterns = [p for p in self.given if isinstance(p, str) and self._matches(p, own)]
        if patterns:
            return self._most_specific(patterns, own)
        if None in self.given:
            return None
        listed = ", ".join(str(part) for part in self.given)
        starts = [p for p in self.given if isinstance(p, str) and own.startswith(p)]
        hint = f" A name is not a prefix; a pattern is: write '{starts[0]}*'." if starts else ""
        alone = ""
        if optimizer is not None:
            alone = f" To leave that optimizer alone, write '{optimizer}': None."
        raise GradatimError(
            f"Scheduler: no schedule of {self.value} is for group {own!r}; there are {listed}. "
            f"Add one for it, or one for '*'.{hint}{alone}"
        )

    def _pattern(self, part: str) -> str:
        return f"{part}/*" if part in self._optimizers else part

    def _matches(self, part: str, own: str) -> bool:
        return fnmatchcase(own, self._pattern(part))

    def _most_specific(self, patterns: list[str], own: str) -> str:
        """The matching pattern with the most characters that are no wildcard."""
        most = max(map(self._literal_characters, patterns))
        rivals = [p for p in patterns if self._literal_characters(p) == most]
        if len(rivals) > 1:
            raise GradatimError(
                f"Scheduler: the patterns {' and '.join(map(repr, rivals))} of {self.value} both "
                f"match group {own!r}, and neither is more specific. Give the group a schedule "
                "under its own name."
            )
        return rivals[0]

    def _literal_characters(self, part: str) -> int:
        return len(re.sub(r"\[!?\]?[^]]*\]|[*?]", "", self._pattern(part)))

    def assign(self, group: Group, index: int, optimizer: str | None) -> Assignment | None:
        """What drives this value of a group; None if the group is left alone.

        Raises:
            GradatimError: If no schedule is for the group, or it is named and has no such value.
        """
        own = label(group, index, optimizer)
        if not self.is_in(group) and own not in self.given and index not in self.given:
            return None
        key = self.key_for(group, index, optimizer)
        given = self.given[key]
        if given is None:
            return None
        self.entry.check(group, self.value)
        if isinstance(given, Relative):
            base = relative_base(self.value, self.entry, group, given)
            return Assignment(self.entry, Target(self.value, own), base * given.schedule, base)
        return Assignment(self.entry, _target(self.value, key), given)

    def check_served(self, groups: Groups) -> None:
        """Refuse a schedule that no group takes, unless it is a pattern for groups added later."""
        placed = [(g, i, name) for name, each in groups.items() for i, g in enumerate(each)]
        served: dict[str | int | None, list[Group]] = {}
        for group, index, name in placed:
            if self.is_in(group):
                served.setdefault(self.key_for(group, index, name), []).append(group)
        for part, given in self.given.items():
            if part is None or part in served or given is None:
                continue
            if isinstance(part, str) and any(sign in part for sign in _WILDCARDS):
                continue
            if part in self._optimizers:
                self.entry.check(groups[part][0], self.value)  # says what that optimizer has
            labels = [label(*place) for place in placed]
            raise unknown("Scheduler", f"group of {self.value}", part, labels)

    def warn_of_spread(self, groups: Groups) -> None:
        """Warn of one schedule for groups that begin with different values: it makes them equal."""
        mine, served = {}, []
        for name, each in groups.items():
            for i, group in enumerate(each):
                first = self.first(group)
                if first is not None and self.key_for(group, i, name) is None:
                    mine[label(group, i, name)] = first
                    served.append(group)
        if self.value == "lr" and len({group.get("lr_scale", 1.0) for group in served}) > 1:
            warn(
                "Scheduler: the groups have an 'lr_scale', timm's layer decay, and one schedule of "
                "lr ignores it. Write lr=[group['lr_scale'] * schedule for group in "
                "optimizer.param_groups]; if they are to be equal, lr={'*': schedule} says so."
            )
        numbers = {number for number in mine.values() if number != 0.0 or self.value == "lr"}
        if len(numbers) > 1:
            listed = ", ".join(f"{name}: {number:g}" for name, number in list(mine.items())[:6])
            warn(
                f"Scheduler: the groups begin with different {self.value} ({listed}), and one "
                f"schedule makes them equal. To multiply each group's own, write {self.value}="
                f"relative(schedule) with a peak of 1.0; if they are to be equal, {self.value}="
                "{'*': schedule} says so."
            )

    def schedules(self) -> dict[Target, Schedule]:
        """The schedules that are in the plan whether or not a group takes them yet."""
        given = self.given.items()
        return {_target(self.value, key): one for key, one in given if isinstance(one, Schedule)}


def _target(value: str, key: str | int | None) -> Target:
    return Target(value, None if key is None else str(key))


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
