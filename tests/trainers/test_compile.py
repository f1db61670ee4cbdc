"""A rate that changes does not make torch compile again."""

import pytest
import torch
from torch._dynamo.testing import CompileCounter
from torch._dynamo.utils import counters
from torch.optim import SGD, Adam, AdamW

from gradatim import Linear, warmup_cosine
from gradatim.torch import Scheduler
from tests.trainers.training import Net, batches

CHANGES = 1_000
SCHEDULE = warmup_cosine(peak=0.01, steps=2 * CHANGES, warmup=100)

# torch warns of itself while it loads its compiler, and of what that looks at, which torch hides
# where warnings are printed and not where they are errors.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf"),
    pytest.mark.filterwarnings("ignore:Guards may run slower on Python 3.13.0"),
]

OPTIMIZERS = {
    "sgd": lambda p: SGD(p, lr=torch.tensor(9.0), momentum=0.5, foreach=False),
    "adam": lambda p: Adam(p, lr=torch.tensor(9.0), foreach=False),
    "adamw for each": lambda p: AdamW(p, lr=torch.tensor(9.0), foreach=True, capturable=True),
}


@pytest.fixture(autouse=True)
def _fresh():
    torch._dynamo.reset()
    counters.clear()
    yield
    torch._dynamo.reset()


def alone(optimizer, net, batch, compiled):
    """Only the update is compiled."""
    update = torch.compile(optimizer.step, backend=compiled)

    def step():
        optimizer.zero_grad()
        net(**batch)["loss"].backward()
        update()

    return step


def together(optimizer, net, batch, compiled):
    """All of a training step is compiled."""

    @torch.compile(backend=compiled)
    def step(x, y):
        optimizer.zero_grad()
        loss = net(x, y)["loss"]
        loss.backward()
        optimizer.step()
        return loss

    return lambda: step(**batch)


@pytest.mark.parametrize("what", [alone, together])
@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_thousand_rates_are_compiled_once(make, what):
    compiled = CompileCounter()
    net, (batch,) = Net(), batches(1)
    optimizer = make(net.parameters())
    scheduler = Scheduler(optimizer, lr=SCHEDULE)
    step = what(optimizer, net, batch, compiled)
    # The first updates make the optimizer's state, and the steps that are compiled with it.
    for _ in range(4):
        step()
    frames, graphs = compiled.frame_count, counters["stats"]["unique_graphs"]
    assert frames == graphs > 0
    seen = set()
    for k in range(4, 4 + CHANGES):
        rate = optimizer.param_groups[0]["lr"].item()
        assert rate == pytest.approx(SCHEDULE(k), rel=1e-6, abs=1e-12)
        seen.add(rate)
        step()
    assert len(seen) > 0.9 * CHANGES
    assert compiled.frame_count == frames
    assert counters["stats"]["unique_graphs"] == graphs
    assert not counters["recompile_limit"]
    assert scheduler.position == 4 + CHANGES


def test_a_thousand_values_outside_are_compiled_once():
    compiled = CompileCounter()
    net, (batch,) = Net(), batches(1)
    optimizer = SGD(net.parameters(), lr=torch.tensor(9.0), foreach=False)
    kl = Linear(start=0.0, end=1.0, steps=CHANGES)
    scheduler = Scheduler(
        optimizer, lr=SCHEDULE, external={"kl": kl, "window": (64 * kl).rounded(2)}
    )
    weight, window = scheduler.tensor("kl"), scheduler.tensor("window")

    @torch.compile(backend=compiled)
    def step(x, y):
        optimizer.zero_grad()
        read = weight + window
        loss = net(x, y)["loss"] * weight
        loss.backward()
        optimizer.step()
        return read

    for _ in range(4):
        step(**batch)
    frames = compiled.frame_count
    for k in range(4, CHANGES):
        assert step(**batch).item() == pytest.approx(kl(k) + scheduler.driver.plan["window"](k))
    assert compiled.frame_count == frames > 0
    assert not counters["recompile_limit"]


def test_the_counters_would_show_it():
    # A float that changes is part of what was compiled, until torch gives up on it.
    compiled = CompileCounter()
    net, (batch,) = Net(), batches(1)
    optimizer = SGD(net.parameters(), lr=9.0, foreach=False)
    step = alone(optimizer, net, batch, compiled)
    step()
    before = compiled.frame_count
    for rate in (0.5, 0.25, 0.125):
        optimizer.param_groups[0]["lr"] = rate
        step()
    assert compiled.frame_count > before
