"""Matplotlib figures as all plots here begin and end: empty axes in one style, and PNG data."""

from __future__ import annotations

import io
import textwrap
from typing import TYPE_CHECKING

from gradatim.errors import GradatimError
from gradatim.look.palette import SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(max(len(labels), 1) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    return figure, axes


def add_legend(figure: Figure) -> None:
    """Explain the curves of the first axes above the plot, where they hide none of it."""
    if figure.axes[0].get_legend_handles_labels()[0]:
        figure.legend(loc="outside upper left", ncols=2, frameon=False, handlelength=3.2)


def fold(name: str, most: int = 3) -> str:
    """A name on up to this many lines, for a label."""
    lines = textwrap.wrap(name, 36) or [name]
    return "\n".join(lines[:most]) + ("…" if len(lines) > most else "")


def png(figure: Figure) -> bytes:
    """The figure as a PNG file, fine enough for a high-resolution screen."""
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=160)
    return data.getvalue()
