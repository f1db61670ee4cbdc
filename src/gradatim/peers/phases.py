"""Phases one after another whose ends need not be whole updates."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Literal, NamedTuple

from gradatim.core.combine import join
from gradatim.core.decays import Constant
from gradatim.core.ramps import Cosine, Exponential, FractionalRamp, Linear, OneMinusSqrt
from gradatim.core.schedule import Schedule
from gradatim.peers.arguments import rounded

Shape = Literal["cosine", "linear", "1-sqrt", "halving"]
_WHOLE: dict[str, Callable[[float, float, int], Schedule]] = {
    "cosine": Cosine,
    "linear": Linear,
    "1-sqrt": OneMinusSqrt,
}


class Phase(NamedTuple):
    """From ``start`` to ``end``, ending ``until`` so many updates after step 0."""

    until: float
    start: float
    end: float
    shape: Shape = "linear"
    """"halving" is from ``start`` to ``end`` as ``2 * 0.5 ** share - 1`` falls from 1 to 0."""


def phases(*given: Phase, begin: float = 0.0) -> Schedule:
    """One phase after another; the first begins at step 0, and the last value stays.

    Args:
        given: The phases.
        begin: Where the first begins, 0 or less, so that a part of them is over at step 0.

    >>> phases(Phase(2.5, 0.0, 1.0), Phase(5.0, 1.0, 0.0))
    FractionalRamp(start=0.0, end=1.0, steps=3, span=2.5, shape='linear') >> \
FractionalRamp(start=1.0, end=0.0, steps=2, span=2.5, shape='linear', elapsed=0.5)
    >>> phases(Phase(3.0, 0.0, 1.0))
    Linear(start=0.0, end=1.0, steps=3)
    """
    pieces: list[Schedule] = []
    now, last = 0, ceil(rounded(given[-1].until))
    for phase in given:
        until = rounded(phase.until)
        if (stop := min(ceil(until), last)) > now:
            piece = _piece(phase, ceil(until) - now, until - begin, now - begin)
            pieces.append(piece if ceil(until) <= last else piece.cut(stop - now))
            now = stop
            if phase is given[-1] and phase.shape == "halving" and _between(until, begin):
                pieces.append(Constant(phase.end))  # it ends between two updates, below its end
        elif phase is given[-1] and until > begin:
            pieces.append(Constant(phase.end))  # over before an update falls into it
        begin = until
    return join(*pieces) if pieces else Constant(given[-1].end)


def _piece(phase: Phase, steps: int, span: float, begun: float) -> Schedule:
    span, begun = rounded(span), rounded(begun)
    if phase.start == phase.end:
        return Constant(phase.start, steps)
    if phase.shape == "halving":
        height = phase.start - phase.end
        first, final = (2.0 * height * 0.5 ** (at / span) for at in (begun, begun + steps))
        return Exponential(first, final, steps) + (phase.end - height)
    if not (isinstance(span, int) and isinstance(begun, int)):
        return FractionalRamp(phase.start, phase.end, steps, span, phase.shape, begun or None)
    curve = _WHOLE[phase.shape](phase.start, phase.end, span)
    return curve.shift(-begun) if begun else curve


def _between(*times: float) -> bool:
    """Whether one of these times is no whole update, or before the first."""
    return any(not isinstance(rounded(time), int) or time < 0 for time in times)
