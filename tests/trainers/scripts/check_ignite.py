"""Engines of Ignite."""

import torch
from ignite.engine import Engine, Events, create_supervised_trainer
from ignite.handlers import Checkpoint, DiskSaver, global_step_from_engine
from ignite.handlers.param_scheduler import LRScheduler

from gradatim import Constant, Plateau
from gradatim.torch import Scheduler
from tests.trainers import pages
from tests.trainers.seen import Seen
from tests.trainers.training import Net, batches, by_hand, drive, same, sgd, used

QUIET = []

BATCHES = 6
EPOCHS = 4
UPDATES = BATCHES * EPOCHS


def start(attach=lambda engine, scheduler: None, make=drive):
    net = Net()
    optimizer, seen = sgd(net)
    scheduler = make(optimizer)

    def update(engine, batch):
        optimizer.zero_grad()
        net(**batch)["loss"].backward()
        optimizer.step()

    engine = Engine(update)
    attach(engine, scheduler)
    return engine, {"net": net, "optimizer": optimizer, "scheduler": scheduler}, seen


def step_on(event):
    def attach(engine, scheduler):
        engine.add_event_handler(event, lambda _: scheduler.step())

    return attach


def wrapped(engine, scheduler):
    engine.add_event_handler(Events.ITERATION_STARTED, LRScheduler(scheduler))


def trained(attach):
    engine, parts, seen = start(attach)
    engine.run(batches(BATCHES), max_epochs=EPOCHS)
    assert seen.values == used(UPDATES)
    assert parts["scheduler"].position == UPDATES
    assert same(parts["net"].state_dict(), by_hand(UPDATES))


def check_not_attached():
    trained(lambda engine, scheduler: None)


def check_attached_to_any_event():
    for event in (
        Events.ITERATION_STARTED,
        Events.ITERATION_COMPLETED,
        Events.ITERATION_COMPLETED(every=4),
        Events.EPOCH_COMPLETED,
    ):
        trained(step_on(event))


def check_in_the_wrapper_for_schedulers_of_torch():
    trained(wrapped)


def check_accumulation():
    net = torch.nn.Linear(3, 2)
    optimizer, seen = sgd(net)
    scheduler = drive(optimizer)
    trainer = create_supervised_trainer(
        net, optimizer, torch.nn.functional.mse_loss, gradient_accumulation_steps=3
    )
    trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda _: scheduler.step())
    data = [(batch["x"], batch["y"]) for batch in batches(BATCHES)]
    trainer.run(data, max_epochs=EPOCHS)
    assert seen.values == used(UPDATES // 3)
    assert scheduler.position == UPDATES // 3


def saving(engine, parts, event):
    saver = DiskSaver("saves", require_empty=False)
    handler = Checkpoint(
        parts | {"engine": engine},
        saver,
        n_saved=None,
        global_step_transform=global_step_from_engine(engine, Events.ITERATION_COMPLETED),
    )
    engine.add_event_handler(event, handler)


def resumed(k, make=drive, attach=lambda engine, scheduler: None):
    engine, parts, seen = start(attach, make)
    # What torch.load reads by default: no code of the file's own.
    saved = torch.load(f"saves/checkpoint_{k}.pt", weights_only=True)
    Checkpoint.load_objects(parts | {"engine": engine}, saved)
    return engine, parts, seen


def check_resume():
    for attach in (lambda engine, scheduler: None, step_on(Events.ITERATION_COMPLETED)):
        engine, whole, seen = start(attach)
        saving(engine, whole, Events.ITERATION_COMPLETED)
        engine.run(batches(BATCHES), max_epochs=EPOCHS)
        assert seen.values == used(UPDATES)
        for k in (1, BATCHES, 2 * BATCHES - 1, 2 * BATCHES, UPDATES - 1):
            engine, parts, seen = resumed(k, attach=attach)
            engine.run(batches(BATCHES), max_epochs=EPOCHS)
            assert seen.values == used(k, UPDATES)
            assert same(parts["net"].state_dict(), whole["net"].state_dict())


def observed(optimizer):
    rule = Plateau(mode="min", factor=0.5, patience=1, threshold=0.0)
    return Scheduler(optimizer, lr=Constant(0.1), rule=rule)


def evaluate_and_observe(engine, scheduler):
    evaluator = Engine(lambda _, batch: None)

    @engine.on(Events.EPOCH_COMPLETED)
    def _(_):
        evaluator.run([0])

    @evaluator.on(Events.COMPLETED)
    def _(_):
        scheduler.observe(2.0 if engine.state.epoch == 1 else 1.0)


def check_observe():
    # Metrics 2, 1, 1, 1, ...: each second evaluation without progress halves the rate.
    halved = [0.1] * 4 * BATCHES + [0.05] * 2 * BATCHES + [0.025] * 2 * BATCHES
    engine, whole, _ = start(evaluate_and_observe, observed)
    saving(engine, whole, Events.EPOCH_COMPLETED)
    seen = Seen(whole["optimizer"])
    engine.run(batches(BATCHES), max_epochs=8)
    assert seen.first == halved
    for epoch in range(1, 8):
        engine, parts, seen = resumed(epoch * BATCHES, observed, evaluate_and_observe)
        engine.run(batches(BATCHES), max_epochs=8)
        assert seen.first == halved[epoch * BATCHES :]
        assert parts["scheduler"].state_dict() == whole["scheduler"].state_dict()


def check_the_page_runs():
    pages.run("ignite")
