"""How a verb writes: tables and charts as wide as the terminal, plain text in a pipe."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence

from gradatim.look.blocks import can_draw


def ascii_only() -> bool:
    """Whether the output takes ASCII only."""
    return not can_draw(sys.stdout.encoding)


def width() -> int:
    """The characters of a line: the terminal's, or 80 in a pipe, at most 100."""
    return min(shutil.get_terminal_size((80, 24)).columns, 100)


def table(rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print rows in columns as wide as their widest cell; the last one goes on as it is long.

    Args:
        rows: The rows, of equal length.
        right: The columns whose cells end at the same place.
    """
    rows = [tuple(row) for row in rows]
    if not rows:
        return
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = (
            f"{cell:>{width}}" if i in right else f"{cell:<{width}}"
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join(cells).rstrip())


def number(value: float) -> str:
    """A rate as people compare them: up to seven digits."""
    return f"{value:.7g}"
