"""Where a value stands that is no plain float: in a tensor, or in one slot of a tuple."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from gradatim.torch.groups import Entry, Group


class TensorCell:
    """A tensor of one number, filled in place: compiled code and CUDA graphs read its memory.

    Whether somebody else wrote to it is told by the tensor's version counter, not by its value:
    reading a value would make a GPU wait.
    """

    def __init__(self, entry: Entry, group: Group) -> None:
        self.entry, self.group = entry, group
        self.tensor: Tensor = entry.held(group)
        self.version = -1

    def write(self, value: float) -> None:
        """Write the value."""
        held = self.entry.held(self.group)
        if held is not self.tensor:
            if isinstance(held, Tensor):  # perhaps moved to another device: stay there
                self.tensor = held.detach().clone()
            self.entry.put(self.group, self.tensor)
        self.tensor.detach().fill_(value)  # detached: one that needs gradients can be filled too
        # A tensor made under torch.inference_mode() has no version counter.
        self.version = -1 if self.tensor.is_inference() else self.tensor._version

    def is_unchanged(self) -> bool:
        """Whether nobody else has written since."""
        held = self.entry.held(self.group)
        return held is self.tensor and (held.is_inference() or held._version == self.version)


class SlotCell:
    """One slot of a tuple, such as betas[0]."""

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
