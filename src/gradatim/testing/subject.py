"""``Subject``: the schedule to check, the steps, and the expected values."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from gradatim.core.pieces import boundaries
from gradatim.core.schedule import Schedule
from gradatim.core.sketch import horizon

Monotone = Literal["rises", "falls"]
FARTHEST = 2**53
"""Up to here float64 represents every integer."""


@dataclass(frozen=True)
class Subject:
    """A schedule and the expectations of its values."""

    schedule: Schedule
    steps: tuple[int, ...]
    """The steps to check, rising."""
    start: float | None = None
    end: float | None = None
    low: float | None = None
    high: float | None = None
    monotone: Monotone | None = None
    units: float = 4.0
    """The tolerance for arrays, in units in the last place."""
    size: float | None = None
    """Smaller values have the tolerance of a value of this size; None for the largest one."""
    frameworks: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = repr(self.schedule)
        return text if len(text) <= 120 else f"{text[:117]}..."

    def value(self, step: int) -> float:
        """The value at one step."""
        return self.schedule(step)

    def allowed(self, value: float, unit: float) -> float:
        """The tolerance for this value in an array whose floats have this precision."""
        size = self._largest if self.size is None else self.size
        # Numbers below the smallest normal one have fewer digits.
        return self.units * unit * max(abs(value), size, sys.float_info.min)

    @cached_property
    def _largest(self) -> float:
        return max(abs(self.value(step)) for step in self.steps)


def steps_of(schedule: Schedule) -> tuple[int, ...]:
    """All steps of a short schedule; of a long one the ends, the boundaries, and a sample.

    >>> from gradatim import Linear
    >>> steps_of(Linear(start=1.0, end=0.0, steps=3))
    (0, 1, 2, 3, 4, 13, 1000000003, 1000000000000000)
    """
    last = min(horizon(schedule), FARTHEST)
    found = {0, 1, last, last + 1, 2 * last + 7, *range(min(last, 100))}
    found |= {last - k for k in range(100)} | {last * i // 97 for i in range(98)}
    found |= {step + k for step in boundaries(schedule, last)[:100] for k in (-2, -1, 0, 1)}
    if schedule.length is not None:
        found |= {last + 10**9, 10**15}
    return tuple(sorted(step for step in found if 0 <= step <= FARTHEST))
