"""Marks that tell the curves of one picture apart without colour, and where to put them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

MARKS = "123456789abcdefghijklmnopqrstuvwxyz"
"""The mark of each curve, in order."""


def mark_of(number: int) -> str:
    """The mark of a curve by its number, from 0."""
    return MARKS[number % len(MARKS)]


def numbered(number: int, name: str) -> str:
    """The name of a curve with its mark, as in a legend.

    >>> numbered(0, "cosine")
    '1 cosine'
    """
    return f"{mark_of(number)} {name}"


_CLEAR = 0.12
"""Curves as far apart as this share of the height need not be farther apart to be told apart."""
_WIDE, _HIGH = 0.09, 0.15
"""Marks that are closer than these shares of the width and the height overlap."""


def mark_columns(curves: Sequence[Sequence[float]], windows: int = 1) -> list[list[int]]:
    """The columns at which each curve carries its mark: where it is away from the others.

    Args:
        curves: The values of each curve at the same columns, which are evenly spaced.
        windows: A mark is put into each of so many parts of the width in which the curve is away
            from the others, and at least one into the whole.

    Returns:
        The columns of each curve; none if there is only one curve.

    >>> mark_columns([[1.0, 1.0, 1.0, 0.5, 0.0], [1.0, 0.9, 0.4, 0.4, 0.0]])
    [[2], [2]]
    """
    if len(curves) < 2:
        return [[] for _ in curves]
    low, high = min(map(min, curves)), max(map(max, curves))
    picker = _Picker(curves, (high - low) or 1.0)
    size = len(curves[0])
    edges = [size * part // windows for part in range(windows + 1)]
    found = []
    for i in range(len(curves)):
        parts = [range(a, b) for a, b in pairwise(edges) if b > a]
        best = [picker.best(i, part) for part in parts]
        clear = [column for column in best if picker.apart(i, column) >= _CLEAR]
        chosen = clear or [picker.best(i, range(size))]
        for column in chosen:
            picker.taken.append((column, curves[i][column]))
        found.append(chosen)
    return found


class _Picker:
    """Chooses columns for marks, and keeps those that are taken."""

    def __init__(self, curves: Sequence[Sequence[float]], spread: float) -> None:
        self.curves, self.spread = curves, spread
        self.taken: list[tuple[int, float]] = []

    def apart(self, i: int, column: int) -> float:
        """The distance of curve ``i`` from the nearest other one, as a share of the height."""
        here = self.curves[i][column]
        others = (curve[column] for j, curve in enumerate(self.curves) if j != i)
        return min(abs(here - other) for other in others) / self.spread

    def best(self, i: int, columns: range) -> int:
        """The column where a mark is free, then far from the other curves, then in the middle."""
        middle = (columns.start + columns.stop - 1) / 2
        return max(
            columns,
            key=lambda c: (self._free(i, c), min(self.apart(i, c), _CLEAR), -abs(c - middle)),
        )

    def _free(self, i: int, column: int) -> bool:
        here, width = self.curves[i][column], len(self.curves[i])
        return not any(
            abs(column - other) < _WIDE * width and abs(here - value) < _HIGH * self.spread
            for other, value in self.taken
        )
