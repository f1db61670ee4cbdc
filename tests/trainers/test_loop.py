"""The loop that everybody writes: epochs, accumulation, mixed precision, clipping, all at once."""

import copy
import math

import pytest
import torch
from torch.optim import SGD, Adam, AdamW

from gradatim.torch import Scheduler
from tests.trainers.training import SCHEDULE, Net, batches, by_hand, drive, same, sgd, used

OPTIMIZERS = {
    "sgd": lambda p: SGD(p, lr=9.0),
    "sgd for each": lambda p: SGD(p, lr=9.0, foreach=True),
    "sgd fused": lambda p: SGD(p, lr=9.0, fused=True),
    "adam": lambda p: Adam(p, lr=9.0),
    "adam fused": lambda p: Adam(p, lr=9.0, fused=True),
    "adamw with a tensor": lambda p: AdamW(p, lr=torch.tensor(9.0, dtype=torch.float64)),
}
# Which of the batches overflow: the first, two in a row, the last.
OVERFLOWS = {0, 7, 8, 29}


class TestPlain:
    def test_each_update_uses_the_value_of_the_core(self):
        net = Net()
        optimizer, seen = sgd(net)
        scheduler = drive(optimizer)
        for _ in range(4):
            for batch in batches(6):
                optimizer.zero_grad()
                net(**batch)["loss"].backward()
                optimizer.step()
            scheduler.step()
        assert seen.values == used(24)
        assert same(net.state_dict(), by_hand(24))

    def test_two_networks_that_take_turns(self):
        nets = [Net(), Net()]
        optimizers, seen = zip(*map(sgd, nets), strict=True)
        schedulers = [drive(optimizer) for optimizer in optimizers]
        for i, batch in enumerate(batches(24)):
            for net, optimizer, every in zip(nets, optimizers, (1, 5), strict=True):
                if i % every == 0:
                    optimizer.zero_grad()
                    net(**batch)["loss"].backward()
                    optimizer.step()
        assert [one.values for one in seen] == [used(24), used(5)]
        assert [scheduler.position for scheduler in schedulers] == [24, 5]


@pytest.mark.parametrize("micro", [1, 4, 7])
def test_accumulation(micro):
    net = Net()
    optimizer, seen = sgd(net)
    scheduler = drive(optimizer)
    updates = 0
    for _ in range(3):
        loader = batches(10)
        for i, batch in enumerate(loader, 1):
            (net(**batch)["loss"] / micro).backward()
            if i % micro == 0 or i == len(loader):
                optimizer.step()
                optimizer.zero_grad()
                updates += 1
            scheduler.step()
    assert seen.values == used(updates)
    assert scheduler.position == updates == 3 * math.ceil(10 / micro)


def train(make, many, scaler, overflows=()):
    """Which batches made an update, the network, and the scheduler that drove it."""
    net, moved = Net(), []
    optimizer = make(net.parameters())
    scheduler = Scheduler(optimizer, lr=SCHEDULE)
    for i, batch in enumerate(batches(many)):
        before = copy.deepcopy(net.state_dict())
        optimizer.zero_grad()
        loss = net(**batch)["loss"] * (math.inf if i in overflows else 1.0)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        scheduler.step()
        moved.append(not same(before, net.state_dict()))
    return moved, net, scheduler


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_updates_that_overflow_are_left_out_and_do_not_count(make):
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    moved, net, scheduler = train(make, 30, scaler, OVERFLOWS)
    assert moved == [i not in OVERFLOWS for i in range(30)]
    assert scheduler.position == 26
    assert list(scheduler.history()) == [(k, SCHEDULE(k)) for k in range(26)]
    assert float(scheduler.get_last_lr()[0]) == SCHEDULE(26)
    _, never, _ = train(make, 26, torch.amp.GradScaler("cpu", enabled=False))
    for one, other in zip(net.parameters(), never.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_a_scaler_over_two_optimizers_counts_for_each():
    net, other = Net(), Net()
    optimizer, seen = sgd(net)
    second, seen_second = sgd(other)
    schedulers = drive(optimizer), drive(second)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    for i, batch in enumerate(batches(12)):
        optimizer.zero_grad()
        second.zero_grad()
        scaler.scale(net(**batch)["loss"] * (math.inf if i % 3 == 0 else 1.0)).backward()
        scaler.scale(other(**batch)["loss"]).backward()
        scaler.step(optimizer)
        scaler.step(second)
        scaler.update()
    assert [scheduler.position for scheduler in schedulers] == [8, 12]
    assert (seen.values, seen_second.values) == (used(8), used(12))
