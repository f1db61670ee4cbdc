"""Kills processes that save a scheduler with torch again and again: ``... FILE TIMES SEED``.

After each kill the file is loaded: it is the last state that was certainly saved, or the next.
Prints how many kills fell into a save.
"""

import os
import random
import sys
from functools import partial
from pathlib import Path

import torch

from gradatim.speechbrain import NewBobScheduler

sys.path.insert(0, str(Path(__file__).parents[3]))
from tests.stopping import last_saved


def save_forever(scheduler: NewBobScheduler, path: Path, told: int) -> None:
    for count in range(1, 10**9):
        scheduler.metric_values = [float(count)] * 2_000  # a file of some size
        scheduler.save(path)
        os.write(told, f"{count}\n".encode())


def main(path: Path, times: int, seed: int) -> None:
    chance, hits = random.Random(seed), 0
    torch.set_num_threads(1)
    for number in range(times):
        seconds = chance.uniform(0.0, 0.03) if number % 2 else None
        saver = partial(save_forever, NewBobScheduler(initial_value=1.0), path)
        saved = last_saved(saver, path.parent, seconds)
        state = torch.load(path, weights_only=True)
        (count,) = {int(value) for value in state["metric_values"]}
        assert count in (saved, saved + 1), (count, saved)
        left = [file for file in path.parent.iterdir() if file != path]
        hits += len(left)
        for file in left:
            file.unlink()
    print(hits)


main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
