"""Ranks that observe: ``agreement.py SCENARIO WORLD FOLDER``. Rank r writes FOLDER/r.json.

Each rank is a process of its own: a fork, which need not load torch again, made before torch has
started any thread.
"""

import json
import os
import signal
import sys
import time
import warnings
from pathlib import Path

import torch
import torch.distributed as dist
from ranks import exit_codes

from gradatim import Constant, GradatimError, Plateau
from gradatim.torch import Scheduler

SCENARIO, WORLD, FOLDER = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
LONG = 300.0  # seconds that a busy machine does not need


def build(**more):
    # A metric that is no number is warned of once; here that is expected.
    warnings.filterwarnings("ignore", message="gradatim: observe: the metric is")

    torch.manual_seed(0)
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    rule = Plateau(mode="min", factor=0.5, patience=0, threshold=0.0, **more)
    return model, optimizer, Scheduler(optimizer, lr=Constant(1.0), rule=rule)


def told(scheduler, metric, **more):
    """What comes of an observation: the rate after it, or the error and how long it took."""
    begun = time.monotonic()
    try:
        scheduler.observe(metric, **more)
    except GradatimError as error:
        notes = getattr(error, "__notes__", [])
        return {"error": " ".join([str(error), *notes]), "seconds": time.monotonic() - begun}
    return {"lr": scheduler.next["lr"]}


def done(rank):
    """Tell the other ranks that this one has come so far, by a file."""
    (FOLDER / f"{rank}.done").touch()


def wait_for(ranks):
    """Return once each of these ranks has come so far. The test ends a wait in vain."""
    while not all((FOLDER / f"{rank}.done").exists() for rank in ranks):
        time.sleep(0.01)


def decisions(rank):
    """Everything that the ranks can give, one after the other, in one group."""
    found = {}

    def ask(name, *metrics, **more):
        _, _, scheduler = build(**more)
        found[name] = [told(scheduler, each[rank]) for each in metrics][-1]

    ranks = range(WORLD)
    ask("the same", [2.0] * WORLD, [2.0] * WORLD)
    ask("the mean falls", [2.0 + r for r in ranks], [1.9 + r + (r == 0) * 0.2 for r in ranks])
    ask("the mean rises", [2.0 + r for r in ranks], [1.9 + r + (r == 0) * 0.9 for r in ranks])
    nobody = [None] * (WORLD - 1)
    ask("one evaluates", [2.0, *nobody], [3.0, *nobody])
    ask("another evaluates", [*nobody, 2.0], [*nobody, 3.0])
    ask("none evaluates", [None] * WORLD)
    ask("a NaN", [2.0] * WORLD, [float("nan"), *[1.0] * (WORLD - 1)])
    ask("a NaN is let pass", [2.0] * WORLD, [float("nan"), *[1.0] * (WORLD - 1)], nan="ignore")
    ask("infinities", [float("inf"), float("-inf"), *[1.0] * (WORLD - 2)])
    ask("thirds", [0.1] * WORLD, [0.1] * WORLD, nan="ignore")
    _, _, scheduler = build()
    for k in range(50):
        scheduler.observe(50.0 - k)
    store = dist.distributed_c10d._get_default_store()
    dist.barrier()
    found["keys left"] = sum(
        store.check([f"gradatim/observe/{k}/{r}"]) for k in range(100) for r in (*ranks, "verdict")
    )
    dist.barrier()
    _, optimizer, scheduler = build()
    if rank == 0:
        optimizer.step()
    found["other positions"] = told(scheduler, 1.0)
    return found


def away(rank):
    """The last rank does not come in time."""
    found = {}
    _, _, scheduler = build()
    last = rank == WORLD - 1
    found["before"] = told(scheduler, 2.0)
    if last:
        wait_for(range(WORLD - 1))
    found["one is away"] = told(scheduler, 2.0, timeout=5.0)
    if not last:
        found["after"] = scheduler.next["lr"]
        done(rank)
    found["together again"] = told(scheduler, 2.0, timeout=LONG)
    return found


def wrong(rank):
    _, _, scheduler = build()
    scheduler.observe(2.0)
    found = {"wrong": told(scheduler, "2.0" if rank == 0 else 2.0, timeout=LONG)}
    found["after"] = told(scheduler, 2.0)
    return found


def late(rank):
    """One rank evaluates for longer than the others wait, unless they are told."""
    _, _, scheduler = build()
    if rank == 0:
        time.sleep(3.0)
    return {"late": told(scheduler, 2.0 if rank == 0 else None, timeout=LONG)}


def training(rank):
    """A rank forgets to observe and trains on; nobody catches the error of the others."""
    model, optimizer, scheduler = build()
    model = torch.nn.parallel.DistributedDataParallel(model)
    for k in range(20):
        optimizer.zero_grad()
        model(torch.ones(2, 3)).sum().backward()
        optimizer.step()
        if k % 5 == 4 and not (k == 9 and rank == WORLD - 1):
            scheduler.observe(1.0 + rank)
    return {}


def killed(rank, which):
    _, _, scheduler = build()
    scheduler.observe(2.0)
    if rank == which:
        # The store lives in the first rank: the others must have read the last metric.
        wait_for({*range(WORLD)} - {which})
        os.kill(os.getpid(), signal.SIGKILL)
    done(rank)
    return {"killed": told(scheduler, 2.0, timeout=5.0)}


SCENARIOS = {
    "decisions": decisions,
    "away": away,
    "wrong": wrong,
    "late": late,
    "training": training,
    "first killed": lambda rank: killed(rank, 0),
    "last killed": lambda rank: killed(rank, WORLD - 1),
}


def common_store(rank):
    """The store of the first rank, at a port that was free; the others read it from a file."""
    port = FOLDER / "port"
    if rank == 0:
        store = dist.TCPStore("127.0.0.1", 0, WORLD, True, wait_for_workers=False)
        (FOLDER / "new port").write_text(str(store.port))
        (FOLDER / "new port").rename(port)
        return store
    while not port.exists():
        time.sleep(0.01)
    return dist.TCPStore("127.0.0.1", int(port.read_text()), WORLD, False)


def live(rank):
    store = dist.FileStore(str(FOLDER / "meeting"), WORLD)
    if "killed" in SCENARIO or SCENARIO == "training":  # the store that torchrun gives
        store = common_store(rank)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=WORLD)
    found = SCENARIOS[SCENARIO](rank)
    (FOLDER / f"{rank}.json").write_text(json.dumps(found))


def main():
    print(json.dumps(exit_codes(live, range(WORLD))))


main()
