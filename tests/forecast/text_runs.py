"""Runs of the small text Transformer of ``benchmarks/forecast_text.py``: our own, one seed each."""

import gzip
import json
from functools import cache
from pathlib import Path

from gradatim import Constant, Linear, OneMinusSqrt, warmup_constant, warmup_cosine
from gradatim.logs import LossCurve

DATA = Path(__file__).parent / "data/text/runs.jsonl.gz"
PEAKS = {"adamw": 4e-3, "muon": 0.02}
"""The peak of the matrices; under Muon the other parameters are as under AdamW."""
DECAYS = {"adamw": 0.1, "muon": 0.05}
INPUTS = (
    (800, ("constant", "linear 0.2")),
    (800, ("constant", "linear 0.2", "cosine")),
    (1600, ("constant", "linear 0.2")),
)


def schedule(name, updates, peak):
    """A schedule by its name."""
    kind, _, share = name.partition(" ")
    warm = updates // 40
    if kind == "constant":
        return warmup_constant(peak=peak, warmup=warm, steps=updates)
    if kind == "cosine":
        floor = peak * float(share or 0)
        return warmup_cosine(peak=peak, warmup=warm, steps=updates, floor=floor)
    fall = min(int(float(share) * updates), updates - warm)
    end = {"linear": Linear, "sqrt": OneMinusSqrt}[kind]
    held = updates - warm - fall
    up = Linear(0.0, peak, warm)
    return (up >> Constant(peak, held) if held else up) >> end(peak, 0.0, fall)


@cache
def runs():
    with gzip.open(DATA, "rt", encoding="utf-8") as file:
        rows = map(json.loads, file)
        return {row["run"]: (row["steps"], row["losses"]) for row in rows}


def run(updates, shape, width=48, kind="adamw", seed=0):
    steps, losses = runs()[f"{width} {kind} {updates} {shape} {seed}"]
    rates = schedule(shape, updates, PEAKS[kind])
    return LossCurve(steps, losses, rates, DECAYS[kind], f"{updates} {shape}")


def targets(updates):
    """The runs of this length with another shape than the inputs have."""
    names = [name.split() for name in runs()]
    shapes = [" ".join(n[3:-1]) for n in names if n[:3] == ["48", "adamw", str(updates)]]
    return [run(updates, shape) for shape in shapes if shape not in ("constant", "linear 0.2")]
