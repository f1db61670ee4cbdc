"""Processes add runs to the ledgers of their races at the same time, and one is killed.

``append_killed.py FOLDER PROCESSES LINES SEED`` prints, as JSON, how many runs each process is
known to have added, and how many its ledger has afterwards.
"""

import json
import os
import random
import signal
import sys
from pathlib import Path

from gradatim import Constant
from gradatim.race.ledger import Ledger
from gradatim.race.trial import FinishedRun

TASK = {"name": "toy", "version": "1", "updates": 3}
LONGEST = 60_000


def finished(seed: int) -> FinishedRun:
    """A run whose line has some length up to 64 KiB, most of them short."""
    length = LONGEST if seed % 50 == 0 else random.Random(seed).choice([10, 100, 1000])
    return FinishedRun("it", seed, Constant(1.0).config(), error="x" * length)


def add(folder: Path, lines: int, told: int) -> None:
    os.fsync = lambda file: None  # a kill, unlike a power cut, loses nothing that was written
    with Ledger(folder, TASK, {}) as ledger:
        for seed in range(lines):
            ledger.append(finished(seed))
            os.write(told, b".")


def started(folder: Path, lines: int) -> tuple[int, int]:
    """The process of a new writer, and a pipe that has a byte for each run that it has added."""
    listen, told = os.pipe()
    child = os.fork()
    if child:
        os.close(told)
        return child, listen
    code = 1
    try:
        add(folder, lines, told)
        code = 0
    finally:
        os._exit(code)


def main(folder: Path, processes: int, lines: int, seed: int) -> None:
    children = {number: started(folder / str(number), lines) for number in range(processes)}
    known, there = {}, {}
    with os.fdopen(children[0][1], "rb") as pipe:
        seen = len(pipe.read(random.Random(seed).randrange(1, lines // 2)))
        os.kill(children[0][0], signal.SIGKILL)
        known[0] = seen + len(pipe.read())
    for number in range(1, processes):
        with os.fdopen(children[number][1], "rb") as pipe:
            known[number] = len(pipe.read())
    for child, _ in children.values():
        os.waitpid(child, 0)
    for number in range(processes):
        with Ledger(folder / str(number), TASK, {}) as ledger:
            runs = list(ledger.runs.values())
            assert runs == [finished(seed) for seed in range(len(runs))]
            there[number] = len(runs)
    print(json.dumps([known, there]))


main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
