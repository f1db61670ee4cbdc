"""A run that is to go on otherwise than planned: another end, a longer one, a second warm-up.

What lies before ``at`` stays as it was, to the last bit, so a checkpoint taken there goes on under
the new schedule: load it with ``on_mismatch="override"``.
"""

from __future__ import annotations

from gradatim.core._config import recipe
from gradatim.core._fields import Number, Phase, Steps
from gradatim.core.combine import Join, join
from gradatim.core.durations import Length, updates
from gradatim.core.errors import GradatimError, refuse
from gradatim.core.ramps import Linear
from gradatim.core.recipes._phases import Shape, hold_at, shaped
from gradatim.core.schedule import Schedule
from gradatim.xp.dispatch import known_true


@recipe
def branch(schedule: Schedule, at: Phase, then: Schedule) -> Schedule:
    """The schedule up to an update, then another one: several endings of one run.

    Args:
        schedule: The schedule of the run so far.
        at: The completed updates of the checkpoint to go on from.
        then: What comes from there on, from its own step 0. The value jumps by
            ``then(0) - schedule(at)``; to go on without a jump, start it at ``schedule(at)``.

    >>> from gradatim import Linear, warmup_constant
    >>> trunk = warmup_constant(peak=1.0, warmup=2)
    >>> endings = [branch(trunk, at, Linear(trunk(at), 0.0, 4)) for at in (10, 20)]
    >>> [[ending(k) for k in (1, 9, 10, 12, 14, 22, 24)] for ending in endings]
    [[0.5, 1.0, 1.0, 0.5, 0.0, 0.0, 0.0], [0.5, 1.0, 1.0, 1.0, 1.0, 0.5, 0.0]]
    """
    return join(*_before(schedule, at), then)


@recipe
def extend(
    schedule: Schedule, at: Phase, to: Steps, hold: Length = 0, shape: Shape = "linear",
    floor: Number | None = None,
) -> Schedule:  # fmt: skip
    """The schedule up to an update, then from its value there down to the floor, at a later end.

    The value does not jump. What was still to come, such as the rest of a warm-up, does not come.

    Args:
        schedule: The schedule of the run so far.
        at: The completed updates of the checkpoint to go on from.
        to: The length of the whole run in updates, those before ``at`` included.
        hold: Updates to stay at the value first, or a share of what is left, such as "80%".
        shape: The curve of the decay: "linear", "1-sqrt", "cosine", "exponential" or "sqrt-cube".
        floor: The value the decay goes to; the default is the one the schedule ends at.

    Raises:
        GradatimError: If nothing is left to decay, because the schedule has reached its floor:
            a run that has cooled down needs ``rewarm``.

    >>> from gradatim import Linear
    >>> longer = extend(Linear(1.0, 0.0, 10), at=6, to=14)
    >>> [round(longer(k), 4) for k in (0, 5, 6, 10, 14, 99)]
    [1.0, 0.5, 0.4, 0.2, 0.0, 0.0]
    """
    if floor is None:
        if schedule.length is None:
            raise GradatimError(
                "extend: the schedule has no end whose value could be the new one. Write floor=..."
            )
        floor = schedule(schedule.length)
    value = schedule(at)
    if shape == "exponential" and known_true(floor <= 0.0):
        raise refuse("extend", "floor", floor, "above 0 for shape='exponential'")
    if known_true(value == floor):
        raise GradatimError(
            f"extend: after {at} updates the schedule is at {value!r}, as at its end, and would "
            "stay there. Go on from a checkpoint where it is higher, or write rewarm(...)."
        )
    held = updates("extend", "hold", hold, _left("extend", at, to))
    if held >= to - at:
        raise refuse("extend", "hold", hold, f"less than the {to - at} updates that are left")
    return join(
        *_before(schedule, at), *hold_at(value, held), shaped(shape, value, floor, to - at - held)
    )


@recipe
def rewarm(
    schedule: Schedule, at: Phase, to: Steps, peak: Number, warmup: Length = "5%",
    shape: Shape = "cosine", floor: Number = 0.0,
) -> Schedule:  # fmt: skip
    """The schedule up to an update, then a second warm-up from its value there, and a decay.

    For a finished run that is to learn from more data. The value does not jump.

    Args:
        schedule: The schedule of the run so far.
        at: The completed updates of the checkpoint to go on from.
        to: The length of the whole run in updates, those before ``at`` included.
        peak: The value that the second warm-up leads to.
        warmup: Updates of it, 1 or more, or a share of what is left, such as "5%".
        shape: The curve of the decay: "cosine", "linear", "1-sqrt", "exponential" or "sqrt-cube".
        floor: The value the decay goes to.

    Source: Gupta et al., "Continual Pre-Training of Large Language Models: How to (re)warm your
    model?", 2023 (arXiv:2308.04014).

    >>> from gradatim import Linear
    >>> again = rewarm(Linear(1.0, 0.0, 10), at=10, to=22, peak=0.5, warmup=4)
    >>> [round(again(k), 4) for k in (5, 10, 12, 14, 18, 22)]
    [0.5, 0.0, 0.25, 0.5, 0.25, 0.0]
    """
    if shape == "exponential" and known_true(floor <= 0.0):
        raise refuse("rewarm", "floor", floor, "above 0 for shape='exponential'")
    up = updates("rewarm", "warmup", warmup, _left("rewarm", at, to))
    if not 0 < up < to - at:
        raise refuse(
            "rewarm", "warmup", warmup, f"1 or more and less than the {to - at} updates left"
        )
    return join(
        *_before(schedule, at),
        Linear(schedule(at), peak, up),
        shaped(shape, peak, floor, to - at - up),
    )


def _before(schedule: Schedule, at: int) -> tuple[Schedule, ...]:
    """What was used until then, as pieces: none if nothing was."""
    past = schedule.cut(at)
    pieces = past.pieces if isinstance(past, Join) else (past,)
    return tuple(piece for piece in pieces if piece.length != 0)


def _left(where: str, at: int, to: int) -> int:
    if to <= at:
        raise refuse(where, "to", to, f"more than at, {at}", "It is the whole run, not the rest.")
    return to - at
