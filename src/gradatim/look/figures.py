"""Matplotlib figures as all plots here begin and end: empty axes in one style, and PNG data."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradatim.errors import GradatimError
from gradatim.look.palette import SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D
    from matplotlib.typing import ColorType

_WIDTH = 8.0


def new_figure(height: float, rows: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure with a column of empty axes, each of this height in inches.

    Raises:
        GradatimError: If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise GradatimError(
            'plot: the package matplotlib is not installed. Write pip install "gradatim[look]".'
        ) from None

    # Not pyplot: it keeps every figure, and may ask for a display.
    figure = Figure(figsize=(_WIDTH, height * rows), layout="constrained", facecolor="white")
    every: list[Axes] = figure.subplots(rows, squeeze=False)[:, 0].tolist()
    for axes in every:
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_prop_cycle(color=SERIES)
        axes.grid(alpha=0.25, linewidth=0.6)
        axes.set_axisbelow(True)
    return figure, every


def new_rows(labels: list[str]) -> tuple[Figure, Axes]:
    """A figure with one axes that has a labelled row for each entry, the first on top."""
    most_lines = max((label.count("\n") + 1 for label in labels), default=1)
    figure, (axes,) = new_figure(max(0.62, 0.17 * most_lines + 0.2) * max(len(labels), 1) + 1.3)
    axes.set_yticks(range(len(labels)), labels, parse_math=False)
    axes.set_ylim(max(len(labels), 1) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    return figure, axes


def add_legend(figure: Figure) -> None:
    """Explain the curves of the first axes above the plot, where they hide none of it."""
    if figure.axes[0].get_legend_handles_labels()[0]:
        legend = figure.legend(loc="outside upper left", ncols=2, frameon=False, handlelength=3.2)
        _show_as_written(legend)


def add_legend_above(axes: Axes) -> None:
    """Explain the curves of axes above them, where the legend hides none of them."""
    lines, labels = axes.get_legend_handles_labels()
    legend = axes.legend(
        lines,
        labels,
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.0),
        ncols=_columns(labels),
        frameon=False,
        handlelength=3.2,
    )
    _show_as_written(legend)


def add_figure_legend(figure: Figure, lines: Sequence[Line2D]) -> None:
    """Explain the curves of all axes once, above the first, in a figure that grows by as much."""
    labels = [str(line.get_label()) for line in lines]
    columns = _columns(labels)
    figure.set_figheight(figure.get_figheight() + 0.25 * math.ceil(len(lines) / columns))
    legend = figure.legend(
        handles=lines, loc="outside upper left", ncols=columns, frameon=False, handlelength=3.2
    )
    _show_as_written(legend)


def _columns(labels: Sequence[str]) -> int:
    """The columns of a legend, so that it is no wider than the figure."""
    return max(1, min(3, 90 // (max(map(len, labels), default=0) + 10)))


def _show_as_written(legend: Legend) -> None:
    """Show dollar signs in names, which are for formulas otherwise."""
    for text in legend.get_texts():
        text.set_parse_math(False)


def draw_mark(axes: Axes, text: str, place: tuple[float, float], colour: ColorType) -> None:
    """Draw the number of a curve in a circle."""
    axes.annotate(
        text,
        place,
        ha="center",
        va="center",
        fontsize=8,
        bbox={
            "boxstyle": "circle,pad=0.25",
            "facecolor": axes.get_facecolor(),
            "edgecolor": colour,
            "linewidth": 1.3,
        },
        zorder=4,
    )


def fold(name: str, most: int = 3) -> str:
    """A name on up to this many lines, for a label."""
    lines = textwrap.wrap(name, 36) or [name]
    return "\n".join(lines[:most]) + ("…" if len(lines) > most else "")


def png(figure: Figure) -> bytes:
    """The figure as a PNG file, fine enough for a high-resolution screen."""
    return file_content(figure, "png")


def file_content(figure: Figure, format: str) -> bytes:
    """The figure as a file of a format, such as "svg", in memory."""
    data = io.BytesIO()
    figure.savefig(data, format=format, dpi=160)
    return data.getvalue()
