"""How good the suggested peaks are: the excess loss of each search, by task.

    python benchmarks/peak/excess.py [--budget 4] [--repeats 5] [TASK ...]

Excess is (loss at the suggestion - best loss) / max(2% of the best, its standard error), with the
losses of ``truth.json``, interpolated on its grid.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
from tasks import UPDATES, run_to_end, schedule_of

from gradatim.peak import PeakAnswer
from gradatim.peak.find import search
from gradatim.peak.schedules import shortened

TRUTH = json.loads(Path(__file__).with_name("truth.json").read_text())


def searched(task: str, budget: float, repeat: int) -> PeakAnswer:
    """One search, with seeds that no other repeat has and the truth has not."""

    def probe(peaks, updates, seed):
        number = 1000 + 100 * repeat + seed
        short = [shortened(schedule_of, peak, UPDATES, updates) for peak in peaks]
        return [run_to_end(task, schedule, number, updates)[1] for schedule in short]

    return search(probe, UPDATES, budget, low=1e-6, high=10.0)


def excess(task: str, peak: float) -> float:
    """What this peak costs more than the best one, in units of what can be told apart."""
    truth = TRUTH[task]
    loss = np.interp(math.log2(peak), np.log2(truth["peaks"]), truth["median"])
    error = truth["se"][int(np.argmin(truth["median"]))]
    return float((loss - truth["loss"]) / max(0.02 * truth["loss"], error))


def main() -> None:
    """Print a row for each task, and one for all."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("tasks", nargs="*", default=list(TRUTH))
    options.add_argument("--budget", type=float, default=4.0)
    options.add_argument("--repeats", type=int, default=5)
    given = options.parse_args()
    torch.set_num_threads(1)
    print(f"{'task':20}{'answered':>9}{'median':>8}{'worst':>8}{'held':>6}{'widest':>8}{'cost':>6}")
    every, asked, held = [], 0, 0
    for task in given.tasks:
        found = [searched(task, given.budget, repeat) for repeat in range(given.repeats)]
        answers = [one for one in found if one.peak is not None and one.interval is not None]
        low, high = TRUTH[task]["interval80"]
        inside = [one.interval[0] <= high and one.interval[1] >= low for one in answers]
        costs = [excess(task, one.peak) for one in answers]
        widest = max((one.interval[1] / one.interval[0] for one in answers), default=math.nan)
        every, asked, held = every + costs, asked + len(found), held + sum(inside)
        print(
            f"{task:20}{len(answers):>5} of {len(found)}{np.median(costs or [math.nan]):>8.1f}"
            f"{max(costs, default=math.nan):>8.1f}{sum(inside):>6}{widest:>8.1f}"
            f"{max(one.cost for one in found):>6.2f}",
            flush=True,
        )
        for one in found:
            if one.peak is None:
                print(f"    no suggestion: {one.why_not}", flush=True)
    print(
        f"all: answered {len(every) / asked:.0%}, median {np.median(every):.2f}, worst "
        f"{max(every):.1f}, interval meets the best {held / max(len(every), 1):.0%}"
    )


if __name__ == "__main__":
    main()
