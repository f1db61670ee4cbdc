"""Whether the demo makes its point on any processor: 50 seeds under disturbed rounding.

    python benchmarks/demo_rounding.py [SEEDS]

Trains both contestants of `make demo` at the high peak with 1 and 2 threads, each with the kernels
that torch and MKL choose for this processor and with those that run on all of them. These differ in
the last bits of a float32, which training at a high rate amplifies, as another processor does. Each
finished run is kept in ``demo_rounding.jsonl`` and not repeated. 50 seeds take an hour of one core.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from statistics import fmean, stdev

from gradatim.race.tasks import find_task
from gradatim.race.tasks.digits import contestants
from gradatim.race.trial import Trial, run_trial

KEPT = Path(__file__).with_suffix(".jsonl")
UPDATES = 300
HIGH_PEAK = dict(list(contestants(UPDATES).items())[:2])
NATIVE: dict[str, str] = {}
PLAIN = {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE"}
CONDITIONS = {
    f"{threads}, {kernels}": (count, variables)
    for (kernels, variables), (threads, count) in product(
        {"kernels of this processor": NATIVE, "kernels of every processor": PLAIN}.items(),
        {"1 thread": 1, "2 threads": 2}.items(),
    )
}
SEEDS_OF_A_PROCESS = 5

# Condition, schedule and seed, and the accuracy with them.
Runs = dict[tuple[str, str, int], float]


def kept() -> Runs:
    """The accuracies that were measured before."""
    lines = KEPT.read_text(encoding="utf-8").splitlines() if KEPT.exists() else []
    return {(condition, text, seed): end for condition, text, seed, end in map(json.loads, lines)}


def train(condition: str, seeds: list[int]) -> None:
    """Train the missing runs of a condition, in a process that has its environment."""
    import torch

    torch.set_num_threads(CONDITIONS[condition][0])
    done, task = kept(), find_task("digits")
    for seed, (name, schedule) in product(seeds, HIGH_PEAK.items()):
        if (condition, repr(schedule), seed) in done:
            continue
        run = run_trial(task, Trial(name, schedule, seed), UPDATES)
        if run.error:
            sys.exit(run.error)
        row = [condition, repr(schedule), seed, run.metrics.get("accuracy", 0.0)]
        with KEPT.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def train_all(seeds: int) -> None:
    """A few seeds under every condition, then the next, so that an interrupted table is even."""
    for first in range(0, seeds, SEEDS_OF_A_PROCESS):
        block = range(first, min(first + SEEDS_OF_A_PROCESS, seeds))
        for condition, (threads, variables) in CONDITIONS.items():
            done = kept()
            needed = product([condition], map(repr, HIGH_PEAK.values()), block)
            if all(run in done for run in needed):
                continue
            subprocess.run(
                [sys.executable, __file__, "--train", condition, *map(str, block)],
                env=os.environ | variables | {"OMP_NUM_THREADS": str(threads)},
                check=True,
            )


def table(seeds: int) -> str:
    """How often each contestant failed, its accuracy, and how far it moves from the first row."""
    found, below = kept(), find_task("digits").failed_below
    assert below is not None
    rows = ["| rounding | schedule | failed | accuracy | lowest | moved |", "|---" * 6 + "|"]
    for condition, (name, schedule) in product(CONDITIONS, HIGH_PEAK.items()):
        text = repr(schedule)
        ends = [found[condition, text, seed] for seed in range(seeds)]
        first = [found[next(iter(CONDITIONS)), text, seed] for seed in range(seeds)]
        moved = [abs(a - b) for a, b in zip(ends, first, strict=True)]
        rows.append(
            f"| {condition} | {name} | {sum(end < below for end in ends)} of {seeds} "
            f"| {fmean(ends):.3f} ± {stdev(ends):.3f} | {min(ends):.3f} "
            f"| {fmean(moved):.3f}, at most {max(moved):.3f} |"
        )
    return "\n".join(rows)


def main() -> None:
    if sys.argv[1:2] == ["--train"]:
        train(sys.argv[2], [int(seed) for seed in sys.argv[3:]])
        return
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    train_all(seeds)
    print(table(seeds))


if __name__ == "__main__":
    main()
