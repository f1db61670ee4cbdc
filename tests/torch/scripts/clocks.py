"""Ranks that read one clock: ``clocks.py WORLD FOLDER``. Rank r writes FOLDER/r.json.

The step times are those of public runs, played back; only the exchange between the ranks is real.
"""

import json
import sys
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as processes

from gradatim import GradatimError, Linear, Run, wsd
from gradatim.torch import Scheduler

WORLD, FOLDER = int(sys.argv[1]), Path(sys.argv[2])
ROOT = Path(__file__).parents[3]


class Skewed:
    """The clock of a rank, wrong by some seconds."""

    def __init__(self, trace, seconds):
        self.trace, self.seconds = trace, seconds

    def __call__(self):
        return self.trace() + self.seconds


def trained(rank, trace, scale):
    from tests.drive.steptimes import Trace, caps

    run, steps = Run(seconds=caps()[trace]), Trace(trace, scale)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = Scheduler(
        optimizer,
        wsd(peak=1.0, cooldown="20%", steps=run),
        run=run,
        now=Skewed(steps, 3600.0 * rank),
    )
    ticks = []
    while not scheduler.done:
        ticks.append(scheduler.tick)
        steps.make(scheduler.position)
        if rank == 1 and scheduler.position % 100 == 0:
            time.sleep(0.001)  # this rank is late now and then
        optimizer.step()
    rates = [rate for _, rate in scheduler.history("lr")]
    last = steps.seconds(scheduler.position - 1) / (0.2 * caps()[trace])
    return {"ticks": ticks, "rates": rates, "last step over cooldown": last}


def main(rank):
    sys.path.insert(0, str(ROOT))
    dist.init_process_group(
        "gloo", init_method=f"file://{FOLDER}/meeting", rank=rank, world_size=WORLD
    )
    found = {f"{t} x {s}": trained(rank, t, s) for t, s in ((10, 0.8), (13, 1.0), (19, 1.6))}
    found["counted"] = counted(rank)
    (FOLDER / f"{rank}.json").write_text(json.dumps(found))
    dist.barrier()
    dist.destroy_process_group()


def counted(rank):
    """Where each rank is told that the others count differently."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    run = Run(total_tokens=10**6, clock="tokens")
    scheduler = Scheduler(optimizer, Linear(1.0, 0.0, 10**6), run=run)
    for k in range(10_000):
        scheduler.count(tokens=100 + (rank == WORLD - 1 and k == 20))
        try:
            optimizer.step()
        except GradatimError as error:
            return [scheduler.position, str(error)]
    return None


if __name__ == "__main__":
    # A fork need not load torch again, and torch has started no threads yet.
    processes.start_processes(main, nprocs=WORLD, start_method="fork")
