"""``python -m tests.peers.corpus [-v]``: how many cases are read right, by kind."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

from tests.peers.corpus.case import Case, cases
from tests.peers.corpus.kinds import KINDS
from tests.peers.corpus.outcomes import HELP, NO_HELP, RIGHT, WRONG, Outcome, recorded, unsaid
from tests.peers.corpus.outcomes import pasted as outcome_as_pasted
from tests.peers.corpus.outcomes import with_options as outcome_with_options

_HEAD = ("pasted: right", "help", "no help", "wrong", "options: right", "help", "no help", "wrong")
_ORDER = (RIGHT, HELP, NO_HELP, WRONG)


def results() -> Iterator[tuple[Case, Outcome, Outcome]]:
    """Each case with what comes of it as pasted, and with options."""
    points = recorded()
    for case in cases():
        text = case.input()
        first = outcome_as_pasted(case, points, text)
        yield case, first, outcome_with_options(case, points, text) if case.needs_options else first


def main(words: list[str]) -> None:
    counts: dict[str, Counter[tuple[int, str]]] = {kind: Counter() for kind in KINDS.values()}
    silent = 0
    for case, first, second in results():
        counts[KINDS[case.query]].update([(0, first.kind), (1, second.kind)])
        silent += unsaid(case, second)
        if "-v" in words and (second.kind != RIGHT or first.kind in (NO_HELP, WRONG)):
            print(
                f"{case.hit}: {first.kind}: {first.sentence}\n    {second.kind}: {second.sentence}"
            )
    print(f"{'':26}{'cases':>6}" + "".join(f"{head:>15}" for head in _HEAD))
    for kind, row in (*counts.items(), ("all", sum(counts.values(), Counter()))):
        cells = [row[side, outcome] for side in (0, 1) for outcome in _ORDER]
        print(f"{kind:26}{sum(cells) // 2:>6}" + "".join(f"{cell:>15}" for cell in cells))
    total = sum(cells) // 2 or 1
    print(f"right with options: {cells[4] / total:.1%}; stepped once an epoch, unsaid: {silent}")


if __name__ == "__main__":
    main(sys.argv[1:])
