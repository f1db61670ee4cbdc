"""``python -m tests.reliability [ROW ...]``: measure rows of the reliability page.

Without a name, every row is measured that has no result which reaches its goal, so an interrupted
run goes on where it stopped. Each result is written at once to ``docs/reliability.json``, and the
table of ``docs/reliability.md`` is rendered from it.
"""

from __future__ import annotations

import sys

from tests.reliability.measure import keep, measure, results
from tests.reliability.page import PAGE, rendered
from tests.reliability.rows import ROWS

BY_NAME = {row.name: row for row in ROWS}


def main(names: list[str]) -> int:
    if unknown := [name for name in names if name not in BY_NAME]:
        print(f"Unknown rows: {', '.join(unknown)}. Known: {', '.join(BY_NAME)}", file=sys.stderr)
        return 2
    known = results()
    open_rows = [n for n, row in BY_NAME.items() if n not in known or not known[n].reaches(row)]
    missed = False
    for name in names or open_rows:
        row = BY_NAME[name]
        print(f"{name}: {row.command}", flush=True)
        result = measure(row)
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
