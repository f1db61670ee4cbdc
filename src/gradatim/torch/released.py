"""Values that other code writes for a while, such as a learning-rate finder."""

from __future__ import annotations

from collections import Counter

from gradatim.torch.attachments import Attachments


class Released:
    """A ``with`` block in which other code writes some values; see ``Scheduler.released``.

    Args:
        attachments: The optimizers.
        released: How many open blocks have released each value; this block is added.
        values: The names of the values.
    """

    def __init__(self, attachments: Attachments, released: Counter[str], values: set[str]) -> None:
        self._attachments, self._released, self._values = attachments, released, values

    def __enter__(self) -> None:
        self._released.update(self._values)
        self._tensors = self._attachments.tensors(self._values)
        try:
            self._attachments.update_released()
        except BaseException:
            self._released.subtract(self._values)
            raise

    def __exit__(self, *_: object) -> None:
        self._released.subtract(self._values)
        for group_value, tensor in self._tensors:
            # Compiled code and CUDA graphs read this tensor: put it back if it was replaced.
            group_value.hyperparameter.write(group_value.group, tensor)
        self._attachments.update_released()
