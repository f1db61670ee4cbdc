"""The ledger of a race on a toy task, and its results."""

import sys
from pathlib import Path

import toy
from names import IS_0_1
from plain import write

import gradatim as g

if IS_0_1:
    from gradatim.choose import Task, race
else:
    from gradatim.race import Task, race

CONTESTANTS = {
    "warm-up": g.warmup_cosine(peak=1.0, steps=12, warmup=3),
    "decay": g.parse("ExponentialDecay(start=1.0, rate=0.5, every=4)"),
    "k-decay": 0.5 * g.parse("KDecay(start=1.0, end=0.0, steps=12, k=2.0)"),
}
SEEDS = (0, 1, 2, 3, 5)


def main(folder: Path) -> None:
    task = Task(name="toy", run=toy.run, failed_above=2.0)
    result = race(task, CONTESTANTS, seeds=SEEDS, jobs=1, out=folder / "race")
    entry = {
        "files": ["race/race.json", "race/runs.jsonl"],
        "contestants": {name: repr(schedule) for name, schedule in CONTESTANTS.items()},
        "seeds": SEEDS,
        "failed_above": task.failed_above,
        "read": {
            "table": {
                one.name: [one.runs, one.failed, one.counted, one.mean, one.deviation]
                for one in result.table
            },
            # Without the confidence interval, whose last digits depend on the release of SciPy.
            "comparisons": {
                f"{one.name} - {one.other}": [
                    one.difference,
                    one.better,
                    one.worse,
                    one.equal,
                    one.p,
                ]
                for one in result.comparisons
            },
            "runs": [
                [one.name, one.seed, one.failed, one.metrics, one.rate_curve, one.loss_curve]
                for one in result.runs
            ],
        },
    }
    write(folder, "race.json", {"toy": entry})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
