"""Output of the verbs: tables and text as wide as the terminal, unwrapped in a pipe."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence

from gradatim.look.blocks import can_draw, coloured
from gradatim.look.marks import MARKS

_NARROWEST = 24
"""Narrower than this, text is not wrapped."""


def ascii_only() -> bool:
    """Whether stdout can encode only ASCII."""
    return not can_draw(sys.stdout.encoding)


def width() -> int:
    """The characters of a line: the terminal's, or 80 in a pipe, at most 100."""
    return min(shutil.get_terminal_size((80, 24)).columns, 100)


def colours() -> bool:
    """Whether stdout is a colour terminal and NO_COLOR is unset."""
    return (
        sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") not in (None, "dumb")
    )


def mark(i: int, marks: str = MARKS) -> str:
    """The mark of curve ``i`` of a chart, in the colour of the curve on a colour terminal."""
    return coloured(marks[i % len(marks)], i if colours() else 0)


def without_markup(text: str) -> str:
    """A text from a docstring, with ``code`` as `code`."""
    return text.replace("``", "`")


def wrapped(text: str, indent: int = 0) -> str:
    """A text wrapped to the terminal; in a pipe one line, so that it can be searched."""
    room = shutil.get_terminal_size((80, 24)).columns - indent
    if not sys.stdout.isatty() or room < _NARROWEST:
        return text
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    return f"\n{' ' * indent}".join(lines)


def print_table(rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print rows in columns as wide as their widest cell; the last one is wrapped.

    Args:
        rows: The rows, of equal length.
        right: The columns that are aligned to the right.
    """
    rows = [tuple(row) for row in rows]
    if not rows:
        return
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    indent = sum(widths[:-1]) + 2 * len(widths) - 2
    for row in rows:
        if len(row) - 1 not in right:
            row = (*row[:-1], wrapped(row[-1], indent))
        cells = (
            f"{cell:>{width}}" if i in right else f"{cell:<{width}}"
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join(cells).rstrip())


def format_number(value: float) -> str:
    """A value with up to seven digits."""
    return f"{value:.7g}"
