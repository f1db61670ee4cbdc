"""Runs that go on with other ranks, another batch or accumulation, from five points: 45 in all."""

import json
import os
import subprocess
import sys
from itertools import pairwise, product
from pathlib import Path

import pytest

from gradatim import warmup_cosine
from tests.counting import counted

SCRIPT = Path(__file__).parent / "scripts" / "elastic_points.py"
WORLDS, POINTS = (1, 2, 4), (0.1, 0.3, 0.5, 0.7, 0.9)


def run(part, world, folder):
    program = [sys.executable, "-W", "error", SCRIPT, part, str(world), folder]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads((folder / f"{part} {world}.json").read_text())


def curve(steps):
    return warmup_cosine(peak=0.1, steps=steps, warmup="20%", floor=0.001, last="floor")


def largest_change(steps):
    """Between two updates anywhere in a run of this length."""
    return max(abs(b - a) for a, b in pairwise(curve(steps).values(steps)))


@pytest.mark.long
def test_a_run_goes_on_where_it_was_and_ends_where_it_should(tmp_path):
    first = {world: run("first", world, tmp_path) for world in WORLDS}
    second = {world: run("second", world, tmp_path) for world in WORLDS}
    for before, after, point in product(WORLDS, WORLDS, POINTS):
        told, old = second[after][f"{before} {point}"], first[before]["steps"]
        steps, begun, made = told["steps"], told["begun"], round(point * old)
        where = f"{before} ranks to {after}, at {point}: {made} of {old}, then {begun} of {steps}"
        assert abs(begun - made / old * steps) <= 1, where
        assert told["used"] == [curve(steps)(k) for k in range(begun, steps)], where
        assert told["used"], where
        jump = abs(told["used"][0] - curve(old)(made))
        assert jump <= largest_change(steps) + largest_change(old), where
        assert told["used"][-1] == pytest.approx(0.001, rel=1e-12), where
        assert told["position"] == made + len(told["used"]), where
    counted(len(WORLDS) ** 2 * len(POINTS))
