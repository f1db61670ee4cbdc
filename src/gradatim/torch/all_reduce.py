"""All-reduces small integers over the ranks of ``torch.distributed``, in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.distributed as dist


class AsyncMax:
    """Finds the largest value of each integer over all ranks.

    It has a process group of its own, with gloo on the CPU, so that it does not mix with the
    collectives of the training. All ranks build it at the same update.
    """

    def __init__(self) -> None:
        self._group = dist.new_group(backend="gloo")
        self.is_first = dist.get_rank() == 0

    def start(self, numbers: Sequence[int]) -> Callable[[], list[int]]:
        """Start an all-reduce. The returned function waits for it and returns the maxima."""
        largest = torch.tensor(numbers, dtype=torch.int64)
        work = dist.all_reduce(largest, dist.ReduceOp.MAX, group=self._group, async_op=True)

        def wait() -> list[int]:
            work.wait()
            maxima: list[int] = largest.tolist()
            return maxima

        return wait


def async_max() -> AsyncMax | None:
    """The all-reduce over all ranks; None if there is only one process."""
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return None
    return AsyncMax()
