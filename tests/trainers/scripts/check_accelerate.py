"""Accelerate, in one process and in several."""

import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from accelerate.scheduler import AcceleratedScheduler
from accelerate.utils import DataLoaderConfiguration
from torch import distributed

from gradatim import Linear
from gradatim.torch import Scheduler
from tests.trainers import pages
from tests.trainers.seen import Seen
from tests.trainers.training import Net, batches, by_hand, drive, same, sgd, used

QUIET = [
    # Made without a device number: there is no device.
    "No device id is provided via `init_process_group`",
]

UPDATES = 12


def processes():
    return distributed.get_world_size() if distributed.is_initialized() else 1


def prepared(accelerator, net, optimizer):
    """The scheduler goes to `prepare` with everything else, as their documentation has it."""
    scheduler = drive(optimizer)
    return *accelerator.prepare(net, optimizer, scheduler), scheduler


def kept(accelerator, net, optimizer):
    """The scheduler is built on what `prepare` gave, and not given to it."""
    net, optimizer = accelerator.prepare(net, optimizer)
    scheduler = drive(optimizer)
    accelerator.register_for_checkpointing(scheduler)
    return net, optimizer, scheduler, scheduler


WAYS = (prepared, kept)


def start(way, **options):
    accelerator = Accelerator(cpu=True, **options)
    assert accelerator.num_processes == processes()
    net = Net()
    optimizer, seen = sgd(net)
    net, optimizer, steps, scheduler = way(accelerator, net, optimizer)
    return accelerator, net, optimizer, steps, scheduler, seen


def go(accelerator, net, optimizer, steps, micro_batches):
    """The loop of their documentation: `scheduler.step()` after every batch."""
    loader = accelerator.prepare(batches(micro_batches * processes()))
    assert len(loader) == micro_batches
    for batch in loader:
        with accelerator.accumulate(net):
            accelerator.backward(net(**batch)["loss"])
            optimizer.step()
            steps.step()
            optimizer.zero_grad()


def weights(accelerator, net):
    mine = {name: w.clone() for name, w in accelerator.unwrap_model(net).state_dict().items()}
    if processes() > 1:
        first = {name: weight.clone() for name, weight in mine.items()}
        for weight in first.values():
            distributed.broadcast(weight, 0)
        assert same(mine, first), "the processes have come apart"
    return mine


def check_each_update():
    for way in WAYS:
        for with_optimizer in (True, False):
            accelerator, net, *parts, scheduler, seen = start(
                way, step_scheduler_with_optimizer=with_optimizer
            )
            go(accelerator, net, *parts, UPDATES)
            assert seen.values == used(UPDATES)
            assert scheduler.position == UPDATES
            assert same(weights(accelerator, net), by_hand(UPDATES))


def check_batches_that_the_processes_split():
    split = DataLoaderConfiguration(split_batches=True)
    accelerator, net, optimizer, steps, scheduler, seen = start(prepared, dataloader_config=split)
    for batch in accelerator.prepare(torch.utils.data.DataLoader(batches(UPDATES).dataset, 4)):
        accelerator.backward(net(**batch)["loss"])
        optimizer.step()
        steps.step()
        optimizer.zero_grad()
    assert seen.values == used(UPDATES // 2)
    assert scheduler.position == UPDATES // 2


def check_accumulation():
    for way in WAYS:
        for with_optimizer in (True, False):
            accelerator, net, *parts, scheduler, seen = start(
                way, gradient_accumulation_steps=3, step_scheduler_with_optimizer=with_optimizer
            )
            go(accelerator, net, *parts, 3 * UPDATES)
            # The last batch makes an update of its own, whatever the number.
            go(accelerator, net, *parts, 4)
            assert seen.values == used(UPDATES + 2)
            assert scheduler.position == UPDATES + 2
            weights(accelerator, net)


def check_resume():
    for way in WAYS:
        accelerator, net, *parts, _, seen = start(way)
        for k in range(UPDATES):
            accelerator.save_state(f"{way.__name__}-{k}")
            go(accelerator, net, *parts, 1)
        assert seen.values == used(UPDATES)
        expected = weights(accelerator, net)
        for k in (0, 1, 4, 6, UPDATES - 1):
            accelerator, net, *parts, scheduler, seen = start(way)
            accelerator.load_state(f"{way.__name__}-{k}")
            go(accelerator, net, *parts, UPDATES - k)
            assert seen.values == used(k, UPDATES)
            assert scheduler.position == UPDATES
            assert same(weights(accelerator, net), expected)


def check_updates_that_a_scaler_leaves_out():
    Accelerator(cpu=True)
    for fused in (False, True):
        weight = torch.nn.Parameter(torch.zeros(2))
        inner = torch.optim.Adam([weight], lr=9.0, fused=fused)
        scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
        optimizer = AcceleratedOptimizer(inner, scaler=scaler)
        schedule = Linear(start=0.5, end=1.5, steps=8)
        scheduler = Scheduler(optimizer, lr=schedule)
        steps = AcceleratedScheduler(scheduler, optimizer)
        seen = Seen(inner)
        for batch in range(10):
            optimizer.zero_grad()
            scaler.scale(weight.sum() * (torch.inf if batch in (0, 4, 5) else 1.0)).backward()
            optimizer.step()
            steps.step()
        assert scheduler.position == 7
        assert [rate for _, rate in scheduler.history()] == [schedule(k) for k in range(7)]
        if not fused:  # a fused optimizer is called on overflow too, and skips inside
            assert seen.first == [schedule(k) for k in range(7)]


def check_the_page_runs():
    if processes() == 1:
        pages.run("accelerate")
