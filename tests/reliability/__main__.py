"""``python -m tests.reliability [ROW ...]``: measure rows of the reliability page.

``SHARE=0.05`` in the environment tries each long search one time in twenty; the page then says that
the goal is not reached. ``ROW=FILE`` reads what the command of a row has printed elsewhere, and
notes the versions of here.

Without a name, every row is measured that has no result which reaches its goal, so an interrupted
run goes on where it stopped. Each result is written at once to ``docs/reliability.json``, and the
table of ``docs/reliability.md`` is rendered from it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.reliability.measure import keep, measure, measured_elsewhere, results
from tests.reliability.page import PAGE, rendered
from tests.reliability.rows import ROWS

BY_NAME = {row.name: row for row in ROWS}


def main(words: list[str]) -> int:
    known = results()
    open_rows = [n for n, row in BY_NAME.items() if n not in known or not known[n].reaches(row)]
    asked = [word.partition("=") for word in words or open_rows]
    if unknown := [name for name, *_ in asked if name not in BY_NAME]:
        print(f"Unknown rows: {', '.join(unknown)}. Known: {', '.join(BY_NAME)}", file=sys.stderr)
        return 2
    missed = False
    for name, _, output in asked:
        row = BY_NAME[name]
        print(f"{name}: {row.command}", flush=True)
        result = measured_elsewhere(row, Path(output)) if output else measure(row)
        keep(name, result)
        PAGE.write_text(rendered(), encoding="utf-8")
        missed |= not result.reaches(row)
        print(
            f"{name}: {result.figure(row):,} of {row.goal:,} {row.unit}, "
            f"{'held' if result.held else 'FAILED'}, {result.seconds} s",
            flush=True,
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
