"""Runs the suite in the environments of constraints/matrix.toml: ``matrix.py [ROW ...]``.

Each environment is built from nothing, used, and deleted before the next. A row that has a result
in build/matrix is not run again, so an interrupted run continues where it was; `--again` runs it.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / "constraints"
BUILD = ROOT / "build" / "matrix"
NO_DEPS = "-qq", "--no-deps", "-r", str(CONSTRAINTS / "no-deps.txt")
# The packages whose versions the table shows.
SHOWN = ("torch", "numpy", "keras", "jax", "optax", "transformers", "lightning")
VERSIONS = f"""
import json, platform
from importlib.metadata import PackageNotFoundError, version
found = {{"Python": platform.python_version()}}
for name in {SHOWN}:
    try:
        found[name] = version(name).partition("+")[0]
    except PackageNotFoundError:
        found[name] = "-"
print(json.dumps(found))
"""


def main() -> None:
    rows = tomllib.loads((CONSTRAINTS / "matrix.toml").read_text(encoding="utf-8"))["rows"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(rows)}")
    parser.add_argument("--again", action="store_true", help="also rows that have a result")
    parser.add_argument("--workers", default="2", help="processes of pytest (default 2)")
    args = parser.parse_args()
    if unknown := [name for name in args.rows if name not in rows]:
        parser.error(f"no row {unknown[0]!r} in constraints/matrix.toml; rows: {', '.join(rows)}")
    BUILD.mkdir(parents=True, exist_ok=True)
    left_out = []
    for name, row in rows.items():
        result = file_of(name, "json")
        if (args.rows and name not in args.rows) or (result.exists() and not args.again):
            continue
        if (python := interpreter(row["python"])) is None:
            left_out.append(f"{name}: there is no Python {row['python']} on this machine")
            continue
        result.write_text(json.dumps(run(name, row, python, args.workers), indent=2))
    files = {name: file_of(name, "json") for name in rows}
    results = {name: json.loads(f.read_text()) for name, f in files.items() if f.exists()}
    print(table(results))
    print(*[f"\nLeft out: {each}" for each in left_out], sep="")
    if any(cells["failed"] != "0" for cells in results.values()):
        sys.exit(1)


def file_of(row: str, suffix: str) -> Path:
    return BUILD / f"{row.replace(' ', '-').replace(',', '')}.{suffix}"


def interpreter(version: str) -> str | None:
    """The path of a Python of this version: on PATH, or one that pyenv keeps."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    kept = sorted(pyenv.glob(f"{version}.*/bin/python"))
    for candidate in (f"python{version}", *map(str, kept)):
        command = [candidate, "-c", "import ensurepip, sys; print(sys.executable)"]
        try:  # a name on PATH may be a stand-in of pyenv's for a version that is not chosen
            return subprocess.run(
                command, capture_output=True, text=True, check=True
            ).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            continue
    return None


def run(name: str, row: dict[str, Any], python: str, workers: str) -> dict[str, str]:
    """Builds the environment of a row, runs its tests, deletes it: the cells of its line."""
    place, log, pins = file_of(name, "env"), file_of(name, "log"), file_of(name, "txt")
    cells = {"date": datetime.now(UTC).date().isoformat()}
    print(f"{name}: installing, then testing; the output is in {log.relative_to(ROOT)}", flush=True)
    with log.open("w") as output:

        def call(*command: str | Path) -> int:
            environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
            done = subprocess.run(
                command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
            return done.returncode

        pins.write_text("\n".join(pinned(row["pins"])) + "\n")
        pip = place / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check"
        extra = f".[{row['install']}]"
        installed = (
            call(python, "-m", "venv", "--clear", place) == 0
            and call(*pip, "-qq", "-c", pins, "-e", extra) == 0
            and call(*pip, *NO_DEPS) == 0
        )
        if installed:
            found = subprocess.check_output([place / "bin" / "python", "-c", VERSIONS], text=True)
            cells |= json.loads(found)
            parts = [f"@tests/parts/{part}.txt" for part in row["tests"]]
            report = file_of(name, "xml")
            call(place / "bin" / "pytest", "-n", workers, f"--junitxml={report}", *parts)
            cells |= counts(report)
        else:
            cells |= {"Python": row["python"], "failed": "the installation, see the log"}
    shutil.rmtree(place, ignore_errors=True)
    return cells


def pinned(sources: Iterable[str]) -> Iterator[str]:
    """The lines of a constraints file; of two that name a package, the first decides."""
    named = set()
    for source in sources:
        file = CONSTRAINTS / f"{source}.txt"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else [source]
        for line in lines:
            package, equal, _ = line.partition("==")
            if package not in named and not line.startswith("#"):
                named.add(package)
                if equal:
                    yield line


def counts(report: Path) -> dict[str, str]:
    """Of pytest's report in XML: passed, failed, skipped, seconds."""
    suite = ElementTree.parse(report).getroot()[0].attrib
    failed = int(suite["failures"]) + int(suite["errors"])
    skipped = int(suite["skipped"])
    return {
        "passed": str(int(suite["tests"]) - failed - skipped),
        "failed": str(failed),
        "skipped": str(skipped),
        "seconds": f"{float(suite['time']):.0f}",
    }


def table(results: dict[str, dict[str, str]]) -> str:
    """The results in Markdown, one line a row."""
    columns = ["Python", *SHOWN, "passed", "failed", "skipped", "seconds", "date"]
    lines = [["environment", *columns], ["---"] * (len(columns) + 1)]
    lines += [[name, *(cells.get(c, "-") for c in columns)] for name, cells in results.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
