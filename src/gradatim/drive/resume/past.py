"""Whether two schedules have given the same values so far."""

from __future__ import annotations

from collections.abc import Sequence

from gradatim.core.pieces import boundaries
from gradatim.core.schedule import Schedule
from gradatim.drive.resume.state import ResumePoint

_EVERY = 100_000
"""So many values are compared one by one."""
_POINTS = 10_000


def used_ticks(point: ResumePoint, clock: str) -> int:
    """The first so many ticks have been used by an update, or may have been.

    In updates, the next one is not among them. By another clock, several updates may have had the
    same tick.
    """
    if point.position == 0:
        return 0
    return point.tick if clock == "updates" else point.tick + 1


def first_difference(one: Schedule, other: Schedule, steps: int) -> int | None:
    """The first of this many steps at which two schedules differ, to the last bit; None if none.

    Up to 100,000 steps, all are compared. Of more, 10,000 at equal distances, and those around
    each join of either schedule; where these differ, the steps before are searched, too.
    """
    if one == other:
        return None
    before = -1
    for step in _looked_at(one, other, steps):
        if one(step) != other(step):
            between = range(before + 1, step)[-_EVERY:]
            return next((k for k in between if one(k) != other(k)), step)
        before = step
    return None


def _looked_at(one: Schedule, other: Schedule, steps: int) -> Sequence[int]:
    if steps <= _EVERY:
        return range(steps)
    last = steps - 1
    looked = {last * i // (_POINTS - 1) for i in range(_POINTS)}
    for schedule in (one, other):
        looked |= {join + by for join in boundaries(schedule, last) for by in (-1, 0, 1)}
    return sorted(step for step in looked if step <= last)
