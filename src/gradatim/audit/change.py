"""How a log differs from its plan: one transformation of the planned curve."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import numpy as np

from gradatim.audit.planned import Interval, Planned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

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
            scale = self.scale
            # Exact for whole numbers: 3 * (1 / 3) must not be cut to 0.
            at = (
                at * scale.numerator / scale.denominator
                if isinstance(scale, Fraction)
                else (at * float(scale))
            )
        at = (np.floor(at) if self.stairs else at) + self.shift
        rates = planned.at(at)
        if self.factor != 1.0:
            rates = rates * self.factor
        if self.offset:
            rates = rates + self.offset
        if self.floor is not None or self.ceiling is not None:
            rates = np.clip(rates, self.floor, self.ceiling)
        return rates

    def fits(self, planned: Planned, steps: Floats, rates: Floats, tolerance: Floats) -> Floats:
        """Whether each logged rate is what this change makes of the plan, as booleans."""
        if self.kind == "unknown":
            return np.ones(len(steps), dtype=bool)
        expected = self.rates(planned, steps)
        if self.quantum is not None:
            tolerance = tolerance + self.quantum * 0.5000001
        elif self.format is not None:
            tolerance = tolerance + np.abs(expected) * (
                2.0**-8 if self.format == "bfloat16" else 2.0**-11
            )
        error = np.abs(expected - rates)
        slack = 1e-9 * planned.height * max(abs(self.factor), 1.0)
        if self.interval is not None and self.kind in ("scale", "scale and shift"):
            slack += (
                1e-5
                * planned.height
                * max(abs(self.factor), 1.0)
                * (not isinstance(self.scale, Fraction))
            )
        return error <= tolerance + slack

    def with_interval(self, interval: Interval | None) -> Change:
        """The same change, with the values of its parameter that describe the log as well."""
        return replace(self, interval=interval)


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
