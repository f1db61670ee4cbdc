"""Clocks on real optimizers: what a step uses, and what is refused before a weight moves."""

import pytest
import torch
from torch import nn
from torch.optim import SGD

from gradatim import GradatimError, Linear, Run, by_updates
from gradatim.torch import Scheduler

FALL = Linear(start=1.0, end=0.0, steps=60_000)


class Watch:
    def __init__(self):
        self.time = 0.0

    def __call__(self):
        return self.time


def sgd():
    return SGD([nn.Parameter(torch.zeros(1))], lr=0.5, momentum=0.9)


def step(optimizer):
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.ones_like(parameter)
    optimizer.step()


def test_a_loop_under_a_time_budget_ends_with_its_schedule():
    watch, optimizer = Watch(), sgd()
    scheduler = Scheduler(
        optimizer, FALL, momentum=by_updates(Linear(0.5, 0.9, 4)), run=Run(seconds=60), now=watch
    )
    used = []
    while not scheduler.done:
        used.append(optimizer.param_groups[0]["lr"])
        watch.time += 4.0
        step(optimizer)
        with scheduler.paused():
            watch.time += 100.0  # an evaluation
    assert used == [FALL(0), *(FALL(4000 * k) for k in range(15))]
    assert [value for _, value in scheduler.history("lr")] == used
    assert [value for _, value in scheduler.history("momentum")][:5] == [0.5, 0.6, 0.7, 0.8, 0.9]
    assert (scheduler.position, scheduler.tick, scheduler.remaining) == (16, 60_000, 0.0)


def test_a_clock_that_was_never_told_is_refused_before_a_weight_moves():
    optimizer = sgd()
    scheduler = Scheduler(
        optimizer, Linear(1.0, 0.0, 1000), run=Run(total_tokens=1000, clock="tokens")
    )
    weight = optimizer.param_groups[0]["params"][0]
    with pytest.raises(GradatimError, match=r"nothing has been counted.*scheduler.count\(tokens=n"):
        step(optimizer)
    assert (weight.item(), scheduler.position, optimizer.state) == (0.0, 0, {})
    scheduler.count(tokens=250)
    step(optimizer)
    assert (weight.item(), scheduler.next["lr"]) == (-1.0, 0.75)
    with pytest.raises(GradatimError, match="nothing has been counted"):
        step(optimizer)


def test_the_tokens_of_an_update_that_a_scaler_skips_count():
    optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=0.5, fused=True)
    run = Run(total_tokens=1000, clock="tokens")
    scheduler = Scheduler(optimizer, Linear(1.0, 0.0, 1000), run=run)
    optimizer.grad_scale = None
    for found_inf in (False, True, False):
        scheduler.count(tokens=100)
        optimizer.found_inf = torch.tensor(float(found_inf))  # as GradScaler tells fused ones
        step(optimizer)
    del optimizer.found_inf
    assert (scheduler.position, scheduler.tick) == (2, 300)


def test_the_tokens_of_a_void_step_are_in_the_state():
    def built():
        optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=0.5, fused=True)
        run = Run(total_tokens=1000, clock="tokens")
        optimizer.grad_scale = None
        return optimizer, Scheduler(optimizer, Linear(1.0, 0.0, 1000), run=run)

    def go(optimizer, scheduler, is_void):
        scheduler.count(tokens=100)
        optimizer.found_inf = torch.tensor(float(is_void))
        step(optimizer)

    optimizer, scheduler = built()
    go(optimizer, scheduler, False)
    go(optimizer, scheduler, True)
    assert (scheduler.position, scheduler.tick) == (1, 200)
    scheduler.retract()  # of a void step there is nothing to take back
    state = scheduler.state_dict()
    optimizer, scheduler = built()
    scheduler.load_state_dict(state)
    go(optimizer, scheduler, False)
    assert (scheduler.position, scheduler.tick) == (2, 300)


@pytest.mark.parametrize("void", [(True, False), (False, True), (True, True)])
def test_of_two_optimizers_either_or_both_may_be_void(void):
    both = [SGD([nn.Parameter(torch.zeros(1))], lr=0.5, fused=True) for _ in void]
    run = Run(total_tokens=1000, clock="tokens")
    scheduler = Scheduler(both, {"*": Linear(1.0, 0.0, 1000)}, run=run)
    used = []
    for loop in range(3):
        scheduler.count(tokens=100)
        for optimizer, is_void in zip(both, void, strict=True):
            optimizer.grad_scale = None
            optimizer.found_inf = torch.tensor(float(is_void and loop == 1))
            scheduler.step()
            used.append(optimizer.param_groups[0]["lr"])
            step(optimizer)
    assert (scheduler.position, scheduler.tick) == (3 - all(void), 300)
    # What the loops had seen when they began.
    assert used == pytest.approx([1.0, 1.0, 0.9, 0.9, 0.8, 0.8])


def test_a_clock_that_runs_backwards_is_refused():
    watch, optimizer = Watch(), sgd()
    Scheduler(optimizer, FALL, run=Run(seconds=60), now=watch)
    for time in (0.0, 1.0, 50.0):
        watch.time = time
        step(optimizer)
    watch.time = 10.0
    with pytest.raises(GradatimError, match="the clock ran backwards, by 40 seconds"):
        step(optimizer)


def test_a_released_rate_that_was_a_tensor_is_the_same_tensor_again():
    rate = torch.tensor(0.1)
    optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=rate)
    scheduler = Scheduler(optimizer, Linear(1.0, 0.0, 4))
    with scheduler.released("lr"):
        optimizer.param_groups[0]["lr"] = 0.25
        step(optimizer)
    assert optimizer.param_groups[0]["lr"] is rate
    assert (rate.item(), scheduler.applied) == (0.75, {"lr": 0.25})


def test_two_optimizers_count_once_for_an_update():
    a, b = sgd(), sgd()
    run = Run(total_tokens=1000, clock="tokens")
    scheduler = Scheduler({"a": a, "b": b}, {"*": Linear(1.0, 0.0, 1000)}, run=run)
    for k in range(4):
        scheduler.count(tokens=100)
        step(a)
        step(b)
        assert (scheduler.position, scheduler.tick) == (k + 1, 100 * (k + 1))
    with pytest.raises(GradatimError, match="nothing has been counted"):
        step(a)
