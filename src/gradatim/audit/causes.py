"""What can make a run differ from its plan in a given way, the most likely causes first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from gradatim.audit.change import Change
from gradatim.errors import invalid_value


@dataclass(frozen=True)
class Known:
    """What is known about a run besides its log.

    Args:
        accumulate: The micro-batches of an update (gradient accumulation).
        processes: The processes (ranks) that train together.
        updates_per_epoch: The updates of an epoch.

    Raises:
        GradatimError: If one of them is less than 1.
    """

    accumulate: int | None = None
    processes: int | None = None
    updates_per_epoch: int | None = None

    def __post_init__(self) -> None:
        for name in ("accumulate", "processes", "updates_per_epoch"):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < 1):
                raise invalid_value("audit", name, value, "a whole number, 1 or more")


@dataclass(frozen=True)
class Place:
    """Where in the run a change begins."""

    step: float
    """The first logged step that shows it."""
    before: float | None
    """The last logged step that does not; None if the change is there from the beginning."""
    resumed: bool
    """Whether the log shows a resume there: a step that goes back."""

    @property
    def late(self) -> bool:
        """Whether the run was as planned before."""
        return self.before is not None

    @property
    def ends(self) -> tuple[float, float]:
        """The logged steps on both sides of the change; the later may be the smaller one."""
        return (self.step if self.before is None else self.before), self.step


@dataclass(frozen=True)
class Cause:
    """One thing that explains a change."""

    sentence: str
    matches: bool = False
    """Whether its number is one that is known about the run."""


def causes_of(change: Change, place: Place, known: Known) -> Iterator[Cause]:
    """The possible causes of a change, the most likely first."""
    kind = change.kind
    if kind in ("scale", "scale and shift"):
        yield from _faster(change, place, known)
    elif kind == "stairs":
        yield from _stairs(change, known)
    elif kind == "shift":
        yield from _shifted(change, place)
    elif kind in ("factor", "factor and shift"):
        yield from _scaled(change, known)
        if kind == "factor and shift":
            yield from _shifted(change, place)
    elif kind == "offset":
        yield Cause("A constant is added to every rate, as the base rate of a cyclic scheduler is.")
    elif kind == "floor":
        yield Cause(f"A floor (min_lr, eta_min) of {change.floor:g} that the plan does not have.")
        yield Cause(f"The scheduler was no longer stepped once its rate was {change.floor:g}.")
    elif kind == "ceiling":
        yield Cause(f"A ceiling (max_lr) of {change.ceiling:g} that the plan does not have.")
    elif kind == "constant":
        yield from _constant(change, place)
    elif kind == "rounding":
        yield from _rounding(change)
    else:
        yield Cause("Another schedule than the plan's was used, or a rate was set by hand.")


def _faster(change: Change, place: Place, known: Known) -> Iterator[Cause]:
    scale = float(change.scale)
    whole = _whole(scale, change)
    if whole > 1:
        per, acc = known.processes, known.accumulate
        yield Cause(
            f"The scheduler was stepped once per process: {whole} processes, {whole} steps an "
            "update.",
            whole == per,
        )
        yield Cause(
            f"The scheduler was stepped once per micro-batch, {whole} times an update, instead of "
            "once an update.",
            whole == acc,
        )
        if per and acc and per > 1 and acc > 1:
            yield Cause(
                "The scheduler was stepped once per micro-batch and process.", whole == per * acc
            )
        yield Cause(
            f"The lengths given to the scheduler were divided by {whole}, as for an update of "
            f"{whole} times as many samples."
        )
    inverse = _whole(1 / scale, change)
    if inverse > 1:
        yield Cause(
            f"The lengths given to the scheduler are in micro-batches, {inverse} an update, and it "
            "was stepped once an update.",
            inverse == known.accumulate,
        )
        yield Cause(
            f"The lengths given to the scheduler are those of one process, and {inverse} processes "
            "shared the data.",
            inverse == known.processes,
        )
        yield Cause(f"The scheduler was built for a run {inverse} times as long.")
    if whole <= 1 and inverse <= 1:
        yield Cause(f"The scheduler was built for a run {1 / scale:.4g} times as long.")
    if place.late:
        yield Cause(
            "The batch, the accumulation or the number of processes changed at the resume.",
            place.resumed,
        )


def _whole(scale: float, change: Change) -> int:
    """The whole number that a scale is, or may be by its interval; else 0."""
    near = round(scale)
    if isinstance(change.scale, Fraction):
        return near if near == scale else 0
    return near if near and abs(near - scale) < 1e-3 * near else 0


def _stairs(change: Change, known: Known) -> Iterator[Cause]:
    every = round(1 / float(change.scale))
    yield Cause(
        f"The scheduler was stepped once an epoch of {every} updates, and its lengths are in "
        "updates.",
        every == known.updates_per_epoch,
    )
    yield Cause(
        f"The log counts micro-batches, {every} an update; then the run is as planned.",
        every == known.accumulate,
    )
    yield Cause(f"The scheduler was stepped once every {every} updates.")


def _shifted(change: Change, place: Place) -> Iterator[Cause]:
    shift = change.shift
    if place.before is not None and min(place.ends) - 2 <= -shift <= max(place.ends) + 2:
        yield Cause(
            f"The scheduler's state was not restored on the resume at step {-shift:g}: it counted "
            "anew from 0.",
            True,
        )
    elif place.late and shift < 0:
        yield Cause(
            f"The scheduler was restored from a checkpoint {-shift:g} steps older than the model.",
            place.resumed,
        )
    elif place.late:
        yield Cause("The scheduler was stepped while batches were skipped, or twice on the resume.")
    elif shift < 0:
        yield Cause(f"The scheduler began to be stepped only after {-shift:g} updates.")
        yield Cause(f"The warm-up is {-shift:g} updates longer than planned, or begins later.")
    else:
        yield Cause(f"The scheduler began at step {shift:g}: last_epoch, or steps before the run.")
        yield Cause(f"The log counts from step {shift:g} of an earlier run.")


def _scaled(change: Change, known: Known) -> Iterator[Cause]:
    factor = change.factor
    for what, count in (("processes", known.processes), ("accumulation", known.accumulate)):
        if count and count > 1:
            yield Cause(
                f"The peak was multiplied by the number of {what}, {count}.",
                math.isclose(factor, count, rel_tol=1e-3),
            )
            yield Cause(
                f"The peak was multiplied by the square root of the number of {what}, {count}.",
                math.isclose(factor, count**0.5, rel_tol=1e-3),
            )
            if math.isclose(factor, 1 / count, rel_tol=1e-3):
                yield Cause(f"The peak was divided by the number of {what}, {count}.", True)
    if not (known.processes or known.accumulate):
        yield Cause(
            "The peak was multiplied by the number of processes, or scaled with the batch size."
        )
    yield Cause(f"Another base rate: that of the optimizer is {factor:.6g} times the planned one.")


def _constant(change: Change, place: Place) -> Iterator[Cause]:
    level = f"{change.level:g}"
    if place.late:
        yield Cause(
            "The scheduler was no longer stepped, or it stepped an optimizer that had been "
            f"replaced: the rate stays at {level}."
        )
        yield Cause(f"The scheduler had reached the end it was given, and kept {level}.")
    else:
        yield Cause(f"No scheduler is attached to this group: its rate stays at {level}.")
        yield Cause("scheduler.step() is never called, or its calls come after the run.")


def _rounding(change: Change) -> Iterator[Cause]:
    if change.format is not None:
        yield Cause(f"The rate is held in {change.format}, which has few digits.", True)
    else:
        yield Cause(f"The rate is rounded to multiples of {change.quantum:g} before it is used.")
