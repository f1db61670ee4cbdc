"""Accelerate: a wrapper around a scheduler, which only decides how often it is stepped."""

from __future__ import annotations

from typing import Any

from gradatim.peers.arguments import Ignored, Number
from gradatim.peers.found import Read
from gradatim.peers.objects import call_of
from gradatim.peers.peer import Call, Peer
from gradatim.peers.torch import TORCH
from gradatim.peers.transformers import TRANSFORMERS

ACCELERATE = Peer("accelerate", inside=(TORCH, TRANSFORMERS))


@ACCELERATE.scheduler("AcceleratedScheduler")
def accelerated(
    scheduler: Call,
    optimizers: Ignored,
    step_with_optimizer: Ignored = True,
    split_batches: Ignored = False,
    *,
    lr: Number | None = None,
) -> Read:
    """What is inside."""
    return scheduler.means(lr)


@ACCELERATE.reads_object("AcceleratedScheduler")
def accelerated_object(scheduler: Any, group: int) -> Call:
    """What is inside."""
    return call_of(scheduler.scheduler, group)
