"""Seconds of training, for a run whose clock is time."""

from __future__ import annotations

from collections.abc import Callable


class TrainingClock:
    """A clock that excludes the time of evaluations and the time between two ``fit`` calls.

    The time between two calls of its methods is included by ``include`` or excluded by
    ``exclude``, at the second of the two. A ``with paused()`` block cannot do this: Keras calls no
    callback when a fit is interrupted, so the next fit must exclude the time since the last batch.

    Args:
        now: A clock in seconds that never runs backwards.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now, self._included, self._since = now, 0.0, now()

    def __call__(self) -> float:
        """The seconds of training so far."""
        return self._included + self._now() - self._since

    def include(self) -> None:
        """Count the time since the last call."""
        now = self._now()
        self._included, self._since = self._included + now - self._since, now

    def exclude(self) -> None:
        """Do not count the time since the last call."""
        self._since = self._now()
