"""A variable through which the compiled step gets values, for clocks other than updates.

A formula of the update count can be compiled into the step. The time, or the tokens that the user
counts, are known in Python only: the values are computed there and written into a variable before
each batch.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

import keras
from keras import ops

from gradatim.errors import GradatimError
from gradatim.keras.checkpoint_note import CheckpointNote
from gradatim.keras.optimizer import ValueFunction

Store = MutableMapping[str, Any]
"""Where Keras saves the variables of an object."""


class ValueVariable:
    """A non-trainable variable with one element for each scheduled value.

    Args:
        optimizers: The optimizer that makes the updates, then its ``LossScaleOptimizer`` if any.
        size: The number of values.
    """

    def __init__(self, optimizers: Sequence[keras.optimizers.Optimizer], size: int) -> None:
        self._variable = keras.Variable([0.0] * size, dtype="float32", trainable=False)
        self._row: list[float] | None = None
        self.is_used = False  # whether a fit with a Scheduler is running
        if keras.backend.backend() == "jax":
            _pass_through_jax_step(self._variable, optimizers)

    def write(self, row: list[float], model: keras.Model) -> None:
        """Set the values that the next batch uses."""
        if row != self._row:
            synchronise(model)
            self._variable.assign(row)
            self._row = row

    def element(self, index: int) -> ValueFunction:
        """A function for the compiled step that reads one of the values."""
        return lambda update: ops.convert_to_tensor(self._variable)[index]


def synchronise(model: keras.Model) -> None:
    """Make variables readable and writable between batches: JAX holds their values elsewhere."""
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()


def _pass_through_jax_step(
    variable: keras.Variable, optimizers: Sequence[keras.optimizers.Optimizer]
) -> None:
    """Track a variable as one of the optimizer's, but keep it out of saved files.

    On JAX a compiled step gets only the variables that the model and optimizer track.
    """
    inner = optimizers[0]
    inner._track_variable(variable)

    def untracked(
        method: Callable[[keras.optimizers.Optimizer, Store], None],
        optimizer: keras.optimizers.Optimizer,
    ) -> Callable[[Store], None]:
        def call(store: Store) -> None:
            inner._untrack_variable(variable)
            try:
                method(optimizer, store)
            finally:
                inner._track_variable(variable)

        return call

    for optimizer in optimizers:
        for name in ("save_own_variables", "load_own_variables"):
            setattr(optimizer, name, untracked(getattr(type(optimizer), name), optimizer))


@keras.saving.register_keras_serializable(package="gradatim", name="FedRate")  # as in version 0.1
class VariableRate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """The learning rate of a run with a clock other than updates, read from a variable.

    Args:
        clock: The clock of the run.
        note: What the ``Scheduler`` needs to resume.
        variable: The variable that the ``Scheduler`` writes; None after loading from a file.
        index: The element of the variable that holds the learning rate.
    """

    def __init__(
        self,
        clock: str,
        note: CheckpointNote | None = None,
        variable: ValueVariable | None = None,
        index: int = 0,
    ) -> None:
        self.clock, self.note = clock, note
        self._variable, self._index = variable, index

    def __call__(self, step: keras.KerasTensor) -> keras.KerasTensor:
        """The learning rate of the current batch.

        Raises:
            GradatimError: If no ``Scheduler`` writes the variable.
        """
        if self._variable is None or not self._variable.is_used:
            raise GradatimError(
                f"Scheduler: this optimizer's rate follows a clock in {self.clock}, which only a "
                "Scheduler can read. Give it to fit: fit(..., callbacks=[scheduler])."
            )
        return self._variable.element(self._index)(step)

    def get_config(self) -> dict[str, Any]:
        """The clock, and the state of the ``Scheduler``."""
        return {
            "clock": self.clock,
            "memory": None if self.note is None else self.note.json(),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> VariableRate:
        """The learning rate from a file; it can be used once a ``Scheduler`` is attached."""
        state = config.get("memory")
        return cls(config["clock"], None if state is None else CheckpointNote(state))
