"""Curves drawn in characters: Braille dots if the terminal has them, otherwise ASCII."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from gradatim.core.schedule import Schedule
from gradatim.core.sketch import value_at

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_MARKS = "*o+x#@"
_COLOURS = (39, 36, 33, 35, 32, 31)
"""ANSI colours of the curves; 39 is the default colour of the terminal."""
_LEVELS = " ▁▂▃▄▅▆▇█"
_ASCII_LEVELS = " .:-=+*#@"


def can_draw(encoding: str | None) -> bool:
    """Whether text in this encoding can hold Braille and blocks."""
    try:
        "⣿█".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def sparkline(schedule: Schedule, steps: int, width: int = 16, ascii: bool = False) -> str:
    """The curve as one short line of blocks.

    >>> from gradatim import wsd
    >>> sparkline(wsd(peak=1.0, steps=100, warmup=20), 100, width=8)
    '▂▇████▆▂'
    """
    at = [value_at(schedule, steps * (2 * i + 1) // (2 * width)) for i in range(width)]
    low, high = min(0.0, *at), max(*at, 0.0)
    levels = _ASCII_LEVELS if ascii else _LEVELS
    top = len(levels) - 1
    return "".join(levels[round(top * (v - low) / ((high - low) or 1.0))] for v in at)


def chart(
    schedules: Sequence[Schedule],
    steps: int,
    width: int = 72,
    height: int = 12,
    ascii: bool = False,
    colours: bool = False,
    end: str = "",
) -> list[str]:
    """The curves over a run as lines of text, with the range of values and steps at the edges.

    Args:
        schedules: One or more; in ASCII each has its own mark.
        steps: The updates of the run.
        width: Characters across, the labels included.
        height: Lines, the axis included.
        ascii: Use ASCII only.
        colours: Give each curve after the first its own colour, by ANSI codes.
        end: The label at the end of the axis; by default the last step.

    >>> from gradatim import Linear
    >>> print("\\n".join(chart([Linear(1.0, 0.0, 9)], 10, width=19, height=5, ascii=True)))
     1 |**
       |  **
       |    ***
     0 |       *
       +--------
        0      9
    """
    across, rows = max(width - 11, 8), max(height - 1, 3)
    columns = across if ascii else 2 * across
    marks = [(steps - 1) * i // max(columns - 1, 1) for i in range(columns)]
    curves = [[value_at(schedule, step) for step in marks] for schedule in schedules]
    low = min(0.0, *(v for curve in curves for v in curve))
    high = max(v for curve in curves for v in curve)
    high = high if high > low else low + 1.0
    if ascii:
        lines = _ascii(curves, rows, across, low, high)
    else:
        lines = _braille(curves, rows, across, low, high, colours and len(curves) > 1)
    labels = [f"{high:.3g}", *[""] * (rows - 2), f"{low:.3g}"]
    pad = max(len(label) for label in labels)
    side, corner, floor = ("|", "+", "-") if ascii else ("│", "└", "─")
    drawn = [
        f" {label:>{pad}} {side}{line}".rstrip() for label, line in zip(labels, lines, strict=True)
    ]
    ends = f"0{end or str(steps - 1):>{across - 1}}"
    return [*drawn, f" {'':>{pad}} {corner}{floor * across}", f" {'':>{pad}}  {ends}"]


def mark(i: int, ascii: bool, colours: bool) -> str:
    """The mark of curve number ``i``; "" if all curves look the same."""
    if ascii:
        return _MARKS[i % len(_MARKS)]
    return _coloured("⣿", i) if colours else ""


def _coloured(text: str, i: int) -> str:
    return f"\x1b[{_COLOURS[i % len(_COLOURS)]}m{text}\x1b[39m" if i else text


def _row(v: float, rows: int, low: float, high: float) -> int:
    return min(rows - 1, int((high - v) / (high - low) * (rows - 1) + 0.5))


def _ascii(
    curves: Sequence[Sequence[float]], rows: int, across: int, low: float, high: float
) -> list[str]:
    grid = [[" "] * across for _ in range(rows)]
    for i, curve in enumerate(curves):
        for x, v in enumerate(curve):
            grid[_row(v, rows, low, high)][x] = _MARKS[i % len(_MARKS)]
    return ["".join(line) for line in grid]


def _braille(
    curves: Sequence[Sequence[float]],
    rows: int,
    across: int,
    low: float,
    high: float,
    colours: bool,
) -> list[str]:
    grid = [[0] * across for _ in range(rows)]
    latest = [[0] * across for _ in range(rows)]
    for i, curve in enumerate(curves):
        spots = [_row(v, 4 * rows, low, high) for v in curve]
        for x, spot in enumerate(spots):
            # A steep part is drawn as a line, not as two dots far apart.
            before = spots[x - 1] if x else spot
            for y in range(min(before, spot), max(before, spot) + 1):
                if y == spot or before != spot:
                    grid[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
                    latest[y // 4][x // 2] = i if colours else 0
    return [
        "".join(
            _coloured("".join(chr(0x2800 + dots) if dots else " " for dots, _ in run), i)
            for i, run in groupby(zip(*line, strict=True), key=itemgetter(1))
        )
        for line in zip(grid, latest, strict=True)
    ]
