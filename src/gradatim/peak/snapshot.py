"""The state of a training loop, put back bit for bit: weights, optimizer, random numbers."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer


class Stateful(Protocol):
    """A gradient scaler, a loader that knows its place, and the like."""

    def state_dict(self) -> Mapping[str, Any]:
        """Its state."""

    def load_state_dict(self, state: Any, /) -> object:
        """Go back to a state."""


class Snapshot:
    """What a run may change, as it is now.

    Args:
        model: Its parameters, their gradients, all buffers and the mode of each module.
        optimizer: Its state, and the values of its groups; tensors of these keep their identity.
        others: Further objects with a state.
    """

    def __init__(self, model: nn.Module, optimizer: Optimizer, others: Iterable[Stateful]) -> None:
        self._modes = {module: module.training for module in model.modules()}
        groups = optimizer.param_groups
        weights = [*model.parameters(), *(p for group in groups for p in group["params"])]
        self._tensors = {t: t.detach().clone() for t in (*weights, *model.buffers())}
        self._gradients = {p: p.grad if p.grad is None else p.grad.clone() for p in weights}
        self._optimizer = optimizer
        self._groups = [(group, dict(group)) for group in groups]
        self._in_groups = {
            value: value.detach().clone()
            for group in groups
            for value in group.values()
            if isinstance(value, Tensor)
        }
        self._state = {p: copy.deepcopy(held) for p, held in optimizer.state.items()}
        self._others = [(one, copy.deepcopy(one.state_dict())) for one in others]
        self._random = random.getstate()
        self._numpy_random = np.random.get_state()
        self._torch_random = torch.get_rng_state()
        self._cuda_random = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []

    def restore(self) -> None:
        """Put everything back."""
        for module, training in self._modes.items():
            module.training = training
        with torch.no_grad():
            for tensor, value in {**self._tensors, **self._in_groups}.items():
                tensor.copy_(value)
        for parameter, gradient in self._gradients.items():
            parameter.grad = None if gradient is None else gradient.clone()
        for group, entries in self._groups:
            group.clear()
            group.update(entries)
        self._optimizer.state.clear()
        self._optimizer.state.update({p: copy.deepcopy(held) for p, held in self._state.items()})
        for one, state in self._others:
            one.load_state_dict(copy.deepcopy(state))
        random.setstate(self._random)
        np.random.set_state(self._numpy_random)
        torch.set_rng_state(self._torch_random)
        if self._cuda_random:
            torch.cuda.set_rng_state_all(self._cuda_random)
