"""What the fields of a schedule of your own may hold.

Declare a field as one of these types, and it is checked when the schedule is built, in a sentence
that says what is allowed. Lengths (``Steps``, ``Phase``, ``Offset``, ``Span``) are in optimizer
updates; a plan file may give them as "5%" or "2 epochs", and a schedule that is stretched has
longer ones. Plain types, such as ``float`` or ``bool``, do for anything else.

The page "Your own schedule" of the documentation has an example.
"""

from gradatim.core.values.fields import (
    Count,
    Falling,
    NotNegative,
    Number,
    Offset,
    Phase,
    Positive,
    Share,
    Span,
    Steps,
    Times,
)

__all__ = [
    "Number",
    "Positive",
    "NotNegative",
    "Falling",
    "Share",
    "Count",
    "Times",
    "Steps",
    "Phase",
    "Span",
    "Offset",
]
