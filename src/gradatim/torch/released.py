"""Handing values over to other code for a while."""

from __future__ import annotations

from collections import Counter

from gradatim.torch.attachments import Attachments


class Released:
    """A ``with`` block in which other code writes some values; see ``Scheduler.released``."""

    def __init__(self, attachments: Attachments, released: Counter[str], values: set[str]) -> None:
        self._attachments, self._released, self._values = attachments, released, values

    def __enter__(self) -> None:
        self._released.update(self._values)
        self._tensors = self._attachments.tensors(self._values)
        try:
            self._attachments.rebuild()
        except BaseException:
            self._released.subtract(self._values)
            raise

    def __exit__(self, *_: object) -> None:
        self._released.subtract(self._values)
        for place, tensor in self._tensors:
            # Compiled code and CUDA graphs read this tensor, whatever other code has put there.
            place.entry.put(place.group, tensor)
        self._attachments.rebuild()
