"""The rates that a run logged, point by point in the order of the file, and how exact they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SINGLE_PRECISION = 1e-6
"""Logged rates are floats of single precision or better: their relative error is below this."""
ROUND_OFF = 1e-9
"""A rate is off by this share of the highest one where a trainer computes it step by step."""
_LEAST_DIGITS = 3
"""A rate printed as 0.1 may be 0.1 exactly; it is not taken for anything rounded to one digit."""


@dataclass(frozen=True)
class RateSeries:
    """One logged rate: a column, a key or a tag of a log.

    The points are in file order, so a run that was resumed has steps that go back.
    """

    source: str
    """The file."""
    name: str
    """The name of the rate in the file, such as "lr-AdamW/pg1"."""
    unit: str
    """What the steps count: "step" or "epoch"."""
    place: str
    """What ``lines`` counts: "line", "row" or "record"."""
    lines: NDArray[np.int64]
    """Where in the file each point is, from 1."""
    steps: Floats
    rates: Floats
    tolerance: Floats
    """How far each rate may be from its true value, if the digits of the log are rounded ones."""
    exact_tolerance: Floats
    """The same, if short numbers such as 0.1 are exact to three digits at least."""

    def __len__(self) -> int:
        return len(self.steps)

    def part(self, which: slice | NDArray[np.int64]) -> Self:
        """Some of the points."""
        return replace(
            self,
            lines=self.lines[which],
            steps=self.steps[which],
            rates=self.rates[which],
            tolerance=self.tolerance[which],
            exact_tolerance=self.exact_tolerance[which],
        )

    def at(self, i: int) -> str:
        """Where point ``i`` is, for a sentence: "log.csv, line 12"."""
        return f"{self.source}, {self.place} {self.lines[i]}"

    @property
    def resumed_at(self) -> list[int]:
        """The points at which the step goes back: where the run was resumed."""
        return [int(i) + 1 for i in np.flatnonzero(np.diff(self.steps) < 0)]


def tolerances(rates: Floats, texts: Sequence[str] | None) -> tuple[Floats, Floats]:
    """How far each rate may be from its true value, judged by the digits that were logged.

    Half a unit of the last digit, where the most significant digits and the most decimals of the
    whole column count: a formatter that writes four digits writes 0.1 for 0.1000.

    Args:
        rates: The rates.
        texts: Each as it is written in the file; None for floats of single precision.

    Returns:
        The tolerance if the digits are rounded ones, and the one if short numbers are exact.

    >>> rounded, exact = tolerances(np.array([0.3, 0.25, 0.2]), ["0.3", "0.25", "0.2"])
    >>> rounded.round(4), exact.round(4)
    (array([0.005, 0.005, 0.005]), array([0.0005, 0.0005, 0.0005]))
    """
    if not rates.any():
        exact = np.full_like(rates, _of_zeros(texts or ()))
        return exact, exact
    if texts is None:  # the shortest text of a single has the digits that it was rounded to
        texts = [str(rate) for rate in rates.astype(np.float32)]
    size = np.abs(rates)
    # A single of 0.0001 is a little less, and yet of its order.
    above = size * (1 + SINGLE_PRECISION)
    order = np.floor(np.log10(above, where=size > 0, out=np.zeros_like(size)))
    least = int(order[size > 0].min(initial=0))
    single = np.maximum(SINGLE_PRECISION * size, ROUND_OFF * size.max(initial=0.0))

    def within(digits: int, decimals: int) -> Floats:
        last_digit = np.where(size > 0, 10.0 ** (order - digits + 1), 0.0)
        half: Floats = 0.5 * np.maximum(last_digit, 10.0**-decimals)
        both: Floats = single + half
        return both

    counted = [_digits(text) for text in set(texts)]
    digits = max((d for d, _ in counted), default=1)
    decimals = max((d for _, d in counted), default=0)
    rounded = within(max(digits, 1), decimals)
    exact = within(max(digits, _LEAST_DIGITS), max(decimals, _LEAST_DIGITS - 1 - least))
    return rounded, exact


def _of_zeros(texts: Sequence[str]) -> float:
    """How far from zero rates may be that are all written as zero.

    "0.0" is how Python writes an exact zero; "0.0000" is a rate below 0.00005, or zero.

    >>> _of_zeros(["0.0", "0"]), _of_zeros(["0.00"])
    (0.0, 0.005)
    """
    decimals = max((len(text.strip().partition(".")[2]) for text in texts), default=0)
    is_rounded = decimals > 1 and not any("e" in text.lower() for text in texts)
    return 0.5 * 10.0**-decimals if is_rounded else 0.0


def _digits(text: str) -> tuple[int, int]:
    """The significant digits and the decimals of a number, without zeros at the end.

    >>> _digits("1.500e-3"), _digits("0.0015"), _digits("1.0")
    ((2, 4), (2, 4), (1, 0))
    """
    mantissa, _, exponent = text.strip().lower().partition("e")
    whole, _, fraction = mantissa.lstrip("+-").partition(".")
    fraction = fraction.rstrip("0")
    return len((whole + fraction).lstrip("0")), len(fraction) - int(exponent or 0)
