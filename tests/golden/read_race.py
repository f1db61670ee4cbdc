"""The ledger of a race, read by starting the same race again: every run is in it already."""

import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from gradatim import parse
from gradatim.race import race
from gradatim.race.task import Task
from tests.golden.reading import Reading, entries


def readings(folder: Path) -> Iterator[Reading]:
    for name, entry in entries(folder, "race.json").items():
        read = partial(_race, name, folder / "race", entry)
        yield Reading("race.json", name, "race", entry["read"], read)


def _run(schedule: Any, seed: int, updates: int = 12) -> Any:
    raise AssertionError("a run that is in the ledger was repeated")


def _race(name: str, ledger: Path, entry: dict[str, Any]) -> dict[str, Any]:
    contestants = {one: parse(text) for one, text in entry["contestants"].items()}
    task = Task(name=name, run=_run, failed_above=entry["failed_above"])
    with tempfile.TemporaryDirectory() as out:
        shutil.copytree(ledger, out, dirs_exist_ok=True)  # a race writes its versions there
        result = race(task, contestants, seeds=entry["seeds"], jobs=1, out=out)
    return {
        "table": {
            one.name: [one.runs, one.failed, one.counted, one.mean, one.deviation]
            for one in result.table
        },
        "comparisons": {
            f"{one.name} - {one.other}": [one.difference, one.better, one.worse, one.equal, one.p]
            for one in result.comparisons
        },
        "runs": [
            [one.name, one.seed, one.failed, one.metrics, one.rate_curve, one.loss_curve]
            for one in result.runs
        ],
    }
