"""One epoch on some ranks, the other on others: ``elastic.py first|second WORLD FOLDER``.

first trains epoch 1 and saves. second goes on from every checkpoint that is there, each in turn.
"""

import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from ranks import exit_codes
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

from gradatim import Run, warmup_cosine
from gradatim.torch import Scheduler

PART, WORLD, FOLDER = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])


def train(rank, epoch, checkpoint=None):
    torch.manual_seed(0)
    data = TensorDataset(torch.randn(203, 3), torch.randn(203, 1))
    sampler = DistributedSampler(data, WORLD, rank, shuffle=True, seed=7)
    loader = DataLoader(data, batch_size=5, sampler=sampler)
    run = Run(samples=203, batch=5, epochs=2, processes=WORLD)

    model = DistributedDataParallel(torch.nn.Linear(3, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=9.0, momentum=0.9)
    schedule = warmup_cosine(peak=0.1, steps=run.steps, warmup="10%", floor=0.001, last="floor")
    scheduler = Scheduler(optimizer, lr=schedule, run=run, on_mismatch="rescale")
    if checkpoint is not None:
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
    sampler.set_epoch(epoch)
    begun, made, used = scheduler.tick, scheduler.position, []
    for inputs, targets in loader:
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.zero_grad()
        (model(inputs) - targets).square().mean().backward()
        optimizer.step()
    told = {"begun": begun, "made": made, "used": used, "steps": run.steps}
    told |= {"position": scheduler.position, "tick": scheduler.tick}
    if rank == 0 and PART == "first":
        state = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
        parts = {name: part.state_dict() for name, part in state.items()}
        torch.save(parts, FOLDER / f"{WORLD}.pt")
    return told


def live(rank):
    store = dist.FileStore(str(FOLDER / f"meeting of {WORLD} for the {PART}"), WORLD)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=WORLD)
    if PART == "first":
        told = train(rank, 0)
    else:
        told = {path.stem: train(rank, 1, path) for path in sorted(FOLDER.glob("*.pt"))}
    if rank == 0:
        (FOLDER / f"{PART} {WORLD}.json").write_text(json.dumps(told))
    dist.destroy_process_group()


sys.exit(any(exit_codes(live, range(WORLD))))
