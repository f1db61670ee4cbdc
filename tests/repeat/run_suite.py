"""Run the whole suite again and again: ``run_suite.py RUNS [--busy] [PYTEST ARGUMENT ...]``.

Each run has an order and a PYTHONHASHSEED of its own. ``--busy`` runs two busy loops per core
beside it. Each run adds a row to ``build/random.md``, and the names of the tests that failed; what
pytest said of them is beside it, in a file of the seed.
`make test-random` and `make test-busy` start this.
"""

import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "build" / "random.md"
NAMED = 20  # one fault may fail thousands of tests
HEAD = "| run | seed | passed | failed | seconds |\n|---|---|---|---|---|\n"
WORKERS = ("-n", "2", "--dist", "worksteal")  # as in the Makefile
BUSY_LOOPS = 2 * (os.cpu_count() or 1)


def outcome(seed: int, arguments: list[str]) -> tuple[Counter[str], list[str]]:
    """The counts that pytest prints last, and a line for each test that failed."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *WORKERS, f"--randomly-seed={seed}", *arguments],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": str(seed)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines() or [""]
    counts = Counter({name: int(count) for count, name in re.findall(r"(\d+) (\w+)", lines[-1])})
    if done.returncode not in (0, 1) or not counts["passed"]:
        sys.exit(f"pytest ended with {done.returncode}:\n{done.stdout[-4000:]}")
    failures = [line for line in lines if line.startswith(("FAILED ", "ERROR "))]
    if failures:
        TABLE.with_name(f"random-{seed}.txt").write_text(done.stdout, encoding="utf-8")
    return counts, failures[:NAMED]


def main(runs: int, busy: bool, arguments: list[str]) -> None:
    TABLE.parent.mkdir(exist_ok=True)
    if not TABLE.exists():
        TABLE.write_text(HEAD, encoding="utf-8")
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(BUSY_LOOPS if busy else 0)
    ]
    failed_once = False
    try:
        for number in range(1, runs + 1):
            seed, begun = random.SystemRandom().randrange(2**32), time.monotonic()
            counts, failures = outcome(seed, arguments)
            failed = counts["failed"] + counts["error"] + counts["errors"]
            name = f"{number}, {BUSY_LOOPS} busy loops" if busy else str(number)
            seconds = time.monotonic() - begun
            row = f"| {name} | {seed} | {counts['passed']} | {failed} | {seconds:.0f} |\n"
            with TABLE.open("a", encoding="utf-8") as table:
                table.writelines([row, *(f"\n    {line}\n" for line in failures)])
            print(row, *failures, sep="\n", flush=True)
            failed_once |= failed > 0
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    sys.exit(failed_once)


if __name__ == "__main__":
    given = sys.argv[2:]
    main(int(sys.argv[1]), "--busy" in given, [one for one in given if one != "--busy"])
