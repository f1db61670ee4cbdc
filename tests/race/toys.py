"""Tasks that take no time, and some that go wrong in every way a task can."""

import os
import signal
import time
from pathlib import Path

from gradatim.race import task


def steady(schedule, seed):
    """Ends with a loss of seed + the sum of its rates."""
    loss = float(seed)
    for step in range(4):
        loss += schedule(step)
        yield step, loss


@task(metric="accuracy", better="higher", failed_below=0.5)
def scored(schedule, seed, updates=3):
    """The schedule's value is the accuracy; the seed adds a hundredth."""
    yield from ((step, 1.0 / (step + 1)) for step in range(updates))
    return {"accuracy": schedule(0) + seed / 100}


def endless(schedule, seed):
    """As ``logged``, but from seed 28 on each waits until the test lets them go on."""
    while seed >= 28 and not (folder() / "go on").exists():
        time.sleep(0.01)
    return logged(schedule, seed)


def logged(schedule, seed):
    """Writes down, in the folder of the environment, that it began."""
    note(f"{os.getpid()} {schedule(0)} {seed}")
    time.sleep(0.05)
    return {"loss": schedule(0) + seed}


def raises(schedule, seed):
    yield 0, 1.0
    if seed == 1:
        raise RuntimeError("the data set is gone")
    yield 1, 0.5


def diverges(schedule, seed):
    yield from ((step, 1.0 if step < 3 or seed != 1 else float("nan")) for step in range(6))


def dies(schedule, seed):
    """Kills its process with seed 1, as the kernel does when memory runs out."""
    if seed == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return float(seed)


def dies_once(schedule, seed):
    """Kills its process the first time that any seed 1 is run."""
    if seed == 1 and not (folder() / "dead").exists():
        (folder() / "dead").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    note(f"{os.getpid()} {schedule(0)} {seed}")
    return float(seed)


def folder():
    return Path(os.environ["TOYS"])


def note(line):
    with open(folder() / "log", "a") as log:
        log.write(line + "\n")


def notes():
    """The lines written down: (process, rate, seed)."""
    lines = (folder() / "log").read_text().splitlines()
    return [(int(p), float(r), int(s)) for p, r, s in map(str.split, lines)]


def waits(schedule, seed):
    """Writes down that it began; each run but one ends only when the test lets them go on."""
    note(f"{os.getpid()} {schedule(0)} {seed}")
    while (schedule(0), seed) != FREE and not (folder() / "go on").exists():
        time.sleep(0.01)
    return {"loss": schedule(0) + seed}


FREE = (0.5, 0)
"""The rate and the seed of the run that does not wait."""


def let_go_on():
    (folder() / "go on").touch()
