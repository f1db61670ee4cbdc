"""Exchanges numbers between the ranks of ``torch.distributed`` in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.distributed as dist


class GlooExchange:
    """Finds the largest of some numbers over all ranks.

    It has a process group of its own, on the CPU, so that it does not mix with the collectives of
    the training. All ranks make it at the same update.
    """

    def __init__(self) -> None:
        self._group = dist.new_group(backend="gloo")
        self.is_first = dist.get_rank() == 0

    def start(self, numbers: Sequence[int]) -> Callable[[], list[int]]:
        """Begin an exchange. What is returned waits for it and gives the largest of each number."""
        largest = torch.tensor(numbers, dtype=torch.int64)
        work = dist.all_reduce(largest, dist.ReduceOp.MAX, group=self._group, async_op=True)

        def wait() -> list[int]:
            work.wait()
            found: list[int] = largest.tolist()
            return found

        return wait


def exchange() -> GlooExchange | None:
    """The exchange of the ranks; None if there is only one process."""
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return None
    return GlooExchange()
