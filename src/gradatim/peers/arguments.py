"""What an argument of a foreign scheduler may be: the types of the signatures in this folder."""

from __future__ import annotations

from typing import Annotated, Any

from gradatim.core.values.fields import (
    DecayFactor,
    FieldType,
    NonNegative,
    Number,
    Positive,
    RealSteps,
    whole_number,
)

__all__ = [
    "DecayFactor",
    "Entries",
    "Fresh",
    "Ignored",
    "NonNegative",
    "Number",
    "Steps",
    "Positive",
    "RealSteps",
    "PositiveInt",
    "PositiveSteps",
    "rounded",
]

# Further from a whole number than a share such as 0.3 of some updates can be rounded off one.
_ROUNDED = 1e-9


def rounded(value: Any) -> Any:
    """The value as an int, if it is one but for rounding; else as it is."""
    if isinstance(value, float) and abs(value) < 2**52 and abs(value - round(value)) < _ROUNDED:
        return round(value)
    return value


def _fresh(value: Any) -> Any:
    if value not in (-1, None):
        raise ValueError
    return value


def _entries(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError
    return tuple(value)


Entries = Annotated[Any, FieldType("a list", _entries)]
"""A list of what its function checks itself."""
Ignored = Annotated[Any, FieldType("anything", lambda value: None)]
"""Changes no rate: the optimizer, a name, how much is printed."""
Fresh = Annotated[Any, FieldType("left out", _fresh, "That is for a resume.")]
"""Where a run goes on, which is no part of a schedule."""
# As in core, but for what is rounded off a whole number: 0.3 * 10 is 3 updates.
PositiveSteps = Annotated[
    int, FieldType("a whole number of updates, 1 or more", lambda x: whole_number(rounded(x), 1))
]
Steps = Annotated[
    int, FieldType("a whole number of updates, 0 or more", lambda x: whole_number(rounded(x), 0))
]
PositiveInt = Annotated[
    int, FieldType("a whole number, 1 or more", lambda x: whole_number(rounded(x), 1))
]
