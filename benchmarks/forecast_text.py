"""Runs of a small character-level Transformer, whose losses test the forecasts.

The model and the text are those of ``examples/forecast_text.py``, with its schedules at several
lengths, other widths, and Muon for the matrices. Each run is one line of a file of JSON lines; runs
that are there already are not made again.

    python benchmarks/forecast_text.py RUNS.jsonl --runs "48 adamw 800 constant 0" ...

A run is: width, optimizer (adamw or muon), updates, schedule, seed.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import cache
from pathlib import Path
from pydoc_data.topics import topics

import torch
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

import forecast_text as example

import gradatim as g

MUON_PEAK, MUON_DECAY = 0.02, 0.05
"""The peak rate and the weight decay of the matrices under Muon; the rest is as under AdamW."""


def schedule(name: str, updates: int, peak: float = 1.0) -> g.Schedule:
    """A schedule by its name, such as "constant", "cosine 0.1", "linear 0.4" or "sqrt 0.2"."""
    kind, _, share = name.partition(" ")
    warm = updates // 40
    if kind == "constant":
        return g.warmup_constant(peak=peak, warmup=warm, steps=updates)
    if kind == "cosine":
        floor = peak * float(share or 0)
        return g.warmup_cosine(peak=peak, warmup=warm, steps=updates, floor=floor)
    fall = min(int(float(share) * updates), updates - warm)
    end = {"linear": g.Linear, "sqrt": g.OneMinusSqrt}[kind]
    up, hold = g.Linear(0.0, peak, warm), updates - warm - fall
    return (
        up >> g.Constant(peak, hold) >> end(peak, 0.0, fall) if hold else up >> end(peak, 0, fall)
    )


@cache
def _text() -> tuple[torch.Tensor, torch.Tensor, int]:
    text = "\n\n".join(
        dict.fromkeys(p for name in sorted(topics) for p in topics[name].split("\n\n"))
    )
    letters = {letter: i for i, letter in enumerate(sorted(set(text)))}
    codes = torch.tensor([letters[c] for c in text])
    known, unseen = codes.tensor_split([len(text) * 9 // 10])
    span = example.TOKENS + 1
    return known, unseen[: len(unseen) // span * span].view(-1, span)[:300], len(letters)


def _optimizers(model: nn.Module, kind: str) -> list[tuple[torch.optim.Optimizer, float]]:
    """The optimizers, each with its peak rate."""
    adamw, betas = torch.optim.AdamW, (0.9, 0.95)
    every = list(model.parameters())
    if kind == "adamw":
        return [(adamw(every, betas=betas, weight_decay=example.DECAY), example.PEAK)]
    matrices = [p for p in model.layers.parameters() if p.ndim == 2]
    rest = [p for p in every if all(p is not m for m in matrices)]
    return [
        (torch.optim.Muon(matrices, weight_decay=MUON_DECAY), MUON_PEAK),
        (adamw(rest, betas=betas, weight_decay=example.DECAY), example.PEAK),
    ]


def train(width: int, kind: str, updates: int, name: str, seed: int) -> list[tuple[int, float]]:
    """One run: the step and the validation loss, every ten updates."""
    torch.set_num_threads(1)
    example.WIDTH = width
    known, held, letters = _text()
    span = torch.arange(example.TOKENS + 1)
    torch.manual_seed(seed)
    model, order = example.Reader(letters), torch.Generator().manual_seed(seed)
    optimizers = _optimizers(model, kind)
    shape = schedule(name, updates)

    def loss_of(window: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(
            model(window[:, :-1]).flatten(0, 1), window[:, 1:].flatten()
        )

    points = []
    for step in range(updates):
        for optimizer, peak in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = peak * shape(step)
        start = torch.randint(len(known) - example.TOKENS, (example.BATCH, 1), generator=order)
        model.zero_grad()
        loss_of(known[start + span]).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, _ in optimizers:
            optimizer.step()
        if (step + 1) % example.EVERY == 0:
            with torch.no_grad():
                points.append((step, round(loss_of(held).item(), 5)))
    return points


def main() -> None:
    """Make the runs that are missing."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("out", type=Path)
    options.add_argument("--runs", nargs="+", required=True)
    given = options.parse_args()
    lines = given.out.read_text(encoding="utf-8").splitlines() if given.out.exists() else []
    there = {json.loads(line)["run"] for line in lines}
    for run in dict.fromkeys(given.runs):
        if run in there:
            continue
        width, kind, updates, *name, seed = run.split()
        points = train(int(width), kind, int(updates), " ".join(name), int(seed))
        steps, losses = zip(*points, strict=True)
        with given.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"run": run, "steps": steps, "losses": losses}) + "\n")


if __name__ == "__main__":
    main()
