"""Lets children save a driver's state again and again, kills each, and looks at the file.

Prints how many kills fell into a save. A child is a fork, which starts in a millisecond.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from gradatim import Driver, Plateau, warmup_cosine

sys.path.insert(0, str(Path(__file__).parents[3]))
from tests.stopping import stop_in_save


def save_forever(driver, path, told):
    while True:
        driver.save(path)
        # What is in the pipe was in the file before: a kill cannot take it back.
        os.write(told, f"{driver.position}\n".encode())
        driver.advance()


def killed(driver, path, seconds):
    """The last position that a child has saved for certain before it was killed.

    It is killed after so many seconds, or while it saves if they are None.
    """
    listen, told = os.pipe()
    child = os.fork()
    if child == 0:
        save_forever(driver, path, told)
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


def main(path, times, seed):
    chance, hits = random.Random(seed), 0
    parts = {f"lr/{k}": warmup_cosine(peak=0.1, steps=10**9, warmup=10 + k) for k in range(200)}
    for number in range(times):
        seconds = chance.uniform(0.0, 0.03) if number % 2 else None
        saved = killed(Driver(parts, {"lr": Plateau(mode="min")}), path, seconds)
        state = json.loads(path.read_text())
        assert state["position"] in (saved, saved + 1), (state["position"], saved)
        assert len(state["schedules"]) == 200
        left = [file for file in path.parent.iterdir() if file != path]
        hits += len(left)
        for file in left:
            file.unlink()
    print(hits)


main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
