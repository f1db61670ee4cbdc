"""The seconds that a model has trained, for a run that is measured in time."""

from __future__ import annotations

from collections.abc import Callable


class TrainingTime:
    """A clock that leaves out what is no training: evaluations, and what lies between two fits.

    ``keep`` counts what has passed since the last ``keep`` or ``skip``; ``skip`` leaves it out.
    Keras does not say that a fit was interrupted, so what follows the last batch is left out when
    the next fit begins.

    Args:
        now: A clock in seconds that never runs backwards.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now, self._kept, self._since = now, 0.0, now()

    def __call__(self) -> float:
        """The seconds of training so far."""
        return self._kept + self._now() - self._since

    def keep(self) -> None:
        """Count the time up to now."""
        now = self._now()
        self._kept, self._since = self._kept + now - self._since, now

    def skip(self) -> None:
        """Leave out the time up to now."""
        self._since = self._now()
