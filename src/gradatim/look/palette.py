"""The colours of all plots and pages, and the line styles that tell curves apart without colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from matplotlib.typing import LineStyleType

_BLACK = "#000000"
# Okabe and Ito's colours, distinguishable with every kind of colour vision.
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", _BLACK)
"""The colours of the curves of a plot, in order."""
LINE_STYLES: tuple[LineStyleType, ...] = (
    "-",
    "--",
    "-.",
    ":",
    (0, (5, 1, 1, 1, 1, 1)),
    (0, (3, 4)),
    "-",
)
"""Matplotlib's line style of each curve."""

MEASURED = "#8a8a8a"
"""Points of a log, behind the curves that a law predicts."""
USED, MEAN, REFERENCE = "0.15", "black", "0.45"
"""Recorded values, means with their intervals, reference lines."""

LIGHT = {
    "ink": "#1b1b1b",
    "soft": "#5a5a5a",
    "line": "#d5d5d5",
    "page": "#fff",
    "curve": SERIES[0],
    "error": "#b00020",
    "warning": "#8a5a00",
}
"""The colours of a page, by the name of their CSS variable."""
DARK = {
    "ink": "#e8e8e8",
    "soft": "#a8a8a8",
    "line": "#444",
    "page": "#16181b",
    "curve": SERIES[5],
    "error": "#ff8a80",
    "warning": "#e6b54a",
}
"""The same for readers who prefer dark pages."""


DASHES: tuple[tuple[int, ...], ...] = (
    (),
    (7, 4),
    (9, 3, 2, 3),
    (2, 3),
    (9, 3, 2, 3, 2, 3),
    (5, 7),
    (14, 4),
)
"""Lengths of line and gap, in pixels, of each curve on a page."""


class LineFormat(TypedDict):
    """Arguments of matplotlib's ``plot`` for one curve."""

    color: str
    linestyle: LineStyleType
    linewidth: float


def series_colour(i: int) -> str:
    """The colour of curve number ``i``, from 0.

    >>> series_colour(0) == series_colour(len(SERIES))
    True
    """
    return SERIES[i % len(SERIES)]


def series_line(i: int) -> LineFormat:
    """Colour, style and width of curve number ``i``, from 0."""
    style = LINE_STYLES[i % len(LINE_STYLES)]
    return {"color": series_colour(i), "linestyle": style, "linewidth": 1.8}


def css_variables(colours: dict[str, str]) -> str:
    """The colours of a page as CSS.

    >>> css_variables({"ink": "#000", "page": "#fff"})
    '--ink: #000; --page: #fff;'
    """
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


def series_in_css(i: int) -> str:
    """The colour of curve number ``i`` on a page, or in a notebook, which has no variables."""
    name = i % len(SERIES)
    return f"var(--series-{name}, {'currentColor' if SERIES[name] == _BLACK else SERIES[name]})"


def series_variables() -> dict[str, str]:
    """The colours of the curves as CSS variables; black is the ink of the page, light or dark."""
    return {
        f"series-{i}": "var(--ink)" if colour == _BLACK else colour
        for i, colour in enumerate(SERIES)
    }
