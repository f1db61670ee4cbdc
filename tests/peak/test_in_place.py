"""find_peak_for trains the model itself, and leaves everything as it was, bit for bit."""

import copy
import math
import random

import numpy as np
import pytest
import torch
from torch import nn

from gradatim import Constant, GradatimError
from gradatim.peak.in_place import find_peak_for
from gradatim.torch import Scheduler


class Loader:
    """Batches in an order that it draws itself, with a place."""

    def __init__(self):
        self.draw = torch.Generator().manual_seed(1)

    def batch(self):
        return torch.randn(16, 4, generator=self.draw)

    def state_dict(self):
        return {"draw": self.draw.get_state()}

    def load_state_dict(self, state):
        self.draw.set_state(state["draw"])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1))
        self.head = nn.Linear(8, 1)
        self.register_buffer("seen", torch.zeros(()), persistent=False)

    def forward(self, x):
        self.seen += 1
        return self.head(self.layers(x))


def loop(rate=0.01, **options):
    torch.manual_seed(0)
    net, loader = Net(), Loader()
    groups = [{"params": net.layers.parameters()}, {"params": [*net.head.parameters()], "lr": 0.1}]
    optimizer = torch.optim.AdamW(groups, lr=rate, **options)

    def step():
        x = loader.batch()
        optimizer.zero_grad()
        loss = (net(x) - x.sum(1, keepdim=True)).square().mean()
        loss.backward()
        optimizer.step()
        random.random()
        np.random.rand()
        return loss

    return net, optimizer, loader, step


def everything(net, optimizer, loader):
    state = copy.deepcopy([dict(held) for held in optimizer.state.values()])
    groups = [{k: v for k, v in g.items() if k != "params"} for g in optimizer.param_groups]
    gradients = [p.grad if p.grad is None else p.grad.clone() for p in net.parameters()]
    return [
        copy.deepcopy([*net.parameters(), *net.buffers()]),
        gradients,
        state,
        copy.deepcopy(groups),
        loader.state_dict()["draw"].clone(),
        torch.get_rng_state(),
        random.getstate(),
        repr(np.random.get_state()),
        [module.training for module in net.modules()],
    ]


def same(a, b):
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


OPTIONS = {"steps": 128, "low": 1e-4, "high": 10.0}


@pytest.mark.parametrize("trained", [0, 3])
def test_everything_is_put_back_and_training_goes_on_as_if_nothing_had_been(trained: int):
    ends = []
    for search in (False, True):
        random.seed(5)
        np.random.seed(5)
        net, optimizer, loader, step = loop()
        for _ in range(trained):
            step()
        net.layers[1].eval()
        before = everything(net, optimizer, loader)
        if search:
            found = find_peak_for(net, optimizer, step, restore=[loader], **OPTIONS)
            assert found.runs
            assert same(before, everything(net, optimizer, loader))
        for _ in range(5):
            step()
        ends.append(everything(net, optimizer, loader))
    assert same(*ends)


def test_a_rate_in_a_tensor_keeps_its_identity_and_value():
    net, optimizer, loader, step = loop(rate=torch.tensor(0.01), foreach=False)
    held = optimizer.param_groups[0]["lr"]
    find_peak_for(net, optimizer, step, restore=[loader], **OPTIONS)
    assert optimizer.param_groups[0]["lr"] is held
    assert held == torch.tensor(0.01)


def test_everything_is_put_back_after_an_error():
    net, optimizer, loader, step = loop()
    before = everything(net, optimizer, loader)
    calls = []

    def breaks():
        calls.append(None)
        if len(calls) == 20:
            raise RuntimeError("out of memory")
        return step()

    with pytest.raises(RuntimeError, match="out of memory"):
        find_peak_for(net, optimizer, breaks, restore=[loader], **OPTIONS)
    assert same(before, everything(net, optimizer, loader))
    Scheduler(optimizer, lr={"*": 0.1})  # nothing is attached any more


def test_groups_keep_the_ratio_of_their_rates():
    net, optimizer, loader, step = loop()
    seen = []

    def watched():
        seen.append([group["lr"] for group in optimizer.param_groups])
        return step()

    flat = lambda *, peak, steps: Constant(peak)  # noqa: E731
    find_peak_for(net, optimizer, watched, restore=[loader], schedule=flat, **OPTIONS)
    assert {round(low / high, 9) for low, high in seen} == {0.1}
    assert max(high for _, high in seen) == pytest.approx(10.0)


def test_runs_of_a_stage_see_the_same_batches_and_random_numbers():
    net, optimizer, loader, step = loop()
    first = []

    def watched():
        if float(net.seen) == 0.0:
            first.append(float(torch.rand(())))
        return step()

    stages = []
    found = find_peak_for(
        net, optimizer, watched, restore=[loader], progress=stages.append, **OPTIONS
    )
    assert len(first) == len(found.runs)
    assert len(set(first)) == len(stages)


def test_the_loss_that_counts_can_be_given():
    net, optimizer, loader, step = loop()
    found = find_peak_for(
        net, optimizer, step, restore=[loader], evaluate=lambda: math.inf, **OPTIONS
    )
    assert "every run diverged" in found.why_not


def test_shuffled_labels_and_a_frozen_model_give_no_suggestion():
    net, optimizer, loader, _ = loop()
    net.requires_grad_(False)
    labels = torch.Generator().manual_seed(2)

    def step():
        x = loader.batch()
        loss = (net(x) - torch.randn(len(x), 1, generator=labels)).square().mean()
        optimizer.step()
        return loss

    found = find_peak_for(net, optimizer, step, restore=[loader], **OPTIONS)
    assert found.peak is None
    assert "does not depend on the peak" in found.why_not


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        ("none", "step made 0 updates"),
        ("two", "step made 2 updates"),
        ("rates", "no rate above 0"),
        ("attached", "Scheduler"),
        ("step", "must be a function that makes one update"),
    ],
)
def test_what_cannot_be_searched_is_refused(breaks: str, said: str):
    net, optimizer, loader, step = loop()
    attached = Scheduler(optimizer, lr={"*": 0.1}) if breaks == "attached" else None
    if breaks == "rates":
        for group in optimizer.param_groups:
            group["lr"] = 0.0
    steps = {"none": lambda: 1.0, "two": lambda: step() + step(), "step": 3}
    with pytest.raises(GradatimError, match=said):
        find_peak_for(net, optimizer, steps.get(breaks, step), restore=[loader], **OPTIONS)
    del attached
