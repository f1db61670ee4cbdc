"""What a row of the table of cases is."""

from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any

from mpmath import mpf

from gradatim import Schedule
from gradatim.core.values.value import buildable
from gradatim.testing.subject import Monotone
from tests.core.oracles import Oracle

FARTHEST = 2**53  # up to here every whole number is a float64 too


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    name: str
    arguments: dict[str, Any]
    oracle: Oracle
    start: float
    """The exact value at step 0."""
    end: float | None = None
    """The exact value from step ``length`` on."""
    length: int | None = None
    low: float = -inf
    high: float = inf
    way: Monotone | None = None
    """"falls" or "rises" where it does so all the way."""
    until: int = 0
    """The last step looked at, of a schedule without end."""
    near: tuple[int, ...] = ()
    """Steps to look at closely: joins, restarts."""
    units: float = 4.0
    """The error allowed, in units in the last place; a docstring says so where it is not 4."""
    size: float = 0.0
    """The size of the terms, where terms of both signs cancel."""

    @cached_property
    def schedule(self) -> Schedule:
        return buildable()[self.name](**self.arguments)

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """All steps of a short schedule; the two ends and a sample in between of a long one."""
        last = min(self.until if self.length is None else self.length, FARTHEST)
        looked = {0, 1, last, last + 1, 2 * last + 7, *range(min(last, 100))}
        looked |= {n + d for n in self.near for d in range(-2, 3)}
        looked |= {last - d for d in range(100)} | {last * i // 97 for i in range(98)}
        after = set() if self.length is None else {last + 10**9, 10**15}
        return tuple(sorted(step for step in looked | after if 0 <= step <= FARTHEST))

    @cached_property
    def truth(self) -> dict[int, mpf]:
        """What the textbook says at these steps."""
        return {step: self.oracle(step) for step in self.steps}

    def __str__(self) -> str:
        said = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.name}({said})"
