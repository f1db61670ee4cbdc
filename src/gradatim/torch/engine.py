"""The updates of a DeepSpeed engine, whose optimizer is stepped several times in each of them."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim import Optimizer


class EngineUpdates(Optimizer):
    """The updates of a DeepSpeed engine, as an optimizer to attach to.

    ZeRO calls ``step()`` of the torch optimizer once for each parameter group or part of one, so
    what is attached there would count several updates where the engine makes one. This one's
    ``step()`` is the engine's: it counts once, and not at all if the engine skips the update
    because a gradient overflowed. The parameter groups are those of the engine.

    Args:
        inner: ``engine.optimizer``, which is no optimizer of torch.
    """

    def __init__(self, inner: Any) -> None:
        # The constructor wants parameters; the groups that count are the engine's.
        super().__init__([torch.nn.Parameter(torch.zeros(0))], {})
        self._inner, self._inner_step, self._inner_load = inner, inner.step, inner.load_state_dict
        self._take_groups()
        inner.step, inner.load_state_dict = self.step, self._load

    def _take_groups(self) -> None:
        inside = self._inner.optimizer
        self.param_groups, self.state = self._inner.param_groups, inside.state
        self.defaults = inside.defaults

    def step(self, *args: Any, **kwargs: Any) -> Any:
        """One update of the engine."""
        result = self._inner_step(*args, **kwargs)
        # What a gradient scaler tells an optimizer: this update was left out.
        self.found_inf = bool(getattr(self._inner, "overflow", False))
        return result

    def _load(self, *args: Any, **kwargs: Any) -> Any:
        result = self._inner_load(*args, **kwargs)
        self._take_groups()
        # A load may replace the groups, and brings rates of its own.
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)
        return result


def is_engine_optimizer(optimizer: object) -> bool:
    """Whether it is what DeepSpeed puts around an optimizer of torch."""
    outside = type(optimizer).__module__.startswith("deepspeed.runtime")
    return outside and not isinstance(optimizer, Optimizer) and hasattr(optimizer, "param_groups")


def updates_of(optimizer: Any) -> EngineUpdates:
    """The updates of the engine that has this optimizer: always the same object."""
    owner = getattr(optimizer.step, "__self__", None)
    return owner if isinstance(owner, EngineUpdates) else EngineUpdates(optimizer)
