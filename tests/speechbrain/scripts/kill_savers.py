"""Kills processes that save a scheduler with torch again and again: ``... FILE TIMES SEED``.

After each kill the file is loaded: it is the last state that was certainly saved, or the next.
Prints how many kills fell into a save.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import torch

from gradatim.speechbrain import NewBobScheduler

sys.path.insert(0, str(Path(__file__).parents[3]))
from tests.stopping import stop_in_save


def save_forever(scheduler: NewBobScheduler, path: Path, told: int) -> None:
    for count in range(1, 10**9):
        scheduler.metric_values = [float(count)] * 2_000  # a file of some size
        scheduler.save(path)
        os.write(told, f"{count}\n".encode())


def killed(path: Path, seconds: float | None) -> int:
    """The last count that a child has saved for certain before it was killed.

    It is killed after so many seconds, or while it saves if they are None.
    """
    listen, told = os.pipe()
    child = os.fork()
    if child == 0:
        save_forever(NewBobScheduler(initial_value=1.0), path, told)
    os.close(told)
    with os.fdopen(listen) as pipe:
        saved = int(pipe.readline())
        if seconds is None:
            stop_in_save(child, path.parent)
        else:
            time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        for line in pipe:
            saved = int(line) if line.endswith("\n") else saved
    return saved


def main(path: Path, times: int, seed: int) -> None:
    chance, hits = random.Random(seed), 0
    torch.set_num_threads(1)
    for number in range(times):
        saved = killed(path, chance.uniform(0.0, 0.03) if number % 2 else None)
        state = torch.load(path, weights_only=True)
        (count,) = {int(value) for value in state["metric_values"]}
        assert count in (saved, saved + 1), (count, saved)
        left = [file for file in path.parent.iterdir() if file != path]
        hits += len(left)
        for file in left:
            file.unlink()
    print(hits)


main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
