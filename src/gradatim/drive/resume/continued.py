"""A schedule of a checkpoint, continued up to the later end of the script's."""

from __future__ import annotations

from typing import Any, get_args

from gradatim.core.combine import Join, Product, Scale, Sum, join
from gradatim.core.decays import Constant
from gradatim.core.recipes._phases import hold_at
from gradatim.core.recipes.edits import branch
from gradatim.core.reshape import Clip, Cut, Staircase
from gradatim.core.rounded import Rounded
from gradatim.core.run.by_updates import ByUpdates
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import FieldType, declared_types
from gradatim.drive.plan import Target
from gradatim.drive.resume.differences import differences_in
from gradatim.drive.resume.past import first_difference, used_ticks
from gradatim.drive.resume.state import ResumePoint
from gradatim.errors import GradatimError, shown

_MADE_OF_OTHERS = (Scale, Sum, Product, Clip, Rounded, Staircase)
"""What changes the values of other schedules, and leaves their past where it is."""


def continued(
    target: Target, theirs: Schedule, ours: Schedule, point: ResumePoint, clock: str
) -> Schedule:
    """The schedule of a checkpoint, continued to the end of the script's.

    The script's must be the same recipe: the same parts with the same values, whatever their
    lengths. The checkpoint's phase goes on as planned if it is not the last one; then the value
    stays for as long as the script's stays at it, and the script's last phase leads from there to
    its end. Where the two agree up to here, the result is the script's own.

    Args:
        target: What the schedule drives. Anything but a learning rate may have come to its end.
        theirs: The schedule of the checkpoint.
        ours: The schedule of the script.
        point: Where the checkpoint was taken.
        clock: What its tick is.

    Raises:
        GradatimError: If the script's is not the same recipe, or has an earlier end, or if it is a
            learning rate that has come to its end.
    """
    if isinstance(ours, ByUpdates) and isinstance(theirs, ByUpdates):
        at = point._replace(tick=point.position)
        return ByUpdates(continued(target, theirs.schedule, ours.schedule, at, "updates"))
    result = _Continued(point.tick, used_ticks(point, clock)).schedule(theirs, ours)
    is_to_be_longer = (ours.length or 0) > (theirs.length or 0)
    if target.value == "lr" and result == theirs and is_to_be_longer:
        end = theirs(point.tick)
        raise AlreadyEnded(f"it has come to its end, {end!r}, and would stay there.")
    return result


class AlreadyEnded(GradatimError):
    """Nothing is left to continue: a second warm-up is needed."""


class _Continued:
    def __init__(self, at: int, used: int) -> None:
        self._at, self._used = at, used

    def schedule(self, theirs: Schedule, ours: Schedule) -> Schedule:
        if theirs == ours:
            return ours
        if isinstance(ours, _MADE_OF_OTHERS) and type(theirs) is type(ours):
            return ours.replace(**{n: self._part(getattr(theirs, n), v) for n, v in ours.items()})
        if not _is_form_of(theirs, ours):
            raise _not_the_same(theirs, ours)
        if theirs.length is None or ours.length is None:
            raise GradatimError(f"it has no end that could be later: {shown(ours)}.")
        if ours.length < theirs.length:
            raise GradatimError(
                f"the script's ends after {ours.length}, the checkpoint's after {theirs.length}. "
                f"To stop earlier, write cooldown(schedule, at={self._at}, updates=...)."
            )
        if ours.length == theirs.length:
            return theirs
        if first_difference(theirs, ours, self._used) is None:
            return ours
        return self._longer(theirs, ours, ours.length)

    def _part(self, theirs: Any, ours: Any) -> Any:
        if isinstance(ours, Schedule) and isinstance(theirs, Schedule):
            return self.schedule(theirs, ours)
        if isinstance(ours, tuple) and len(ours) == len(theirs):
            return tuple(map(self._part, theirs, ours))
        if theirs != ours:
            raise GradatimError(f"another value is in it: {shown(theirs)} -> {shown(ours)}.")
        return ours

    def _longer(self, theirs: Schedule, ours: Schedule, steps: int) -> Schedule:
        last = _pieces(ours)[-1]
        at = max(self._at, _start_of_last(theirs))
        value = theirs(at)
        if value == ours(steps):
            return theirs  # it has come to its end
        held = max(_start_of_last(ours) - at, 0) if _is_held_before_last(ours) else 0
        fall = _from(value, last, steps - at - held)
        return branch(theirs, at=at, then=join(*hold_at(value, held), fall))


def _from(value: float, last: Schedule, steps: int) -> Schedule:
    """The last phase of a schedule, from another value on and of another length."""
    fields = declared_types(type(last))
    lengths = [name for name, wanted in fields.items() if _is_length(wanted)]
    if {"start", "end"} <= fields.keys() and lengths == ["steps"]:
        fall = last.replace(start=value, steps=steps)
        if fall(0) == value:
            return fall
    raise GradatimError(f"its last phase is no curve from one value to another: {shown(last)}.")


def _is_form_of(theirs: Schedule, ours: Schedule) -> bool:
    """Whether the parts are the same but for their lengths, or have been continued before.

    What was continued goes on, from the value reached, with levels and the script's last phase.
    """
    mine, last = _pieces(ours), _pieces(ours)[-1]
    before: Schedule | None = None
    has_diverged = False
    for i, piece in enumerate(_pieces(theirs)):
        if not has_diverged:
            has_diverged = i == len(mine) or not _is_like(piece, mine[i])
        if has_diverged:
            if before is None or before.length is None or piece(0) != before(before.length):
                return False
            if not isinstance(piece, Constant) and not _is_like(piece, last, but="start"):
                return False
        before = piece
    return _is_like(before, last, but="start") and (has_diverged or i + 1 == len(mine))


def _pieces(schedule: Schedule) -> tuple[Schedule, ...]:
    return schedule.pieces if isinstance(schedule, Join) else (schedule,)


def _start_of_last(schedule: Schedule) -> int:
    return schedule.starts[-1] if isinstance(schedule, Join) else 0


def _is_held_before_last(schedule: Schedule) -> bool:
    """Whether the last phase begins at a level that was held before it."""
    if not isinstance(schedule, Join):
        return False
    before, last = schedule.pieces[-2:]
    return isinstance(before, Constant) and before(0) == last(0)


def _is_like(one: Any, other: Any, but: str = "") -> bool:
    """Whether two pieces are the same but for lengths of time, and this field."""
    if isinstance(one, Cut) or isinstance(other, Cut):
        return _is_like(_whole(one), _whole(other), but)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_is_like, one, other))
    if not isinstance(one, Schedule) or type(one) is not type(other):
        return bool(one == other)
    return all(
        name == but or _is_length(wanted) or _is_like(getattr(one, name), getattr(other, name))
        for name, wanted in declared_types(type(one)).items()
    )


def _whole(piece: Any) -> Any:
    return piece.schedule if isinstance(piece, Cut) else piece


def _is_length(wanted: Any) -> bool:
    kinds = (part for one in (wanted, *get_args(wanted)) for part in get_args(one))
    return any(isinstance(part, FieldType) and part.is_length for part in kinds)


def _not_the_same(theirs: Schedule, ours: Schedule) -> GradatimError:
    listed = "; ".join(differences_in(theirs.config(), ours.config()))
    return GradatimError(f"the script's is another recipe, with other values ({listed}).")
