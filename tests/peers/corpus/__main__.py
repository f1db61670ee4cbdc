"""``python -m tests.peers.corpus [--held-out] [-v]``: how many cases are read right, by kind."""

from __future__ import annotations

import sys
from collections import Counter

from tests.peers.corpus.case import Case
from tests.peers.corpus.kinds import KINDS
from tests.peers.corpus.outcomes import (
    HELP,
    NO_HELP,
    RIGHT,
    WRONG,
    Outcome,
    results,
    unsaid,
)

_HEAD = ("pasted: right", "help", "no help", "wrong", "options: right", "help", "no help", "wrong")
_ORDER = (RIGHT, HELP, NO_HELP, WRONG)
Result = tuple[Case, Outcome, Outcome]


def _groups(case: Case, held_out: bool) -> list[str]:
    """The rows of the table that a case counts in."""
    kind = KINDS[case.query]
    groups = [kind, "all"]
    if held_out and kind.endswith("Python"):
        groups.append("Python, pasted" if case.pasted else "Python, whole")
    return groups


def main(words: list[str]) -> None:
    held_out = "--held-out" in words
    counts: dict[str, Counter[tuple[int, str]]] = {kind: Counter() for kind in KINDS.values()}
    silent = 0
    for case, first, second in results(held_out):
        for group in _groups(case, held_out):
            counts.setdefault(group, Counter()).update([(0, first.kind), (1, second.kind)])
        silent += unsaid(case, second)
        if "-v" in words and (second.kind != RIGHT or first.kind in (NO_HELP, WRONG)):
            print(f"{case.hit}: {first.kind}: {first.sentence}")
            print(f"    {second.kind}: {second.sentence}")
    print(f"{'':28}{'cases':>6}" + "".join(f"{head:>15}" for head in _HEAD))
    for kind, row in counts.items():
        cells = [row[side, outcome] for side in (0, 1) for outcome in _ORDER]
        if any(cells):
            share = f"{cells[4] / (sum(cells) // 2):>9.1%}"
            numbers = "".join(f"{cell:>15}" for cell in cells)
            print(f"{kind:28}{sum(cells) // 2:>6}{numbers}{share}")
    print(f"stepped once an epoch and not said to be: {silent}")


if __name__ == "__main__":
    main(sys.argv[1:])
