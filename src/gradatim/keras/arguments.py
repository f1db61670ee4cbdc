"""Turns the arguments of ``Scheduler`` into a plan."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, get_args

from keras.optimizers.schedules import LearningRateSchedule

from gradatim.core.decays import Constant
from gradatim.core.schedule import Schedule
from gradatim.drive import OnMismatch, Plan, Target
from gradatim.drive.plan import as_plan
from gradatim.errors import GradatimError, invalid_value, unknown_name

# Not "rescale", which changes the position: here the optimizer counts it.
POLICIES = tuple(policy for policy in get_args(OnMismatch) if policy != "rescale")

# Names of the learning rate elsewhere.
_RATE = ("learning_rate", "lr_schedule", "learning_rate_schedule", "schedule")


def plan_from_arguments(
    lr: Any,
    plan: Plan | str | os.PathLike[str] | None,
    values: Mapping[str, Any],
    options: Mapping[str, Any],
) -> tuple[Plan, Schedule | None]:
    """The plan, and the schedule of the learning rate; None to use the optimizer's own.

    The plan then holds 1.0 in its place, until training begins.

    Raises:
        GradatimError: If the arguments make no plan, or one for parts of an optimizer.
    """
    for name in _RATE:
        if name in values:
            raise GradatimError(f"Scheduler: {name} is called lr here. Write lr=..., a schedule.")
    if isinstance(lr, LearningRateSchedule):
        raise invalid_value(
            "Scheduler", "lr", lr, "a schedule", "For one of Keras, write lr=from_keras(schedule)."
        )
    if plan is None:
        schedules = {"lr": Constant(1.0) if lr is None else lr, **values}
        given = as_plan("Scheduler", schedules, *(options[n] for n in ("rule", "run", "external")))
        own = None if lr is None else given["lr"]
    else:
        given, own = _given_plan(plan, {"lr": lr, **options, **values})
    for target in given:
        if target.part is not None:
            raise GradatimError(
                f"Scheduler: {target}: an optimizer of Keras has no parameter groups. Give one "
                f"schedule of {target.value} for all of it."
            )
    return given, own


def _given_plan(
    plan: Plan | str | os.PathLike[str], others: Mapping[str, Any]
) -> tuple[Plan, Schedule | None]:
    others_given = [name for name, value in others.items() if value is not None]
    if others_given:
        raise GradatimError(
            "Scheduler: a plan has its schedules, rules and run already; give nothing beside "
            f"plan=. Leave {', '.join(others_given)} out."
        )
    given = as_plan("Scheduler", plan)
    own = given.schedules.get(Target("lr"))
    return (given.with_schedules({Target("lr"): Constant(1.0)}) if own is None else given), own


def check_options(monitor: Any, on_mismatch: Any) -> None:
    """Refuse a monitor that is not a name, or an unknown policy."""
    if not isinstance(monitor, str):
        raise invalid_value("Scheduler", "monitor", monitor, "the name of a metric, as in the logs")
    if on_mismatch not in POLICIES:
        raise unknown_name("Scheduler", "on_mismatch", on_mismatch, POLICIES)
