"""DistributedDataParallel: every process has a scheduler of its own, and none needs to be told."""

import copy
import math

import torch
from torch import distributed
from torch.distributed.algorithms.join import Join
from torch.distributed.optim import ZeroRedundancyOptimizer
from torch.nn.parallel import DistributedDataParallel

from gradatim import Constant, Plateau
from gradatim.torch import Scheduler
from tests.trainers.seen import Seen
from tests.trainers.training import Net, batches, by_hand, drive, same, sgd, used

QUIET = [
    # torch's note on what this optimizer does to the groups of an ordinary one.
    "ZeroRedundancyOptimizer",
]

UPDATES = 24


def start():
    net = Net()
    optimizer, seen = sgd(net)
    return DistributedDataParallel(net), optimizer, drive(optimizer), seen


def backward(net, batch, scale=1.0):
    # A batch of its own for each process, so that a lost reduction shows in the weights.
    own = {"x": batch["x"] * (1 + distributed.get_rank()), "y": batch["y"]}
    (net(**own)["loss"] * scale).backward()


def go(net, optimizer, scheduler, updates):
    for batch in batches(updates):
        optimizer.zero_grad()
        backward(net, batch)
        optimizer.step()
        scheduler.step()


def everywhere(value):
    """What each process has."""
    values = [None] * distributed.get_world_size()
    distributed.all_gather_object(values, value)
    return values


def agree(net, scheduler, seen):
    """All processes used the same values, stand at the same place and have the same weights."""
    first, *others = everywhere((seen.values, scheduler.state_dict(), net.state_dict()))
    for other in others:
        assert other[:2] == first[:2], "the schedulers have come apart"
        assert same(other[2], first[2]), "the weights have come apart"


def check_each_update():
    net, *parts, seen = start()
    go(net, *parts, UPDATES)
    assert seen.values == used(UPDATES)
    assert parts[1].position == UPDATES
    agree(net, parts[1], seen)


def check_one_batch_for_all_is_the_run_of_one_process():
    net, optimizer, scheduler, seen = start()
    for batch in batches(UPDATES):
        optimizer.zero_grad()
        net(**batch)["loss"].backward()
        optimizer.step()
    assert seen.values == used(UPDATES)
    assert same(net.module.state_dict(), by_hand(UPDATES))
    agree(net, scheduler, seen)


def check_accumulation():
    net, optimizer, scheduler, seen = start()
    for i, batch in enumerate(batches(3 * UPDATES)):
        if i % 3 < 2:
            with net.no_sync():
                backward(net, batch)
        else:
            backward(net, batch)
            optimizer.step()
            optimizer.zero_grad()
        scheduler.step()
    assert seen.values == used(UPDATES)
    agree(net, scheduler, seen)


def check_an_overflow_in_one_process():
    net, optimizer, scheduler, seen = start()
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    last = distributed.get_world_size() - 1
    for i, batch in enumerate(batches(UPDATES)):
        optimizer.zero_grad()
        over = i in (0, 3, 4) and distributed.get_rank() == last
        backward(net, batch, scaler.get_scale() * (math.inf if over else 1.0))
        scaler.scale(torch.zeros(()))  # makes it ready to look for overflows
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
    assert scheduler.position == UPDATES - 3
    assert seen.values == used(UPDATES - 3)
    agree(net, scheduler, seen)


def check_resume():
    net, *parts, seen = start()
    saves = []
    for k in range(UPDATES):
        if distributed.get_rank() == 0:
            states = (net.state_dict(), *(part.state_dict() for part in parts))
            torch.save(copy.deepcopy(states), f"{k}.pt")
        go(net, *parts, 1)
    assert seen.values == used(UPDATES)
    distributed.barrier()
    for k in (0, 1, 7, 12, UPDATES - 1):
        saves = torch.load(f"{k}.pt", weights_only=True)
        again, *parts, seen = start()
        for part, state in zip((again, *parts), saves, strict=True):
            part.load_state_dict(state)
        go(again, *parts, UPDATES - k)
        assert seen.values == used(k, UPDATES)
        if distributed.get_world_size() == 2:
            # Of more numbers, DDP adds those of its first update in another order.
            assert same(again.state_dict(), net.state_dict())
        agree(again, parts[1], seen)


def check_a_metric_that_is_the_mean_of_all():
    net = Net()
    optimizer, _ = sgd(net)
    seen = Seen(optimizer)
    net = DistributedDataParallel(net)
    rule = Plateau(mode="min", factor=0.5, patience=0, threshold=0.0)
    scheduler = Scheduler(optimizer, lr=Constant(0.1), rule=rule)
    for epoch in range(4):
        go(net, optimizer, scheduler, 3)
        # One process sees progress where the mean shows none.
        metric = torch.tensor(2.0 + (-epoch if distributed.get_rank() == 0 else epoch))
        distributed.all_reduce(metric)
        scheduler.observe(metric / distributed.get_world_size())
    agree(net, scheduler, seen)
    if distributed.get_world_size() == 2:
        assert seen.first == [0.1] * 6 + [0.05] * 3 + [0.025] * 3


def check_a_state_that_the_processes_share():
    net = Net()
    optimizer = ZeroRedundancyOptimizer(net.parameters(), torch.optim.SGD, lr=9.0, momentum=0.5)
    seen, inner = Seen(optimizer, "lr", "momentum"), Seen(optimizer.optim, "lr", "momentum")
    net = DistributedDataParallel(net)
    scheduler = drive(optimizer)
    go(net, optimizer, scheduler, UPDATES)
    # The optimizer inside does the update: what it saw is what was used.
    assert seen.values == inner.values == used(UPDATES)
    agree(net, scheduler, seen)


def check_data_that_ends_earlier_in_one_process():
    net, optimizer, scheduler, seen = start()
    rank = distributed.get_rank()
    with Join([net]):
        for batch in batches(6 + rank):
            optimizer.zero_grad()
            backward(net, batch)
            optimizer.step()
    # A process without data makes no update, and knows of none.
    assert scheduler.position == 6 + rank
    assert seen.values == used(6 + rank)
    last = everywhere(scheduler.state_dict())[-1]
    scheduler.load_state_dict(last)
    for batch in batches(4):
        optimizer.zero_grad()
        backward(net, batch)
        optimizer.step()
    start_of_last = 6 + distributed.get_world_size() - 1
    assert seen.values[-4:] == used(start_of_last, start_of_last + 4)
    assert len(set(map(str, everywhere(scheduler.state_dict())))) == 1
