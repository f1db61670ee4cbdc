"""The best peak of each task: validation losses on a grid of peaks, over seeds, to ``truth.json``.

python benchmarks/peak/truth.py TASK ...
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from tasks import TASKS, UPDATES, run_to_end, schedule_of

FILE = Path(__file__).with_name("truth.json")
SEEDS = range(21)
POWERS = range(-16, 4)
# Runs that take longer: fewer seeds, and only the peaks around the best.
FEWER = {
    "text": (range(9), range(-13, -3)),
    "classes_lion": (range(9), range(-14, -3)),
    "rows_gru_sgdm": (range(4), range(-8, 3)),
    "mixer_muon": (range(9), range(-10, 0)),
    "letters_gru_adamw": (range(9), range(-10, -2)),
}
DIVERGED = 50.0
"""What a loss that is not finite, or larger, counts as."""


def measure(task: str) -> dict[str, object]:
    """Medians over the seeds, their standard errors, and the interval of the best peak."""
    seeds, powers = FEWER.get(task, (SEEDS, POWERS))
    ends = np.full((len(powers), len(seeds)), DIVERGED)
    for i, power in enumerate(powers):
        for j, seed in enumerate(seeds):
            _, end = run_to_end(task, schedule_of(2.0**power, UPDATES), seed, UPDATES)
            ends[i, j] = min(end, DIVERGED) if math.isfinite(end) else DIVERGED
        print(task, 2.0**power, np.median(ends[i]), flush=True)
    draws = np.random.default_rng(0).integers(0, len(seeds), (2000, len(seeds)))
    medians = np.median(ends[:, draws], axis=2)
    best = np.sort(medians.argmin(axis=0))
    at = int(np.median(ends, axis=1).argmin())
    peaks = [2.0**power for power in powers]
    return {
        "peaks": peaks,
        "median": [round(float(m), 5) for m in np.median(ends, axis=1)],
        "se": [round(float(s), 5) for s in medians.std(axis=1)],
        "best": peaks[at],
        "loss": float(np.median(ends[at])),
        "interval80": [peaks[best[int(q * 1999)]] for q in (0.1, 0.9)],
        "sd": float(ends[at].std(ddof=1)),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    for task in sys.argv[1:] or TASKS:
        found = measure(task)
        known = json.loads(FILE.read_text()) if FILE.exists() else {}
        FILE.write_text(json.dumps(known | {task: found}, indent=1) + "\n")
