"""Plots of a forecast: logged losses, and predicted losses with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradatim.look.figures import add_legend, fold, new_figure, new_rows
from gradatim.look.palette import MEASURED, series_colour, series_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Values = Sequence[float] | NDArray[np.float64] | NDArray[np.int64]


class Band(NamedTuple):
    """A predicted curve: at each step its mean, and both ends of its interval."""

    steps: Values
    mean: Values
    low: Values
    high: Values


def plot_losses(
    measured: Mapping[str, tuple[Values, Values]], expected: Mapping[str, Band]
) -> Figure:
    """The logged losses as dots, the predicted ones as lines in a shaded interval.

    Args:
        measured: Steps and losses, by the name of the logged run.
        expected: The predicted curve, by the name of the schedule.
    """
    figure, (axes,) = new_figure(4.6)
    seen: list[float] = []
    for i, (name, (steps, values)) in enumerate(measured.items()):
        label = "logged" if i == 0 else None
        axes.plot(steps, values, ".", ms=2.5, color=MEASURED, label=label, gid=name)
        seen.extend(np.asarray(values)[len(values) // 10 :].tolist())
    for i, (name, band) in enumerate(expected.items()):
        axes.fill_between(band.steps, band.low, band.high, color=series_colour(i), alpha=0.18, lw=0)
        axes.plot(band.steps, band.mean, **series_line(i), label=fold(name))
        seen.extend(np.asarray(band.mean)[len(band.mean) // 10 :].tolist())
        seen.append(float(np.min(band.low)))
    if seen:
        low, high = min(seen), max(seen)  # without the first tenth, which falls too far to scale by
        axes.set_ylim(low - 0.05 * (high - low or 1.0), high + 0.02 * (high - low or 1.0))
    axes.set(xlabel="step (completed updates)", ylabel="loss")
    add_legend(figure)
    return figure


def plot_final_losses(expected: Mapping[str, tuple[float, float, float]]) -> Figure:
    """The final loss of each schedule, the first on top: mean and interval.

    Args:
        expected: The mean and both ends of the interval, by the name of the schedule.
    """
    figure, axes = new_rows(list(map(fold, expected)))
    for i, (mean, low, high) in enumerate(expected.values()):
        colour = series_colour(i)
        axes.plot([low, high], [i, i], color=colour, lw=5, alpha=0.3, solid_capstyle="butt")
        axes.plot([mean], [i], "o", color=colour)
    axes.set(xlabel="final loss")
    return figure
