"""Stopped after any update, a run of any trainer's style goes on bitwise."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.cases.table import CASES
from tests.counting import LONG

SCRIPT = Path(__file__).parent / "scripts" / "resume_anywhere.py"
ROOT = Path(__file__).parents[2]
STYLES = ("plain", "lightning", "transformers", "accelerate")
ORDERS = 4


def stop_everywhere(style, updates, apart=1):
    done = subprocess.run(
        [sys.executable, SCRIPT, style, str(updates), str(apart)],
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["tried"] == len(CASES) * ORDERS * updates // apart
    assert not said["wrong"], f"{len(said['wrong'])} of {said['tried']}: {said['wrong'][:20]}"
    return said["tried"]


@pytest.mark.parametrize("style", STYLES)
def test_stopped_after_any_update_in_any_load_order_a_run_goes_on_bitwise(style):
    # Every row of the table at two of its updates, and every update with one row in twenty.
    stop_everywhere(style, 40, apart=20)


@pytest.mark.long
@pytest.mark.parametrize("updates", [40, pytest.param(LONG["R2"], id="long")])
@pytest.mark.parametrize("style", STYLES)
def test_so_does_every_row_stopped_after_every_update(style, updates, capsys):
    tried = stop_everywhere(style, updates)
    with capsys.disabled():
        print(f"\n{style}: {tried} resumed runs, all bitwise those that never stopped")
