"""A run of ten updates as one of two processes of Accelerate: the rates that were used.

Two processes are pretended: all that the wrapper of a scheduler asks is how many there are.
"""

import json
from types import SimpleNamespace
from typing import Any

import accelerate.scheduler
import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR

from gradatim import Linear
from gradatim.torch import Scheduler

accelerate.scheduler.AcceleratorState = lambda: SimpleNamespace(num_processes=2)


def rates(make: Any) -> list[float]:
    over = SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    over.step_was_skipped = False
    scheduler = accelerate.scheduler.AcceleratedScheduler(make(over), over)
    used = []
    for _ in range(10):
        used.append(over.param_groups[0]["lr"])
        over.step()
        scheduler.step()
    return used


print(
    json.dumps(
        {
            "theirs": rates(lambda over: LambdaLR(over, lambda step: max(0.0, 1.0 - step / 10))),
            "ours": rates(lambda over: Scheduler(over, lr=Linear(1.0, 0.0, 10))),
        }
    )
)
