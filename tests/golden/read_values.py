"""Schedules, rules and runs, from configs, calls of recipes, texts and pickles."""

import base64
import pickle
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from gradatim import Rule, Run, Schedule, build, parse
from tests.golden.reading import Reading, entries
from tests.golden.scripts.plain import METRICS


def readings(folder: Path) -> Iterator[Reading]:
    file = "schedules.json"
    for name, entry in entries(folder, file).items():
        ways = {
            "config": partial(build, entry["config"], imports=True),
            "text": partial(parse, entry["text"], imports=True),
            "call": partial(parse, name, imports=True),
        }
        if "call" in entry:
            ways["config of the call"] = partial(build, entry["call"])
        for way, make in ways.items():
            yield Reading(file, name, way, entry["read"], partial(_schedule, make, entry["read"]))
    file = "texts.json"
    for text, entry in entries(folder, file).items():
        read = partial(_schedule, partial(parse, text), entry["read"])
        yield Reading(file, text, "text", entry["read"], read)
    for file, read_one in (("rules.json", _rule), ("runs.json", _run)):
        for name, entry in entries(folder, file).items():
            read = partial(read_one, partial(build, entry["config"]), entry["read"])
            yield Reading(file, name, "config", entry["read"], read)


def pickles(folder: Path) -> Iterator[Reading]:
    """The same from pickles."""
    files = {"schedules.json": _schedule, "rules.json": _rule, "runs.json": _run}
    for file, read_one in files.items():
        for name, entry in entries(folder, file).items():
            read = partial(read_one, partial(_unpickled, entry["pickle"]), entry["read"])
            yield Reading(file, name, "pickle", entry["read"], read)
            if "state" in entry:
                read = partial(_unpickled, entry["state"])
                yield Reading(file, name, "pickled state", entry["read"]["state"], read)


def _unpickled(text: str) -> Any:
    return pickle.loads(base64.b64decode(text))


def _schedule(make: partial[Schedule], stored: dict[str, Any]) -> dict[str, Any]:
    schedule = make()
    values = {step: schedule(int(step)) for step in stored["values"]}
    return {"length": schedule.length, "values": values}


def _rule(make: partial[Rule], stored: dict[str, Any]) -> dict[str, Any]:
    rule = make()
    state = rule.init()
    for metric in METRICS:
        state = rule.update(state, metric)
    return {"scales": rule.replay(METRICS), "state": list(state)}


def _run(make: partial[Run], stored: dict[str, Any]) -> dict[str, Any]:
    run = make()
    clock: dict[str, Any] = {"ticks": run.ticks} if "ticks" in stored else {}
    read: dict[str, Any] = {
        **clock,
        "steps": run.steps,
        "lengths": {length: run.resolve(length) for length in stored["lengths"]},
    }
    if "epoch" in stored:
        read |= {"epoch": run.steps_per_epoch, "update": run.samples_per_step}
        read["twice the batch"] = run.replace(batch=2 * run.batch).position_after(17, run)
    return read
