"""States of drivers, the files of ``save``, histories, and plan files."""

import csv
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from gradatim import Constant, Driver, build, load_plan
from tests.golden.reading import Reading, entries
from tests.golden.scripts.plain import METRICS, plain

AHEAD, EVERY, TRAINED = 20, 4, 12  # as in scripts/write_driving.py


def readings(folder: Path) -> Iterator[Reading]:
    file = "states.json"
    for name, entry in entries(folder, file).items():
        for way, load in _loads(entry["state"]).items():
            yield Reading(file, name, way, entry["read"], partial(_following, load))
    file = "saved.json"
    for name, entry in entries(folder, file).items():
        saved, history = (folder / path for path in entry["files"])
        state = json.loads(saved.read_text(encoding="utf-8"))
        ways = {**_loads(state), "restore": partial(_restored, state, saved)}
        for way, load in ways.items():
            yield Reading(file, name, way, entry["read"], partial(_following, load))
        rows = _rows(history)
        yield Reading(file, name, "history", plain(rows), partial(_history, state, rows))
    file = "plans.json"
    for name, entry in entries(folder, file).items():
        read = partial(_plan, folder / entry["files"][0], entry["steps"])
        yield Reading(file, name, "load_plan", entry["read"], read)


def _driver(state: Mapping[str, Any]) -> Driver:
    """A driver like the one that the state was taken from."""
    return Driver(
        {name: build(config, imports=True) for name, config in state["schedules"].items()},
        rules={name: build(config) for name, config in state["rules"].items()},
        run=None if state["run"] is None else build(state["run"]),
    )


def _loads(state: dict[str, Any]) -> dict[str, Callable[[], Driver]]:
    """Loads into a driver with the same plan, and into one with other schedules."""

    def strict() -> Driver:
        driver = _driver(state)
        driver.load(state, "strict")
        return driver

    def keep() -> Driver:
        functions = '"Function"' in json.dumps(state)  # loaded only into a driver that uses it too
        run = _driver(state).plan.run  # the other schedules are measured by the same clock
        driver = Driver({name: Constant(7.0) for name in state["schedules"]}, run=run)
        driver = _driver(state) if functions else driver
        driver.load(state, "keep")
        return driver

    return {"load strict": strict, "load keep": keep}


def _restored(state: dict[str, Any], file: Path) -> Driver:
    driver = _driver(state)
    driver.restore(file)
    return driver


def _following(load: Callable[[], Driver]) -> dict[str, Any]:
    driver = load()
    read: dict[str, Any] = {"position": driver.position, "scales": driver.scales, "next": []}
    for k in range(1, AHEAD + 1):
        read["next"].append(driver.next)
        driver.advance()
        if driver.plan.rules and k % EVERY == 0:
            driver.observe(METRICS[k])
    return read


def _history(state: dict[str, Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that the current code writes for the same run."""
    whole = _driver(state)
    schedules = whole.plan.schedules
    later = {target: sum(row[str(target)] is None for row in rows) for target in schedules}
    begun = {target: one for target, one in schedules.items() if not later[target]}
    driver = Driver(begun, rules=whole.plan.rules, run=whole.plan.run)
    for target, start in later.items():
        if start:
            driver.advance(start - driver.position)
            driver.add(target, schedules[target])
    for metric in METRICS[:TRAINED] if driver.plan.rules else ():
        driver.advance(len(rows) // (TRAINED + 1))
        driver.observe(metric)
    driver.advance(len(rows) - driver.position)
    with tempfile.TemporaryDirectory() as folder:
        driver.save_history(Path(folder) / "history.csv")
        return _rows(Path(folder) / "history.csv")


def _rows(file: Path) -> list[dict[str, Any]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return [
            {name: float(cell) if cell else None for name, cell in row.items()}
            for row in csv.DictReader(lines)
        ]


def _plan(file: Path, steps: Iterable[int]) -> dict[str, Any]:
    plan = load_plan(file)
    return {
        "run": None if plan.run is None else plan.run.steps,
        "values": {n: {step: s(step) for step in steps} for n, s in plan.schedules.items()},
        "rules": {name: rule.replay(METRICS) for name, rule in plan.rules.items()},
    }
