"""Mutates the code of some folders and prints which mutants the tests kill.

mutmut makes the mutants and keeps the verdicts in `mutants/`. The tests run here, in the order that
`order` gives, because mutmut collects all tests anew for each mutant, which takes seconds: here
they are collected once, and each mutant is judged in a fork of that process.

    python tests/mutants/scripts/mutate.py core drive     # a second call goes on with the rest
    python tests/mutants/scripts/mutate.py --again core   # survivors once more: after new tests
    python tests/mutants/scripts/mutate.py --report core  # only the figures
"""

import argparse
import multiprocessing
import os
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from mutmut.__main__ import create_mutants
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir, setup_source_paths
from report import print_report
from switches import install
from verdicts import Verdicts
from worker import Judge

HERE = Path(__file__).parent
# Starts hundreds of other interpreters, in which nothing is mutated.
LEFT_OUT = (
    "tests/core/test_atomic.py::test_a_kill_at_any_moment_leaves_the_last_state_or_the_new_one"
)
# The folders and files of tests that judge each folder of code.
TESTS = {
    "core": ["core", "drive", "findings", "look", "plans"],
    "drive": ["drive"],
    "torch": ["torch", "mutants/trainers.py"],
}
OPTIONS = [
    *("-q", "-p", "no:randomly", "-p", "no:xdist", "--hypothesis-profile=mutants"),
    *("-W", "ignore:os.fork:RuntimeWarning"),  # JAX, which no fork of this process calls again
]


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", choices=list(TESTS))
    parser.add_argument("--sample", type=int, metavar="N", help="judge N mutants, drawn at random")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after that long")
    parser.add_argument("--again", action="store_true", help="judge survivors once more")
    parser.add_argument("--report", action="store_true", help="print the figures and stop")
    return parser.parse_args(words)


def generate() -> None:
    """Write the mutants below `mutants/`; files that have not changed keep theirs."""
    multiprocessing.set_start_method("fork", force=True)
    Path("mutants").mkdir(exist_ok=True)
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        copy_src_dir()
        copy_also_copy_files()
        setup_source_paths()
        create_mutants(1)


def main(words: list[str]) -> int:
    asked = parse(words)
    if asked.report:
        print_report(Verdicts(asked.folders, asked.sample))
        return 0
    install()
    end = time.monotonic() + 60 * asked.minutes
    generate()
    verdicts = Verdicts(asked.folders, asked.sample)
    if asked.again:
        verdicts.forget_survivors()
    top = Path.cwd()
    os.chdir("mutants")
    tests = dict.fromkeys(f"tests/{name}" for folder in asked.folders for name in TESTS[folder])
    judge = Judge(verdicts, top / f"mutants/reach-{'-'.join(asked.folders)}.json", end)
    pytest.main(["--rootdir=.", *OPTIONS, f"--deselect={LEFT_OUT}", *tests], plugins=[judge])
    os.chdir(top)
    print_report(verdicts)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
