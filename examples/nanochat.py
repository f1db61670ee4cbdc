"""The training of nanochat in small: two optimizers, a rate for each group, momentum up and down.

    python examples/nanochat.py --updates 300
    python examples/nanochat.py --updates 300 --stop 150 && python examples/nanochat.py --resume

Muon trains the matrices and AdamW the rest; one scheduler drives both. All rates rise for a moment
and fall over two thirds of the run, each from a peak of its own; the momentum of Muon rises, and
falls with the rates; its weight decay ends at 0. docs/projects.md has the plan in full size.
"""

import argparse
from pathlib import Path

import torch
from tiny_text import Muon, Reader, batch, letters

from gradatim import Run, warmup_cosine
from gradatim.recipes import trapezoid
from gradatim.torch import Scheduler

BATCH = 8
PEAKS = {"muon": 0.02, "adamw/embedding": 0.3, "adamw/lm_head": 0.004, "adamw/places": 0.1}


def scheduler_for(model: Reader, run: Run) -> Scheduler:
    muon = Muon(model.matrices())
    others = {"embedding": model.embedding.weight, "lm_head": model.lm_head.weight}
    others["places"] = model.places
    adamw = torch.optim.AdamW(
        [{"params": [one], "name": name} for name, one in others.items()], betas=(0.8, 0.95)
    )
    fall = {"cooldown": "65%", "steps": run}
    return Scheduler(
        {"muon": muon, "adamw": adamw},
        lr={
            name: trapezoid(peak=peak, warmup="2%", floor="5%", first="step", **fall)
            for name, peak in PEAKS.items()
        },
        momentum=trapezoid(peak=0.97, start=0.85, warmup="8%", floor=0.9, **fall),
        weight_decay={"muon": warmup_cosine(peak=0.06, steps=run), "adamw": 0.01},
        run=run,
    )


def train(updates: int, stop: int | None = None, checkpoint: Path | None = None):
    """Train up to an update; with a checkpoint, from where that was written."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    known, unseen, many = letters()
    model = Reader(many)
    scheduler = scheduler_for(model, Run(steps=updates))
    parts = {"model": model, "scheduler": scheduler, **scheduler.optimizers}
    if checkpoint is not None:
        for name, state in torch.load(checkpoint, weights_only=True).items():
            parts[name].load_state_dict(state)
    held_out = batch(unseen, 64, 0)
    while scheduler.position < (updates if stop is None else stop):
        loss = model(batch(known, BATCH, scheduler.position))
        loss.backward()
        for optimizer in scheduler.optimizers.values():
            optimizer.step()
            optimizer.zero_grad()
        if scheduler.position % max(1, updates // 10) == 0:
            shown = "  ".join(f"{name} {value:.4f}" for name, value in scheduler.applied.items())
            print(f"update {scheduler.position:4}  loss {loss:.3f}  {shown}")
    with torch.no_grad():
        print(f"held-out loss {model(held_out):.4f} after {scheduler.position} updates")
    return parts


def save(parts, file: Path) -> None:
    torch.save({name: part.state_dict() for name, part in parts.items()}, file)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--updates", type=int, default=300)
    options.add_argument("--stop", type=int, help="stop after this update and write nanochat.pt")
    options.add_argument("--resume", action="store_true", help="go on from nanochat.pt")
    given = options.parse_args()
    file = Path("nanochat.pt")
    parts = train(given.updates, given.stop, file if given.resume else None)
    if given.stop is not None:
        save(parts, file)


if __name__ == "__main__":
    main()
