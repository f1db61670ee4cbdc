"""Which schedule serves which parameter group: by name, index or pattern, absolute or relative."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.schedule import Schedule
from gradatim.torch.groups import Entry, Group


class Relative(NamedTuple):
    """A schedule of factors, each group's own base being what they multiply."""

    schedule: Schedule


Wanted = (
    Schedule
    | Relative
    | Sequence[Schedule | Relative]
    | Mapping[str, Schedule | Relative]
    | Mapping[int, Schedule | Relative]
    | Mapping[str | int, Schedule | Relative]
)


def relative(schedule: Schedule) -> Relative:
    """Multiply what each group began with: layer-wise decay, muP, one shape for many rates.

    The base of a group is its "initial_lr" (in general, "initial_" and the value's name), which
    is written when a scheduler first sees the group and travels in the optimizer's checkpoint.
    Each group's values have its name or index: ``scheduler.applied["lr/head"]``.

    Args:
        schedule: A schedule of factors, such as one with ``peak=1.0``.

    Raises:
        GradatimError: If it is no schedule.

    >>> import torch
    >>> from gradatim import Linear
    >>> from gradatim.torch import Scheduler
    >>> def weights():
    ...     return [torch.nn.Parameter(torch.zeros(1))]
    >>> groups = [
    ...     {"params": weights(), "lr": 0.5, "name": "body"},
    ...     {"params": weights(), "lr": 2.0, "name": "head"},
    ... ]
    >>> optimizer = torch.optim.SGD(groups)
    >>> scheduler = Scheduler(optimizer, lr=relative(Linear(start=1.0, end=0.0, steps=4)))
    >>> optimizer.step()
    >>> scheduler.next
    {'lr/body': 0.375, 'lr/head': 1.5}
    """
    if not isinstance(schedule, Schedule):
        raise refuse("relative", "schedule", schedule, "a schedule")
    return Relative(schedule)


def per_part(name: str, wanted: Any, groups: Sequence[Group]) -> dict[str, Schedule | Relative]:
    """The schedules of one value by name: ``{"lr": ...}``, or ``{"lr/head": ..., "lr/0": ...}``."""
    if isinstance(wanted, Schedule):
        return {name: wanted}
    if isinstance(wanted, Relative):
        wanted = {"*": wanted}
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        if len(wanted) != len(groups):
            raise refuse("Scheduler", name, wanted, f"{len(groups)} schedules, one a group")
        wanted = dict(enumerate(wanted))
    if not isinstance(wanted, Mapping) or not wanted:
        raise refuse(
            "Scheduler", name, wanted, "a schedule, a list of them, or a mapping from groups",
            f"For one value all along, write {name}=Constant(value).",
        )  # fmt: skip
    for part, schedule in wanted.items():
        if not isinstance(schedule, Schedule | Relative):
            raise refuse("Scheduler", f"{name}[{part!r}]", schedule, "a schedule")
    return {f"{name}/{part}": schedule for part, schedule in wanted.items()}


class Part(NamedTuple):
    """What is written to one entry of one group."""

    entry: Entry
    name: str
    schedule: Schedule
    base: float | None = None

    def keep_base(self, group: Group) -> None:
        """Note in the group what it began with, as torch does, for its checkpoint to carry."""
        if self.base is not None:
            group[_initial(self.name.partition("/")[0])] = self.base


def parts(
    wanted: Mapping[str, Schedule | Relative],
    entries: Mapping[str, Entry],
    group: Group,
    position: int,
) -> list[Part]:
    """What a group takes of all that is wanted."""
    taken = []
    for value, entry in entries.items():
        entry.check(group, value)
        name = serving(wanted, value, group, position)
        schedule = wanted[name]
        if isinstance(schedule, Relative):
            name, base = f"{value}/{label(group, position)}", _base(value, entry, group)
            taken.append(Part(entry, name, base * schedule.schedule, base))
        else:
            taken.append(Part(entry, name, schedule))
    return taken


def _initial(value: str) -> str:
    return f"initial_{value}"


def _base(value: str, entry: Entry, group: Group) -> float:
    base = group.get(_initial(value), entry.number(group))
    if isinstance(base, bool) or not isinstance(base, (int, float)) or base - base != 0:
        raise refuse("relative", f"{_initial(value)} of a group", base, "a finite number")
    return float(base)


def merged(parts: Iterable[Part], known: Mapping[str, Schedule]) -> dict[str, Schedule]:
    """The schedules of these parts that are not known yet, by name."""
    found: dict[str, Schedule] = {}
    for _, name, schedule, _ in parts:
        if found.setdefault(name, known.get(name, schedule)) != schedule:
            value, _, group = name.partition("/")
            raise GradatimError(
                f"Scheduler: two groups are called {group!r} and begin with different {value}. "
                'Give each a "name" of its own.'
            )
    return {name: schedule for name, schedule in found.items() if name not in known}


def serving(names: Iterable[str], value: str, group: Group, position: int) -> str:
    """Which of the schedules' names serves this group: its own name, its index, or a pattern."""
    mine = [name for name in names if name == value or name.startswith(f"{value}/")]
    if mine == [value]:
        return value
    own = label(group, position)
    for name in (f"{value}/{own}", f"{value}/{position}"):
        if name in mine:
            return name
    for name in mine:
        if fnmatchcase(own, name.partition("/")[2]):
            return name
    raise GradatimError(
        f"Scheduler: no schedule of {value} is for group {own!r}; there are "
        f"{', '.join(name.partition('/')[2] for name in mine)}. Add one for it, or one for '*'."
    )


def all_serve(names: Iterable[str], serving: Container[str], groups: Sequence[Group]) -> None:
    """Refuse a schedule that no group takes, unless it is for a pattern and so may be for later."""
    for name in names:
        part = name.partition("/")[2]
        if name not in serving and not any(sign in part for sign in "*?["):
            labels = [label(group, i) for i, group in enumerate(groups)]
            raise unknown("Scheduler", f"group of {name.partition('/')[0]}", part, labels)


def label(group: Group, position: int) -> str:
    """What a group is called: by its own name, or else by its place."""
    return str(group.get("name", position))


def in_our_order(state: dict[str, Any], groups: Sequence[Group], strict: bool) -> dict[str, Any]:
    """The state of an optimizer with its groups in the order of these, by their names.

    torch matches groups by place: in another order, one would get the momentum of another.

    Raises:
        GradatimError: If both have names and, strictly, they are not the same ones.
    """
    saved = state.get("param_groups")
    if not isinstance(saved, list) or len(saved) != len(groups):
        return state  # torch says what is wrong
    ours, theirs = ([group.get("name") for group in some] for some in (groups, saved))
    if ours == theirs:
        return state
    if None not in ours and set(ours) == set(theirs) and len(set(ours)) == len(ours):
        by_name = {group["name"]: group for group in saved}
        return state | {"param_groups": [by_name[name] for name in ours]}
    if strict and any(
        one != two and None not in (one, two) for one, two in zip(ours, theirs, strict=True)
    ):
        raise GradatimError(
            f"Scheduler: the optimizer's checkpoint has the groups {_listed(theirs)}; this "
            f"optimizer has {_listed(ours)}. torch would match them by place. Give all groups the "
            "same names in both, or build the scheduler with on_mismatch='override'."
        )
    # Names are the script's to give, also to an older checkpoint without.
    named = [
        group if name is None else group | {"name": name}
        for group, name in zip(saved, ours, strict=True)
    ]
    return state | {"param_groups": named}


def _listed(names: Iterable[Any]) -> str:
    return ", ".join("(no name)" if name is None else str(name) for name in names)
