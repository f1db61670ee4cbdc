"""Ranks that train and observe under many circumstances: ``... WORLD SEEDS FOLDER``.

Every kind of metrics is combined with every way to train, for so many seeds, in one group. After
each evaluation all ranks have the same rates, which are those of the mean of the metrics; or all of
them have an error, and nothing has changed. Rank 0 prints how many scenarios there were.
"""

import math
import random
import sys
import time
import warnings
from pathlib import Path

from ranks import exit_codes

WORLD, SEEDS, FOLDER = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
EVALUATIONS, UPDATES = 4, 2
ALL = range(WORLD)


def eighths(draw, low, high):
    """A number whose sums are exact, so that a mean does not depend on the order of the ranks."""
    return draw.randrange(8 * low, 8 * high) / 8


# The metrics of all ranks at one evaluation, drawn alike on each.
METRICS = {
    "the same on all": lambda draw: [eighths(draw, 0, 9)] * WORLD,
    "another on each": lambda draw: [eighths(draw, 0, 9) for _ in ALL],
    "negative ones": lambda draw: [eighths(draw, -9, 0) for _ in ALL],
    "large ones": lambda draw: [2.0**900 * eighths(draw, 0, 9) for _ in ALL],
    "tensors on some": lambda draw: [eighths(draw, 0, 9) for _ in ALL],
    "one has none": lambda draw: one(draw, eighths(draw, 0, 9), None),
    "one has the only one": lambda draw: one(draw, None, eighths(draw, 0, 9)),
    "one is NaN": lambda draw: one(draw, eighths(draw, 0, 9), math.nan),
    "infinities of both signs": lambda draw: [math.inf, -math.inf, *[1.0] * (WORLD - 2)],
    "one is a text": lambda draw: one(draw, eighths(draw, 0, 9), "0.5"),
}
REFUSED = {"one is NaN", "infinities of both signs", "one is a text"}
WAYS = ("each batch", "accumulated, groups in another order", "an update skipped on one rank")


def one(draw, most, other):
    odd = draw.randrange(WORLD)
    return [other if rank == odd else most for rank in ALL]


def build(rank, reordered):
    import torch

    from gradatim import Constant, Linear, Plateau
    from gradatim.torch import Scheduler

    torch.manual_seed(7)
    model = torch.nn.Linear(3, 2)
    groups = [
        {"params": [model.weight], "name": "weight"},
        {"params": [model.bias], "name": "bias"},
    ]
    if reordered and rank % 2:
        groups.reverse()
    optimizer = torch.optim.SGD(groups, lr=9.0, momentum=0.9)
    rule = Plateau(mode="min", factor=0.5, patience=0, threshold=0.0)
    rates = {"weight": Linear(0.1, 0.01, 20), "bias": Constant(0.05)}
    return model, optimizer, rule, Scheduler(optimizer, lr=rates, rule=rule)


def train(rank, model, optimizer, way, draw):
    import torch

    skipping = draw.randrange(WORLD) if way == WAYS[2] else None
    for update in range(UPDATES):
        for micro in range(2 if way == WAYS[1] else 1):
            inputs = torch.full((2, 3), 0.125 * (1 + rank + micro))
            wait = micro == 0 and way == WAYS[1]
            with model.no_sync() if wait else torch.enable_grad():
                model(inputs).square().sum().backward()
        if rank != skipping or update:
            optimizer.step()
        optimizer.zero_grad()


def on_all(values):
    """The same numbers of each rank."""
    import torch
    import torch.distributed as dist

    mine = torch.tensor(values, dtype=torch.float64)
    theirs = [torch.empty_like(mine) for _ in ALL]
    dist.all_gather(theirs, mine)
    return [each.tolist() for each in theirs]


def scenario(rank, kind, way, seed):
    import torch

    from gradatim import GradatimError

    draw = random.Random(f"{kind} {way} {seed}")
    bare, optimizer, rule, scheduler = build(rank, way == WAYS[1])
    model = torch.nn.parallel.DistributedDataParallel(bare)
    means, refused = [], kind in REFUSED or way == WAYS[2]
    for _ in range(EVALUATIONS):
        train(rank, model, optimizer, way, draw)
        given, late = METRICS[kind](draw), draw.randrange(WORLD)
        metric = given[rank]
        if kind == "tensors on some" and rank % 2:
            metric = torch.tensor(metric)
        if rank == late:
            time.sleep(0.005)
        before, failed = dict(scheduler.next), False
        try:
            scheduler.observe(metric, timeout=60.0)
        except GradatimError:
            failed = True
        assert on_all([failed]) == [[refused]] * WORLD, (kind, way, seed, rank)
        if refused:
            assert scheduler.next == before, "an evaluation that failed has changed something"
            break
        numbers = [number for number in given if number is not None]
        means.append(math.fsum(numbers) / len(numbers))
        scale = rule.replay(means)[-1]
        k = scheduler.position
        wanted = [scale * (0.1 + (0.01 - 0.1) * k / 20), scale * 0.05]
        rates = [scheduler.next["lr/weight"], scheduler.next["lr/bias"]]
        used = {group["name"]: group["lr"] for group in optimizer.param_groups}
        assert rates == [used["weight"], used["bias"]]
        assert all(math.isclose(*both, rel_tol=1e-15) for both in zip(rates, wanted, strict=True))
        assert on_all(rates) == [rates] * WORLD
    if way != WAYS[2]:
        weights = torch.cat([p.detach().flatten() for p in bare.parameters()]).tolist()
        assert on_all(weights) == [weights] * WORLD, (kind, way, seed)


def live(rank):
    import torch.distributed as dist

    warnings.filterwarnings("ignore", message="gradatim: observe: the metric is")
    store = dist.FileStore(str(FOLDER / "meeting"), WORLD)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=WORLD)
    for seed in range(SEEDS):
        for kind in METRICS:
            for way in WAYS:
                scenario(rank, kind, way, seed)
    dist.barrier()
    if rank == 0:
        print(f"counted: {SEEDS * len(METRICS) * len(WAYS)}", flush=True)
    dist.destroy_process_group()


def main():
    sys.exit(any(exit_codes(live, ALL)))


main()
