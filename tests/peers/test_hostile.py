"""Python files that mean harm: nothing of them is run, and each is read or refused at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "scripts" / "read_hostile.py"


@pytest.fixture(scope="module")
def outcomes() -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, SCRIPT], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_nothing_is_run_imported_or_opened(outcomes):
    assert outcomes["events"] == []


def test_the_hook_sees_what_it_looks_for(outcomes):
    assert set(outcomes["control"]) >= {"exec", "compile", "open", "import"}


def test_each_is_read_or_refused_in_one_sentence(outcomes):
    assert outcomes["count"] >= 200
    assert outcomes["crashes"] == []
    assert outcomes["longest"] < 600
