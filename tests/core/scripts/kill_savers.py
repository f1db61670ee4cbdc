"""Lets children save a driver's state again and again, kills each, and looks at the file.

Prints how many kills fell into a save. A child is a fork, which starts in a millisecond.
"""

import json
import os
import random
import sys
from functools import partial
from pathlib import Path

from gradatim import Driver, Plateau, warmup_cosine

sys.path.insert(0, str(Path(__file__).parents[3]))
from tests.stopping import last_saved


def save_forever(driver, path, told):
    while True:
        driver.save(path)
        # What is in the pipe was in the file before: a kill cannot take it back.
        os.write(told, f"{driver.position}\n".encode())
        driver.advance()


def main(path, times, seed):
    chance, hits = random.Random(seed), 0
    parts = {f"lr/{k}": warmup_cosine(peak=0.1, steps=10**9, warmup=10 + k) for k in range(200)}
    for number in range(times):
        seconds = chance.uniform(0.0, 0.03) if number % 2 else None
        driver = Driver(parts, {"lr": Plateau(mode="min")})
        saved = last_saved(partial(save_forever, driver, path), path.parent, seconds)
        state = json.loads(path.read_text())
        assert state["position"] in (saved, saved + 1), (state["position"], saved)
        assert len(state["schedules"]) == 200
        left = [file for file in path.parent.iterdir() if file != path]
        hits += len(left)
        for file in left:
            file.unlink()
    print(hits)


main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
