"""Sets of numbers as sorted intervals, and the simplest fraction in one of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

from gradatim.audit.planned import Interval

MOST = 2000
"""Intervals kept of one set: a curve that goes up and down more often says too little."""


def intersect(some: Sequence[Interval], others: Sequence[Interval]) -> list[Interval]:
    """The numbers that are in both sets.

    >>> intersect([(0, 4), (6, 9)], [(1, 2), (3, 7)])
    [(1, 2), (3, 4), (6, 7)]
    """
    found: list[Interval] = []
    i = j = 0
    while i < len(some) and j < len(others):
        low, high = max(some[i][0], others[j][0]), min(some[i][1], others[j][1])
        if low <= high:
            found.append((low, high))
        if some[i][1] < others[j][1]:
            i += 1
        else:
            j += 1
    return found


def common(sets: Iterable[Sequence[Interval]]) -> list[Interval]:
    """The numbers that are in all of the sets."""
    found: list[Interval] | None = None
    for one in sets:
        found = list(one) if found is None else intersect(found, one)
        if not found:
            return []
    return (found or [])[:MOST]


def simplest(low: float, high: float) -> Fraction:
    """The fraction between two positive numbers with the smallest numerator and denominator.

    >>> simplest(0.24, 0.26), simplest(1.9, 2.2), simplest(0.333, 0.334)
    (Fraction(1, 4), Fraction(2, 1), Fraction(1, 3))
    """
    whole = math.ceil(low)
    if whole <= high:
        return Fraction(max(whole, 1)) if whole else simplest(min(high, 1.0) / 2, high)
    below = math.floor(low)
    inner = simplest(1 / (high - below), 1 / (low - below) if low > below else math.inf)
    return below + 1 / inner


def middle(interval: Interval) -> float:
    """A number in an interval that may have no lower or upper end."""
    low, high = interval
    if math.isinf(low) or math.isinf(high):
        return low if math.isfinite(low) else high if math.isfinite(high) else 0.0
    return (low + high) / 2


def wholes(interval: Interval, most: int = 8) -> list[int]:
    """Some whole numbers of an interval: those at both ends, the middle, and a few between."""
    low, high = interval
    if math.isinf(low):
        low = (high if math.isfinite(high) else 0.0) - most
    first = math.ceil(low - 1e-9)
    last = first + most if math.isinf(high) else math.floor(high + 1e-9)
    if last < first:
        return []
    if last - first < most:
        return list(range(first, last + 1))
    return sorted({first + (last - first) * k // (most - 1) for k in range(most)})
