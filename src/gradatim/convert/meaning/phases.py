"""Phases one after another whose ends need not be whole updates."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any, Literal, NamedTuple

from gradatim.core.combine import join
from gradatim.core.decays import Constant
from gradatim.core.ramps import Cosine, FractionalRamp, Linear, OneMinusSqrt
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import PositiveSteps, RealSteps, check_argument

Shape = Literal["cosine", "linear", "1-sqrt"]
_WHOLE: dict[str, Callable[[float, float, int], Schedule]] = {
    "cosine": Cosine,
    "linear": Linear,
    "1-sqrt": OneMinusSqrt,
}
# Further from a whole number than a share such as 0.3 of some updates can be rounded off one.
_ROUNDED = 1e-9


class Phase(NamedTuple):
    """From ``start`` to ``end``, ending ``until`` so many updates after step 0."""

    until: float
    start: float
    end: float
    shape: Shape = "linear"


def phases(*given: Phase) -> Schedule:
    """One phase after another; the first begins at step 0, and the last value stays.

    >>> phases(Phase(2.5, 0.0, 1.0), Phase(5.0, 1.0, 0.0))
    FractionalRamp(start=0.0, end=1.0, steps=3, span=2.5, shape='linear') >> \
FractionalRamp(start=1.0, end=0.0, steps=2, span=2.5, shape='linear', elapsed=0.5)
    >>> phases(Phase(3.0, 0.0, 1.0))
    Linear(start=0.0, end=1.0, steps=3)
    """
    pieces: list[Schedule] = []
    begin, now, last = 0.0, 0, ceil(whole(given[-1].until))
    for phase in given:
        until = whole(phase.until)
        if (stop := min(ceil(until), last)) > now:
            piece = _piece(phase, ceil(until) - now, until - begin, now - begin)
            pieces.append(piece if ceil(until) <= last else piece.cut(stop - now))
            now = stop
        elif phase is given[-1] and until > begin:
            pieces.append(Constant(phase.end))  # over before an update falls into it
        begin = until
    return join(*pieces) if pieces else Constant(given[-1].end)


def _piece(phase: Phase, steps: int, span: float, begun: float) -> Schedule:
    span, begun = whole(span), whole(begun)
    if phase.start == phase.end:
        return Constant(phase.start, steps)
    if not (isinstance(span, int) and isinstance(begun, int)):
        return FractionalRamp(phase.start, phase.end, steps, span, phase.shape, begun or None)
    curve = _WHOLE[phase.shape](phase.start, phase.end, span)
    return curve.shift(-begun) if begun else curve


def whole(value: Any) -> Any:
    """The value as an int, if it is one but for rounding; else as it is."""
    if isinstance(value, float) and abs(value) < 2**52 and abs(value - round(value)) < _ROUNDED:
        return round(value)
    return value


def updates(where: str, name: str, value: Any) -> int:
    """A length in whole updates, 1 or more; ``100.0`` is one."""
    length: int = check_argument(where, name, PositiveSteps, whole(value))
    return length


def time(where: str, name: str, value: Any) -> float:
    """A length above 0, in updates, whole or not."""
    length: float = check_argument(where, name, RealSteps, value)
    return length
