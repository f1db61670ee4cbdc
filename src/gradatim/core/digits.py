"""Numbers as people choose them: those of few digits."""

from __future__ import annotations


def shortest(value: float, slack: float, most: int = 15) -> float:
    """The number of fewest digits within ``slack`` of a value; the value, if it has more.

    Args:
        value: The number.
        slack: How far from it is near enough.
        most: The most digits that are tried.

    >>> shortest(0.00030000012, 1e-9), shortest(0.333, 0.0), shortest(1 / 3, 0.0)
    (0.0003, 0.333, 0.3333333333333333)
    """
    for digits in range(1, most + 1):
        number = float(f"{value:.{digits}g}")
        if abs(number - value) <= slack:
            return number
    return value
