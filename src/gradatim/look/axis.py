"""The horizontal axis of a curve: the clock of its schedule, its length and its unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Literal, NamedTuple, get_args

from gradatim.core.run.by_updates import clock_for
from gradatim.core.run.clocks import MILLION, format_ticks
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.core.sketch import horizon
from gradatim.drive import Plan, Target
from gradatim.errors import GradatimError, unknown_name

Unit = Literal["updates", "epochs", "samples", "tokens"]
Beside = tuple[Schedule, Run | None]
"""A schedule and the run beside it."""

_TIMES = ((1.2e6, 1e3, "s"), (1.8e7, 6e4, "min"), (inf, 3.6e6, "h"))
"""For runs of up to so many milliseconds: the milliseconds of the unit, and its name."""

_COUNTS = ((5e12, 1e12, "trillions"), (5e9, 1e9, "billions"), (5e6, 1e6, "millions"))
"""For runs of at least so many tokens or samples: how many are a unit, and its name."""


class Axis(NamedTuple):
    """The clock that counts the steps, and the number of steps to show."""

    clock: str
    steps: int

    @property
    def name(self) -> str:
        """The label of the axis, without a unit."""
        named = {"updates": "step (completed updates)", "time": "training time"}
        return named.get(self.clock, self.clock)

    def label_of(self, step: int) -> str:
        """A step as text, such as "step 1,000" or "90 s"."""
        return f"step {step:,}" if self.clock == "updates" else format_ticks(step, self.clock)


class Scale(NamedTuple):
    """The label of an axis, and the coordinate of a step on it."""

    label: str
    place: Callable[[int], float]

    def places(self, steps: Iterable[int]) -> list[float]:
        """The coordinates of some steps."""
        return [self.place(step) for step in steps]


def axis_of(where: str, beside: Mapping[str, Beside]) -> Axis:
    """The one axis that some schedules have in common.

    Args:
        where: What the user called, for an error.
        beside: The schedules with their runs, by their names in errors.

    Raises:
        GradatimError: If they follow different clocks.
    """
    clocks = {clock_for(*each): name for name, each in beside.items()}
    if len(clocks) > 1:
        (one, first), (other, second) = list(clocks.items())[:2]
        raise GradatimError(
            f"{where}: {first} is measured in {one} and {second} in {other}, so they have no axis "
            "in common. Look at each by itself."
        )
    (clock,) = clocks
    return Axis(clock, max(_steps(clock, schedule, run) for schedule, run in beside.values()))


def _steps(clock: str, schedule: Schedule, run: Run | None) -> int:
    """The steps of the run by this clock, or those of the schedule if they are not known."""
    known = None if run is None else run.ticks if run.clock == clock else run.steps
    return known or horizon(schedule)


def axis_of_target(where: str, plans: Mapping[str, Plan], target: Target) -> Axis:
    """The axis of one target of some plans: as long as the longest run, or schedule of a plan."""
    having = {name: plan for name, plan in plans.items() if target in plan}
    axis = axis_of(where, {name: (plan[target], plan.run) for name, plan in having.items()})
    if axis.clock != "updates" or any(_follows_other(plan) for plan in plans.values()):
        return axis
    known = [plan.ticks for plan in plans.values() if plan.ticks]
    every = (schedule for plan in plans.values() for schedule in plan.schedules.values())
    return Axis("updates", max(known or map(horizon, every)))


def _follows_other(plan: Plan) -> bool:
    return plan.run is not None and plan.run.clock != "updates"


def scale(where: str, axis: Axis, unit: str | None, run: Run | None) -> Scale:
    """The label and the coordinates of an axis, in a unit.

    Raises:
        GradatimError: If the unit does not exist, or the run does not know it.
    """
    if unit is not None and unit not in get_args(Unit):
        raise unknown_name(where, "unit", unit, get_args(Unit))
    if axis.clock == "updates":
        return _of_updates(where, axis, unit, run)
    if unit not in (None, axis.clock):
        raise GradatimError(
            f"{where}: the run is measured by the clock {axis.clock!r}, and so is the axis. Leave "
            "unit out."
        )
    if axis.clock == "time":
        per, name = next((per, name) for most, per, name in _TIMES if axis.steps <= most)
        return _in_units(axis.name, per, name)
    if axis.clock == "progress":
        return Scale("progress (%)", lambda step: 100 * step / MILLION)
    for least, per, name in _COUNTS:
        if axis.steps >= least:
            return _in_units(axis.name, per, name)
    return Scale(axis.name, lambda step: step)


def _in_units(label: str, per: float, name: str) -> Scale:
    return Scale(f"{label} ({name})", lambda step: step / per)


def _of_updates(where: str, axis: Axis, unit: str | None, run: Run | None) -> Scale:
    if unit in (None, "updates"):
        return Scale(axis.name, lambda step: step)
    if run is None:
        raise GradatimError(f"{where}: an axis in {unit} needs the run. Write run=Run(...).")
    if unit == "epochs":
        share = run.batches.share
        if len(run.batches.stages) == 1 or share is None:
            per_epoch = run.steps_per_epoch
            return Scale("epochs", lambda step: step / per_epoch)
        return Scale("epochs", lambda step: _epochs(run, step, share))
    of_sample = 1 if unit == "samples" else run.tokens_of_samples(1)
    if len(run.batches.stages) == 1:
        per_step = int(run.samples_per_step * of_sample)
        return Scale(f"{unit}", lambda step: step * per_step)
    return Scale(f"{unit}", lambda step: int(run.samples_after(step) * of_sample))


def _epochs(run: Run, step: int, share: int) -> float:
    epoch, offset = run.epoch_after(step)
    return epoch + offset / share
