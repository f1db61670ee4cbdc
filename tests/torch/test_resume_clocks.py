"""Stopped at any update, under any clock, in any order of loading, a run goes on bit for bit."""

import copy
import itertools
import json

import pytest
import torch
import torch.distributed.checkpoint.state_dict as dcp
from torch import nn
from torch.optim import SGD, AdamW

from gradatim import Linear, Run, by_updates, wsd
from gradatim.torch import Scheduler

N = 40
CLOCKS = {
    "updates": Run(steps=N),
    "samples": Run(samples=25, batch=10, epochs=14, clock="samples"),
    "tokens": Run(total_tokens=400, clock="tokens"),
    "time": Run(seconds=10, start_after=0),
    "progress": Run(clock="progress"),
    "env_steps": Run(clock="env_steps", total=400),
}


class Watch:
    def __init__(self, time):
        self.time = time

    def __call__(self):
        return self.time


def weight():
    return [nn.Parameter(torch.full((2,), 0.5))]


def one(watch, run):
    optimizer = SGD([{"params": weight(), "name": "all"}], lr=9.0, momentum=0.5)
    scheduler = Scheduler(optimizer, rate(run), momentum=MOMENTUM, run=run, now=watch)
    return {"a": optimizer}, scheduler


def two(watch, run):
    both = {
        "a": SGD([{"params": weight(), "name": "all"}], lr=9.0, momentum=0.5),
        "b": AdamW([{"params": weight(), "name": "head"}], lr=9.0),
    }
    rates = {"a": rate(run), "b/head": Linear(start=0.1, end=0.0, steps=run.ticks)}
    return both, Scheduler(both, rates, momentum=MOMENTUM, run=run, now=watch)


def outside(watch, run):
    optimizers, driving = one(watch, run)
    driving.detach()
    kl = Linear(start=0.0, end=1.0, steps=run.ticks)
    scheduler = Scheduler(
        optimizers["a"],
        rate(run),
        external={"kl": kl, "window": (8 * kl).rounded(2)},
        run=run,
        now=watch,
    )
    return optimizers, scheduler


MOMENTUM = by_updates(Linear(start=0.5, end=0.9, steps=30))


def rate(run):
    return wsd(peak=0.3, warmup="10%", cooldown="20%", steps=run)


def train(optimizers, scheduler, watch, updates):
    """The values of each update, and the weights after it."""
    trace, clock = [], scheduler.driver.clock
    for _ in range(updates):
        k = scheduler.position
        if clock.waits_for_count:
            scheduler.count(**{clock.unit: k / N if clock.unit == "progress" else 7 * k % 19})
        watch.time += 0.125 * (1 + k % 3)
        for optimizer in optimizers.values():
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    parameter.grad = parameter.detach() * (1 + k % 2)
            optimizer.step()
        weights = [
            p.tolist() for o in optimizers.values() for g in o.param_groups for p in g["params"]
        ]
        trace.append((scheduler.tick, scheduler.applied, weights))
    return trace


@pytest.mark.filterwarnings("ignore:gradatim. the schedule of lr has ended")
@pytest.mark.parametrize("make", [one, two, outside])
@pytest.mark.parametrize("clock", CLOCKS)
def test_stopped_at_any_update_it_goes_on_bitwise(clock, make):
    run, watch = CLOCKS[clock], Watch(0.0)
    optimizers, scheduler = make(watch, run)
    saves = []
    whole = []
    for _ in range(N):
        saves.append(
            copy.deepcopy(
                (
                    {name: each.state_dict() for name, each in optimizers.items()},
                    json.loads(json.dumps(scheduler.state_dict())),
                    [
                        p.detach()
                        for o in optimizers.values()
                        for g in o.param_groups
                        for p in g["params"]
                    ],
                )
            )
        )
        whole += train(optimizers, scheduler, watch, 1)
    orders = list(itertools.permutations([*optimizers, "scheduler"]))
    for k, (states, state, weights) in enumerate(saves):
        for order in orders:
            watch = Watch(123.0)
            optimizers, scheduler = make(watch, run)
            for name in order:
                if name == "scheduler":
                    scheduler.load_state_dict(state)
                else:
                    optimizers[name].load_state_dict(copy.deepcopy(states[name]))
            parameters = (
                p for o in optimizers.values() for g in o.param_groups for p in g["params"]
            )
            for parameter, value in zip(parameters, weights, strict=True):
                parameter.data.copy_(value)
            assert train(optimizers, scheduler, watch, min(N - k, 7)) == whole[k : k + 7]


def test_two_optimizers_through_torchs_distributed_checkpoint():
    run = CLOCKS["tokens"]

    def built():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
        matrices = SGD(model[0].parameters(), lr=9.0, momentum=0.5)
        rest = AdamW(model[1].parameters(), lr=9.0)
        both = {"a": matrices, "b": rest}
        rates = {"a": rate(run), "b": Linear(start=0.1, end=0.0, steps=400)}
        return model, both, Scheduler(both, rates, run=run)

    def go(model, both, scheduler, updates):
        trace = []
        for _ in range(updates):
            scheduler.count(tokens=11)
            model(torch.ones(4, 2)).sum().backward()
            for each in both.values():
                each.step()
                each.zero_grad()
            trace.append((scheduler.applied, [p.tolist() for p in model.parameters()]))
        return trace

    model, both, scheduler = built()
    go(model, both, scheduler, 9)
    weights, optimizers = dcp.get_state_dict(model, list(both.values()))
    saved = copy.deepcopy((weights, optimizers, scheduler.state_dict()))
    expected = go(model, both, scheduler, 9)
    for late in (False, True):
        model, both, scheduler = built()
        if not late:
            scheduler.load_state_dict(saved[2])
        dcp.set_state_dict(
            model,
            list(both.values()),
            model_state_dict=copy.deepcopy(saved[0]),
            optim_state_dict=copy.deepcopy(saved[1]),
        )
        if late:
            scheduler.load_state_dict(saved[2])
        assert go(model, both, scheduler, 9) == expected
