"""The limits of a value: small enough to be read back, and finite at every step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gradatim.errors import GradatimError, shown
from gradatim.xp.dispatch import is_traced

DEEPEST = 32
"""The largest nesting depth of values."""
MOST_ENTRIES = 100_000
"""The most fields and list entries of a value, nested values included."""
FARTHEST = 2**63 - 1
"""The last step that a run can count to."""


class Extent(NamedTuple):
    """Depth and size of a value as plain data."""

    levels: int = 0
    entries: int = 0
    opaque: bool = False
    """Whether some of its numbers are JAX tracers, or are computed by user code."""


def extent_of(fields: tuple[Any, ...]) -> Extent:
    """The extent of a tuple of fields or of list entries.

    >>> extent_of((1.0, (2.0, 3.0)))
    Extent(levels=0, entries=4, opaque=False)
    """
    levels, entries, opaque = 0, len(fields), False
    for field in fields:
        inside = extent_of(field) if isinstance(field, tuple) else getattr(field, "_extent", None)
        if isinstance(inside, Extent):
            levels = max(levels, inside.levels)
            entries += inside.entries
            opaque = opaque or inside.opaque
        else:
            opaque = opaque or is_traced(field)
    return Extent(levels, entries, opaque)


def refuse_unreadable(where: str, extent: Extent) -> None:
    """Raise for a value that could be saved but not read back.

    Raises:
        GradatimError: If it is nested too deeply or has too many entries.
    """
    if extent.levels > DEEPEST:
        raise GradatimError(
            f"{where}: nested more than {DEEPEST} levels deep, which could not be read back from a "
            "checkpoint. Multiply numbers into one factor, and join pieces with join(a, b, c)."
        )
    if extent.entries > MOST_ENTRIES:
        raise GradatimError(
            f"{where}: more than {MOST_ENTRIES} entries, which could not be read back from a "
            "checkpoint. Write a long table as a Function."
        )


def refuse_infinite(schedule: Callable[[int], float], steps: Iterable[int]) -> None:
    """Raise for a schedule whose value at one of these steps is not finite.

    Raises:
        GradatimError: For the first such step.
    """
    for step in steps:
        try:
            value = schedule(step)
            finite = math.isfinite(value)
        except GradatimError:
            raise
        except (ArithmeticError, ValueError) as error:
            raise _not_finite(schedule, step, error) from None
        except Exception:
            return  # a user's formula may be undefined at such steps: it raises where it is called
        if not finite:
            raise _not_finite(schedule, step, value)


def _not_finite(
    schedule: Callable[[int], float], step: int, got: float | Exception
) -> GradatimError:
    return GradatimError(
        f"{shown(schedule)}: the value at step {step} must be a finite number, got {shown(got)}. "
        "What grows needs an end: write Exponential(start=..., end=..., steps=...). Otherwise a "
        "number in it is too large, or too close to 0."
    )
