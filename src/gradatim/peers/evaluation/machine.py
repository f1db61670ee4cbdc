"""The state of one reading of a function: the branches it takes, and how much is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, Union

from gradatim.errors import GradatimError

MOST_CALLS, _MOST_AT_ONCE = 3_000_000, 20_000
"""Calls and iterations in all steps together, a few seconds; and at one step."""
MOST_DEEP = 20
"""Calls of functions inside each other."""


class NoValue(Exception):
    """The function has no value at this step: it raises an error there, or divides by zero."""


class Callee(Protocol):
    """A function that is called with values."""

    def __call__(self, given: list[Value], named: dict[str, Value]) -> Value:
        """The value for arguments without and with names."""


class Previous:
    """The rate before this step, as an argument: it need not be known where it is not used."""


class Unknown:
    """An object of the file without a value of its own, such as ``args``.

    Args:
        error: What is said where a value is needed.
    """

    def __init__(self, error: GradatimError) -> None:
        self.error = error


class Group:
    """One parameter group of an optimizer, whose entries are read and written by name."""


class Groups:
    """All parameter groups of an optimizer: one stands for all."""


Value = Union[
    int,
    float,
    str,
    None,
    "tuple[Value, ...]",
    "Mapping[Value, Value]",
    Callee,
    Unknown,
    Previous,
    Group,
    Groups,
]
Frames = tuple[dict[str, Value], ...]
"""The local variables of a function, then those of the functions around it."""
Run = Callable[[Frames], Value]
"""An expression that is ready to be evaluated."""


@dataclass
class Machine:
    """What is known while a function is evaluated at one step, and what it did."""

    base: float | None = None
    """The rate that the optimizer was made with."""
    rate: float | None = None
    """The rate that the optimizer has before this step."""
    path: list[int] = field(default_factory=list)
    """The branches taken at this step: the same path has the same formula."""
    written: list[float] = field(default_factory=list)
    """The rates written to parameter groups at this step."""
    writes: bool = False
    """Whether the function writes rates to parameter groups, at some steps or all."""
    reads_rate: bool = False
    """Whether the rate before this step was used."""
    step: int | None = None
    """The count of a scheduler, where the function is its method."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Attributes of ``self`` that count the steps, and their values at the first."""
    line: int = 0
    """The line that is evaluated."""
    arrays: bool = False
    """Whether numbers are arrays, where a division by zero is infinite and no error."""
    calls: int = 0
    calls_at_step: int = 0
    depth: int = 0
    notes: dict[str, None] = field(default_factory=dict)
    """Sentences on what is left out."""

    def count(self) -> None:
        """Count one call or iteration.

        Raises:
            GradatimError: If there were too many.
        """
        self.calls += 1
        self.calls_at_step += 1
        if self.calls > MOST_CALLS or self.calls_at_step > _MOST_AT_ONCE:
            raise refused(self.line, f"a function with more than {_MOST_AT_ONCE} calls")

    def current(self) -> float:
        """The rate of the optimizer before this step.

        Raises:
            GradatimError: If it is not known.
        """
        self.reads_rate = True
        if self.rate is None:
            raise GradatimError(
                f"line {self.line}: the rate of the optimizer is used. Write --lr, such as "
                "--lr 0.1."
            )
        return self.rate


class Refused(GradatimError):
    """The error for code that is not evaluated."""


def refused(line: int, what: str) -> Refused:
    """The error for code that is not evaluated; the caller raises it."""
    return Refused(
        f"line {line}: {what} is not evaluated here, because code is read and not run. Write the "
        "schedule that it means, or put the function at the top of a module and write "
        "Function('package.module:name')."
    )
