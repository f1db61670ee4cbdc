"""Values that Python hands to the compiled step, for runs by another clock than updates.

A formula of the update count can be compiled into the step. The time, or the tokens that the user
counts, are known in Python only: before each batch the values are written into a variable that the
compiled step reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from gradatim.core.errors import GradatimError
from gradatim.keras.memory import Memory
from gradatim.keras.optimizer import Source


class Feed:
    """A variable with one number for each value that is driven.

    Args:
        optimizers: The optimizer that makes the updates, and a loss scale's around it.
        size: How many numbers there are.
    """

    def __init__(self, optimizers: Sequence[Any], size: int) -> None:
        self._variable = keras.Variable([0.0] * size, dtype="float32", trainable=False)
        self._row: list[float] | None = None
        self.is_open = False
        if keras.backend.backend() == "jax":
            _carry(self._variable, optimizers)

    def write(self, row: list[float], model: Any) -> None:
        """Let the next batch use these numbers."""
        if row != self._row:
            synchronise(model)
            self._variable.assign(row)
            self._row = row

    def forget(self) -> None:
        """Write the next row whatever it is."""
        self._row = None

    def source(self, index: int) -> Source:
        """What the compiled step asks for one of the numbers."""
        return lambda update: ops.convert_to_tensor(self._variable)[index]


def synchronise(model: Any) -> None:
    """Let variables be read and written between batches: JAX keeps their values elsewhere."""
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()


def _carry(variable: Any, optimizers: Sequence[Any]) -> None:
    """Let a variable go through the compiled step with those of the optimizer.

    JAX knows no other way in. It is no part of the optimizer's state, so files are without it.
    """
    inner = optimizers[0]
    inner._track_variable(variable)

    def without_it(plain: Callable[[Any, Any], None], optimizer: Any) -> Callable[[Any], None]:
        def call(store: Any) -> None:
            inner._untrack_variable(variable)
            try:
                plain(optimizer, store)
            finally:
                inner._track_variable(variable)

        return call

    for optimizer in optimizers:
        for name in ("save_own_variables", "load_own_variables"):
            setattr(optimizer, name, without_it(getattr(type(optimizer), name), optimizer))


@keras.saving.register_keras_serializable(package="gradatim")
class FedRate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """The learning rate of a run by another clock than updates, as its ``Scheduler`` gives it.

    Args:
        clock: The clock of the run.
        memory: What the ``Scheduler`` needs to go on after a load.
    """

    def __init__(
        self,
        clock: str,
        memory: Memory | None = None,
        feed: Feed | None = None,
        index: int = 0,
    ) -> None:
        self.clock, self.memory = clock, memory
        self._feed, self._index = feed, index

    def __call__(self, step: Any) -> Any:
        """The rate of the present batch.

        Raises:
            GradatimError: If no ``Scheduler`` gives it.
        """
        if self._feed is None or not self._feed.is_open:
            raise GradatimError(
                f"Scheduler: this optimizer's rate follows a clock in {self.clock}, which only a "
                "Scheduler can read. Give it to fit: fit(..., callbacks=[scheduler])."
            )
        return self._feed.source(self._index)(step)

    def get_config(self) -> dict[str, Any]:
        """What a ``Scheduler`` finds again."""
        return {
            "clock": self.clock,
            "memory": None if self.memory is None else self.memory.text(),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> FedRate:
        """The rate as a file has it: only a ``Scheduler`` makes it useful."""
        memory = config.get("memory")
        return cls(config["clock"], None if memory is None else Memory(memory))
