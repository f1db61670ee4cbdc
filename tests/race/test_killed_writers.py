"""Races that write at the same time, one of which is killed while it does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.counting import LONG, counted

SCRIPT = Path(__file__).parent / "scripts" / "append_killed.py"
PROCESSES = 4


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
@pytest.mark.parametrize(
    ("lines", "times"), [(300, 1), pytest.param(10_000, LONG["R18"], marks=pytest.mark.long)]
)
def test_a_killed_writer_loses_at_most_the_line_that_it_was_writing(lines, times, tmp_path):
    killed = 0
    for seed in range(times):
        done = subprocess.run(
            [sys.executable, SCRIPT, tmp_path / str(seed), *map(str, (PROCESSES, lines, seed))],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        known, there = json.loads(done.stdout)
        assert there["0"] - known["0"] in (0, 1)  # it may be killed before it says so
        killed += there["0"] < lines
        others = {str(number): lines for number in range(1, PROCESSES)}
        assert {number: count for number, count in there.items() if number != "0"} == others
    assert killed > times / 2  # the others had finished before they were killed
    counted(times)
