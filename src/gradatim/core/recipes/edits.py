"""Change the rest of a run: another end, a later end, a second warm-up.

Before ``at`` all values stay the same to the last bit, so a checkpoint taken there can be continued
with the new schedule: load it with ``on_mismatch="same-past"``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeVar, overload, runtime_checkable

from gradatim.core.combine import Join, join
from gradatim.core.decays import Constant
from gradatim.core.ramps import Linear
from gradatim.core.recipes._phases import (
    Shape,
    floor_for,
    hold_at,
    ramp_of,
    refuse_zero,
    ticks_in,
)
from gradatim.core.run.durations import Length, Level, in_ticks, is_percentage, level_of
from gradatim.core.run.run import Run, Total
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import Number, PositiveSteps, Steps
from gradatim.core.values.value import recipe
from gradatim.errors import GradatimError, invalid_value
from gradatim.xp.dispatch import known_true

_HERE = "the value where the decay begins"

P = ParamSpec("P")


@runtime_checkable
class HasRates(Protocol):
    """Several schedules, some of them of learning rates: a plan."""

    def with_rates(self, edit: Callable[[Schedule], Schedule]) -> Self:
        """The same, with the schedule of each learning rate edited."""


Rates = TypeVar("Rates", bound=HasRates)


class Edit(Protocol[P]):
    """An edit of a schedule, or of each learning rate of a plan."""

    @overload
    def __call__(self, schedule: Schedule, *args: P.args, **kwargs: P.kwargs) -> Schedule: ...
    @overload
    def __call__(self, schedule: Rates, *args: P.args, **kwargs: P.kwargs) -> Rates: ...


def _for_plans_too(function: Callable[Concatenate[Schedule, P], Schedule]) -> Edit[P]:
    """Let an edit of a schedule accept a plan, whose learning rates it changes.

    A rate of 0 at that update belongs to a frozen part of the model, and stays 0.
    """
    of_schedule: Callable[..., Schedule] = recipe(function)

    @wraps(function)
    def edit(*args: Any, **kwargs: Any) -> Any:
        what = args[0] if args else kwargs.get("schedule")
        if not isinstance(what, HasRates):
            return of_schedule(*args, **kwargs)
        kwargs.pop("schedule", None)

        def of_rate(rate: Schedule) -> Schedule:
            at = kwargs.get("at")
            if type(at) is int and at >= 0 and rate(at) == 0.0:
                return join(*_before(rate, at), Constant(0.0))
            return of_schedule(rate, *args[1:], **kwargs)

        return what.with_rates(of_rate)

    return edit


@recipe
def branch(schedule: Schedule, *, at: Steps, then: Schedule) -> Schedule:
    """The schedule up to an update, then another one: for several endings of one run.

    Args:
        schedule: The schedule of the run so far.
        at: The completed updates of the checkpoint to continue from.
        then: The schedule from there on, from its own step 0. The value jumps by
            ``then(0) - schedule(at)``; to avoid a jump, start it at ``schedule(at)``.

    >>> from gradatim import Linear, warmup_constant
    >>> trunk = warmup_constant(peak=1.0, warmup=2)
    >>> endings = [branch(trunk, at=at, then=Linear(trunk(at), 0.0, 4)) for at in (10, 20)]
    >>> [[ending(k) for k in (1, 9, 10, 12, 14, 22, 24)] for ending in endings]
    [[0.5, 1.0, 1.0, 0.5, 0.0, 0.0, 0.0], [0.5, 1.0, 1.0, 1.0, 1.0, 0.5, 0.0]]
    """
    return join(*_before(schedule, at), then)


@_for_plans_too
def extend(
    schedule: Schedule,
    *,
    at: Steps,
    steps: Total,
    hold: Length = 0,
    shape: Shape = "linear",
    floor: Level | None = None,
) -> Schedule:
    """The schedule up to an update, then from its value there down to the floor, at a later end.

    The value does not jump. The rest of the old schedule is dropped, also the rest of a warm-up.

    Args:
        schedule: The schedule of the run so far, or the plan: each of its learning rates is
            extended, one that is 0 stays 0, and its other values, rules and run stay.
        at: The completed updates of the checkpoint to continue from.
        steps: The length of the whole run in updates, those before ``at`` included; or the run.
        hold: Updates to stay at the value first, or a share of the remaining ones, such as "80%".
        shape: The curve of the decay: "linear", "1-sqrt", "cosine", "exponential" or "sqrt-cube".
        floor: The value the decay goes to, or a share of the value at ``at`` such as "10%"; the
            default is the one the schedule ends at.

    Raises:
        GradatimError: If nothing is left to decay, because the schedule has reached its floor:
            a run that has cooled down needs ``rewarm``. If the end is earlier than the one the
            schedule has: a run that is to stop earlier needs ``cooldown``.

    >>> from gradatim import Linear
    >>> longer = extend(Linear(1.0, 0.0, 10), at=6, steps=14)
    >>> [round(longer(k), 4) for k in (0, 5, 6, 10, 14, 99)]
    [1.0, 0.5, 0.4, 0.2, 0.0, 0.0]
    """
    left = _left("extend", at, ticks_in(steps))
    if schedule.length is not None and ticks_in(steps) < schedule.length:
        raise invalid_value(
            "extend",
            "steps",
            ticks_in(steps),
            f"at least the {schedule.length} of the schedule",
            f"To end it earlier, write cooldown(schedule, at={at}, updates={left}).",
        )
    value = schedule(at)
    if floor is None:
        if schedule.length is None:
            raise GradatimError(
                "extend: the schedule has no end whose value could be the new one. Write floor=..."
            )
        end = schedule(schedule.length)
    else:
        end = level_of("extend", "floor", floor, value, _HERE)
    _can_fall("extend", shape, value, end)
    held = _of_the_rest("extend", "hold", hold, steps, left)
    if held >= left:
        raise invalid_value("extend", "hold", hold, f"less than the {left} updates that are left")
    return join(
        *_before(schedule, at), *hold_at(value, held), ramp_of(shape, value, end, left - held)
    )


@_for_plans_too
def cooldown(
    schedule: Schedule,
    *,
    at: Steps,
    updates: PositiveSteps,
    shape: Shape = "1-sqrt",
    floor: Level = 0.0,
) -> Schedule:
    """The schedule up to an update, then from its value there down to the floor, and an end.

    For a run that is to stop, earlier than planned or because its schedule has no end. The value
    does not jump.

    Args:
        schedule: The schedule of the run so far, or the plan: each of its learning rates cools
            down, one that is 0 stays 0, and its other values, rules and run stay.
        at: The completed updates at which the cooldown begins.
        updates: The length of the cooldown in updates.
        shape: The curve of it: "1-sqrt", "linear", "cosine", "exponential" or "sqrt-cube".
        floor: The value it goes to, or a share of the value at ``at`` such as "10%".

    Raises:
        GradatimError: If nothing is left to cool down, because the schedule is at the floor.

    >>> from gradatim import warmup_constant
    >>> ending = cooldown(warmup_constant(1.0, warmup=2), at=10, updates=4, shape="linear")
    >>> [ending(k) for k in (1, 9, 10, 12, 14, 99)]
    [0.5, 1.0, 1.0, 0.5, 0.0, 0.0]
    >>> from gradatim import Plan
    >>> plan = Plan({"lr": warmup_constant(1.0, warmup=2), "weight_decay": 0.1})
    >>> plan = cooldown(plan, at=10, updates=4, shape="linear")
    >>> [plan["lr"](k) for k in (9, 10, 12, 14)], plan["weight_decay"](14)
    ([1.0, 1.0, 0.5, 0.0], 0.1)
    """
    value = schedule(at)
    end = level_of("cooldown", "floor", floor, value, _HERE)
    _can_fall("cooldown", shape, value, end)
    return branch(schedule, at=at, then=ramp_of(shape, value, end, updates))


@recipe
def rewarm(
    schedule: Schedule,
    *,
    at: Steps,
    steps: Total,
    peak: Number,
    warmup: Length = "5%",
    shape: Shape = "cosine",
    floor: Level = 0.0,
) -> Schedule:
    """The schedule up to an update, then a second warm-up from its value there, and a decay.

    For a finished run that is to learn from more data. The value does not jump.

    Args:
        schedule: The schedule of the run so far.
        at: The completed updates of the checkpoint to continue from.
        steps: The length of the whole run in updates, those before ``at`` included; or the run.
        peak: The value that the second warm-up leads to.
        warmup: Updates of it, 1 or more, or a share of what is left, such as "5%".
        shape: The curve of the decay: "cosine", "linear", "1-sqrt", "exponential" or "sqrt-cube".
        floor: The value the decay goes to, or a share of the peak such as "10%".

    Source: Gupta et al., "Continual Pre-Training of Large Language Models: How to (re)warm your
    model?", 2023 (arXiv:2308.04014).

    >>> from gradatim import Linear
    >>> again = rewarm(Linear(1.0, 0.0, 10), at=10, steps=22, peak=0.5, warmup=4)
    >>> [round(again(k), 4) for k in (5, 10, 12, 14, 18, 22)]
    [0.5, 0.0, 0.25, 0.5, 0.25, 0.0]
    """
    end = floor_for("rewarm", shape, floor, peak)
    left = _left("rewarm", at, ticks_in(steps))
    up = _of_the_rest("rewarm", "warmup", warmup, steps, left)
    if not 0 < up < left:
        raise invalid_value(
            "rewarm", "warmup", warmup, f"1 or more and less than the {left} updates left"
        )
    return join(
        *_before(schedule, at), Linear(schedule(at), peak, up), ramp_of(shape, peak, end, left - up)
    )


def _before(schedule: Schedule, at: int) -> tuple[Schedule, ...]:
    """What was used until then, as pieces: none if nothing was."""
    past = schedule.cut(at)
    pieces = past.pieces if isinstance(past, Join) else (past,)
    return tuple(piece for piece in pieces if piece.length != 0)


def _left(where: str, at: int, steps: int) -> int:
    if steps <= at:
        hint = "It is the whole run, not the rest."
        raise invalid_value(where, "steps", steps, f"more than at, {at}", hint)
    return steps - at


def _of_the_rest(where: str, name: str, length: int | str, run: Run | int, left: int) -> int:
    """The updates of a length whose shares are of what is left."""
    return in_ticks(where, name, length, left if is_percentage(length) else run)


def _can_fall(where: str, shape: Shape, value: float, end: float) -> None:
    refuse_zero(where, shape, end)
    if known_true(value == end):
        raise GradatimError(
            f"{where}: the schedule is at {value!r} there already, as at its end, and would stay "
            "there. Go on from a checkpoint where it is higher, or write rewarm(...)."
        )
