"""Stops a run after every update, goes on from there, and compares with the run that never stopped.

Started by test_resume_anywhere.py with the style of a trainer, the length of the runs, and how far
apart they are stopped: with 8, a row of the table stops at 0, 8, 16, the next at 1, 9, 17. Trainers
load states in orders of their own, and call the scheduler more often than there are updates: here
that is done on their own wrappers, for every row of the table of cases. Prints what it counted.
"""

import copy
import json
import logging
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import torch
from torch.optim import SGD

from gradatim import Linear, Schedule, build
from gradatim.torch import Scheduler
from tests.core.cases.table import CASES
from tests.trainers.seen import Seen

MOMENTUM = Linear(start=0.95, end=0.85, steps=30)


class Run(NamedTuple):
    """How a trainer treats an optimizer."""

    optimizer: Any
    """What it loads states into."""
    update: Callable[[Any], None]
    """One update, given what stands for the scheduler in this trainer."""
    hold: Callable[[Scheduler], Any] = lambda scheduler: scheduler
    """What stands for the scheduler in this trainer."""
    attach_to: Any = None
    """What a script gives to Scheduler, if not that."""


def plain(inner: SGD) -> Run:
    def update(scheduler):
        inner.step()
        scheduler.step()

    return Run(inner, update)


def lightning(inner: SGD) -> Run:
    from lightning.pytorch.core.optimizer import LightningOptimizer

    wrapper = LightningOptimizer._to_lightning_optimizer(inner, strategy())

    def update(scheduler):
        wrapper.step(closure=lambda: torch.tensor(1.0))
        for _ in range(3):  # one of interval "step", one of "epoch", one of the user's own
            scheduler.step()

    return Run(inner, update)  # it loads past its wrapper


def transformers(inner: SGD) -> Run:
    from accelerate.optimizer import AcceleratedOptimizer

    accelerator()
    optimizer = AcceleratedOptimizer(inner)

    def update(scheduler):
        optimizer.step()
        scheduler.get_last_lr()
        if not optimizer.step_was_skipped:
            scheduler.step()

    return Run(optimizer, update, attach_to=inner)


def accelerate(inner: SGD) -> Run:
    from accelerate.optimizer import AcceleratedOptimizer
    from accelerate.scheduler import AcceleratedScheduler

    gradients = accelerator().gradient_state
    optimizer = AcceleratedOptimizer(inner)

    def update(scheduler):
        for last_micro_batch in (False, True):
            gradients._set_sync_gradients(last_micro_batch)
            optimizer.step()
            scheduler.step()

    return Run(optimizer, update, lambda scheduler: AcceleratedScheduler(scheduler, optimizer))


@cache
def strategy() -> Any:
    from lightning.pytorch import LightningModule, Trainer

    module = LightningModule()
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    module.trainer = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    module.trainer.strategy.connect(module)
    return module.trainer.strategy


@cache
def accelerator() -> Any:
    import accelerate.optimizer

    # It looks for this package on the disk before every update.
    accelerate.optimizer.is_lomo_available = lambda: False
    return accelerate.Accelerator(cpu=True)


STYLES = {style.__name__: style for style in (plain, lightning, transformers, accelerate)}
ORDERS = {
    "optimizer, scheduler": ("build", "optimizer", "scheduler"),
    "scheduler, optimizer": ("build", "scheduler", "optimizer"),
    "built after the optimizer": ("optimizer", "build", "scheduler"),
    "scheduler only": ("build", "scheduler"),
}


class Life:
    """One process of a run: it begins with nothing, and may load what another one saved."""

    def __init__(self, style: str, schedule: Schedule, order: tuple[str, ...], save: Any = None):
        self.weight = torch.nn.Parameter(torch.zeros(2))
        self.weight.grad = torch.ones(2)
        self.inner = inner = SGD([self.weight], lr=9.0, momentum=0.5)
        self.seen = Seen(inner, "lr", "momentum")
        self.run = STYLES[style](inner)
        for act in order:
            if act == "build":
                attach_to = self.run.attach_to or self.run.optimizer
                scheduler = Scheduler(attach_to, lr=schedule, momentum=MOMENTUM)
                self.scheduler = self.run.hold(scheduler)
            elif act == "optimizer":
                self.run.optimizer.load_state_dict(copy.deepcopy(save["optimizer"]))
            else:
                self.scheduler.load_state_dict(save["scheduler"])
        if save is not None:
            self.weight.data = save["weight"].clone()

    def save(self) -> dict[str, Any]:
        states = {
            "optimizer": self.run.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "weight": self.weight.detach(),
        }
        states = copy.deepcopy(states)
        # Whatever values came with the optimizer: the position decides.
        states["optimizer"]["param_groups"][0] |= {"lr": 7.0, "momentum": 0.1}
        return states


def lost(
    style: str, schedule: Schedule, updates: int, stops: range
) -> Iterator[tuple[str, int, bool]]:
    """The load order, the update and whether it went on otherwise, for every way to stop."""
    whole, saves, weights = Life(style, schedule, ("build",)), {}, []
    for k in range(updates):
        weights.append(whole.weight.detach().clone())
        if k in stops:
            saves[k] = whole.save()
        whole.run.update(whole.scheduler)
    used = [((schedule(k), MOMENTUM(k)),) for k in range(updates)]
    assert whole.seen.values == used, f"{schedule}: not the core's values"
    weights.append(whole.weight.detach())
    for order, acts in ORDERS.items():
        for i, k in enumerate(stops):
            # Every eighth goes on to the end, the others far enough to have loaded wrong values.
            until = updates if i % 8 == 0 else min(k + 3, updates)
            life = Life(style, schedule, acts, saves[k])
            # Already before the next update, whoever asks for the rate.
            at_once = [((group["lr"], group["momentum"]),) for group in life.inner.param_groups]
            for _ in range(k, until):
                life.run.update(life.scheduler)
            same = at_once == used[k : k + 1] and life.seen.values == used[k:until]
            if "optimizer" in acts:  # or its momentum is lost
                same &= torch.equal(life.weight, weights[until])
            yield order, k, not same


def main(style: str, updates: int, apart: int) -> None:
    tried, wrong = 0, []
    for number, case in enumerate(CASES):
        # As a value: some are built with runs by other clocks, and all count updates here.
        schedule = build(case.schedule.config(), imports=True)
        stops = range(number % apart, updates, apart)
        for order, k, otherwise in lost(style, schedule, updates, stops):
            tried += 1
            if otherwise:
                wrong.append(f"{case}, stopped at {k}, {order}")
    print(json.dumps({"schedules": len(CASES), "tried": tried, "wrong": wrong}))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
