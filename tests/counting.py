"""How often the long searches try, in one place, and how a test says how often it has tried."""

import os

GOALS = {
    "R1": 2_500,  # random cases for each schedule and recipe
    "R2": 200,  # updates of a run, which is stopped after each
    "R3": 5_000,  # random programs of actions
    "R5": 10_000,  # random far positions
    "R6": 50_000,  # pairs of wrong arguments
    "R7": 50_000,  # series of metrics
    "R8": 1_000,  # kills, without torch
    "R8 torch": 100,
    "R9": 20,  # seeds of each scenario
    "R11": 34_000,  # files in each of three formats
    "R15": 100_000,  # evaluations in each of 8 threads
    "R18": 20,  # runs of four writers
}
"""By the row of ``docs/reliability.md``; ``make test-long`` tries all of them so often."""
SHARE = float(os.environ.get("SHARE", "1"))
LONG = {row: max(1, round(goal * SHARE)) for row, goal in GOALS.items()}
"""What is tried now: with ``SHARE=0.05`` in the environment, one in twenty."""


def counted(tries: int) -> None:
    """Print the count for ``tests.reliability``, which reads it with ``pytest -s``."""
    print(f"\ncounted: {tries}")
