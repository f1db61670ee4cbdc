"""DeepSpeed: the updates of an engine, whose optimizer steps several times in each of them."""

from __future__ import annotations

from typing import Any

import torch
from torch.optim import Optimizer

from gradatim.core.errors import refuse


class EngineUpdates(Optimizer):
    """The updates of a DeepSpeed engine, as an optimizer to attach a ``Scheduler`` to.

    ZeRO calls ``step()`` of the torch optimizer once for each parameter group or part of one, so a
    scheduler on that optimizer would count several updates where the engine makes one. This one's
    ``step()`` is the engine's: it counts once, and not at all if the engine skips the update
    because a gradient overflowed. The parameter groups are those of the engine.

    Args:
        engine: What ``deepspeed.initialize`` returns first.

    Raises:
        GradatimError: If it is no engine with an optimizer.

    ::

        engine, *_ = deepspeed.initialize(model=model, optimizer=optimizer, config=config)
        scheduler = Scheduler(EngineUpdates(engine), lr=schedule)
        engine.lr_scheduler = scheduler  # so that the engine's checkpoints hold its state
    """

    def __init__(self, engine: Any) -> None:
        inner: Any = getattr(engine, "optimizer", None)
        if not hasattr(inner, "param_groups") or not hasattr(engine, "lr_scheduler"):
            raise refuse(
                "EngineUpdates", "engine", engine, "the engine that deepspeed.initialize returns",
                "Write engine, *_ = deepspeed.initialize(model=..., optimizer=..., config=...).",
            )  # fmt: skip
        # The constructor wants parameters; the groups that count are the engine's.
        super().__init__([torch.nn.Parameter(torch.zeros(0))], {})
        self._inner, self._inner_step, self._inner_load = inner, inner.step, inner.load_state_dict
        self._take_groups()
        inner.step, inner.load_state_dict = self.step, self._load

    def _take_groups(self) -> None:
        inner = self._inner
        self.param_groups, self.state = inner.param_groups, inner.state
        self.defaults = getattr(inner, "optimizer", inner).defaults

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
