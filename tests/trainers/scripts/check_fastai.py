"""fastai's Learner."""

from functools import partial

import fastai.optimizer
import pytest
import torch
from fastai.callback.core import Callback
from fastai.callback.schedule import ParamScheduler  # noqa: F401  it brings fit_one_cycle
from fastai.callback.tracker import SaveModelCallback
from fastai.callback.training import GradientAccumulation
from fastai.data.core import DataLoaders
from fastai.learner import Learner
from fastai.optimizer import OptimWrapper
from torch.utils.data import DataLoader

from gradatim import Constant, GradatimError, Plateau
from gradatim.torch import Scheduler
from tests.trainers import pages
from tests.trainers.seen import Seen
from tests.trainers.training import SCHEDULE, Net, Same, by_hand, drive, same, used

QUIET = [
    # Of torch, about what fastai calls.
    "`torch.jit.script` is deprecated",
    # Of NumPy, about what fastai reads a checkpoint with.
    "numpy.core is deprecated",
]

BATCHES = 6
EPOCHS = 4
UPDATES = BATCHES * EPOCHS
NOTICED = r"something else has changed lr .* with scheduler.released"


class Model(torch.nn.Module):
    """The network of all trainers, of which fastai wants the output."""

    def __init__(self):
        super().__init__()
        self.layer = Net().layer

    def forward(self, x):
        return self.layer(x)


class Drive(Callback):
    """That of the page."""

    order = 55  # after the Recorder, before callbacks that save

    def __init__(self, scheduler):
        self.scheduler = scheduler

    def before_fit(self):
        with self.scheduler.released():
            pass  # fit() has written its own lr; at the end of this block the scheduler writes

    def before_epoch(self):
        self.trained = False

    def after_train(self):
        self.trained = True

    def after_epoch(self):
        if self.trained and self.scheduler.driver.plan.rules:
            self.scheduler.observe(1.0)


def start(make=drive, sgd=torch.optim.SGD):
    one = Same(1)[0]
    data = [(one["x"], one["y"])] * (2 * BATCHES)
    loaders = DataLoaders(DataLoader(data, 2), DataLoader(data[:2], 2), device="cpu")
    wrapped = partial(OptimWrapper, opt=sgd, momentum=0.5)
    learner = Learner(loaders, Model(), lambda y, to: (y - to).square().mean(), wrapped)
    learner.create_opt()
    scheduler = make(learner.opt.opt)
    learner.add_cb(Drive(scheduler))
    return learner, scheduler, Seen(scheduler.optimizer, "lr", "momentum")


def fit(learner, **options):
    with learner.no_bar(), learner.no_logging():
        learner.fit(EPOCHS, **options)


def check_each_update():
    learner, scheduler, seen = start()
    fit(learner)
    assert seen.values == used(UPDATES)
    assert scheduler.position == UPDATES
    assert same(learner.model.state_dict(), by_hand(UPDATES))


def check_the_recorder_shows_the_rate_of_the_update_to_come():
    learner, scheduler, seen = start()
    fit(learner)
    assert learner.recorder.lrs == [SCHEDULE(k) for k in range(1, UPDATES + 1)]
    assert [rate for _, rate in scheduler.history()] == seen.first


def check_a_second_fit_goes_on():
    learner, _, seen = start()
    for _ in range(2):
        with learner.no_bar(), learner.no_logging():
            learner.fit(2)
    assert seen.values == used(UPDATES)


def check_accumulation():
    learner, scheduler, seen = start()
    fit(learner, cbs=GradientAccumulation(n_acc=6))  # samples: three batches
    assert seen.values == used(UPDATES // 3)
    assert scheduler.position == UPDATES // 3


def check_resume():
    whole, _, seen = saved(drive)
    assert seen.values == used(UPDATES)
    for epoch in range(1, EPOCHS):
        learner, _, seen = resumed(drive, epoch)
        assert seen.values == used(epoch * BATCHES, UPDATES)
        assert same(learner.model.state_dict(), whole.model.state_dict())


class KeepState(Callback):
    order = 61

    def after_epoch(self):
        torch.save(self.learn.drive.scheduler.state_dict(), f"scheduler_{self.epoch}.pt")


def saved(make):
    run = start(make)
    every = SaveModelCallback(every_epoch=True, fname="epoch", with_opt=True)
    fit(run[0], cbs=[every, KeepState()])
    return run


def resumed(make, epoch):
    learner, scheduler, seen = start(make)
    learner.load(f"epoch_{epoch - 1}", with_opt=True)
    scheduler.load_state_dict(torch.load(f"scheduler_{epoch - 1}.pt"))
    fit(learner, start_epoch=epoch)
    return learner, scheduler, seen


def observing(optimizer):
    rule = Plateau(mode="max", factor=0.5, patience=0, threshold=10.0)  # nothing is good enough
    return Scheduler(optimizer, lr=Constant(0.1), rule=rule)


def check_observe():
    _, whole, seen = saved(observing)
    halved = [0.1] * 2 * BATCHES + [0.05] * BATCHES + [0.025] * BATCHES
    assert seen.first == halved
    for epoch in range(1, EPOCHS):
        _, scheduler, seen = resumed(observing, epoch)
        assert seen.first == halved[epoch * BATCHES :]
        assert scheduler.state_dict() == whole.state_dict()


def check_an_evaluation_outside_of_training_is_not_shown():
    learner, scheduler, _ = saved(observing)
    before = scheduler.state_dict()
    with learner.no_bar():
        learner.validate()
    assert scheduler.state_dict() == before


def check_a_fit_without_the_callback_is_noticed():
    learner, scheduler, seen = start()
    learner.remove_cb(learner.drive)
    with pytest.warns(UserWarning, match=NOTICED):
        fit(learner)
    assert seen.first == [learner.lr, *(SCHEDULE(k) for k in range(1, UPDATES))]
    assert [rate for _, rate in scheduler.history()] == seen.first


def check_fit_one_cycle_is_noticed():
    learner, _, _ = start(lambda optimizer: Scheduler(optimizer, lr=SCHEDULE))
    learner.remove_cb(learner.drive)
    with (
        pytest.warns(UserWarning, match=NOTICED),
        learner.no_bar(),
        learner.no_logging(),
    ):
        learner.fit_one_cycle(1)


def check_wrappers_and_optimizers_of_fastai_are_refused():
    learner, _, _ = start()
    with pytest.raises(GradatimError, match=r"OptimWrapper holds .*Scheduler\(optimizer\.opt,"):
        drive(learner.opt)
    own = fastai.optimizer.SGD(list(Model().parameters()), lr=0.1)
    with pytest.raises(GradatimError, match=r"give learner\.opt\.opt"):
        drive(own)


def check_the_page_runs():
    pages.run("fastai")
