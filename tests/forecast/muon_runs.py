"""Public runs of a 124M model whose matrices are trained by Muon, with many seeds.

``data/track3`` holds the losses and the constants of the schedules, with their licence and origin.
"""

import csv
import gzip
import json
from functools import cache
from pathlib import Path

import numpy as np

from gradatim.logs import LossCurve

DATA = Path(__file__).parent / "data/track3"
PLAIN = (
    "20260610_tuned_baseline_3250",
    "top_Muon_lr0.025_wd0.025_T3375",
    "top_Muon_lr0.025_wd0.0125_T3500",
    "top_Muon_lr0.02_wd0.01_T3600",
)
"""The configurations of plain Muon, one schedule for all groups."""


def short_name(config):
    """The horizon of a configuration, which differs between all of PLAIN."""
    return config[-4:]


@cache
def runs():
    """The settings of each run, and its losses by the number of updates done."""
    with (DATA / "runs.csv").open(encoding="utf-8", newline="") as file:
        settings = {row["run"]: row for row in csv.DictReader(file)}
    losses = {run: {} for run in settings}
    with gzip.open(DATA / "val_loss.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            losses[row["run"]][int(row["step"])] = float(row["val_loss"])
    return settings, losses


@cache
def shape(number, updates):
    """The rates of a schedule of the benchmark, relative to their peak: a hold, then a cooldown."""
    specs = {s["id"]: s["spec"] for s in json.loads((DATA / "schedules.json").read_text())}
    spec = specs[int(number)]
    assert spec["kind"] == "cooldown", spec
    done = np.arange(updates) / spec["T"]
    left = np.clip((1.0 - done) / spec["cooldown_frac"], 0.0, 1.0) ** spec.get("power", 1.0)
    floor = spec.get("floor", 0.0)
    rates = np.where(done < 1.0 - spec["cooldown_frac"], 1.0, floor + (1.0 - floor) * left)
    warm = spec.get("warmup", 0)
    if warm:
        step = np.arange(updates)
        if spec["warmup_kind"] == "instead":
            return np.where(step < warm, step / warm, rates)
        return rates * np.minimum(1.0, (step + 1) / warm)
    return rates


@cache
def seeds(config):
    """Every run of a configuration."""
    settings, losses = runs()
    found = []
    for run, row in settings.items():
        if row["config"] != config:
            continue
        steps = sorted(losses[run])
        updates = steps[-1]
        decay = 0.0 if row["matrix_wd"] == "None" else float(row["matrix_wd"])
        matrices = float(row["matrix_peak"]) * shape(row["matrix_spec"], updates)
        rest = shape(row["aux_spec"], updates)
        same = row["matrix_spec"] == row["aux_spec"]
        values = [losses[run][step] for step in steps]
        found.append(LossCurve(steps, values, matrices, decay, config, None if same else rest))
    return tuple(found)


@cache
def mean(config):
    """The mean over the seeds, at the steps that all have."""
    every = seeds(config)
    steps = sorted(set.intersection(*(set(run.steps.tolist()) for run in every)))
    values = np.mean([run.losses[np.isin(run.steps, steps)] for run in every], axis=0)
    first = every[0]
    return LossCurve(steps, values, first.rates, first.weight_decay, config, first.rest)
