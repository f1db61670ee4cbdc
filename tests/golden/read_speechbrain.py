"""Checkpoint files of our SpeechBrain schedulers."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from gradatim.speechbrain import checkpoints, update_learning_rate
from tests.golden.reading import Reading, entries
from tests.speechbrain.replaying import call, decoded, makes, optimizer


def readings(folder: Path) -> Iterator[Reading]:
    for name, entry in entries(folder, "speechbrain.json").items():
        read = partial(_went_on, folder / entry["files"][0], {"class": name, **entry})
        yield Reading("speechbrain.json", name, "load", entry["read"], read)


def _went_on(file: Path, case: dict[str, Any]) -> list[Any]:
    scheduler, opts = makes(case)(), [optimizer(case["rate"])]
    if hasattr(scheduler, "load"):
        scheduler.load(file)
    else:  # without a state; SpeechBrain's Checkpointer calls this hook
        checkpoints.load(scheduler, file)
    read = []
    for given in decoded(case["inputs_next"]):
        answer = call(case["protocol"], scheduler, opts, given, case)
        if case.get("apply"):
            update_learning_rate(opts[0], answer[1])
        read.append([answer, opts[0].param_groups[0]["lr"]])
    return read
