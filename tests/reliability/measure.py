"""Runs the command of a row, reads what it counted, and keeps the result."""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from gradatim.core.atomic import replace_file
from tests.reliability.rows import Row

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs" / "reliability.json"
OUTPUT = ROOT / "build" / "reliability"
PACKAGES = ("gradatim", "hypothesis", "torch", "numpy", "jax", "keras", "optax")


class Result(NamedTuple):
    """What one run of a row's command gave."""

    counts: list[int]
    """The numbers in the output; one for each search if the row has several."""
    held: bool
    """Whether the command ended without a failure."""
    seconds: int
    date: str
    versions: dict[str, str]

    def figure(self, row: Row) -> int:
        """What is compared with the goal."""
        if not self.counts:
            return 0
        return min(self.counts) if row.each else sum(self.counts)

    def reaches(self, row: Row) -> bool:
        """Whether the claim held, as often as the row asks for."""
        return self.held and self.figure(row) >= row.goal


def measure(row: Row) -> Result:
    """Run the command of a row; its output goes to ``build/reliability``."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    output, begun = OUTPUT / f"{row.name}.txt", time.monotonic()
    with output.open("w", encoding="utf-8") as file:
        done = subprocess.run(
            program(row.command),
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return Result(
        counts_in(row, output.read_text(encoding="utf-8", errors="replace")),
        done.returncode == 0,
        round(time.monotonic() - begun),
        datetime.now(UTC).date().isoformat(),
        versions(),
    )


def measured_elsewhere(row: Row, output: Path) -> Result:
    """The result of a row's command that was run elsewhere, from what it printed."""
    text = output.read_text(encoding="utf-8", errors="replace")
    last = text.strip().rpartition("\n")[2]
    held = not re.search(r"\b(failed|errors?|FAILED)\b", last)
    took = re.search(r"in (\d+)\.\d+s", last)
    date = datetime.fromtimestamp(output.stat().st_mtime, UTC).date().isoformat()
    return Result(counts_in(row, text), held, int(took[1]) if took else 0, date, versions())


def program(command: str) -> list[str]:
    """The command, with the interpreter that runs this for its pytest."""
    first, *rest = shlex.split(command)
    return [sys.executable, "-m", "pytest", "-q", *rest] if first == "pytest" else [first, *rest]


def counts_in(row: Row, output: str) -> list[int]:
    """The numbers that the output of a row's command states; an empty group counts as one."""
    found = re.findall(row.count, output)
    return [int(number.replace(",", "")) if number else 1 for number in found]


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that the claims are about."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def results() -> dict[str, Result]:
    """The last result of each row that was measured."""
    if not RESULTS.exists():
        return {}
    entries = json.loads(RESULTS.read_text(encoding="utf-8"))
    return {name: Result(**entry) for name, entry in entries.items()}


def keep(name: str, result: Result) -> None:
    """Write the result of a row beside those of the others."""
    entries = {key: one._asdict() for key, one in {**results(), name: result}.items()}
    replace_file(RESULTS, json.dumps(entries, indent=1) + "\n")
