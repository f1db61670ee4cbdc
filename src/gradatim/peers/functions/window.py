"""A stretch of a curve, and the steps at which a shape is tried there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from gradatim.core.digits import shortest
from gradatim.core.schedule import Schedule

_TRIED, _ALL = 24, 1000
_FEW = 10


class Fit(NamedTuple):
    """A schedule that describes the beginning of a stretch."""

    schedule: Schedule
    steps: int
    """The steps that it describes."""
    ends: bool = False
    """Whether it is over then: a ramp that has reached its end."""


@dataclass(frozen=True)
class Window:
    """The steps from ``first`` on of a curve, counted from 0.

    Args:
        value: The rate at a step of the whole curve.
        first: The first step.
        steps: The number of steps.
        open: Whether the curve goes on like this without an end.
        peak: The largest rate of the whole curve.
        numbers: Numbers that occur in the code.
        marks: Steps inside, counted from the first, at which another branch is taken.
    """

    value: Callable[[int], float]
    first: int
    steps: int
    open: bool
    peak: float
    numbers: Sequence[float] = ()
    marks: Sequence[int] = ()

    def at(self, step: int) -> float:
        """The rate at a step, counted from the first."""
        return self.value(self.first + step)

    def same(self, one: float, other: float) -> bool:
        """Whether two rates are the same but for rounding."""
        return abs(one - other) <= 1e-9 * max(abs(one), 1e-5 * self.peak)

    def tried(self, steps: int) -> Sequence[int]:
        """All of the first ``steps`` steps, or of many both ends and points between."""
        if steps <= _ALL:
            return range(steps)
        few = {0, 1, 2, 3, steps - 1, steps - 2, steps - 3}
        few |= {mark + by for mark in self.marks for by in (-1, 0)}
        few |= {steps * k // _TRIED for k in range(_TRIED)}
        return sorted(step for step in few if 0 <= step < steps)

    def fits(self, formula: Callable[[int], float], steps: int) -> bool:
        """Whether a formula gives the rates at some of the first steps."""
        try:
            return all(self.same(self.at(k), formula(k)) for k in self.tried(steps))
        except (ArithmeticError, ValueError):
            return False

    def rate(self, value: float) -> float:
        """A rate without its rounding error: the one of few digits, if one is that near."""
        return nice(value, 2e-14 * abs(value) + 1e-15 * self.peak)

    @cached_property
    def lengths(self) -> list[int]:
        """Lengths that a shape here may have, by the numbers in the code."""
        whole = sorted({int(x) for x in self.numbers if x == int(x) and abs(x) < 2**40})[-40:]
        sums = {x for one in whole for x in (one, one - 1, one + 1)}
        sums |= {a * b for a in whole for b in whole} | {a - b for a in whole for b in whole}
        found = {self.steps, self.steps - 1}
        found |= {x - self.first for x in sums} | {x - self.first - 1 for x in sums} | sums
        return sorted(n for n in found if 1 < n < 2**40)


def nice(value: float, slack: float) -> float:
    """The number of few digits within ``slack`` of a value, 0 if that is; else the value."""
    return 0.0 if abs(value) <= slack else shortest(value, slack, _FEW)


def near_whole(value: float, slack: float = 1e-7) -> int | None:
    """The whole number that a value is but for rounding, or None."""
    if not math.isfinite(value) or abs(value) > 2**50:
        return None
    whole = round(value)
    return whole if abs(value - whole) <= slack * max(1.0, abs(value)) else None
