"""The results of a forecast: a predicted curve, its last value, and a ranking of schedules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gradatim.logs.rates import Array


class Estimate(NamedTuple):
    """A mean, and both ends of the interval around it."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Prediction:
    """The predicted loss: ``mean`` at each of ``steps``, in the interval ``low`` to ``high``.

    ``notes`` are sentences on why the logged runs do not determine it, each with the run that would
    help most; without any it is ``identified``. ``verdict`` is a sentence on whether a cooldown is
    worth it, where one was asked about.
    """

    steps: NDArray[np.int64]
    mean: Array
    low: Array
    high: Array
    notes: tuple[str, ...] = ()
    verdict: str = ""

    @property
    def identified(self) -> bool:
        """Whether the logged runs determine this prediction; otherwise do not rely on it."""
        return not self.notes

    @property
    def final(self) -> Estimate:
        """The loss at the last step."""
        return Estimate(float(self.mean[-1]), float(self.low[-1]), float(self.high[-1]))


class Ranked(NamedTuple):
    """One schedule among several: its final loss, and how much higher it is than the best one."""

    name: str
    final: Estimate
    behind: Estimate
    prediction: Prediction
