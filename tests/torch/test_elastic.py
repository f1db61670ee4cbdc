"""A run that goes on with more or fewer ranks: real processes, ending at the end of the curve."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradatim import warmup_cosine

SCRIPT = Path(__file__).parent / "scripts" / "elastic.py"
WORLDS = (1, 2, 4)


def run(part, world, folder):
    program = [sys.executable, "-W", "error", SCRIPT, part, str(world), folder]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        program, capture_output=True, text=True, timeout=600, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / f"{part} {world}.json").read_text())


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("elastic")
    first = {world: run("first", world, folder) for world in WORLDS}
    return first, {world: run("second", world, folder) for world in WORLDS}


def curve(steps):
    return warmup_cosine(peak=0.1, steps=steps, warmup="10%", floor=0.001, last="floor")


@pytest.mark.parametrize("world", WORLDS)
def test_the_first_part_uses_the_first_half_of_its_curve(trained, world):
    told = trained[0][world]
    assert told["position"] == len(told["used"]) == told["steps"] / 2
    assert told["used"] == [curve(told["steps"])(k) for k in range(told["position"])]


@pytest.mark.parametrize("before", WORLDS)
@pytest.mark.parametrize("after", WORLDS)
def test_the_second_part_ends_where_it_should(trained, before, after):
    told = trained[1][after][str(before)]
    steps = told["steps"]
    assert told["begun"] == steps / 2
    assert told["made"] == trained[0][before]["position"]  # real updates are never rescaled
    assert told["position"] == told["made"] + len(told["used"])
    assert told["tick"] == steps
    assert told["used"] == [curve(steps)(k) for k in range(steps // 2, steps)]
    assert told["used"][-1] == pytest.approx(0.001, rel=1e-12)
