"""``ByUpdates``: a value that follows the updates, in a plan with another clock."""

from __future__ import annotations

from gradatim.core.run.durations import RunLike
from gradatim.core.schedule import Schedule
from gradatim.core.values.value import recipe
from gradatim.xp.numeric import Numeric
from gradatim.xp.operations import Operations


class ByUpdates(Schedule):
    """A schedule of the completed updates, whatever the clock of the run. Write ``by_updates``.

    It cannot be a part of another schedule; it can only be multiplied by a number. In a run whose
    clock is "updates" it changes nothing.

    Args:
        schedule: The schedule. Its lengths are updates.

    >>> from gradatim import Linear
    >>> 0.5 * ByUpdates(schedule=Linear(start=0.0, end=1.0, steps=4))
    ByUpdates(schedule=0.5 * Linear(start=0.0, end=1.0, steps=4))
    """

    schedule: Schedule

    outermost = True

    @property
    def length(self) -> int | None:
        return self.schedule.length

    @property
    def is_whole(self) -> bool:
        return self.schedule.is_whole

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        return self.schedule.held(t, xp)

    held = at

    def _steps_to_check(self) -> tuple[int, ...]:
        return ()  # each value is that of the schedule, which was checked

    def __mul__(self, other: Schedule | float) -> Schedule:
        if isinstance(other, Schedule):
            return super().__mul__(other)
        return ByUpdates(self.schedule * other)

    def __truediv__(self, other: float) -> Schedule:
        return ByUpdates(self.schedule / other)


def clock_for(schedule: Schedule, run: RunLike | None) -> str:
    """The clock whose ticks a schedule is asked for, beside a run."""
    return "updates" if run is None or isinstance(schedule, ByUpdates) else run.clock


@recipe
def by_updates(schedule: Schedule) -> Schedule:
    """A schedule of the completed updates, in a plan whose run is measured in something else.

    A run that ends with its time budget drives its rate by the time, and may warm up its momentum
    over the first 300 updates. Beside a run that is measured in updates it makes no difference.

    Args:
        schedule: The schedule of all of a value. Its lengths are updates.

    Raises:
        GradatimError: If it becomes a part of another schedule, whose ticks are not updates.

    >>> from gradatim import Constant, Linear, Plan, Run, wsd
    >>> run = Run(seconds=600)
    >>> momentum = by_updates(Linear(start=0.85, end=0.95, steps=300))
    >>> plan = Plan({"lr": wsd(peak=3e-3, steps=run), "momentum": momentum}, run=run)
    >>> round(plan["momentum"](150), 4)
    0.9
    """
    return schedule if isinstance(schedule, ByUpdates) else ByUpdates(schedule)
