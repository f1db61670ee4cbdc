"""The page of an audit: the verdict, the planned and the logged curve, and where they part."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gradatim.audit import lines
from gradatim.audit.audit import Audit, RateAudit
from gradatim.core import atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_DRAWN = 2000


def write_report(out: Path, audit: Audit) -> Path:
    """Write the page.

    Args:
        out: The file.
        audit: The audit.

    Raises:
        GradatimError: If matplotlib is not installed.
        OSError: If it cannot be written.
    """
    from gradatim.look import html
    from gradatim.look.figures import png

    sections = []
    for one in audit.rates:
        stretches = [html.bullets(list(lines.of_stretch(found))) for found in one.found]
        looks = list(lines.of_likeness(one.likeness)) if one.likeness else []
        sections.append(
            html.section(
                lines.heading(one),
                html.figure(png(plot_audit(one)), f"planned and logged rates of {one.series.name}"),
                *stretches,
                *map(html.paragraph, looks),
                *(html.note(f"Note: {note}") for note in one.notes),
            )
        )
    page = html.page(f"Audit of {audit.log}", *map(html.note, audit.notes), *sections)
    atomic.replace_file(out, page)
    return out


def plot_audit(one: RateAudit) -> Figure:
    """The logged rates as dots, the planned ones as a line, a mark where a stretch begins."""
    from gradatim.look.figures import add_legend, new_figure
    from gradatim.look.palette import REFERENCE, series_colour, series_line

    figure, (axes,) = new_figure(4.2)
    series = one.series
    last = float(series.steps.max())
    at = np.unique(np.rint(np.linspace(0.0, last, _DRAWN)))
    if one.planned is not None:
        axes.plot(at, one.planned.at(at), **series_line(0), label=f"planned: {one.target}")
    elif one.likeness is not None:
        curve = np.asarray(one.likeness.schedule(at.astype(np.int64)), dtype=np.float64)
        axes.plot(at, curve, **series_line(0), label="looks like")
    drawn = _thinned(len(series))
    label = f"logged: {series.name}"
    colour = series_colour(1)
    axes.plot(series.steps[drawn], series.rates[drawn], ".", ms=3, color=colour, label=label)
    for found in one.found:
        if found.place.late:
            axes.axvline(found.place.step, color=REFERENCE, lw=1, ls=":", gid="change")
            step = found.place.step
            axes.annotate(
                f"step {step:,.10g}",
                (step, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(3, -2),
                textcoords="offset points",
                va="top",
                fontsize=8,
                color=REFERENCE,
            )
    axes.set(xlabel="step (completed updates)", ylabel="rate")
    add_legend(figure)
    return figure


def _thinned(points: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, points - 1, min(points, _DRAWN)).astype(np.int64))
