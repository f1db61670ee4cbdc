"""Curves drawn in characters: Braille dots if the terminal has them, otherwise ASCII."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from gradatim.core.schedule import Schedule
from gradatim.core.sketch import value_at
from gradatim.look.marks import MARKS, mark_columns

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_COLOURS = (39, 36, 33, 35, 32, 31)
"""ANSI colours of the curves; 39 is the default colour of the terminal."""
_EVERY = 22
"""The characters across for each mark of a curve."""
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
    marks: str = MARKS,
    numbers: Sequence[int] | None = None,
) -> list[str]:
    """The curves over a run as lines of text, with the range of values and steps at the edges.

    Args:
        schedules: One or more. Each of several carries its mark where it is away from the others;
            in ASCII it is drawn in its mark.
        steps: The updates of the run.
        width: Characters across, the labels included.
        height: Lines, the axis included.
        ascii: Use ASCII only.
        colours: Give each curve after the first its own colour, by ANSI codes.
        end: The label at the end of the axis; by default the last step.
        marks: The marks, one character each.
        numbers: The number of each curve, from 0, which determines its mark and its colour, where
            a plan has the same in several charts. By default 0, 1, 2 and so on.

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
    steps_shown = [(steps - 1) * i // max(columns - 1, 1) for i in range(columns)]
    curves = [[value_at(schedule, step) for step in steps_shown] for schedule in schedules]
    low = min(0.0, *(v for curve in curves for v in curve))
    high = max(v for curve in curves for v in curve)
    area = _Area(rows, across, low, high if high > low else low + 1.0)
    numbers = range(len(curves)) if numbers is None else numbers
    texts = [marks[number % len(marks)] for number in numbers]
    grid = _ascii(curves, area, texts) if ascii else _braille(curves, area)
    thinned = curves if ascii else [curve[::2] for curve in curves]
    for i, places in enumerate(mark_columns(thinned, max(1, across // _EVERY))):
        for x in places:
            grid[area.row(thinned[i][x])][x] = _Cell(texts[i], i)
    lines = [_joined(line, numbers if colours else [0] * len(curves)) for line in grid]
    labels = [f"{area.high:.3g}", *[""] * (rows - 2), f"{area.low:.3g}"]
    pad = max(len(label) for label in labels)
    side, corner, floor = ("|", "+", "-") if ascii else ("│", "└", "─")
    drawn = [
        f" {label:>{pad}} {side}{line}".rstrip() for label, line in zip(labels, lines, strict=True)
    ]
    ends = f"0{end or str(steps - 1):>{across - 1}}"
    return [*drawn, f" {'':>{pad}} {corner}{floor * across}", f" {'':>{pad}}  {ends}"]


def coloured(text: str, i: int) -> str:
    """Text in the colour of curve ``i``, by ANSI codes; the first has that of the terminal."""
    return f"\x1b[{_COLOURS[i % len(_COLOURS)]}m{text}\x1b[39m" if i else text


def _joined(line: Sequence[_Cell], colours: Sequence[int]) -> str:
    runs = groupby(line, key=lambda cell: colours[cell.curve])
    return "".join(coloured("".join(cell.text for cell in run), i) for i, run in runs)


class _Cell(NamedTuple):
    """One character of a chart, and which of the curves was drawn there last."""

    text: str = " "
    curve: int = 0


class _Area(NamedTuple):
    """The lines and columns of a chart, and the values at its edges."""

    rows: int
    across: int
    low: float
    high: float

    def row(self, value: float, dots: int = 1) -> int:
        """The row of a value, where each line is divided into so many rows of dots."""
        last = self.rows * dots - 1
        return min(last, int((self.high - value) / (self.high - self.low) * last + 0.5))


def _ascii(
    curves: Sequence[Sequence[float]], area: _Area, texts: Sequence[str]
) -> list[list[_Cell]]:
    grid = [[_Cell()] * area.across for _ in range(area.rows)]
    for i, curve in enumerate(curves):
        drawn = _Cell(texts[i] if len(curves) > 1 else "*", i)
        for x, v in enumerate(curve):
            grid[area.row(v)][x] = drawn
    return grid


def _braille(curves: Sequence[Sequence[float]], area: _Area) -> list[list[_Cell]]:
    dots = [[0] * area.across for _ in range(area.rows)]
    latest = [[0] * area.across for _ in range(area.rows)]
    for i, curve in enumerate(curves):
        spots = [area.row(v, 4) for v in curve]
        for x, spot in enumerate(spots):
            # A steep part is drawn as a line, not as two dots far apart.
            before = spots[x - 1] if x else spot
            for y in range(min(before, spot), max(before, spot) + 1):
                if y == spot or before != spot:
                    dots[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
                    latest[y // 4][x // 2] = i
    return [
        [_Cell(chr(0x2800 + d) if d else " ", i) for d, i in zip(line, owners, strict=True)]
        for line, owners in zip(dots, latest, strict=True)
    ]
