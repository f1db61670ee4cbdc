"""Whether the demo makes its point on any processor: 50 seeds under disturbed rounding.

    python benchmarks/demo_rounding.py [--seeds 50] [--peak 0.016 --warmup 60] [--table]

Trains with and without warm-up at the high peak of `make demo`, with 1 and 2 threads, each with the
kernels that torch and MKL choose for this processor and with those that run on all of them. These
differ in the last bits of a float32, which training at a high rate amplifies, as another processor
does. Each finished run is kept in ``demo_rounding.jsonl`` and not repeated. Prints the table of the
README and draws its picture; ``--table`` does so without training. 50 seeds take an hour
of two cores.

``--peak`` and ``--warmup`` try another setting than that of the demo, and draw no picture.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from statistics import fmean, stdev

from gradatim import Schedule, warmup_cosine
from gradatim.race.tasks import find_task
from gradatim.race.tasks.digits import contestants
from gradatim.race.trial import Trial, run_trial

KEPT = Path(__file__).with_suffix(".jsonl")
PICTURE = Path(__file__).parents[1] / "docs" / "images" / "race.png"
UPDATES = 300
FAILED = 0.5  # the accuracy below which the task counts a run as failed
HIGH_PEAK = dict(list(contestants(UPDATES).items())[:2])
Pair = dict[str, Schedule]
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


def setting(peak: float, warmup: int) -> Pair:
    """The contestants with another peak and another number of updates of warm-up."""
    return {
        f"peak {peak:g}, {name}": warmup_cosine(peak=peak, warmup=updates, steps=UPDATES)
        for name, updates in (("no warm-up", 0), (f"warm-up of {warmup}", warmup))
    }


def train(condition: str, pair: Pair, seeds: list[int]) -> None:
    """Train the missing runs of a condition, in a process that has its environment."""
    import torch

    torch.set_num_threads(CONDITIONS[condition][0])
    done, task = kept(), find_task("digits")
    for seed, (name, schedule) in product(seeds, pair.items()):
        if (condition, repr(schedule), seed) in done:
            continue
        run = run_trial(task, Trial(name, schedule, seed), UPDATES)
        if run.error:
            sys.exit(run.error)
        row = [condition, repr(schedule), seed, run.metrics.get("accuracy", 0.0)]
        with KEPT.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def train_all(pair: Pair, seeds: int, arguments: list[str]) -> None:
    """A few seeds under every condition, then the next, so that an interrupted table is even."""
    for first in range(0, seeds, SEEDS_OF_A_PROCESS):
        block = range(first, min(first + SEEDS_OF_A_PROCESS, seeds))
        for condition, (threads, variables) in CONDITIONS.items():
            done = kept()
            needed = product([condition], map(repr, pair.values()), block)
            if all(run in done for run in needed):
                continue
            subprocess.run(
                [sys.executable, __file__, *arguments, "--train", condition, *map(str, block)],
                env=os.environ | variables | {"OMP_NUM_THREADS": str(threads)},
                check=True,
            )


def complete_seeds(found: Runs, pair: Pair) -> list[int]:
    """The seeds that are trained under every condition."""
    seeds = {seed for _, _, seed in found}
    wanted = list(product(CONDITIONS, map(repr, pair.values())))
    return [seed for seed in sorted(seeds) if all((*one, seed) in found for one in wanted)]


def table(found: Runs, pair: Pair) -> str:
    """How often each contestant failed, its accuracy, and how far it moves from the first row."""
    seeds = complete_seeds(found, pair)
    rows = ["| rounding | schedule | failed | accuracy | lowest | moved |", "|---" * 6 + "|"]
    for condition, (name, schedule) in product(CONDITIONS, pair.items()):
        ends = [found[condition, repr(schedule), seed] for seed in seeds]
        first = [found[next(iter(CONDITIONS)), repr(schedule), seed] for seed in seeds]
        moved = [abs(a - b) for a, b in zip(ends, first, strict=True)]
        rows.append(
            f"| {condition} | {name} | {sum(end < FAILED for end in ends)} of {len(seeds)} "
            f"| {fmean(ends):.3f} ± {stdev(ends):.3f} | {min(ends):.3f} "
            f"| {fmean(moved):.3f}, at most {max(moved):.3f} |"
        )
    return "\n".join(rows)


def draw(found: Runs, path: Path) -> None:
    """The rates of both contestants, and the accuracy at the end of each of their runs."""
    from matplotlib import pyplot as plt

    from gradatim.look.palette import REFERENCE, series_colour, series_line

    seeds = complete_seeds(found, HIGH_PEAK)
    figure, (rates, ends) = plt.subplots(1, 2, figsize=(11, 3.2), width_ratios=(2, 3))
    for i, (name, schedule) in enumerate(HIGH_PEAK.items()):
        rates.plot(schedule.values(UPDATES), **series_line(i))
        accuracies = [found[one, repr(schedule), seed] for seed, one in product(seeds, CONDITIONS)]
        for j, accuracy in enumerate(accuracies):
            height = 0.7 * ((j + 0.5) / len(accuracies) - 0.5) - i
            marker = "X" if accuracy < FAILED else "o"
            ends.plot(accuracy, height, marker, color=series_colour(i), ms=5, mew=0, alpha=0.6)
        failed = sum(accuracy < FAILED for accuracy in accuracies)
        words = f"{name.rpartition(', ')[2]}: {failed} of {len(accuracies)} failed"
        ends.annotate(words, (0.03, 0.42 - i), weight="bold", color=series_colour(i))
    ends.axvline(FAILED, color=REFERENCE, ls=":", lw=1.2, zorder=0)
    ends.set(xlim=(0, 1), ylim=(-1.5, 0.7), yticks=[])
    ends.set_xlabel(f"accuracy of each run; {len(seeds)} seeds, {len(CONDITIONS)} ways of rounding")
    rates.set(xlabel="update", ylabel="learning rate", ylim=(0, None))
    for axes in (rates, ends):
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=140)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--peak", type=float)
    parser.add_argument("--warmup", type=int)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--train", nargs="+", default=[], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if (given.peak is None) != (given.warmup is None):
        parser.error("give both --peak and --warmup, or neither")
    other = given.peak is not None
    pair = setting(given.peak, given.warmup) if other else HIGH_PEAK
    if given.train:
        condition, *seeds = given.train
        train(condition, pair, [int(seed) for seed in seeds])
        return
    if not given.table:
        arguments = ["--peak", str(given.peak), "--warmup", str(given.warmup)] if other else []
        train_all(pair, given.seeds, arguments)
    found = kept()
    if len(complete_seeds(found, pair)) < 2:
        sys.exit("Fewer than two seeds are trained under every condition.")
    print(table(found, pair))
    if not other:
        draw(found, PICTURE)


if __name__ == "__main__":
    main()
