"""Warns if ``scheduler.step()`` is called again and again, but its optimizer never steps."""

from __future__ import annotations

from collections.abc import Sequence

from torch.optim import Optimizer

from gradatim.core.warn import warn

# Gradients may be accumulated over many calls before the first update, but not over this many.
_MAX_CALLS = 1000
# With parameters that change between calls, another optimizer is certain much earlier.
_MAX_CHANGES = 3


class UnusedOptimizerCheck:
    """Warns once if the training loop steps another optimizer than the scheduler's.

    Args:
        optimizers: The optimizers that the scheduler is attached to.
        position: The number of completed updates when the run begins or is resumed.
    """

    def __init__(self, optimizers: Sequence[Optimizer], position: int) -> None:
        self._optimizers, self._start = optimizers, position
        self._calls = self._changes = 0
        self._version = self._parameter_version()
        self._is_over = False

    def on_step(self, position: int) -> None:
        """Call this in ``scheduler.step()``, with the number of completed updates."""
        if self._is_over or position != self._start:
            self._is_over = True
            return
        self._calls += 1
        version = self._parameter_version()
        self._changes += version != self._version
        self._version = version
        if self._changes >= _MAX_CHANGES or self._calls >= _MAX_CALLS:
            self._is_over = True
            reason = (
                "its parameters were changed all the same, so another optimizer trains them"
                if self._changes >= _MAX_CHANGES
                else "the loop may be using another optimizer"
            )
            warn(
                f"scheduler.step() was called {self._calls} times, but the optimizer "
                f"that the scheduler is attached to has made no update; {reason}. Attach the "
                "scheduler to the optimizer whose step() the loop calls."
            )

    def _parameter_version(self) -> int:
        """The version counter of the first parameter; -1 if it has none."""
        groups = (group for one in self._optimizers for group in one.param_groups)
        parameter = next((p for group in groups for p in group["params"]), None)
        return -1 if parameter is None or parameter.is_inference() else parameter._version
