"""Editing a run that is under way: another end, a longer one, a second warm-up.

The values before the edit point never change, so a run that has completed ``at`` updates can load
its checkpoint with ``on_mismatch="override"`` and the edited schedule. Every edit goes on from the
value reached; where it does not, ``check`` finds the jump.
"""

from __future__ import annotations

from gradatim.core._config import recipe
from gradatim.core._fields import Number, Phase, Steps
from gradatim.core.errors import refuse
from gradatim.core.ramps import Linear
from gradatim.core.recipes._phases import Shape, shaped
from gradatim.core.schedule import Schedule


@recipe
def branch(schedule: Schedule, at: Phase, then: Schedule) -> Schedule:
    """The schedule up to step ``at``, then another one.

    Args:
        schedule: The schedule of the run so far.
        at: The completed updates after which the other one begins, at its own step 0.
        then: What follows.

    >>> from gradatim import Constant, Linear
    >>> run = branch(Constant(1.0), at=80, then=Linear(start=1.0, end=0.0, steps=20))
    >>> [run(k) for k in (79, 80, 90, 100)]
    [1.0, 1.0, 0.5, 0.0]
    """
    return schedule.cut(at).then(then) if at else then


@recipe
def cool_down(
    schedule: Schedule, at: Phase, steps: Steps, shape: Shape = "1-sqrt", floor: Number = 0.0
) -> Schedule:
    """The schedule up to step ``at``, then down to the floor from the value reached there.

    Several cooldowns from one checkpoint are several calls with the same ``schedule``.

    Args:
        schedule: The schedule of the run so far.
        at: The completed updates after which the cooldown begins.
        steps: The length of the cooldown in updates.
        shape: Its curve: "1-sqrt", "linear", "cosine", "exponential" or "sqrt-cube".
        floor: The value it goes to.

    Source: Haegele et al., 2024 (arXiv:2405.18392).

    >>> from gradatim import warmup_constant
    >>> stable = warmup_constant(peak=1.0, warmup=10)
    >>> [cool_down(stable, at=at, steps=20, shape="linear")(at + 5) for at in (100, 200, 300)]
    [0.75, 0.75, 0.75]
    """
    return branch(schedule, at, shaped(shape, schedule(at), floor, steps))


@recipe
def extend(
    schedule: Schedule, at: Phase, steps: Steps, shape: Shape = "linear",
    floor: Number | None = None,
) -> Schedule:  # fmt: skip
    """The schedule up to step ``at``, then from the value there to its end over a longer run.

    Args:
        schedule: The schedule of the run so far.
        at: The completed updates.
        steps: The new length of the whole run in updates.
        shape: The curve of the rest.
        floor: The value at the end; the default is the last value of ``schedule``.

    Raises:
        GradatimError: If no update is left after ``at``, or ``schedule`` has no last value and
            no floor is given.

    >>> from gradatim import warmup_linear
    >>> longer = extend(warmup_linear(peak=1.0, steps=100), at=50, steps=150)
    >>> [longer(k) for k in (0, 50, 100, 150)]
    [1.0, 0.5, 0.25, 0.0]
    """
    if floor is None:
        if schedule.length is None:
            raise refuse("extend", "floor", floor, "given, since the schedule has no end")
        floor = float(schedule(schedule.length))
    return cool_down(schedule, at, _left("extend", steps, at), shape, floor)


@recipe
def rewarm(
    schedule: Schedule, at: Phase, peak: Number, warmup: Steps, steps: Steps,
    shape: Shape = "cosine", floor: Number = 0.0,
) -> Schedule:  # fmt: skip
    """The schedule up to step ``at``, then a second warm-up from the value there, and a decay.

    Args:
        schedule: The schedule of the run so far.
        at: The completed updates after which the second warm-up begins.
        peak: The value it goes to.
        warmup: Its length in updates.
        steps: The new length of the whole run in updates.
        shape: The curve of the decay after it.
        floor: The value the decay goes to.

    Raises:
        GradatimError: If no update is left for the decay.

    Source: Gupta et al., "Continual Pre-Training of Large Language Models: How to (re)warm your
    model?", 2023 (arXiv:2308.04014).

    >>> from gradatim import warmup_linear
    >>> again = rewarm(warmup_linear(peak=1.0, steps=100), at=100, peak=0.5, warmup=10, steps=200)
    >>> [round(again(k), 4) for k in (50, 100, 105, 110, 155, 200)]
    [0.5, 0.0, 0.25, 0.5, 0.25, 0.0]
    """
    decay = shaped(shape, peak, floor, _left("rewarm", steps, at + warmup))
    return branch(schedule, at, Linear(schedule(at), peak, warmup) >> decay)


def _left(where: str, steps: int, done: int) -> int:
    if steps <= done:
        raise refuse(where, "steps", steps, f"above {done}, so that something is left")
    return steps - done
