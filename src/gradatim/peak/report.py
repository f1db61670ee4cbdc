"""The page of a search for a peak: the answer, the picture, and every run."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gradatim.core import atomic
from gradatim.peak.answer import INTERVAL, PeakAnswer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILE = "report.html"


def write_report(answer: PeakAnswer, folder: Path) -> Path:
    """Write the page into a folder.

    Raises:
        GradatimError: If matplotlib is not installed.
        OSError: If it cannot be written.
    """
    from gradatim.look import html
    from gradatim.look.figures import png

    rows = [
        [f"{run.peak:.3g}", f"{run.share * answer.steps:.0f}", _shown(run.loss)]
        for run in sorted(answer.runs)
    ]
    page = html.page(
        "The peak rate",
        *map(html.paragraph, answer.sentences),
        html.figure(png(plot_peak(answer)), "loss at the end of each run by its peak rate"),
        html.section("Runs", html.table(["peak", "updates", "loss"], rows)),
    )
    out = folder / FILE
    atomic.replace_file(out, page)
    return out


def plot_peak(answer: PeakAnswer) -> Figure:
    """The losses of the runs, a colour for each length, and where the best peak is expected."""
    from gradatim.look.figures import add_legend, new_figure
    from gradatim.look.palette import REFERENCE, series_colour

    figure, (axes,) = new_figure(4.2)
    finite = [run.loss for run in answer.runs if math.isfinite(run.loss)]
    top = max(finite, default=1.0)
    if len(finite) > 2 and min(finite) > 0.0:  # losses just below divergence hide all others
        top = min(top, 3.0 * float(np.median(finite)))
    for i, share in enumerate(sorted({run.share for run in answer.runs})):
        runs = sorted(run for run in answer.runs if run.share == share)
        shown = [min(run.loss, top) for run in runs]
        label = f"{share * answer.steps:.0f} updates"
        axes.plot([r.peak for r in runs], shown, "o", ms=5, color=series_colour(i), label=label)
    if answer.interval is not None:
        label = f"the best peak, {INTERVAL:.0%}"
        axes.axvspan(*answer.interval, color=REFERENCE, alpha=0.15, lw=0, label=label)
    if answer.peak is not None:
        axes.axvline(answer.peak, color=REFERENCE, lw=1.5, label=f"suggested: {answer.peak:.2g}")
    axes.set_xscale("log")
    if finite and min(finite) > 0.0:
        axes.set_yscale("log")
    axes.set(xlabel="peak rate", ylabel="loss at the end")
    add_legend(figure)
    return figure


def _shown(loss: float) -> str:
    return f"{loss:.5g}" if math.isfinite(loss) else "diverged"
