"""Notices that ``scheduler.step()`` is called again and again while the optimizer never steps."""

from __future__ import annotations

from collections.abc import Sequence

from torch.optim import Optimizer

from gradatim.core.warn import warn

# Gradients may be accumulated over many calls before the first update, but not over this many.
_MOST_CALLS = 1000
# Parameter changes seen without an update of the optimizer before it is said.
_MOST_CHANGES = 3


class IdleWatch:
    """Warns once if another optimizer than the one attached to is doing the training.

    Args:
        optimizers: The optimizers that the scheduler is attached to.
        position: The completed updates, where the run begins or goes on.
    """

    def __init__(self, optimizers: Sequence[Optimizer], position: int) -> None:
        self._optimizers, self._start = optimizers, position
        self._calls = self._changes = 0
        self._version = self._parameter_version()
        self._over = False

    def called(self, position: int) -> None:
        """``scheduler.step()`` was called at this position."""
        if self._over or position != self._start:
            self._over = True
            return
        self._calls += 1
        version = self._parameter_version()
        self._changes += version != self._version
        self._version = version
        if self._changes >= _MOST_CHANGES or self._calls >= _MOST_CALLS:
            self._over = True
            seen = (
                "its parameters were changed all the same, so another optimizer trains them"
                if self._changes >= _MOST_CHANGES
                else "the loop may be using another optimizer"
            )
            warn(
                f"scheduler.step() was called {self._calls} times, but the optimizer "
                f"that the scheduler is attached to has made no update; {seen}. Attach the "
                "scheduler to the optimizer whose step() the loop calls."
            )

    def _parameter_version(self) -> int:
        """The changes made to the first parameter, as far as they are counted."""
        groups = (group for one in self._optimizers for group in one.param_groups)
        parameter = next((p for group in groups for p in group["params"]), None)
        return -1 if parameter is None or parameter.is_inference() else parameter._version
