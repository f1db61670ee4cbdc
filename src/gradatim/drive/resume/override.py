"""Warnings about a plan that replaces another one in the middle of a run."""

from __future__ import annotations

from collections.abc import Iterator

from gradatim.core.run.by_updates import ByUpdates
from gradatim.core.schedule import Schedule
from gradatim.core.warn import warn
from gradatim.drive.plan import Plan, Target
from gradatim.drive.resume.policies import saved_plan
from gradatim.drive.resume.state import ResumePoint, SavedState
from gradatim.errors import GradatimError

# A new schedule often begins at another value; ten times as much is more often a typing error.
_LARGE = 10.0


def warn_of_override(saved: SavedState, plan: Plan) -> None:
    """Warn if overriding makes a value much larger or smaller, or leaves no update to make."""
    for target, was, now in _largest_values(saved, plan):
        if was != now and not (now and was and 1.0 / _LARGE <= now / was <= _LARGE):
            warn(
                f"load: on_mismatch='override' changes the largest {target} of the updates to come "
                f"from {was!r} to {now!r}."
            )
    if plan.run is not None and saved.point.tick >= plan.run.ticks:
        warn(
            f"load: no update is left: the state is at {saved.point.tick} {plan.run.clock}, and "
            f"the run of this script has {plan.run.ticks}. If the batch size changed, "
            "on_mismatch='rescale' goes on at the same place in the data."
        )


def _largest_values(saved: SavedState, plan: Plan) -> Iterator[tuple[Target, float, float]]:
    """For each target, the largest value to come under the state's plan and under this one."""
    try:
        before = saved_plan(saved, plan)
    except GradatimError:
        return  # it cannot be built here, so there is nothing to compare with
    for target, schedule in plan.schedules.items():
        was = before.schedules[target]
        yield target, _largest(was, saved.point), _largest(schedule, saved.point)


def _largest(schedule: Schedule, point: ResumePoint) -> float:
    from gradatim.core.sketch import horizon, sample_points  # only here: it is slow to import

    now = point.position if isinstance(schedule, ByUpdates) else point.tick
    later = [p.value for p in sample_points(schedule, horizon(schedule)) if p.step >= now]
    largest: float = max(map(abs, [schedule(now), *later]))
    return largest
