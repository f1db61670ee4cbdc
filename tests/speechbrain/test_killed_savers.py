"""Processes that are killed while they save with torch leave a file that can be loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.counting import LONG, counted

SCRIPT = Path(__file__).parent / "scripts" / "kill_savers.py"


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
@pytest.mark.parametrize("kills", [10, pytest.param(LONG["R8 torch"], marks=pytest.mark.long)])
def test_a_kill_at_any_moment_leaves_the_last_state_or_the_new_one(tmp_path, kills):
    done = subprocess.run(
        [sys.executable, SCRIPT, tmp_path / "newbob.pt", str(kills), "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= kills // 2, "every second kill falls into a save"
    counted(kills)
