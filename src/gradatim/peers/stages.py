"""The shape most projects can say: a warm-up, a hold, one curve. And how results are handed on."""

from __future__ import annotations

from typing import Any, NamedTuple

from gradatim.core.combine import Join
from gradatim.core.decays import Constant
from gradatim.core.ramps import Linear
from gradatim.core.reshape import Shift
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError


class Written(NamedTuple):
    """Code or settings of another project, and what differs there."""

    code: str
    differences: tuple[str, ...] = ()


class Stages(NamedTuple):
    """A linear warm-up, a hold at the peak, then one curve; each may be missing."""

    start: float
    peak: float
    warmup: int
    early: bool
    """Whether the first update is one step up the warm-up already."""
    hold: int
    curve: Schedule | None
    """None where the peak holds for ever."""

    @property
    def before(self) -> int:
        """The updates before the curve."""
        return self.warmup - self.early + self.hold


def stages(schedule: Schedule) -> Stages | None:
    """The stages of a schedule, or None if it has another shape."""
    pieces = list(schedule.pieces) if isinstance(schedule, Join) else [schedule]
    start, peak, warmup, early = 0.0, float(pieces[0](0)), 0, False
    first = pieces[0].schedule if isinstance(pieces[0], Shift) else pieces[0]
    if isinstance(first, Linear) and len(pieces) > 1 and first.end == pieces[1](0):
        by = pieces[0].by if isinstance(pieces[0], Shift) else 0
        if by in (0, -1):
            start, peak, warmup, early = first.start, first.end, first.steps, by == -1
            del pieces[0]
    hold = 0
    if isinstance(pieces[0], Constant) and len(pieces) > 1 and pieces[0].value == peak:
        hold = pieces[0].steps or 0
        del pieces[0]
    # What others write starts at the peak, and is a share of it.
    if len(pieces) != 1 or peak == 0.0 or pieces[0](0) != peak:
        return None
    curve = None if isinstance(pieces[0], Constant) else pieces[0]
    return Stages(start, peak, warmup, early, hold, curve)


def no_form(project: str, schedule: Schedule, instead: str) -> GradatimError:
    """The error for a schedule that a project has no words for."""
    text = repr(schedule)
    text = text if len(text) <= 120 else f"{text[:117]}..."
    return GradatimError(f"convert: {project} has no words for {text}. {instead}")


def plain(project: str, schedule: Schedule, instead: str) -> Stages:
    """The stages of a schedule for a project that has no words for anything else."""
    found = stages(schedule)
    if found is None or found.early:
        raise no_form(project, schedule, instead)
    return found


def call(name: str, **arguments: Any) -> str:
    """A call as people write it, on one line or, if it is long, one argument a line."""
    said = [f"{key}={value!r}" for key, value in arguments.items()]
    line = f"{name}({', '.join(said)})"
    return line if len(line) <= 88 else f"{name}(\n    " + ",\n    ".join(said) + ",\n)"
