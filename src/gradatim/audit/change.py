"""How a log differs from its plan: one transformation of the planned curve."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import numpy as np

from gradatim.audit.planned import Interval, Planned
from gradatim.logs.rate_series import ROUND_OFF

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

Kind = Literal[
    "same",
    "rounding",
    "constant",
    "shift",
    "scale",
    "stairs",
    "factor",
    "offset",
    "floor",
    "ceiling",
    "scale and shift",
    "factor and shift",
    "unknown",
]
Format = Literal["bfloat16", "float16"]
FORMATS: dict[Format, int] = {"bfloat16": 8, "float16": 11}
"""The bits of the mantissa of each format: a rounded rate is off by half of the last one."""
_UNSURE_SCALE = 1e-5


@dataclass(frozen=True)
class Change:
    """The logged rate as a transformation of the planned rate f, simplest first in ``COST``.

    With all fields, ``factor * f(scale * (step + counted) + shift) + offset``, then not below
    ``floor`` and not above ``ceiling``, then rounded. With ``stairs`` the scaled step is cut to a
    whole number first.
    """

    kind: Kind
    counted: int = 0
    """What the log adds to its steps; -1 and 1 are ways to count, and no fault."""
    scale: Fraction | float = 1
    stairs: bool = False
    shift: float = 0
    factor: float = 1.0
    offset: float = 0.0
    floor: float | None = None
    ceiling: float | None = None
    level: float | None = None
    """The rate of a group that does not move."""
    quantum: float | None = None
    """Rates are multiples of this."""
    format: Format | None = None
    """Rates are numbers of this format, and so rounded."""
    interval: Interval | None = field(default=None, compare=False)
    """The values of the parameter that describe the log as well; None if only this one does."""

    @property
    def value(self) -> float | None:
        """The one parameter that its kind is about; None if there is none, or two."""
        return {
            "constant": self.level,
            "shift": self.shift,
            "scale": float(self.scale),
            "stairs": float(self.scale),
            "factor": self.factor,
            "offset": self.offset,
            "floor": self.floor,
            "ceiling": self.ceiling,
            "scale and shift": float(self.scale),
            "factor and shift": self.factor,
            "rounding": self.quantum,
        }.get(self.kind)

    def rates(self, planned: Planned, steps: Floats) -> Floats:
        """What the log would show at its steps."""
        if self.level is not None:
            return np.full(len(steps), self.level)
        at = steps + self.counted
        if self.scale != 1:
            # Exact for whole numbers: 3 * (1 / 3) must not be cut to 0.
            exact = Fraction(self.scale)
            at = at * exact.numerator / exact.denominator
        at = (np.floor(at) if self.stairs else at) + self.shift
        rates = planned.at(at)
        if self.factor != 1.0:
            rates = rates * self.factor
        if self.offset:
            rates = rates + self.offset
        if self.floor is not None or self.ceiling is not None:
            rates = np.clip(rates, self.floor, self.ceiling)
        return rates

    def fits(self, planned: Planned, steps: Floats, rates: Floats, tolerance: Floats) -> Bools:
        """Whether each logged rate is what this change makes of the plan, as booleans."""
        if self.kind == "unknown":
            return np.ones(len(steps), dtype=bool)
        expected = self.rates(planned, steps)
        if self.quantum is not None:
            tolerance = tolerance + self.quantum * 0.5000001
        elif self.format is not None:
            tolerance = tolerance + np.abs(expected) * 2.0 ** -FORMATS[self.format]
        # A scale that is no fraction is known only so far: the middle of an interval.
        slack = ROUND_OFF if isinstance(self.scale, Fraction | int) else _UNSURE_SCALE
        height = planned.height * max(abs(self.factor), 1.0)
        within: Bools = np.abs(expected - rates) <= tolerance + slack * height
        return within


COST: dict[Kind, int] = {
    "same": 0,
    "constant": 1,
    "factor": 2,
    "shift": 2,
    "scale": 2,
    "stairs": 2,
    "offset": 2,
    "floor": 2,
    "ceiling": 2,
    "rounding": 3,
    "scale and shift": 4,
    "factor and shift": 4,
    "unknown": 9,
}
"""How much a change assumes: of two that describe a log equally well, the lesser comes first."""
