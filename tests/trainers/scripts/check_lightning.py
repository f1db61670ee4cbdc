"""Lightning's Trainer and Fabric."""

import logging
import tempfile
from pathlib import Path

import lightning
import pytest
import torch
from lightning.pytorch.callbacks import LearningRateMonitor, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.utilities.model_helpers import is_overridden

from gradatim import Constant, GradatimError, Linear, Plateau, Run
from gradatim.torch import Scheduler
from gradatim.torch.trainers.lightning import SchedulerCallback
from tests.trainers import pages
from tests.trainers.seen import Seen
from tests.trainers.training import (
    MOMENTUM,
    SCHEDULE,
    Net,
    batches,
    by_hand,
    drive,
    same,
    sgd,
    used,
)

logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
logging.getLogger("lightning.fabric").setLevel(logging.ERROR)

QUIET = [
    # Lightning's advice on speed, for data that would not fit here.
    r"The '\w+_dataloader' does not have many workers",
    r"The number of training batches \(\d+\) is smaller than the logging interval",
    # Lightning's note that a checkpoint from within an epoch starts the data anew.
    "You're resuming from a checkpoint that ended before the epoch ended",
    # By hand it cannot save the weights of before an update; here those of after are meant.
    "Using ModelCheckpoint with manual optimization",
    # Its checkpoints name their callback, which need not be there to go on.
    r"Be aware that when using `ckpt_path`, callbacks used to create the checkpoint",
    # The page goes on where it saved.
    r"Checkpoint directory .* exists and is not empty",
    # Calls inside Lightning that torch has deprecated.
    r"`isinstance\(treespec, LeafSpec\)` is deprecated",
]

BATCHES = 6
EPOCHS = 4
UPDATES = BATCHES * EPOCHS


class Module(lightning.LightningModule):
    """What a user writes, with what the optimizer's updates saw."""

    def __init__(self, returned=lambda optimizer, scheduler: ([optimizer], [scheduler])):
        super().__init__()
        self.net = Net()
        self.returned = returned

    def configure_optimizers(self):
        optimizer, self.seen = sgd(self.net)
        self.scheduler = drive(optimizer)
        return self.returned(optimizer, self.scheduler)

    def training_step(self, batch, index):
        return self.net(**batch)["loss"]


class ByHand(Module):
    """Manual optimization: an update every second batch."""

    automatic_optimization = False
    calls = False

    def training_step(self, batch, index):
        optimizer = self.optimizers()
        self.manual_backward(self.net(**batch)["loss"])
        if index % 2:
            optimizer.step()
            optimizer.zero_grad()
        if self.calls:
            self.lr_schedulers().step()


class Calling(ByHand):
    calls = True


def fit(module, epochs=EPOCHS, path=None, weights_only=None, **options):
    options = {
        "accelerator": "cpu",
        "devices": 1,
        "logger": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "enable_checkpointing": "callbacks" in options,
    } | options
    trainer = lightning.Trainer(max_epochs=epochs, **options)
    evaluation = batches(1) if is_overridden("validation_step", module) else None
    trainer.fit(module, batches(BATCHES), evaluation, ckpt_path=path, weights_only=weights_only)
    return trainer


def check_whatever_configure_optimizers_returns():
    expected = by_hand(UPDATES)
    for returned in (
        lambda o, s: ([o], [s]),
        lambda o, s: o,
        lambda o, s: {"optimizer": o, "lr_scheduler": s},
        lambda o, s: ([o], [{"scheduler": s, "interval": "step"}]),
        lambda o, s: ([o], [{"scheduler": s, "interval": "epoch"}]),
        lambda o, s: ([o], [{"scheduler": s, "interval": "step", "frequency": 4}]),
    ):
        module = Module(returned)
        fit(module)
        assert module.seen.values == used(UPDATES)
        assert module.scheduler.position == UPDATES
        assert same(module.net.state_dict(), expected)


def check_a_metric_that_lightning_hands_to_step_is_refused():
    plateau = {"reduce_on_plateau": True, "monitor": "metric", "interval": "epoch"}

    class Logging(Module):
        def training_step(self, batch, index):
            self.log("metric", torch.tensor(1.0))
            return super().training_step(batch, index)

    with pytest.raises(GradatimError, match=r"observe\(metric\)"):
        fit(Logging(lambda o, s: ([o], [{"scheduler": s} | plateau])))


def check_accumulation():
    for micro in (2, 4):
        module = Module(lambda o, s: ([o], [{"scheduler": s, "interval": "step"}]))
        trainer = fit(module, accumulate_grad_batches=micro)
        # The last batches of an epoch make an update of their own.
        updates = EPOCHS * -(-BATCHES // micro)
        assert trainer.global_step == module.scheduler.position == updates
        assert module.seen.values == used(updates)


def check_manual_optimization():
    for make in (ByHand, Calling):
        module = make()
        trainer = fit(module)
        assert trainer.global_step == module.scheduler.position == UPDATES // 2
        assert module.seen.values == used(UPDATES // 2)


def check_two_optimizers_by_hand():
    class Two(lightning.LightningModule):
        automatic_optimization = False

        def __init__(self):
            super().__init__()
            self.nets = torch.nn.ModuleList([Net(), Net()])

        def configure_optimizers(self):
            made = [sgd(net) for net in self.nets]
            self.seen = [seen for _, seen in made]
            self.schedulers = [drive(optimizer) for optimizer, _ in made]
            return [optimizer for optimizer, _ in made], self.schedulers

        def training_step(self, batch, index):
            for i, optimizer in enumerate(self.optimizers()):
                if index % (2 - i) == 0:
                    optimizer.zero_grad()
                    self.manual_backward(self.nets[i](**batch)["loss"])
                    optimizer.step()
                self.lr_schedulers()[i].step()

    module, logger = Two(), CSVLogger("logs")
    fit(
        module,
        logger=logger,
        log_every_n_steps=1,
        callbacks=[SchedulerCallback()],
        enable_checkpointing=False,
    )
    updates = [UPDATES // 2, UPDATES]
    assert [seen.values for seen in module.seen] == [used(many) for many in updates]
    for i, many in enumerate(updates):
        logged = {int(row["step"]): row[f"{i}/lr"] for row in rows(logger) if row[f"{i}/lr"]}
        assert logged == {k: str(SCHEDULE(k)) for k in range(many)}


def saved(module, folder, **options):
    """Train and save after every update."""
    every = ModelCheckpoint(folder, "{step}", every_n_train_steps=1, save_top_k=-1)
    fit(module, callbacks=[every], **options)
    return {int(path.stem.partition("=")[2]): path for path in Path(folder).glob("*.ckpt")}


def check_resume():
    for make, updates in ((Module, UPDATES), (Calling, UPDATES // 2)):
        whole = make()
        paths = saved(whole, make.__name__)
        assert whole.seen.values == used(updates)
        for k in (1, updates // 4, updates // 3, updates // 2, updates - 1):
            for weights_only in (True, False):
                module = make()
                fit(module, path=paths[k], weights_only=weights_only)
                # From within an epoch Lightning begins its data anew, and may train longer.
                assert module.scheduler.position >= updates
                assert module.seen.values == used(k, k + len(module.seen.values))
                if module.scheduler.position == updates:
                    assert same(module.net.state_dict(), whole.net.state_dict())


def check_resume_with_accumulation():
    whole = Module()
    paths = saved(whole, "saves", accumulate_grad_batches=3)
    for k in (2, 4):  # ends of epochs
        module = Module()
        fit(module, path=paths[k], weights_only=True, accumulate_grad_batches=3)
        assert module.seen.values == used(k, 8) == whole.seen.values[k:]
        assert same(module.net.state_dict(), whole.net.state_dict())


class Observing(Module):
    """Feeds a rule; the metric falls once and stays, so that the rule has something to do."""

    def configure_optimizers(self):
        optimizer, _ = sgd(self.net)
        self.seen = Seen(optimizer)
        rule = Plateau(mode="min", factor=0.5, patience=1, threshold=0.0)
        self.scheduler = Scheduler(optimizer, lr=Constant(0.1), rule=rule)
        return [optimizer], [self.scheduler]

    def validation_step(self, batch, index):
        self.log("metric", torch.tensor(2.0 if self.current_epoch == 0 else 1.0))


class ObservingItself(Observing):
    def on_validation_epoch_end(self):
        if not self.trainer.sanity_checking:
            self.scheduler.observe(self.trainer.callback_metrics["metric"])


class ObservingLate(Observing):
    def on_validation_end(self):
        if not self.trainer.sanity_checking:
            self.scheduler.observe(self.trainer.callback_metrics["metric"])


# Metrics 2, 1, 1, 1, ...: each second evaluation without progress halves the rate.
HALVED = [0.1] * 4 * BATCHES + [0.05] * 2 * BATCHES + [0.025] * 2 * BATCHES


def observed(make, *callbacks, after_training=None):
    """Whether the runs that went on after each of eight epochs did as the whole run."""
    whole, folder = make(), tempfile.mkdtemp(dir=".")
    every = ModelCheckpoint(
        folder, "{step}", every_n_epochs=1, save_top_k=-1, save_on_train_epoch_end=after_training
    )
    fit(whole, epochs=8, callbacks=[every, *callbacks])
    assert whole.seen.first == HALVED, whole.seen.first
    for epoch in range(1, 8):
        module, path = make(), f"{folder}/step={epoch * BATCHES}.ckpt"
        fit(module, 8, path, True, callbacks=list(callbacks), enable_checkpointing=False)
        yield HALVED[epoch * BATCHES :] == module.seen.first


def check_observe():
    for after_training in (True, False):
        assert all(observed(Observing, SchedulerCallback("metric"), after_training=after_training))
        assert all(observed(ObservingItself, after_training=after_training))


def check_what_a_module_observes_at_the_end_of_validation_may_be_saved_too_late():
    # Lightning saves in a callback, and calls the module's own hook after all callbacks.
    assert all(observed(ObservingLate, after_training=True))
    assert not all(observed(ObservingLate, after_training=False))


def check_what_is_missing_is_refused():
    none_of_ours = (
        "SchedulerCallback: configure_optimizers returned no scheduler of gradatim.torch, but {}. "
        "Write return [optimizer], [Scheduler(optimizer, ...)]."
    )
    for sentence, module, callback in (
        (
            "SchedulerCallback: monitor must be the metric for the rules, got None. "
            'Write SchedulerCallback(monitor="val_loss").',
            Observing(),
            SchedulerCallback(),
        ),
        (
            "SchedulerCallback: unknown metric 'loss'. Known: metric.",
            Observing(),
            SchedulerCallback("loss"),
        ),
        (none_of_ours.format("none"), Module(bare), SchedulerCallback()),
        (none_of_ours.format("StepLR, ConstantLR"), Module(of_torch), SchedulerCallback()),
    ):
        with pytest.raises(GradatimError) as refusal:
            fit(module, callbacks=[callback], enable_checkpointing=False)
        assert str(refusal.value) == sentence


def bare(optimizer, scheduler):
    return optimizer


def of_torch(optimizer, scheduler):
    scheduler.detach()
    others = torch.optim.lr_scheduler
    return [optimizer], [others.StepLR(optimizer, 4), others.ConstantLR(optimizer)]


def rows(logger):
    lines = (Path(logger.log_dir) / "metrics.csv").read_text().splitlines()
    names = lines[0].split(",")
    return [dict(zip(names, line.split(","), strict=True)) for line in lines[1:]]


def check_the_monitor_shows_what_the_updates_used():
    module, logger = Module(), CSVLogger("logs")
    monitor = LearningRateMonitor("step", log_momentum=True)
    fit(module, logger=logger, log_every_n_steps=1, callbacks=[monitor])
    shown = [
        ((float(row["lr-SGD"]), float(row["lr-SGD-momentum"])),)
        for row in rows(logger)
        if row["lr-SGD"]
    ]
    assert shown == used(UPDATES)


def check_the_callback_logs_what_the_updates_used():
    for micro, every in ((1, 1), (3, 2)):
        module, logger = Module(), CSVLogger("logs")
        fit(
            module,
            logger=logger,
            log_every_n_steps=every,
            accumulate_grad_batches=micro,
            callbacks=[SchedulerCallback()],
            enable_checkpointing=False,
        )
        shown = {int(r["step"]): (float(r["lr"]), float(r["momentum"])) for r in rows(logger)}
        steps = range(every - 1, UPDATES // micro, every)
        assert shown == {k: (SCHEDULE(k), MOMENTUM(k)) for k in steps}


class Counting(Module):
    """The clock of its run is in tokens: a batch has 6."""

    schedule = Linear(start=0.1, end=0.01, steps=90)

    def configure_optimizers(self):
        optimizer, self.seen = sgd(self.net)
        run = Run(total_tokens=90, clock="tokens")
        self.scheduler = Scheduler(optimizer, lr=self.schedule, run=run)
        return [optimizer], [self.scheduler]


def check_tokens_are_counted():
    for micro, paths in ((1, range(1, 15)), (3, range(1, 5))):
        every = ModelCheckpoint(f"by-{micro}", "{step}", every_n_train_steps=1, save_top_k=-1)
        counting = SchedulerCallback(count=lambda batch: {"tokens": batch["x"].numel()})
        options = {"accumulate_grad_batches": micro, "callbacks": [every, counting]}
        module = Counting()
        trainer = fit(module, **options)
        # The training ends where the run does, not after four epochs.
        rates = [module.schedule(6 * micro * k) for k in range(15 // micro)]
        assert module.seen.first == rates
        assert trainer.global_step == module.scheduler.position == 15 // micro
        assert module.scheduler.tick == 90
        for k in paths:
            if micro * k % BATCHES == 0:  # the end of an epoch
                module = Counting()
                fit(module, path=f"by-{micro}/step={k}.ckpt", weights_only=True, **options)
                assert module.seen.first == rates[k:]


def check_tokens_that_nobody_counts_are_refused():
    with pytest.raises(GradatimError, match="nothing has been counted for this update"):
        fit(Counting(), callbacks=[SchedulerCallback()], enable_checkpointing=False)


def check_the_time_of_evaluations_is_left_out():
    seconds = [0.0]
    falling = Linear(start=0.1, end=0.01, steps=20_000)

    class Timed(Module):
        """A second an update, a hundred an evaluation."""

        def configure_optimizers(self):
            optimizer, self.seen = sgd(self.net)
            run = Run(seconds=20)
            self.scheduler = Scheduler(optimizer, lr=falling, run=run, now=lambda: seconds[0])
            return [optimizer], [self.scheduler]

        def training_step(self, batch, index):
            seconds[0] += 1.0
            return super().training_step(batch, index)

        def validation_step(self, batch, index):
            seconds[0] += 100.0

    module = Timed()
    trainer = fit(module, callbacks=[SchedulerCallback()], enable_checkpointing=False)
    # The time begins after the first update.
    assert module.seen.first == [falling(1000 * max(0, k - 1)) for k in range(21)]
    assert (trainer.global_step, module.scheduler.tick) == (21, 20_000)
    assert seconds[0] > 300.0


def check_fabric():
    def start():
        net = Net()
        optimizer, seen = sgd(net)
        net, wrapped = fabric.setup(net, optimizer)
        return net, wrapped, seen, drive(wrapped)

    def go(net, wrapped, until):
        for batch in fabric.setup_dataloaders(batches(until)):
            wrapped.zero_grad()
            fabric.backward(net(**batch)["loss"])
            wrapped.step()

    fabric = lightning.Fabric(accelerator="cpu", devices=1)
    net, wrapped, seen, scheduler = start()
    for k in range(UPDATES):
        fabric.save(f"{k}.ckpt", {"net": net, "optimizer": wrapped, "scheduler": scheduler})
        go(net, wrapped, 1)
    assert seen.values == used(UPDATES)
    for k in (0, 1, 5, 12, UPDATES - 1):
        again, wrapped, seen, scheduler = start()
        state = {"net": again, "optimizer": wrapped, "scheduler": scheduler}
        fabric.load(f"{k}.ckpt", state)
        go(again, wrapped, UPDATES - k)
        assert seen.values == used(k, UPDATES)
        assert same(again.state_dict(), net.state_dict())


def check_the_page_runs():
    pages.run("lightning")
