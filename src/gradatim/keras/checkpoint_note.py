"""The state of a ``Scheduler``, saved in the model's own files."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

import keras
from keras import ops

from gradatim.keras.scheduler_state import SchedulerState


class CheckpointNote(keras.layers.Layer):  # type: ignore[misc]
    """Saves the state of a ``Scheduler`` as JSON beside the optimizer's variables.

    As an attribute of an optimizer it is saved and loaded with the optimizer's variables, by
    ``save_weights``, ``ModelCheckpoint``, ``BackupAndRestore``. So weights and state are always of
    the same moment. It has no weights; it is a Layer because Keras saves custom data only for
    layers.

    Args:
        loaded: The JSON that was read from a file, if any.
    """

    def __init__(self, loaded: str | None = None) -> None:
        super().__init__(name="gradatim")
        self._loaded = loaded
        self._state: Callable[[], SchedulerState] | None = None

    def save_state_of(self, state: Callable[[], SchedulerState]) -> None:
        """Save what this function returns from now on."""
        self._state = state

    @property
    def has_scheduler(self) -> bool:
        """Whether a callback of this process provides the state, rather than a file."""
        return self._state is not None

    def json(self) -> str | None:
        """The JSON that a file would get now."""
        return self._loaded if self._state is None else self._state().to_json()

    def pop_loaded(self) -> SchedulerState | None:
        """The state that was loaded from a file since the last call, if any."""
        loaded, self._loaded = self._loaded, None
        return None if loaded is None else SchedulerState.from_json(loaded)

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Called by Keras when it saves the optimizer."""
        text = self.json()
        if text is not None:
            store["note"] = ops.convert_to_numpy(
                ops.convert_to_tensor(list(text.encode()), dtype="uint8")
            )

    def load_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Called by Keras when it loads the optimizer; a file may be without a note."""
        if "note" in store.keys():  # noqa: SIM118, Keras' store of a missing entry lacks `in`
            self._loaded = bytes(int(byte) for byte in store["note"][...]).decode()
