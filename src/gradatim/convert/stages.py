"""The shape most projects can say: a warm-up, a hold, one curve. And how results are handed on."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gradatim.core.combine import Join
from gradatim.core.decays import Constant
from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.ramps import Linear
from gradatim.core.reshape import Shift
from gradatim.core.schedule import Schedule


class Written(NamedTuple):
    """Code or settings of another project, and what differs there."""

    code: str
    differences: tuple[str, ...] = ()


class Read(NamedTuple):
    """The schedule that code or settings of another project mean, and what differs there."""

    schedule: Schedule
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
    if len(pieces) != 1:
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
    said = [f"{key}={_literal(value)}" for key, value in arguments.items()]
    line = f"{name}({', '.join(said)})"
    return line if len(line) <= 88 else f"{name}(\n    " + ",\n    ".join(said) + ",\n)"


class Name(str):
    """A text that stands in code as it is."""


def _literal(value: Any) -> str:
    return str(value) if isinstance(value, Name) else repr(value)


def parse_call(text: str, known: Mapping[str, Sequence[str]]) -> tuple[str, dict[str, Any]]:
    """The last part of a called name, and its arguments, of which only literals are read.

    Args:
        text: One Python call, such as "CosineDecay(0.1, decay_steps=1000)".
        known: For each name the arguments it takes, in order.

    Raises:
        GradatimError: If it is not a call of one of the names with literal arguments.
    """
    if len(text) > 10_000:
        raise GradatimError("convert: the text has more than 10000 characters.")
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise GradatimError(f"convert: not a Python call: {text.strip()[:60]!r}.") from None
    if not isinstance(node, ast.Call):
        raise GradatimError(f"convert: not a Python call: {text.strip()[:60]!r}.")
    name = ast.unparse(node.func).split(".")[-1]
    if name not in known:
        raise unknown("convert", "schedule", name, known)
    names = known[name]
    if len(node.args) > len(names):
        raise GradatimError(f"convert: {name} takes {len(names)} arguments: {', '.join(names)}.")
    given = dict(zip(names, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg not in names:
            raise unknown(f"convert: {name}", "argument", keyword.arg, names)
        given[keyword.arg] = keyword.value
    return name, {
        key: _constant(name, key, value) for key, value in given.items() if key != "optimizer"
    }


def _constant(name: str, key: str, node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        shown = ast.unparse(node)[:60]
        raise refuse(f"convert: {name}", key, Name(shown), "a number or another literal") from None


def need(where: str, name: str, value: float | None, hint: str) -> float:
    """A number that the text does not say and somebody must."""
    if value is None:
        raise GradatimError(f"convert: {where} does not say {name}. {hint}")
    return float(value)
