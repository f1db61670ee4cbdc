"""Thirty circumstances in which ranks evaluate, for many seeds: they agree, or all refuse."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.counting import LONG

SCRIPT = Path(__file__).parent / "scripts" / "agreement_scenarios.py"


@pytest.mark.long
@pytest.mark.parametrize("world", [2, 4])
def test_ranks_have_the_same_rates_and_weights_or_all_refuse(world, tmp_path, capsys):
    done = subprocess.run(
        [sys.executable, "-W", "error", SCRIPT, str(world), str(LONG["R9"]), tmp_path],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    with capsys.disabled():
        print(f"\n{done.stdout.strip()}")
