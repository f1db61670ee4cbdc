"""The values that a plan gives at a tick."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gradatim.core.pieces import boundaries
from gradatim.core.run.by_updates import ByUpdates
from gradatim.core.schedule import Schedule
from gradatim.core.values.limits import FARTHEST
from gradatim.drive.plan import Plan, Target
from gradatim.errors import GradatimError
from gradatim.xp.operations import Operations
from gradatim.xp.scalar import PYTHON

NEVER = FARTHEST + 1
"""Later than any position."""

Column = tuple[Callable[[int, Operations], Any], float | None, Target, bool]
"""What computes the value of a target, the scale of its rule if it has one, and whether it is
computed from the position in place of the tick."""


def columns_of(plan: Plan, scales: Mapping[str, float]) -> list[Column]:
    """The targets of a plan in order, with what their values are computed from."""
    # What schedule(tick) calls, once it has found that tick is a whole number, 0 or more.
    return [
        (one.held, scales.get(target.value), target, isinstance(one, ByUpdates))
        for target, one in plan.schedules.items()
    ]


def values_at(columns: Iterable[Column], tick: int, position: int) -> list[float]:
    """The value of each target for the update after ``position``, at this tick, in order.

    Raises:
        GradatimError: If one is NaN or infinite, as that of a user's own function may be.
    """
    row = []
    for held, scale, target, by_updates in columns:
        value = held(position if by_updates else tick, PYTHON)
        if scale is not None:
            value *= scale
        if value - value != 0.0:
            raise GradatimError(
                f"{target}: the value for update {position + 1} is {value!r}, which no optimizer "
                "can take. If it comes from a function of your own, look at what it returns there."
            )
        row.append(value)
    return row


def end_of_rates(plan: Plan) -> tuple[int, int]:
    """Where every learning rate of a plan is 0 for good: the tick, and the completed updates.

    The tick is that of the rates that follow the clock, the updates those of the rates that follow
    the updates; 0 where there are none of a kind, ``NEVER`` if one rate never ends at 0.
    """
    rates = [schedule for target, schedule in plan.schedules.items() if target.value == "lr"]
    ends = {ByUpdates: 0, Schedule: 0}
    for schedule in rates:
        # Without a length, it may end with a piece that stays at 0: ... >> Constant(0.0).
        end = max(boundaries(schedule), default=0) if schedule.length is None else schedule.length
        try:
            stays_at_zero = schedule(end) == schedule(NEVER - 1) == 0.0
        except Exception:  # a user's formula may have no value so far out
            return NEVER, NEVER
        if not stays_at_zero:
            return NEVER, NEVER
        kind = ByUpdates if isinstance(schedule, ByUpdates) else Schedule
        ends[kind] = max(ends[kind], end)
    return (ends[Schedule], ends[ByUpdates]) if any(ends.values()) else (NEVER, NEVER)
