"""The types for the fields of your own schedule.

Declare a field as one of these types. It is then checked when the schedule is built, and the error
says what is allowed. The four lengths (``Steps``, ``PositiveSteps``, ``SignedSteps`` and
``RealSteps``) are in steps of the run's clock, which are optimizer updates unless the run says
otherwise. A plan file may write them as "5%" or "2 epochs", and ``stretched`` multiplies them.
For anything else use plain types such as ``float`` or ``bool``.

The page "Your own schedule" of the documentation has an example.
"""

from typing import TYPE_CHECKING

from gradatim.core.values.fields import (
    DecayFactor,
    NonNegative,
    NonNegativeInt,
    Number,
    OpenFraction,
    Positive,
    PositiveInt,
    PositiveSteps,
    RealSteps,
    SignedSteps,
    Steps,
)

__all__ = [
    "Number",
    "Positive",
    "NonNegative",
    "DecayFactor",
    "OpenFraction",
    "NonNegativeInt",
    "PositiveInt",
    "PositiveSteps",
    "Steps",
    "RealSteps",
    "SignedSteps",
]


if not TYPE_CHECKING:  # or type checkers would accept any attribute

    def __getattr__(name: str):
        from gradatim.core.deprecated import moved_name

        return moved_name(__name__, name)
