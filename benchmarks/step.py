"""What a scheduler adds to one update: counting it, and writing the next rate into k groups.

Peers are called as their documents say, ``scheduler.step()`` after the update. Ours is two hooks,
one before and one after the update, which are called here as torch calls them: the first compares
every group with what was written, the second counts and writes.
"""

import copy
import math

import torch
from interleaved import machine, nanoseconds, show
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR
from transformers import get_cosine_schedule_with_warmup

from gradatim import warmup_cosine
from gradatim.torch import Scheduler

TOTAL, WARMUP = 1_000_000, 1_000
PEAK = 3e-4
SCHEDULE = warmup_cosine(peak=PEAK, steps=TOTAL, warmup=WARMUP)


def optimizer(k, tensor=False, weights=None):
    weights = weights or [torch.nn.Parameter(torch.zeros(1)) for _ in range(k)]
    rate = torch.tensor(PEAK) if tensor else PEAK
    made = SGD([{"params": [w]} for w in weights], lr=rate)
    for group in made.param_groups:
        group["lr"] = copy.copy(rate) if not tensor else rate.clone()
    made._opt_called = True  # the order of calls is torch's business, not measured here
    return made


def closure(step):
    """Warm-up and cosine as people write them for LambdaLR."""
    if step < WARMUP:
        return step / WARMUP
    return 0.5 * (1.0 + math.cos(math.pi * (step - WARMUP) / (TOTAL - WARMUP)))


PEERS = {
    "LambdaLR with a closure": lambda made: LambdaLR(made, closure),
    "CosineAnnealingLR": lambda made: CosineAnnealingLR(made, TOTAL),
    "transformers, warm-up and cosine": lambda made: get_cosine_schedule_with_warmup(
        made, WARMUP, TOTAL
    ),
}


def ours(k, calls, tensor=False, called_too=False):
    made = optimizer(k, tensor)
    scheduler = Scheduler(made, lr=SCHEDULE)
    scheduler.driver.advance(2 * WARMUP)
    (before,), (after,) = (
        list(hooks.values())
        for hooks in (made._optimizer_step_pre_hooks, made._optimizer_step_post_hooks)
    )
    args, kwargs = (), {}

    def block():
        for _ in range(calls):
            before(made, args, kwargs)
            after(made, args, kwargs)

    def block_with_step():
        for _ in range(calls):
            before(made, args, kwargs)
            after(made, args, kwargs)
            scheduler.step()

    return block_with_step if called_too else block


def theirs(make, k, calls, tensor=False):
    scheduler = make(optimizer(k, tensor))

    def block():
        for _ in range(calls):
            scheduler.step()

    return block


def loop(calls):
    def block():
        for _ in range(calls):
            pass

    return block


def floats():
    sizes = {1: 1024, 10: 1024, 100: 512, 1000: 128}
    rows = {}
    for k, calls in sizes.items():
        blocks = {"Gradatim": ours(k, calls)}
        blocks["Gradatim, and step() called too"] = ours(k, calls, called_too=True)
        blocks |= {name: theirs(make, k, calls) for name, make in PEERS.items()}
        times = nanoseconds({"": loop(calls), **blocks}, calls, rounds=101 if k < 100 else 31)
        for name in blocks:
            rows.setdefault(name, []).append(times[name] - times[""])
    head = ("", *(f"k = {k}" for k in sizes))
    show("One update, ns", head, [(name, *each) for name, each in rows.items()])
    fastest = [min(times) for times in zip(*(rows[name] for name in PEERS), strict=True)]
    mine = rows["Gradatim"]
    show(
        "The fastest of these peers, as a multiple of Gradatim",
        ("", *(f"k = {k}" for k in sizes), "goal"),
        [("", *(t / m for t, m in zip(fastest, mine, strict=True)), "2, 3.5, 6, 7")],
    )


def tensors():
    rows = []
    for k in (1, 10, 100, 1000):
        calls = max(4, 400 // k)
        flat = torch.zeros(k)
        blocks = {
            "fill": lambda calls=calls, flat=flat: [flat.fill_(0.1) for _ in range(calls)],
            "ours": ours(k, calls, tensor=True),
            "LambdaLR": theirs(PEERS["LambdaLR with a closure"], k, calls, tensor=True),
        }
        ns = nanoseconds(blocks, calls, rounds=31)
        ratios = (ns["ours"] / ns["fill"], ns["LambdaLR"] / ns["ours"])
        rows.append((f"k = {k}", *(ns[name] for name in blocks), *ratios))
    head = ("", "one fill_, ns", "Gradatim, ns", "LambdaLR, ns", "of one fill_", "LambdaLR / ours")
    show("Rates that are tensors", head, rows)


def in_a_loop():
    """A network about as small as one trains, with and without a scheduler."""
    torch.set_num_threads(1)
    x, y = torch.randn(32, 16), torch.randn(32, 1)

    def training(attach):
        model = torch.nn.Sequential(
            torch.nn.Linear(16, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1)
        )
        made = SGD(model.parameters(), lr=PEAK)
        if attach:
            Scheduler(made, lr=SCHEDULE)

        def block():
            for _ in range(50):
                made.zero_grad()
                torch.nn.functional.mse_loss(model(x), y).backward()
                made.step()

        return block

    def stepping(attach):
        made = optimizer(1)
        if attach:
            Scheduler(made, lr=SCHEDULE)
        return lambda: [made.step() for _ in range(50)]

    blocks = {
        "a training step": training(False),
        "empty": stepping(False),
        "empty, scheduled": stepping(True),
    }
    ns = nanoseconds(blocks, 50, rounds=201)
    added = ns["empty, scheduled"] - ns["empty"]
    rows = [
        ("a training step of a network with 289 weights", ns["a training step"], ""),
        (
            "a scheduler, torch's calling of its hooks included",
            added,
            f"{added / ns['a training step']:.2%}",
        ),
    ]
    show("In a real loop", ("", "ns", "share"), rows)


if __name__ == "__main__":
    machine("torch", "transformers")
    floats()
    tensors()
    in_a_loop()
