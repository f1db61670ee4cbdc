"""What a run must find again, kept in the model's own files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from gradatim.keras.note import Note


class Memory(keras.layers.Layer):  # type: ignore[misc]
    """A note that travels with an optimizer: plain JSON beside the optimizer's variables.

    Hung on an optimizer, it is written and read by everything that writes and reads the
    optimizer's variables: ``save_weights``, ``ModelCheckpoint``, ``BackupAndRestore``. So weights
    and note are of the same moment, always. It has no weights; Keras lets layers write what they
    like, which is why it is one.
    """

    def __init__(self, arrived: str | None = None) -> None:
        super().__init__(name="gradatim")
        self._arrived = arrived
        self._write: Callable[[], Note] | None = None

    def attach(self, write: Callable[[], Note]) -> None:
        """From now on this function says what the note is."""
        self._write = write

    @property
    def is_live(self) -> bool:
        """Whether a callback of this process writes the note, which came from no file."""
        return self._write is not None

    def text(self) -> str | None:
        """The note as it would be written now."""
        return self._arrived if self._write is None else self._write().text()

    def arrived(self) -> Note | None:
        """The note that was read from a file since the last call, if any."""
        text, self._arrived = self._arrived, None
        return None if text is None else Note.read(text)

    def save_own_variables(self, store: Any) -> None:
        """Called by Keras while it writes a file."""
        text = self.text()
        if text is not None:
            store["note"] = ops.convert_to_numpy(
                ops.convert_to_tensor(list(text.encode()), dtype="uint8")
            )

    def load_own_variables(self, store: Any) -> None:
        """Called by Keras while it reads a file; one that has no note says nothing."""
        if "note" in store.keys():  # noqa: SIM118, the store of a missing entry is no container
            self._arrived = bytes(int(byte) for byte in store["note"][...]).decode()
