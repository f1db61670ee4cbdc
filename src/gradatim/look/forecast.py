"""Plots of a forecast: the losses that were logged, and those to expect, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = Sequence[float] | NDArray[np.float64] | NDArray[np.int64]

# Okabe and Ito's colours, told apart with every kind of colour vision; the lines differ too.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (3, 4)), "-")
_MEASURED = "#8a8a8a"


class Band(NamedTuple):
    """A curve to expect: at each step its mean, and where it likely lies."""

    steps: Values
    mean: Values
    low: Values
    high: Values


def losses(measured: Mapping[str, tuple[Values, Values]], expected: Mapping[str, Band]) -> Figure:
    """The logged losses as dots, the expected ones as lines in a shaded interval.

    Args:
        measured: Steps and losses of each logged run.
        expected: The curve of each schedule to judge.
    """
    figure = Figure(figsize=(8.2, 4.6), layout="constrained")
    axes = figure.add_subplot()
    seen: list[float] = []
    for i, (name, (steps, values)) in enumerate(measured.items()):
        label = "logged" if i == 0 else None
        axes.plot(steps, values, ".", ms=2.5, color=_MEASURED, label=label, gid=name)
        seen.extend(np.asarray(values)[len(values) // 10 :].tolist())
    for i, (name, band) in enumerate(expected.items()):
        colour = _COLOURS[i % len(_COLOURS)]
        axes.fill_between(band.steps, band.low, band.high, color=colour, alpha=0.18, lw=0)
        axes.plot(band.steps, band.mean, color=colour, ls=_LINES[i % len(_LINES)], label=_cut(name))
        seen.extend(np.asarray(band.mean)[len(band.mean) // 10 :].tolist())
        seen.extend((float(np.min(band.low)),))
    if seen:
        low, high = min(seen), max(seen)  # the fast first fall would flatten all the rest
        axes.set_ylim(low - 0.05 * (high - low or 1.0), high + 0.02 * (high - low or 1.0))
    axes.set(xlabel="step (completed updates)", ylabel="loss")
    axes.grid(alpha=0.25)
    if measured or expected:
        axes.legend(fontsize="small", frameon=False)
    return figure


def ends(expected: Mapping[str, tuple[float, float, float]]) -> Figure:
    """The final loss of each schedule, the first on top: mean and interval."""
    figure = Figure(figsize=(8.2, 0.9 + 0.42 * max(len(expected), 1)), layout="constrained")
    axes = figure.add_subplot()
    for i, (mean, low, high) in enumerate(expected.values()):
        colour = _COLOURS[i % len(_COLOURS)]
        axes.plot([low, high], [i, i], color=colour, lw=5, alpha=0.3, solid_capstyle="butt")
        axes.plot([mean], [i], "o", color=colour)
    axes.set_yticks(range(len(expected)), [_cut(name) for name in expected])
    axes.invert_yaxis()
    axes.set(xlabel="final loss")
    axes.grid(axis="x", alpha=0.25)
    return figure


def _cut(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"
