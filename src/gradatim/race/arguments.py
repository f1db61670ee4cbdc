"""Checks and completes the arguments of a race."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping

from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value
from gradatim.race.task import Task


def require_packages(*packages: str, extra: str = "race") -> None:
    """Refuse to start if one of these packages is not installed."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise GradatimError(
                f"race: the package {package} is not installed. "
                f'Write pip install "gradatim[{extra}]".'
            )


def resolve_updates(task: Task, wanted: int | None) -> int | None:
    """The updates of a run: as given, or the default of the task; None if the task sets them."""
    if wanted is None:
        if task.takes_updates and task.updates is None:
            raise invalid_value(
                "race", "updates", wanted, f"a number, {task.name} has no default for it"
            )
        return task.updates
    if not _is_integer(wanted, 1):
        raise invalid_value("race", "updates", wanted, "a whole number of updates, 1 or more")
    if not task.takes_updates:
        raise GradatimError(
            f"race: updates must be left out, task {task.name} sets the number itself, "
            f"got {wanted}. To let the race decide, write run(schedule, seed, updates=300)."
        )
    return wanted


def resolve_contestants(
    task: Task, schedules: Mapping[str, Schedule] | None, updates: int | None
) -> dict[str, Schedule]:
    """The schedules by name: those given, or those of the task."""
    if not schedules:
        if task.contestants is None or updates is None:
            raise GradatimError(
                f"race: schedules must be given, task {task.name} has none of its own. Give "
                "two to compare, such as warmup_cosine(peak=1e-3, warmup=60, steps=300)."
            )
        return dict(task.contestants(updates))
    seen: dict[Schedule, str] = {}
    for name, schedule in schedules.items():
        if not isinstance(schedule, Schedule):
            raise invalid_value("race", f"schedule {name!r}", schedule, "a Schedule")
        if schedule in seen:
            raise GradatimError(
                f"race: schedules must differ, {seen[schedule]!r} and {name!r} are both "
                f"{schedule!r}. Leave one out."
            )
        seen[schedule] = name
    return dict(schedules)


def resolve_seeds(wanted: int | Iterable[int]) -> tuple[int, ...]:
    """The seeds: so many from 0 on, or a list of them."""
    numbers: tuple[int, ...] = ()
    if _is_integer(wanted, 1):
        numbers = tuple(range(wanted))  # type: ignore[arg-type]
    elif isinstance(wanted, Iterable):
        numbers = tuple(wanted)
    if (
        not numbers
        or len(set(numbers)) < len(numbers)
        or not all(_is_integer(n, 0) for n in numbers)
    ):
        allowed = "how many, 1 or more, or a list of different whole numbers, 0 or more"
        raise invalid_value("race", "seeds", wanted, allowed)
    return numbers


def check_jobs(wanted: int | None) -> None:
    """Refuse a wrong number of runs at a time; None leaves it to the engine."""
    if wanted is not None and not _is_integer(wanted, 1):
        raise invalid_value("race", "jobs", wanted, "a whole number of processes, 1 or more")


def _is_integer(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
