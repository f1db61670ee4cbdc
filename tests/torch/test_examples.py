"""The examples run, and come out as they say."""

import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_edits_of_a_run(tmp_path):
    out = tmp_path / "edits.png"
    program = [sys.executable, EXAMPLES / "edit_a_run.py", "--out", out]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    line = re.compile(r"^(.+?) +updates +(\d+)  held-out loss ([\d.]+)$", re.MULTILINE)
    told = {name: (int(n), float(loss)) for name, n, loss in line.findall(done.stdout)}
    assert {name: updates for name, (updates, _) in told.items()} == {
        "trunk, no cooldown": 300,
        "cooldown of 50": 350,
        "cooldown of 100": 400,
        "cooldown of 200": 500,
        "planned, 400": 400,
        "extended to 600": 600,
        "warmed up again to 600": 600,
    }
    # To cool down helps, and so does to train on for longer.
    losses = {name: loss for name, (_, loss) in told.items()}
    cooled = [losses[f"cooldown of {steps}"] for steps in (50, 100, 200)]
    assert max(cooled) < losses["trunk, no cooldown"]
    assert max(losses["extended to 600"], losses["warmed up again to 600"]) < losses["planned, 400"]
    assert out.read_bytes().startswith(b"\x89PNG")
