"""The rows of the reliability page: what is promised, how often it must hold, and what counts it.

To add a row, add an entry here. ``python -m tests.reliability`` runs it.
"""

from __future__ import annotations

from typing import NamedTuple

EXAMPLES = r"(\d+) passing examples"
"""What Hypothesis prints with ``--hypothesis-show-statistics`` for each search."""
PASSED = r"(\d+) passed"
COUNTED = r"counted: (\d+)"
"""What tests print that count something else than tests: see ``tests/counting.py``."""
LONG = "--hypothesis-profile=long --hypothesis-show-statistics"


class Row(NamedTuple):
    """A claim and the command that tries it."""

    name: str
    claim: str
    """In plain words, for a reader who has not read the code."""
    goal: int
    unit: str
    """What is counted, in the plural."""
    command: str
    """Run from the top of the project; exit code 0 if the claim held every time."""
    how: str
    """How it was measured, in one sentence."""
    not_covered: str
    """What the figure does not say, in one sentence."""
    count: str = COUNTED
    """A regular expression: the sum of its numbers in the output is the figure."""
    each: bool = False
    """Whether the smallest of the numbers is the figure: the goal holds for each search."""
    short: str = ""
    """Why the goal is not reached yet; shown only while it is not."""


ROWS = (
    Row(
        "R3",
        "A run that is saved, loaded, copied, rewound, given new groups or interrupted in any "
        "order has the values of a 30-line model that writes everything down.",
        10_000,
        "random programs of up to 100 actions",
        f"pytest -m long {LONG} tests/torch/test_lives.py tests/torch/test_lives_of_several.py",
        "Hypothesis composes programs of updates, overflows, saves, loads in every order, added "
        "and reordered groups, copies, metrics and refused input, for one optimizer and for two.",
        "Other optimizers than SGD and AdamW, and GPUs.",
        EXAMPLES,
    ),
    Row(
        "R4",
        "A scheduler of torch, transformers, timm or Ignite that is read has the original's values "
        "at every update.",
        1_000,
        "random configurations of 1,000 updates, for each scheduler",
        "pytest -m long -s tests/peers/test_objects.py",
        "The original steps beside ours; float64 values agree to 1e-12 of the peak, and to 1e-11 "
        "where the original computes each value from the one before.",
        "Features that are refused, which `docs/migrate.md` lists, and versions of these projects "
        "other than the one named here.",
        r"(\d+) configurations x 1000 updates",
        each=True,
    ),
    Row(
        "R11",
        "A plan file, whatever is in it, is a plan or one error of ours, within a second and 100 "
        "MB.",
        100_000,
        "random files in YAML, JSON and TOML",
        f"pytest -m long {LONG} tests/plans/test_fuzz.py",
        "Hypothesis mutates good plans and draws nested data, text and bytes.",
        "Files above 256 KiB, which are refused unread.",
        EXAMPLES,
    ),
)
