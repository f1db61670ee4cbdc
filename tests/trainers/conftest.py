"""A dated table of the trainers that were tested, after the tests of them."""

import re
from collections import Counter
from datetime import date
from importlib.metadata import PackageNotFoundError, version

# The package of a trainer that is called otherwise.
PACKAGES = {
    "ddp": "torch",
    "fsdp": "torch",
    "ignite": "pytorch-ignite",
}


def pytest_terminal_summary(terminalreporter):
    passed, failed = (
        Counter(
            trainer[1]
            for outcome in outcomes
            for report in terminalreporter.stats.get(outcome, [])
            if (trainer := re.search(r"test_check\[(\w+)", report.nodeid))
        )
        for outcomes in (["passed"], ["failed", "error"])
    )
    if passed or failed:
        terminalreporter.line("| trainer | version | torch | passed | failed | date |")
        terminalreporter.line("|---|---|---|---|---|---|")
    for name in sorted(passed | failed):
        # Without what a build adds, such as "+cpu".
        versions = (_version(of) for of in (PACKAGES.get(name, name), "torch"))
        row = (name, *versions, passed[name], failed[name], date.today())
        terminalreporter.line(f"| {' | '.join(map(str, row))} |")


def _version(package):
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return f"no package {package}: name it in PACKAGES"
