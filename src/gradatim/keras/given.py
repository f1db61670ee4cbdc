"""The arguments of ``Scheduler``, as the plan that they describe."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, get_args

from keras.optimizers.schedules import LearningRateSchedule

from gradatim.core.decays import Constant
from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.schedule import Schedule
from gradatim.drive import OnMismatch, Plan, Target
from gradatim.drive.plan import as_plan

# Not "rescale": the position is Keras' own count of updates, which goes on where it was.
POLICIES = tuple(policy for policy in get_args(OnMismatch) if policy != "rescale")

# What others call the learning rate.
_RATE = ("learning_rate", "lr_schedule", "learning_rate_schedule", "schedule")


def plan_of(
    lr: Any,
    plan: Plan | str | os.PathLike[str] | None,
    values: Mapping[str, Any],
    beside: Mapping[str, Any],
) -> tuple[Plan, Schedule | None]:
    """The plan, and the schedule of the rate; None where it is to be the optimizer's own.

    In the plan 1.0 then stands for it, until training begins and the optimizer's is known.

    Raises:
        GradatimError: If the arguments describe none, or one for parts of an optimizer.
    """
    for name in _RATE:
        if name in values:
            raise GradatimError(f"Scheduler: {name} is called lr here. Write lr=..., a schedule.")
    if isinstance(lr, LearningRateSchedule):
        raise refuse(
            "Scheduler", "lr", lr, "a schedule", "For one of Keras, write lr=from_keras(schedule)."
        )
    if plan is None:
        schedules = {"lr": Constant(1.0) if lr is None else lr, **values}
        given = as_plan("Scheduler", schedules, *(beside[n] for n in ("rule", "run", "external")))
        own = None if lr is None else given["lr"]
    else:
        given, own = _read(plan, {"lr": lr, **beside, **values})
    for target in given:
        if target.part is not None:
            raise GradatimError(
                f"Scheduler: {target}: an optimizer of Keras has no parameter groups. Give one "
                f"schedule of {target.value} for all of it."
            )
    return given, own


def _read(plan: Any, beside: Mapping[str, Any]) -> tuple[Plan, Schedule | None]:
    too = [name for name, one in beside.items() if one is not None]
    if too:
        raise GradatimError(
            "Scheduler: a plan has its schedules, rules and run already; give nothing beside "
            f"plan=. Leave {', '.join(too)} out."
        )
    given = as_plan("Scheduler", plan)
    own = given.schedules.get(Target("lr"))
    return (given.with_schedules({Target("lr"): Constant(1.0)}) if own is None else given), own


def check_options(monitor: Any, on_mismatch: Any) -> None:
    """Refuse what is no name of a metric, or no policy."""
    if not isinstance(monitor, str):
        raise refuse("Scheduler", "monitor", monitor, "the name of a metric, as in the logs")
    if on_mismatch not in POLICIES:
        raise unknown("Scheduler", "on_mismatch", on_mismatch, POLICIES)
