"""Plots of a race: learning rates, losses, the metric at the end of every run, differences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradatim.look.figures import add_legend, fold, new_figure, new_rows
from gradatim.look.palette import MEAN, REFERENCE, SERIES, USED, series_colour, series_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

Points = Mapping[int, float | None]
"""A curve: at each step a number, or None if the run had none."""

_DECADES = 30.0
"""An axis is logarithmic if the largest value is more than this many times the smallest."""


class End(NamedTuple):
    """How a run ended: its metric, None without one, and whether it failed."""

    value: float | None
    failed: bool


class Gap(NamedTuple):
    """One contestant minus another: at each seed, in the mean, and the interval of the mean."""

    name: str
    other: str
    values: Sequence[float]
    mean: float
    low: float
    high: float


def plot_rates(curves: Mapping[str, Points]) -> Figure:
    """The learning rate of each contestant at each step."""
    figure, (axes,) = new_figure(4.3)
    peaks = []
    for i, (name, curve) in enumerate(curves.items()):
        values = [math.nan if v is None else v for v in curve.values()]
        peaks.append(max(values, default=0.0))
        axes.plot(list(curve), values, **series_line(i), label=fold(name))
    positive = [peak for peak in peaks if peak > 0]
    if positive and max(positive) > _DECADES * min(positive):
        axes.set_yscale("log")
        axes.set_ylim(bottom=min(positive) / 100)  # a decay to 0 would reach down without end
    else:
        axes.set_ylim(bottom=0)
    axes.set(xlabel="step (completed updates)", ylabel="learning rate")
    add_legend(figure)
    return figure


def plot_losses(curves: Mapping[str, Sequence[Points]]) -> Figure:
    """The training loss of each contestant: the median over its seeds, in the band of all of them.

    Long curves are a running mean over a fiftieth of their points. A cross is the end of a run
    that diverged.
    """
    figure, (axes,) = new_figure(4.8)
    window = 1
    seen = [1.0]
    for i, (name, runs) in enumerate(curves.items()):
        steps = sorted({step for run in runs for step in run})
        if not steps:
            continue
        window = max(1, len(steps) // 50)
        band = np.array([_smooth([run.get(step) for step in steps], window) for run in runs])
        for run in band:
            if 0 < (alive := int(np.isfinite(run).sum())) < len(steps):
                axes.plot(
                    steps[alive - 1], run[alive - 1], "X", color=series_colour(i), ms=8, mew=0
                )
        reached = np.isfinite(band).any(axis=0).sum()
        band, steps = band[:, :reached], steps[:reached]
        low, high = np.nanmin(band, axis=0), np.nanmax(band, axis=0)
        axes.fill_between(steps, low, high, color=series_colour(i), alpha=0.18, linewidth=0)
        axes.plot(steps, np.nanmedian(band, axis=0), **series_line(i), label=fold(name))
        seen += band[band > 0].tolist()
    if max(seen) > _DECADES * min(seen):
        axes.set_yscale("log")
    smoothed = f", running mean of {window}" if window > 1 else ""
    axes.set(xlabel="step (completed updates)", ylabel=f"training loss{smoothed}")
    add_legend(figure)
    return figure


def plot_ends(
    contestants: Mapping[str, Sequence[End]], metric: str, limits: Mapping[str, float]
) -> Figure:
    """The metric at the end of every run: a dot each, a cross if it failed, a bar at the mean.

    Args:
        contestants: How the runs of each ended, by the name of the contestant.
        metric: The name of the metric.
        limits: Values of the metric to mark by a line, by their label.
    """
    figure, axes = new_rows(list(map(fold, contestants)))
    seen = []
    for i, runs in enumerate(contestants.values()):
        values = [end.value for end in runs if end.value is not None]
        seen += values
        for j, end in enumerate(runs):
            if end.value is not None:
                # Spread over the row, or dots with equal values would hide each other.
                y = i + 0.36 * ((j + 0.5) / len(runs) - 0.5)
                axes.plot(
                    end.value, y, "X" if end.failed else "o", color=series_colour(i), ms=6, mew=0
                )
        if values:
            mean = sum(values) / len(values)
            axes.plot([mean, mean], [i - 0.34, i + 0.34], color=USED, linewidth=1.6)
        if missing := len(runs) - len(values):
            where = ("axes fraction", "data")
            axes.annotate(f"× {missing} without a number", (1, i), xycoords=where, ha="right")
    low, high = min(seen, default=0.0), max(seen, default=1.0)
    if low > 0 and high > _DECADES * low:
        axes.set_xscale("log")
    for words, limit in limits.items():
        if not 2 * low - high <= limit <= 2 * high - low:
            continue  # so far away that the axis would show the runs as one dot
        axes.axvline(limit, color=REFERENCE, linestyle=":", linewidth=1.2)
        axes.annotate(
            words,
            (limit, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=REFERENCE,
        )
    axes.set_xlabel(f"{metric} at the end of each run; × failed, | mean")
    return figure


def plot_differences(gaps: Sequence[Gap], metric: str, better: str) -> Figure:
    """Each difference: a dot for each seed, the mean, and the interval of the mean."""
    figure, axes = new_rows([f"{fold(gap.name, 2)}\n− {fold(gap.other, 2)}" for gap in gaps])
    for i, gap in enumerate(gaps):
        below = [i + 0.16 + 0.2 * j / len(gap.values) for j in range(len(gap.values))]
        axes.plot(gap.values, below, "o", color=SERIES[0], ms=4.5, mew=0, alpha=0.7)
        if math.isfinite(gap.low):
            axes.plot([gap.low, gap.high], [i, i], color=MEAN, linewidth=2)
        axes.plot(gap.mean, i, "D", color=MEAN, ms=6, mew=0)
    axes.axvline(0, color=REFERENCE, linewidth=1)
    axes.set_xlabel(
        f"difference in {metric}: a dot for each seed, the mean and its 95% interval\n"
        f"to the {'right' if better == 'higher' else 'left'} of 0 the first one is better"
    )
    return figure


def _smooth(values: Sequence[float | None], window: int) -> NDArray[np.float64]:
    """The mean over the last ``window`` values; NaN from the first value that is missing."""
    data = np.array([math.nan if v is None else v for v in values], dtype=np.float64)
    total = np.cumsum(np.concatenate([np.zeros(1), data]))
    start = np.maximum(np.arange(len(data)) + 1 - window, 0)
    return (total[1:] - total[start]) / (np.arange(len(data)) + 1 - start)  # type: ignore[no-any-return]
