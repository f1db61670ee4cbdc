"""What the functions of this folder are given: plans, schedules, and paths of plan files."""

from __future__ import annotations

from os import PathLike

from gradatim.core.schedule import Schedule
from gradatim.drive import Plan
from gradatim.drive.plan import as_plan
from gradatim.errors import invalid_value

PlanLike = Plan | Schedule | str | PathLike[str]
"""A plan, the path of its file, or a schedule alone."""

_ENDINGS = (".yaml", ".yml", ".toml", ".json")


def plan_from(where: str, name: str, given: PlanLike, drives: str = "lr") -> Plan:
    """The plan that was given; that of one target if it is a schedule.

    Args:
        where: What the user called, for errors.
        name: The argument, for errors.
        given: What was given for it.
        drives: The target of a schedule.

    Raises:
        GradatimError: If it is something else, or its file cannot be read.
    """
    if isinstance(given, Schedule):
        return Plan({drives: given})
    if isinstance(given, Plan):
        return given
    if isinstance(given, PathLike) or (isinstance(given, str) and given.endswith(_ENDINGS)):
        return as_plan(where, given)
    raise invalid_value(where, name, given, "a Plan, the path of its file, or a schedule")
