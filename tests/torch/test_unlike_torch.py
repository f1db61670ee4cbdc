"""Engines, loops and optimizers of trainers that do not step as torch's do, without the trainers.

The same with the trainers themselves: `make test-trainers`.
"""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.optim import SGD

from gradatim import Constant, GradatimError, Linear
from gradatim.torch import Scheduler
from gradatim.torch.deepspeed import EngineOptimizer

SCHEDULE = Linear(start=0.1, end=0.9, steps=8)
SRC = Path(__file__).parents[2] / "src"


class Zero:
    """Steps one parameter group at a time, as DeepSpeed's ZeroOptimizer of stages 1 and 2."""

    __module__ = "deepspeed.runtime.zero.stage_1_and_2"

    def __init__(self, optimizer):
        self.optimizer, self.overflow, self.seen = optimizer, False, []

    @property
    def param_groups(self):
        return self.optimizer.param_groups

    @property
    def state(self):
        return self.optimizer.state

    def step(self):
        groups = self.optimizer.param_groups
        for group in () if self.overflow else groups:
            self.optimizer.param_groups = [group]
            self.seen.append(group["lr"])
            self.optimizer.step()
        self.optimizer.param_groups = groups

    def load_state_dict(self, state):
        self.optimizer.load_state_dict(state)


class Engine:
    lr_scheduler = None

    def __init__(self, groups=2):
        weights = [torch.nn.Parameter(torch.ones(1)) for _ in range(groups)]
        for weight in weights:
            weight.grad = torch.ones(1)
        self.optimizer = Zero(SGD([{"params": [weight]} for weight in weights], lr=9.0))


def test_several_steps_of_the_optimizer_are_one_update_of_the_engine():
    engine = Engine()
    scheduler = Scheduler(engine.optimizer, SCHEDULE)
    for _ in range(4):
        engine.optimizer.step()
    assert engine.optimizer.seen == [SCHEDULE(k) for k in range(4) for _ in range(2)]
    assert scheduler.position == 4
    assert scheduler.applied == {"lr": SCHEDULE(3)}


def test_an_update_that_the_engine_skips_does_not_count():
    engine = Engine()
    scheduler = Scheduler(engine.optimizer, SCHEDULE)
    for engine.optimizer.overflow in (False, True, True, False):
        engine.optimizer.step()
    assert scheduler.position == 2
    assert engine.optimizer.seen == [SCHEDULE(0), SCHEDULE(0), SCHEDULE(1), SCHEDULE(1)]


def test_groups_that_a_load_replaces_are_driven():
    engine = Engine()
    scheduler = Scheduler(engine.optimizer, SCHEDULE)
    engine.optimizer.step()
    saved = engine.optimizer.optimizer.state_dict()
    for group in saved["param_groups"]:
        group["lr"] = 7.0
    engine.optimizer.load_state_dict(saved)
    engine.optimizer.step()
    assert engine.optimizer.seen[2:] == [SCHEDULE(1)] * 2
    assert scheduler.position == 2


class Wrapper:
    """As Accelerate's around the optimizer of an engine."""

    def __init__(self, optimizer):
        self.optimizer = optimizer


def test_wrappers_are_looked_through_to_the_same_updates():
    engine = Engine()
    scheduler = Scheduler(Wrapper(engine.optimizer), SCHEDULE)
    assert isinstance(scheduler.optimizer, EngineOptimizer)
    scheduler.optimizer = engine.optimizer  # the same: nothing changes
    with pytest.raises(GradatimError, match="driven by another scheduler"):
        Scheduler(engine.optimizer, SCHEDULE)
    engine.optimizer.step()
    assert scheduler.position == 1


def test_groups_that_are_stepped_one_at_a_time_are_no_updates():
    engine = Engine()
    scheduler = Scheduler(engine.optimizer.optimizer, SCHEDULE)
    with pytest.raises(GradatimError) as refusal:
        engine.optimizer.step()
    assert str(refusal.value) == (
        "Scheduler: the optimizer steps its parameter groups one at a time, so several steps are "
        "one update. DeepSpeed's ZeRO does so: build the scheduler after deepspeed.initialize, "
        "Scheduler(engine.optimizer, ...)."
    )
    assert scheduler.position == 1  # the first group's


def test_a_group_that_is_taken_out_and_put_back_is_fine():
    optimizer = Engine(3).optimizer.optimizer
    scheduler, (first, *others) = Scheduler(optimizer, SCHEDULE), optimizer.param_groups
    optimizer.step()
    optimizer.param_groups = [first]
    optimizer.step()
    optimizer.param_groups = [first, *others]
    optimizer.step()
    assert scheduler.position == 3
    assert {group["lr"] for group in optimizer.param_groups} == {SCHEDULE(3)}


def test_what_the_loop_of_timm_calls():
    scheduler = Scheduler(Engine().optimizer.optimizer, SCHEDULE)
    with pytest.raises(GradatimError, match="set lr_scheduler = None"):
        scheduler.step_update(num_updates=1, metric=0.5)
    with pytest.raises(GradatimError, match=r"A metric goes to scheduler\.observe"):
        scheduler.step(1, 0.5)


def scaled(scales):
    optimizer = Engine(len(scales)).optimizer.optimizer
    for group, scale in zip(optimizer.param_groups, scales, strict=True):
        group["lr_scale"] = scale
    return optimizer


def test_layer_decay_that_one_schedule_would_ignore():
    with pytest.warns(UserWarning, match=r"Write lr=\[group\['lr_scale'\] \* schedule"):
        Scheduler(scaled([0.5, 1.0]), SCHEDULE)


def test_layer_decay_that_is_driven_or_meant_to_be_ignored():
    optimizer = scaled([0.5, 1.0])
    Scheduler(optimizer, [group["lr_scale"] * Constant(0.1) for group in optimizer.param_groups])
    assert [group["lr"] for group in optimizer.param_groups] == [0.05, 0.1]
    Scheduler(scaled([0.5, 1.0]), {"*": SCHEDULE})
    Scheduler(scaled([1.0, 1.0]), SCHEDULE)


def test_trainers_are_imported_only_when_asked_for():
    program = "import sys, gradatim.torch; print({'transformers', 'lightning'} & set(sys.modules))"
    run = [sys.executable, "-c", program]
    done = subprocess.run(
        run, env={"PYTHONPATH": str(SRC)}, capture_output=True, text=True, check=False
    )
    assert done.stdout == "set()\n", done.stderr
