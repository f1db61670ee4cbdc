"""Notices that ``scheduler.step()`` is called again and again while the optimizer never steps."""

from __future__ import annotations

import warnings

from torch.optim import Optimizer

# Gradients may be accumulated over many calls before the first update, but not over this many.
_MOST_CALLS = 1000
# Parameters that changed this often without an update of the optimizer are trained by another one.
_MOST_CHANGES = 3


class IdleWatch:
    """Warns once if another optimizer than the one attached to is doing the training.

    Args:
        optimizer: The optimizer that the scheduler is attached to.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self._optimizer = optimizer
        self._calls = self._changes = 0
        self._version = self._parameter_version()
        self._over = False

    def called(self, updated: bool) -> None:
        """``scheduler.step()`` was called; ``updated`` says whether there ever was an update."""
        if self._over or updated:
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
            warnings.warn(
                f"gradatim: scheduler.step() was called {self._calls} times, but the optimizer "
                f"that the scheduler is attached to has made no update; {seen}. Attach the "
                "scheduler to the optimizer whose step() the loop calls.",
                stacklevel=3,
            )

    def _parameter_version(self) -> int:
        parameter = next((p for g in self._optimizer.param_groups for p in g["params"]), None)
        return -1 if parameter is None or parameter.is_inference() else parameter._version
