"""A plan whose pace was wrong by 1.5, trained for real: by the clock against by updates.

The task is ``digits``, at its two peaks. Ten seeds, a budget of 300 seconds, and 300 updates
planned for it. The seconds are scripted: no real clock is looked at. Both stop when the time is up;
by updates, a run that is faster than planned stops when its schedule is over.

What was trained is kept in ``clock_race.json`` and not trained again; the table, and what it says,
is ``clock_race.md``. All of it takes half an hour of one core.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import cycle, product
from math import inf
from pathlib import Path
from statistics import fmean, stdev

import torch
from scipy import stats

from gradatim import Driver, Plan, Run, Schedule, Table, by_updates, trapezoid, warmup_cosine
from gradatim.race.tasks import digits

KEPT = Path(__file__).with_suffix(".json")
RUN, PLANNED, SEEDS = Run(seconds=300), 300, range(10)
PEAKS = (0.016, 0.002)
SHAPES: dict[str, Callable[..., Schedule]] = {
    "cosine": lambda peak, steps: warmup_cosine(peak, steps=steps, warmup="20%"),
    "line over the last 20%": lambda peak, steps: trapezoid(peak, steps=steps, warmup="20%"),
}
FAILED = 0.5  # the accuracy below which the task counts a run as failed
PACES = {"1.5 times slower": 1.5, "as planned": 1.0, "1.5 times faster": 1 / 1.5}


def driven(schedule: Schedule, pace: float, most: float = inf) -> list[float]:
    """The rate of each update until the time is up, where an update takes ``pace`` seconds."""
    times = cycle(pace * share for share in (0.8, 1.0, 1.2))
    time = 0.0
    driver = Driver(Plan({"lr": schedule}, run=RUN), now=lambda: time)
    rates = []
    while not driver.done and driver.position < most:
        rates.append(driver.value("lr"))
        time += next(times)
        driver.stepped()
    return rates


def contestants(peak: float, shape: str, pace: float) -> dict[str, list[float]]:
    """The rates by updates, which stop when their schedule is over, and those by the clock."""
    make = SHAPES[shape]
    return {
        "by updates": driven(by_updates(make(peak, PLANNED)), pace, PLANNED),
        "by the clock": driven(make(peak, RUN), pace),
    }


def train(rates: list[float], seed: int) -> float:
    """The accuracy on the test images, with these rates."""
    run = digits.run(Table(list(enumerate(rates)), between="hold"), seed, len(rates))
    while True:
        try:
            next(run)
        except StopIteration as end:
            return float(end.value["accuracy"])


def cell(accuracies: list[float]) -> str:
    """Mean and deviation of the runs that did not fail, and how many failed."""
    fine = [100 * one for one in accuracies if one >= FAILED]
    failed = len(accuracies) - len(fine)
    return f"{fmean(fine):.2f} ± {stdev(fine):.2f}" + (f", {failed} failed" if failed else "")


def difference(first: list[float], second: list[float]) -> str:
    """The mean difference over the seeds of which neither run failed, and its 95% interval."""
    pairs = zip(first, second, strict=True)
    apart = [100 * (b - a) for a, b in pairs if min(a, b) >= FAILED]
    wide = stats.t.ppf(0.975, len(apart) - 1) * stdev(apart) / len(apart) ** 0.5
    return f"{fmean(apart):+.2f} ± {wide:.2f}"


def main() -> None:
    torch.set_num_threads(1)
    known: dict[str, list[float]] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    columns = ["peak", "schedule", "pace"]
    for name in ("by updates", "by the clock"):
        columns += ["updates", name]
    print("| " + " | ".join([*columns, "clock - updates"]) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for peak, shape, said in product(PEAKS, SHAPES, PACES):
        cells, found = [f"{peak:g}", shape, said], []
        for name, rates in contestants(peak, shape, PACES[said]).items():
            key = f"{peak:g}, {shape}, {said}, {name}, {len(rates)} updates"
            if key not in known:
                known[key] = [train(rates, seed) for seed in SEEDS]
                KEPT.write_text(json.dumps(known, indent=1))
            found.append(known[key])
            cells += [f"{len(rates)}", cell(known[key])]
        print("| " + " | ".join([*cells, difference(*found)]) + " |", flush=True)


if __name__ == "__main__":
    main()
