"""Writers of values that are no plain floats: a tensor, or one element of a tuple."""

from __future__ import annotations

from torch import Tensor

from gradatim.torch.hyperparameters import Group, Hyperparameter


class TensorWriter:
    """Fills a tensor of one number in place, since compiled code and CUDA graphs read its memory.

    Values written by other code are detected by ``Tensor._version``: reading the value would
    synchronise with the GPU.
    """

    def __init__(self, hyperparameter: Hyperparameter, group: Group, tensor: Tensor) -> None:
        self._hyperparameter, self._group, self._version = hyperparameter, group, -1
        self._use(tensor)

    def _use(self, tensor: Tensor) -> None:
        self._tensor = tensor
        # Shares memory and version counter; unlike a leaf that requires grad, it may be filled.
        self._memory = tensor.detach()
        # A tensor made under torch.inference_mode() has no version counter.
        self._has_version = not tensor.is_inference()

    def write(self, value: float) -> None:
        """Fill the tensor, and put it back into the group if other code has replaced it."""
        held = self._hyperparameter.read(self._group)
        if held is not self._tensor:
            if isinstance(held, Tensor) and held.device != self._tensor.device:
                self._use(self._tensor.detach().to(held.device))
            self._hyperparameter.write(self._group, self._tensor)
        self._memory.fill_(value)
        if self._has_version:
            self._version = self._memory._version

    def is_unchanged(self) -> bool:
        """Whether no other code has written since."""
        if self._hyperparameter.read(self._group) is not self._tensor:
            return False
        return not self._has_version or self._memory._version == self._version


class ElementWriter:
    """Replaces one element of a tuple, such as betas[0]."""

    def __init__(self, hyperparameter: Hyperparameter, group: Group) -> None:
        self._hyperparameter, self._group = hyperparameter, group
        self._written: float | None = None

    def write(self, value: float) -> None:
        """Replace the element."""
        self._written = value
        self._hyperparameter.write(self._group, value)

    def is_unchanged(self) -> bool:
        """Whether no other code has written since."""
        return self._hyperparameter.read(self._group) is self._written
