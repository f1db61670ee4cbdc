"""What each update of an optimizer found in the groups, whoever calls it."""

from typing import Any

from torch import Tensor
from torch.optim import Optimizer


class Seen:
    """Reads values in a hook of its own, after the update and before anyone can write the next.

    Args:
        optimizer: The optimizer whose updates are real.
        names: The entries of the parameter groups to read.
    """

    def __init__(self, optimizer: Optimizer, *names: str) -> None:
        self.names = names or ("lr",)
        self.values: list[tuple[tuple[float, ...], ...]] = []
        hook = optimizer.register_step_post_hook(self._look)
        optimizer._optimizer_step_post_hooks.move_to_end(hook.id, last=False)

    def _look(self, optimizer: Optimizer, *_: Any) -> None:
        groups = optimizer.param_groups
        self.values.append(tuple(tuple(_number(g[n]) for n in self.names) for g in groups))

    @property
    def first(self) -> list[float]:
        """The first value of the first group."""
        return [groups[0][0] for groups in self.values]


def _number(value: Any) -> float:
    return value.item() if isinstance(value, Tensor) else value
