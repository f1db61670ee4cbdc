"""What is checked: a schedule, the steps to look at, and what is expected of its values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from gradatim.core.pieces import boundaries
from gradatim.core.schedule import Schedule
from gradatim.core.sketch import horizon

Monotone = Literal["rises", "falls"]
FARTHEST = 2**53
"""Up to here every whole number is a float64 too."""


@dataclass(frozen=True)
class Subject:
    """A schedule and what is expected of it."""

    schedule: Schedule
    steps: tuple[int, ...]
    """The steps to look at, rising."""
    start: float | None = None
    end: float | None = None
    low: float | None = None
    high: float | None = None
    monotone: Monotone | None = None
    units: float = 4.0
    """The largest error of an array, in units in the last place."""
    size: float | None = None
    """Smaller values may be as wrong as one of this size; None for the largest value."""
    frameworks: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = repr(self.schedule)
        return text if len(text) <= 120 else f"{text[:117]}..."

    def value(self, step: int) -> float:
        """The value at one step."""
        return self.schedule(step)

    def allowed(self, value: float, unit: float) -> float:
        """How far from this value an array may be whose floats have this unit."""
        size = self._largest if self.size is None else self.size
        return self.units * unit * max(abs(value), size)

    @cached_property
    def _largest(self) -> float:
        return max(abs(self.value(step)) for step in self.steps)


def steps_of(schedule: Schedule) -> tuple[int, ...]:
    """All steps of a short schedule; of a long one the ends, the joins, and a sample in between.

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
