"""A run that goes on with other ranks and batches: ``elastic_points.py first|second WORLD FOLDER``.

first trains to the end and saves at five points. second goes on from every checkpoint that is
there, each with the batch or the accumulation of its point.
"""

import json
import sys
from pathlib import Path

from ranks import exit_codes

PART, WORLD, FOLDER = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
SIZE = {"samples": 240, "batch": 4, "epochs": 3}
CHANGES = {0.1: {}, 0.3: {"batch": 8}, 0.5: {"batch": 2}, 0.7: {"accumulate": 2}, 0.9: {"batch": 3}}


def train(change, checkpoint=None, saves_at=()):
    import torch
    from torch.nn.parallel import DistributedDataParallel

    from gradatim import Run, warmup_cosine
    from gradatim.torch import Scheduler

    run = Run(**SIZE | change, processes=WORLD)
    torch.manual_seed(0)
    model = DistributedDataParallel(torch.nn.Linear(3, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=9.0, momentum=0.9)
    schedule = warmup_cosine(peak=0.1, steps=run.steps, warmup="20%", floor=0.001, last="floor")
    scheduler = Scheduler(optimizer, lr=schedule, run=run, on_mismatch="rescale")
    if checkpoint is not None:
        state = torch.load(checkpoint, weights_only=True)
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
    begun, used, saved = scheduler.tick, [], {}
    while scheduler.tick < run.steps:
        for share in saves_at:
            if scheduler.position == round(share * run.steps):
                states = {"optimizer": optimizer, "scheduler": scheduler}
                saved[share] = {name: part.state_dict() for name, part in states.items()}
                torch.save(saved[share], FOLDER / f"{WORLD} {share}.pt")
        used.append(optimizer.param_groups[0]["lr"])
        for _ in range(change.get("accumulate", 1)):
            model(torch.ones(2, 3)).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    return {"begun": begun, "used": used, "steps": run.steps, "position": scheduler.position}


def live(rank):
    import torch.distributed as dist

    store = dist.FileStore(str(FOLDER / f"meeting of {WORLD} for the {PART}"), WORLD)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=WORLD)
    if PART == "first":
        told = train({}, saves_at=CHANGES if rank == 0 else ())
    else:
        files = sorted(FOLDER.glob("*.pt"))
        told = {path.stem: train(CHANGES[float(path.stem.split()[1])], path) for path in files}
    if rank == 0:
        (FOLDER / f"{PART} {WORLD}.json").write_text(json.dumps(told))
    dist.barrier()
    dist.destroy_process_group()


sys.exit(any(exit_codes(live, range(WORLD))))
