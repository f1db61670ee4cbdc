"""Plots of a race: the rates, the losses, the ends of all runs, and the differences."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

Points = Mapping[int, float | None]
"""A curve: a number, or None where there was none, at each step."""

# Okabe and Ito's colours, told apart with every kind of colour vision; the lines differ too.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (3, 4)), "-")
_DECADES = 30.0
"""A logarithmic axis where the largest value is more than this many times the smallest."""


class End(NamedTuple):
    """How a run ended: its metric, None without one, and whether it failed."""

    value: float | None
    failed: bool


class Gap(NamedTuple):
    """One contestant minus another: at each seed, in the mean, and from where to where."""

    name: str
    other: str
    values: Sequence[float]
    mean: float
    low: float
    high: float


def rates(curves: Mapping[str, Points]) -> Figure:
    """The rate of each contestant at each step."""
    figure, axes = _page(4.3)
    peaks = []
    for i, (name, curve) in enumerate(curves.items()):
        values = [math.nan if v is None else v for v in curve.values()]
        peaks.append(max(values, default=0.0))
        axes.plot(list(curve), values, **_style(i), label=_fold(name))
    positive = [peak for peak in peaks if peak > 0]
    if positive and max(positive) > _DECADES * min(positive):
        axes.set_yscale("log")
        axes.set_ylim(bottom=min(positive) / 100)  # a decay to 0 has no end on this axis
    else:
        axes.set_ylim(bottom=0)
    axes.set(xlabel="step (completed updates)", ylabel="learning rate")
    _legend(figure)
    return figure


def losses(curves: Mapping[str, Sequence[Points]]) -> Figure:
    """The training loss of each contestant: the median over its seeds, in the band of all of them.

    Long curves are a running mean over a fiftieth of their points. A cross is the end of a run
    that diverged.
    """
    figure, axes = _page(4.8)
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
                axes.plot(steps[alive - 1], run[alive - 1], "X", color=_colour(i), ms=8, mew=0)
        reached = np.isfinite(band).any(axis=0).sum()
        band, steps = band[:, :reached], steps[:reached]
        low, high = np.nanmin(band, axis=0), np.nanmax(band, axis=0)
        axes.fill_between(steps, low, high, color=_colour(i), alpha=0.18, linewidth=0)
        axes.plot(steps, np.nanmedian(band, axis=0), **_style(i), label=_fold(name))
        seen += band[band > 0].tolist()
    if max(seen) > _DECADES * min(seen):
        axes.set_yscale("log")
    smoothed = f", running mean of {window}" if window > 1 else ""
    axes.set(xlabel="step (completed updates)", ylabel=f"training loss{smoothed}")
    _legend(figure)
    return figure


def ends(
    contestants: Mapping[str, Sequence[End]], metric: str, limits: Mapping[str, float]
) -> Figure:
    """The metric at the end of every run: a dot each, a cross if it failed, a bar at the mean.

    ``limits`` are lines with the words that stand at them.
    """
    figure, axes = _rows(list(map(_fold, contestants)))
    seen = []
    for i, runs in enumerate(contestants.values()):
        values = [end.value for end in runs if end.value is not None]
        seen += values
        for j, end in enumerate(runs):
            if end.value is not None:
                # Apart from each other, so that equal ends do not hide one another.
                y = i + 0.36 * ((j + 0.5) / len(runs) - 0.5)
                axes.plot(end.value, y, "X" if end.failed else "o", color=_colour(i), ms=6, mew=0)
        if values:
            mean = sum(values) / len(values)
            axes.plot([mean, mean], [i - 0.34, i + 0.34], color="0.15", linewidth=1.6)
        if missing := len(runs) - len(values):
            where = ("axes fraction", "data")
            axes.annotate(f"× {missing} without a number", (1, i), xycoords=where, ha="right")
    low, high = min(seen, default=0.0), max(seen, default=1.0)
    if low > 0 and high > _DECADES * low:
        axes.set_xscale("log")
    for words, limit in limits.items():
        if not 2 * low - high <= limit <= 2 * high - low:
            continue  # so far away that the runs would shrink to a point beside it
        axes.axvline(limit, color="0.45", linestyle=":", linewidth=1.2)
        axes.annotate(
            words, (limit, 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
            textcoords="offset points", ha="center", fontsize=8, color="0.35",
        )  # fmt: skip
    axes.set_xlabel(f"{metric} at the end of each run; × failed, | mean")
    return figure


def differences(gaps: Sequence[Gap], metric: str, better: str) -> Figure:
    """Each difference: a dot a seed, the mean, and the interval around it."""
    figure, axes = _rows([f"{_fold(gap.name, 2)}\n− {_fold(gap.other, 2)}" for gap in gaps])
    for i, gap in enumerate(gaps):
        below = [i + 0.16 + 0.2 * j / len(gap.values) for j in range(len(gap.values))]
        axes.plot(gap.values, below, "o", color=_COLOURS[0], ms=4.5, mew=0, alpha=0.7)
        if math.isfinite(gap.low):
            axes.plot([gap.low, gap.high], [i, i], color="black", linewidth=2)
        axes.plot(gap.mean, i, "D", color="black", ms=6, mew=0)
    axes.axvline(0, color="0.45", linewidth=1)
    axes.set_xlabel(
        f"difference in {metric}: a dot a seed, the mean and its 95% interval\n"
        f"to the {'right' if better == 'higher' else 'left'} of 0 the first one is better"
    )
    return figure


def png(figure: Figure) -> bytes:
    """The figure as a file, fine enough for a screen with small pixels."""
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=160)
    return data.getvalue()


def _page(height: float) -> tuple[Figure, Axes]:
    # Not through pyplot: nothing stays behind, and no display is asked for.
    figure = Figure(figsize=(7.6, height), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _rows(labels: Sequence[str]) -> tuple[Figure, Axes]:
    """A page with one row a label, the first on top."""
    lines = max(label.count("\n") + 1 for label in labels)
    figure, axes = _page(max(0.62, 0.17 * lines + 0.2) * len(labels) + 1.3)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    return figure, axes


def _legend(figure: Figure) -> None:
    if figure.axes[0].get_legend_handles_labels()[0]:
        figure.legend(loc="outside upper left", ncols=2, frameon=False, handlelength=3.2)


def _colour(i: int) -> str:
    return _COLOURS[i % len(_COLOURS)]


def _style(i: int) -> dict[str, Any]:
    return {"color": _colour(i), "linestyle": _LINES[i % len(_LINES)], "linewidth": 1.8}


def _fold(name: str, most: int = 3) -> str:
    """A name on up to ``most`` lines, for a label."""
    lines = textwrap.wrap(name, 36) or [name]
    return "\n".join(lines[:most]) + ("…" if len(lines) > most else "")


def _smooth(values: Sequence[float | None], window: int) -> NDArray[np.float64]:
    """The mean over the last ``window`` values; NaN from where a run broke off."""
    data = np.array([math.nan if v is None else v for v in values], dtype=np.float64)
    total = np.cumsum(np.concatenate([np.zeros(1), data]))
    start = np.maximum(np.arange(len(data)) + 1 - window, 0)
    return (total[1:] - total[start]) / (np.arange(len(data)) + 1 - start)  # type: ignore[no-any-return]
