"""An optimizer of torch whose steps are the updates of a DeepSpeed engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeGuard

import torch
from torch.optim import Optimizer

from gradatim.torch.hyperparameters import Group


class DeepSpeedWrapper(Protocol):
    """What DeepSpeed wraps around an optimizer: ``engine.optimizer``, no optimizer of torch."""

    optimizer: Optimizer
    param_groups: list[Group]
    step: Callable[..., float | None]
    load_state_dict: Callable[..., None]


class EngineOptimizer(Optimizer):
    """An optimizer to attach to: each of its steps is one update of a DeepSpeed engine.

    ZeRO calls ``step()`` of the wrapped optimizer once for each parameter group or part of one, so
    its hooks would count several updates where the engine makes one. ``step()`` of this class is
    that of the wrapper: it counts once, and not at all if the engine skips the update because a
    gradient overflowed. The parameter groups are those of the wrapper.

    Args:
        wrapper: ``engine.optimizer``. Its ``step`` and ``load_state_dict`` are replaced.
    """

    def __init__(self, wrapper: DeepSpeedWrapper) -> None:
        # The constructor requires parameters; these groups are replaced below.
        super().__init__([torch.nn.Parameter(torch.zeros(0))], {})
        self._wrapper = wrapper
        self._wrapped_step, self._wrapped_load = wrapper.step, wrapper.load_state_dict
        self._share_groups()
        wrapper.step, wrapper.load_state_dict = self.step, self._load

    def _share_groups(self) -> None:
        self.param_groups = self._wrapper.param_groups
        self.state, self.defaults = self._wrapper.optimizer.state, self._wrapper.optimizer.defaults

    def step(self, *args: Any, **kwargs: Any) -> Any:
        """Make one update of the engine."""
        result = self._wrapped_step(*args, **kwargs)
        # As a gradient scaler does for an update that is skipped.
        self.found_inf = bool(getattr(self._wrapper, "overflow", False))
        return result

    def _load(self, *args: Any, **kwargs: Any) -> None:
        self._wrapped_load(*args, **kwargs)
        self._share_groups()
        # A load may replace the groups, and overwrites the rates in them.
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)


def is_deepspeed_wrapper(optimizer: object) -> TypeGuard[DeepSpeedWrapper]:
    """Whether it is what DeepSpeed wraps around an optimizer of torch."""
    is_deepspeed = type(optimizer).__module__.startswith("deepspeed.runtime")
    is_wrapper = not isinstance(optimizer, Optimizer) and hasattr(optimizer, "param_groups")
    return is_deepspeed and is_wrapper


def engine_optimizer(wrapper: DeepSpeedWrapper) -> EngineOptimizer:
    """The optimizer for a wrapper: always the same object."""
    replaced = getattr(wrapper.step, "__self__", None)
    return replaced if isinstance(replaced, EngineOptimizer) else EngineOptimizer(wrapper)
