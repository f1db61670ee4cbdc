"""Public loss curves of real training runs, with the schedules they were trained under.

``data/multipowerlaw`` and ``data/lr_scheduling_runs`` hold the curves, each with its licence.
"""

import csv
import gzip
import json
from functools import cache
from pathlib import Path

import numpy as np

from gradatim.logs import LossCurve

DATA = Path(__file__).parent / "data"
SIZES = ("25", "100")


@cache
def published():
    """Parameters, split and metrics as the authors of the multi-power law published them."""
    return json.loads((DATA / "multipowerlaw/reference.json").read_text(encoding="utf-8"))


@cache
def multipower_rates(name):
    """The rate of every update of one of the nine schedules, warm-up included."""
    peak, end, warm = 3e-4, 3e-5, 2160
    kind, *numbers = name.removesuffix(".csv").split("_")
    total = int(numbers[-1])
    if kind == "wsdcon":
        return np.concatenate(
            [np.linspace(0, peak, warm), np.full(8000 - warm, peak), np.full(8000, total * 1e-5)]
        )
    if kind == "constant":
        after = np.full(total - warm, peak)
    elif kind == "cosine":
        x = np.arange(total - warm) / (total - warm)
        after = end + (peak - end) / 2 * (1 + np.cos(np.pi * x))
    else:
        begin = int(numbers[0])
        x = np.arange(total - begin) / (total - begin)
        fall = peak * (end / peak) ** x if kind == "wsd" else peak + (end - peak) * x
        after = np.concatenate([np.full(begin - warm, peak), fall])
    return np.concatenate([np.linspace(0, peak, warm), after])


@cache
def multipower_run(size, name):
    rates = multipower_rates(name)
    path = DATA / f"multipowerlaw/csv_{size}/{name}"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(int(row["step"]), float(row["loss"])) for row in csv.DictReader(file)]
    steps, losses = zip(*[row for row in rows if row[0] < len(rates)], strict=True)
    return LossCurve(steps, losses, rates, weight_decay=0.1, name=name)


@cache
def grid():
    """The settings of the 84 runs by number, and the logged losses of each."""
    folder = DATA / "lr_scheduling_runs"
    with (folder / "runs.csv").open(encoding="utf-8", newline="") as file:
        runs = {row["run"]: row for row in csv.DictReader(file)}
    losses = {run: [] for run in runs}
    with gzip.open(folder / "val_loss.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            losses[row["run"]].append((int(row["step"]), float(row["val_loss"])))
    return runs, losses


def grid_rates(row):
    """The rate of every update of a run of the grid."""
    total, warm = int(row["steps"]), 300
    s = np.arange(total)
    if row["scheduler"] == "wsd":
        shape = np.where(s < warm, s / warm + (1 - s / warm) / 100, 1.0)
        cooldown = int(float(row["cooldown_frac"]) * total)
        x = np.clip((s - (total - cooldown)) / max(cooldown, 1), 0, 1)
        fall = np.sqrt(x) if row["decay_type"] == "sqrt" else x
        return float(row["peak_lr"]) * np.where(s >= total - cooldown, 1 - fall, shape)
    f = float(row["final_lr_frac"])
    up = 0.01 + 0.99 * 0.5 * (1 - np.cos(np.pi * s / warm))
    down = f + (1 - f) / 2 * (1 + np.cos(np.pi * (s - warm) / (total - warm)))
    return float(row["peak_lr"]) * np.where(s < warm, up, down)


def grid_find(peak, steps, shape):
    """The number of a run: shape is "constant", "linear 0.2", "sqrt 0.2", "cosine 0.1" ..."""
    kind, _, share = shape.partition(" ")
    for run, row in grid()[0].items():
        cosine = row["scheduler"] == "cos"
        same = (
            cosine and float(row["final_lr_frac"]) == float(share)
            if kind == "cosine"
            else not cosine
            and float(row["cooldown_frac"]) == float(share or 0)
            and kind in (row["decay_type"], "constant")
        )
        if same and float(row["peak_lr"]) == peak and int(row["steps"]) == steps:
            return run
    raise LookupError((peak, steps, shape))


@cache
def grid_run(run, until=None):
    """A run of the grid, with the constant run that it branched from in front."""
    runs, losses = grid()
    row, points = runs[run], losses[run]
    if points[0][0] > 0:
        stem = losses[grid_find(float(row["peak_lr"]), 50_000, "constant")]
        points = [p for p in stem if p[0] < points[0][0]] + points
    points = [p for p in points if until is None or p[0] < until]
    steps, values = zip(*points, strict=True)
    return LossCurve(steps, values, grid_rates(row), weight_decay=0.1, name=run)
