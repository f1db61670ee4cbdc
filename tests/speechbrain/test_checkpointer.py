"""SpeechBrain's own Checkpointer saves and recovers every scheduler."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.speechbrain.replaying import DATA

SCRIPT = Path(__file__).parent / "scripts" / "checkpointer.py"


@pytest.mark.parametrize("order", ["gradatim first", "speechbrain first"])
def test_the_checkpointer_knows_all_sixteen(order, tmp_path):
    assert importlib.util.find_spec("speechbrain"), "make sets up SpeechBrain without torchaudio"
    theirs = DATA / "save" / "CKPT+golden"
    run = subprocess.run(
        [sys.executable, SCRIPT, tmp_path, theirs, order],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert run.stdout.split() == ["recovered"], run.stderr
