"""How a verb writes: tables and charts as wide as the terminal, plain text in a pipe."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence

from gradatim.look.blocks import can_draw

_NARROWEST = 24
"""The characters below which a text is not broken into lines."""


def ascii_only() -> bool:
    """Whether the output takes ASCII only."""
    return not can_draw(sys.stdout.encoding)


def width() -> int:
    """The characters of a line: the terminal's, or 80 in a pipe, at most 100."""
    return min(shutil.get_terminal_size((80, 24)).columns, 100)


def colours() -> bool:
    """Whether the output is a terminal that takes colours, and whose user does."""
    return (
        sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") not in (None, "dumb")
    )


def plain(text: str) -> str:
    """A docstring's text for a terminal: ``code`` is `code` there."""
    return text.replace("``", "`")


def wrapped(text: str, indent: int = 0) -> str:
    """A text in lines as wide as the terminal; in a pipe, where lines are searched, one line."""
    room = shutil.get_terminal_size((80, 24)).columns - indent
    if not sys.stdout.isatty() or room < _NARROWEST:
        return text
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    return f"\n{' ' * indent}".join(lines)


def table(rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print rows in columns as wide as their widest cell; the last one is wrapped.

    Args:
        rows: The rows, of equal length.
        right: The columns whose cells end at the same place.
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


def number(value: float) -> str:
    """A rate as people compare them: up to seven digits."""
    return f"{value:.7g}"
