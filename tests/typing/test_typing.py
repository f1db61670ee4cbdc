"""What type checkers say of calls to the public API: the right ones pass, the wrong ones do not."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CALLS = Path(__file__).parent / "scripts"  # right.py and wrong.py, which are never run


def run(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=os.environ | {"MYPYPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy():
    # With the settings of pyproject.toml, which are strict, so an unused ignore is an error.
    run("mypy", *map(str, sorted(CALLS.glob("*.py"))))


def test_pyright(tmp_path: Path):
    # basedpyright is pyright in a wheel that brings node; in this mode it has pyright's rules.
    settings = {
        "include": [str(CALLS)],
        "extraPaths": [str(ROOT / "src")],
        "typeCheckingMode": "standard",
        "enableTypeIgnoreComments": False,  # those are for mypy
        "reportUnnecessaryTypeIgnoreComment": "error",
        "reportUnusedExpression": "none",
    }
    project = tmp_path / "pyrightconfig.json"
    project.write_text(json.dumps(settings))
    run("basedpyright", "--pythonpath", sys.executable, "--project", str(project))
