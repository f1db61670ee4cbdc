"""MMEngine's Runner."""

import os
import time

import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner

from gradatim import Constant, GradatimError, Plateau
from gradatim.torch import Scheduler
from tests.trainers import pages
from tests.trainers.seen import Seen
from tests.trainers.training import SCHEDULE, Net, Same, by_hand, drive, same, used

# Version 0.10.7 does not ask torch to read more than weights, and its checkpoints hold more.
os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"

QUIET = ["Environment variable TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD detected"]

BATCHES = 6
EPOCHS = 4
UPDATES = BATCHES * EPOCHS


class Model(BaseModel):
    """The network of all trainers, of which a Runner wants a dictionary of losses."""

    def __init__(self):
        super().__init__()
        self.layer = Net().layer

    def forward(self, x, y, mode="tensor"):
        difference = self.layer(x) - y
        return {"loss": difference.square().mean()} if mode == "loss" else [difference]


class Drive(Hook):
    """That of the page."""

    priority = "LOW"  # before the hook that saves

    def __init__(self, make=drive):
        self.make = make

    def before_run(self, runner):
        self.scheduler = self.make(runner.optim_wrapper.optimizer)
        self.seen = Seen(runner.optim_wrapper.optimizer, "lr", "momentum")

    def before_save_checkpoint(self, runner, checkpoint):
        checkpoint["gradatim"] = self.scheduler.state_dict()

    def after_load_checkpoint(self, runner, checkpoint):
        self.scheduler.load_state_dict(checkpoint["gradatim"])

    def after_val_epoch(self, runner, metrics=None):
        if self.scheduler.driver.plan.rules:
            self.scheduler.observe(metrics["metric"])
            # The hook that saves has done so before this evaluation.
            at = {"epoch": runner.epoch, "iter": runner.iter}
            runner.save_checkpoint(runner.work_dir, f"observed_{runner.epoch}.pth", meta=at)


class Metric(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return {"metric": 1.0}


def loader(size):
    return {
        "dataset": Same(size),
        "batch_size": 2,
        "num_workers": 0,
        "sampler": {"type": "DefaultSampler", "shuffle": False},
        "collate_fn": {"type": "default_collate"},
    }


def train(make=drive, accumulate=1, path=None, evaluate=False, more_hooks=(), **more):
    model, hook = Model(), Drive(make)
    optimizer = torch.optim.SGD(model.parameters(), lr=9.0, momentum=0.5)
    if evaluate:
        more |= {"val_dataloader": loader(2), "val_cfg": {}, "val_evaluator": [Metric()]}
    runner = Runner(
        model,
        "out",
        loader(2 * BATCHES),
        train_cfg={"by_epoch": True, "max_epochs": EPOCHS},
        optim_wrapper={"optimizer": optimizer, "accumulative_counts": accumulate},
        default_hooks={"checkpoint": {"type": "CheckpointHook", "interval": 1}},
        custom_hooks=[hook, *more_hooks],
        load_from=path,
        resume=path is not None,
        log_level="ERROR",
        experiment_name=f"one of many {time.perf_counter_ns()}",
        **more,
    )
    runner.train()
    return runner, hook.scheduler, hook.seen


def check_each_update():
    runner, scheduler, seen = train()
    assert seen.values == used(UPDATES)
    assert scheduler.position == runner.iter == UPDATES
    assert same(runner.model.state_dict(), by_hand(UPDATES))


def check_the_wrapper_is_looked_through():
    wrapper = {}

    def through(optimizer):
        return drive(wrapper["it"])

    class Keep(Hook):
        priority = "VERY_HIGH"

        def before_run(self, runner):
            wrapper["it"] = runner.optim_wrapper

    runner, scheduler, seen = train(through, more_hooks=[Keep()])
    assert scheduler.optimizer is runner.optim_wrapper.optimizer
    assert seen.values == used(UPDATES)


def check_accumulation():
    for accumulate in (2, 5):
        # The Runner makes an update of what is left at the end of the run.
        _, scheduler, seen = train(accumulate=accumulate)
        updates = -(-UPDATES // accumulate)
        assert seen.values == used(updates)
        assert scheduler.position == updates


def check_resume():
    for accumulate in (1, 3):
        whole, _, seen = train(accumulate=accumulate)
        each = BATCHES // accumulate
        assert seen.values == used(EPOCHS * each)
        saves = {epoch: f"out/epoch_{epoch}.pth" for epoch in range(1, EPOCHS)}
        for epoch, path in saves.items():
            runner, scheduler, seen = train(accumulate=accumulate, path=path)
            assert seen.values == used(epoch * each, EPOCHS * each)
            assert scheduler.position == EPOCHS * each
            assert same(runner.model.state_dict(), whole.model.state_dict())


def observing(optimizer):
    rule = Plateau(mode="min", factor=0.5, patience=0, threshold=0.0)
    return Scheduler(optimizer, lr=Constant(0.1), rule=rule)


def check_observe():
    _, whole, seen = train(observing, evaluate=True)
    halved = [0.1] * 2 * BATCHES + [0.05] * BATCHES + [0.025] * BATCHES
    assert seen.first == halved
    for epoch in range(1, EPOCHS):
        path = f"out/observed_{epoch}.pth"
        _, scheduler, seen = train(observing, evaluate=True, path=path)
        assert seen.first == halved[epoch * BATCHES :]
        assert scheduler.state_dict() == whole.state_dict()


def check_a_checkpoint_of_the_runners_own_lacks_the_evaluation_after_it():
    _, whole, _ = train(observing, evaluate=True)
    _, scheduler, _ = train(observing, evaluate=True, path="out/epoch_2.pth")
    assert scheduler.state_dict() != whole.state_dict()


def check_what_the_log_says():
    """The Runner reads the rate before each update: it logs what was used."""
    logged = []

    class Read(Hook):
        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            logged.append(runner.message_hub.get_scalar("train/lr").current())

    train(more_hooks=[Read()])
    assert logged == [SCHEDULE(k) for k in range(UPDATES)]


def check_a_scheduler_of_the_runners_own_is_noticed():
    own = {"type": "LinearLR", "start_factor": 0.1, "end": 4, "by_epoch": False}
    with pytest.warns(UserWarning, match=r"something else has changed lr"):
        train(lambda optimizer: Scheduler(optimizer, lr=SCHEDULE), param_scheduler=own)


def check_a_state_of_the_runners_own_scheduler_is_refused():
    optimizer = torch.optim.SGD(Model().parameters(), lr=9.0)
    state = {"last_step": 4, "_global_step": 5, "base_values": [9.0], "total_iters": 10}
    with pytest.raises(GradatimError, match=r"scheduler\.seek\(position\)"):
        Scheduler(optimizer, lr=SCHEDULE).load_state_dict(state)


def check_the_page_runs():
    pages.run("mmengine")
