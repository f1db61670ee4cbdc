"""Values that are not plain floats: a tensor, or one element of a tuple."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from gradatim.torch.groups import Entry, Group


class TensorCell:
    """A tensor of one number, filled in place: compiled code and CUDA graphs read its memory.

    Values written by other code are detected by ``Tensor._version``: reading the value would
    synchronise with the GPU.
    """

    def __init__(self, entry: Entry, group: Group) -> None:
        self.entry, self.group, self.version = entry, group, -1
        self._hold(entry.held(group))

    def _hold(self, tensor: Tensor) -> None:
        self.tensor = tensor
        # The same memory and version counter; a tensor that needs gradients can be filled so, too.
        self._memory = tensor.detach()
        # A tensor made under torch.inference_mode() has no version counter.
        self._is_counted = not tensor.is_inference()

    def write(self, value: float) -> None:
        """Write the value."""
        held = self.entry.held(self.group)
        if held is not self.tensor:
            if isinstance(held, Tensor) and held.device != self.tensor.device:
                self._hold(self.tensor.detach().to(held.device))
            self.entry.put(self.group, self.tensor)
        self._memory.fill_(value)
        if self._is_counted:
            self.version = self._memory._version

    def is_unchanged(self) -> bool:
        """Whether nobody else has written since."""
        if self.entry.held(self.group) is not self.tensor:
            return False
        return not self._is_counted or self._memory._version == self.version


class SlotCell:
    """One element of a tuple, such as betas[0]."""

    def __init__(self, entry: Entry, group: Group) -> None:
        self.entry, self.group = entry, group
        self.written: Any = None

    def write(self, value: float) -> None:
        """Write the value."""
        self.written = value
        self.entry.put(self.group, value)

    def is_unchanged(self) -> bool:
        """Whether nobody else has written since."""
        return self.entry.held(self.group) is self.written
