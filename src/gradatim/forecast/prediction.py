"""What a forecast says: a curve to expect, its end, and how schedules rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gradatim.logs.rates import Array


class Estimate(NamedTuple):
    """A number that is likely between two others."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Prediction:
    """The loss to expect: ``mean`` at each of ``steps``, likely between ``low`` and ``high``.

    ``notes`` says, in sentences, where the forecast goes beyond what was seen.
    """

    steps: NDArray[np.int64]
    mean: Array
    low: Array
    high: Array
    notes: tuple[str, ...] = ()

    @property
    def final(self) -> Estimate:
        """The loss at the last step."""
        return Estimate(float(self.mean[-1]), float(self.low[-1]), float(self.high[-1]))


class Ranked(NamedTuple):
    """One schedule among several: its final loss, and how far it lies behind the best one."""

    name: str
    final: Estimate
    behind: Estimate
    prediction: Prediction
