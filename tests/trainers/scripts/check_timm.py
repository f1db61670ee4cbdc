"""The loop of timm's train.py, from the parts of its package, which train.py itself is not."""

from pathlib import Path

import pytest
import timm
import torch
from timm.optim import create_optimizer_v2
from timm.scheduler import create_scheduler_v2
from timm.task import ClassificationTask
from timm.task._helpers import resume_task_checkpoint
from timm.utils import CheckpointSaver, NativeScaler
from torch.utils.data import DataLoader

from gradatim import Constant, GradatimError, Plateau
from gradatim.torch import Scheduler
from tests.trainers import pages
from tests.trainers.seen import Seen
from tests.trainers.training import MOMENTUM, SCHEDULE, drive, same

QUIET = []

BATCHES = 6
EPOCHS = 4
UPDATES = BATCHES * EPOCHS


class Task(ClassificationTask):
    """A task whose checkpoints hold the scheduler, as on the page."""

    def get_task_state(self, ema=False):
        return {} if ema else {"scheduler": self.scheduler.state_dict()}

    def load_task_state(self, state, strict=True, ema=False):
        if not ema:
            self.scheduler.load_state_dict(state["scheduler"])


def data():
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(2 * BATCHES, 3, 32, 32, generator=generator)
    return DataLoader([(image, i % 2) for i, image in enumerate(images)], batch_size=2)


class Run:
    """What train.py builds: a task, an optimizer, a loss scaler, a saver."""

    def __init__(self, make=drive, path=None, saves=None, scaler=False, **optimizer):
        torch.manual_seed(0)
        model = timm.create_model("test_resnet", num_classes=2)
        self.task = Task(model, device=torch.device("cpu"), verbose=False)
        self.optimizer = create_optimizer_v2(model, "sgd", lr=9.0, momentum=0.5, **optimizer)
        self.scheduler = self.task.scheduler = make(self.optimizer)
        self.scaler = NativeScaler("cpu") if scaler else None
        self.seen = Seen(self.optimizer, "lr", "momentum")
        self.epoch = 0
        if path is not None:
            self.epoch = resume_task_checkpoint(self.task, path, self.optimizer, log_info=False)
        if saves is not None:
            saves.mkdir()
        self.saver = saves and CheckpointSaver(
            model, self.optimizer, checkpoint_dir=str(saves), max_history=EPOCHS, task=self.task
        )

    def train(self, accumulate=1, lr_scheduler=None, overflow=()):
        """The epochs of train.py, line by line where an update is made."""
        for epoch in range(self.epoch, EPOCHS):
            loader, accum_steps = data(), accumulate
            updates_per_epoch = (len(loader) + accum_steps - 1) // accum_steps
            num_updates = epoch * updates_per_epoch
            last_accum_steps = len(loader) % accum_steps
            self.task.train()
            self.optimizer.zero_grad()
            for index, (image, target) in enumerate(loader):
                last_batch = index == len(loader) - 1
                need_update = last_batch or (index + 1) % accumulate == 0
                if index >= len(loader) - last_accum_steps:
                    accum_steps = last_accum_steps
                loss = self.task(image, target)["loss"] / accum_steps
                if index in overflow:
                    loss = loss * torch.inf
                if self.scaler is not None:
                    self.scaler(
                        loss,
                        self.optimizer,
                        clip_grad=1.0,
                        need_update=need_update,
                        parameters=self.task.get_clip_parameters(),
                    )
                else:
                    loss.backward()
                    if need_update:
                        self.optimizer.step()
                if not need_update:
                    continue
                num_updates += 1
                self.optimizer.zero_grad()
                if lr_scheduler is not None:
                    lr_scheduler.step_update(num_updates=num_updates, metric=loss.item())
            if lr_scheduler is not None:
                lr_scheduler.step(epoch + 1, None)
            if self.scheduler.driver.plan.rules:
                self.scheduler.observe(2.0 if epoch == 0 else 1.0)
            if self.saver:
                self.saver.save_checkpoint(epoch)
        return self

    @property
    def weights(self):
        return self.task.get_trainable_module().state_dict()


def used(start, stop, groups=2):
    """Two groups: timm gives biases and norms one of their own."""
    return [((SCHEDULE(k), MOMENTUM(k)),) * groups for k in range(start, stop)]


def by_hand(updates):
    """The weights after a loop that sets the rates itself, without a scheduler."""
    torch.manual_seed(0)
    model = timm.create_model("test_resnet", num_classes=2)
    optimizer = create_optimizer_v2(model, "sgd", lr=9.0, momentum=0.5, weight_decay=0.05)
    task = ClassificationTask(model, device=torch.device("cpu"), verbose=False).train()
    batches = [batch for _ in range(EPOCHS) for batch in data()][:updates]
    for k, batch in enumerate(batches):
        for group in optimizer.param_groups:
            group |= {"lr": SCHEDULE(k), "momentum": MOMENTUM(k)}
        optimizer.zero_grad()
        task(*batch)["loss"].backward()
        optimizer.step()
    return model.state_dict()


def check_each_update():
    run = Run(weight_decay=0.05).train()
    assert run.seen.values == used(0, UPDATES)
    assert run.scheduler.position == UPDATES
    assert same(run.weights, by_hand(UPDATES))


def check_accumulation():
    for accumulate in (2, 4):
        run = Run(weight_decay=0.05).train(accumulate)
        # The last batches of an epoch make an update of their own.
        updates = EPOCHS * -(-BATCHES // accumulate)
        assert run.seen.values == used(0, updates)
        assert run.scheduler.position == updates


def check_updates_that_the_loss_scaler_leaves_out():
    run = Run(weight_decay=0.05, scaler=True).train(overflow={1, 4})
    assert run.scheduler.position == UPDATES - 2 * EPOCHS
    assert run.seen.values == used(0, UPDATES - 2 * EPOCHS)


def check_resume():
    for scaler in (False, True):
        folder = Path(f"saves-{scaler}")
        whole = Run(saves=folder, weight_decay=0.05, scaler=scaler).train()
        for epoch in range(1, EPOCHS):
            path = str(folder / f"checkpoint-{epoch - 1}.pth.tar")
            run = Run(path=path, weight_decay=0.05, scaler=scaler)
            assert (run.epoch, run.scheduler.position) == (epoch, epoch * BATCHES)
            run.train()
            assert run.seen.values == used(epoch * BATCHES, UPDATES)
            assert same(run.weights, whole.weights)


def check_layer_decay():
    """timm's own schedulers multiply by the groups' lr_scale; here a list says it."""

    def scaled(optimizer):
        rates = [group["lr_scale"] * SCHEDULE for group in optimizer.param_groups]
        return Scheduler(optimizer, lr=rates)

    run = Run(scaled, weight_decay=0.05, layer_decay=0.5).train()
    scales = [group["lr_scale"] for group in run.optimizer.param_groups]
    assert len(set(scales)) > 2
    rates = [[rate for rate, _ in groups] for groups in run.seen.values]
    assert rates == [[scale * SCHEDULE(k) for scale in scales] for k in range(UPDATES)]


def check_layer_decay_that_is_ignored_is_said():
    with pytest.warns(UserWarning, match="timm's layer decay, and one schedule of lr ignores it"):
        Run(lambda optimizer: Scheduler(optimizer, SCHEDULE), weight_decay=0.05, layer_decay=0.5)
    Run(lambda optimizer: Scheduler(optimizer, {"*": SCHEDULE}), layer_decay=0.5)


def check_observe():
    def observing(optimizer):
        rule = Plateau(mode="min", factor=0.5, patience=0, threshold=0.0)
        return Scheduler(optimizer, lr=Constant(0.1), rule=rule)

    run = Run(observing).train()
    # Metrics 2, 1, 1, 1: each evaluation without progress halves the rate.
    assert run.seen.first == [0.1] * 3 * BATCHES + [0.05] * BATCHES
    assert run.scheduler.next == {"lr": 0.025}


def check_a_scheduler_of_timm_beside_it_is_noticed():
    run = Run(lambda optimizer: Scheduler(optimizer, lr=SCHEDULE))
    theirs, _ = create_scheduler_v2(run.optimizer, "cosine", num_epochs=EPOCHS, warmup_epochs=1)
    with pytest.warns(UserWarning, match="something else has changed lr"):
        run.train(lr_scheduler=theirs)


def check_given_to_the_loop_as_its_scheduler_it_is_refused():
    run = Run()
    with pytest.raises(GradatimError, match=r"set lr_scheduler = None"):
        run.train(lr_scheduler=run.scheduler)


def check_the_page_runs():
    pages.run("timm")
