"""The report of a forecast: its tables, and one page with tables and plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gradatim.core import atomic

if TYPE_CHECKING:
    from gradatim.forecast.forecast import Forecast
    from gradatim.forecast.prediction import Estimate, Ranked
    from gradatim.logs.rates import Array

Rows = list[tuple[str, ...]]
NOT_IDENTIFIED = "not identified"


def interval(estimate: Estimate, sign: str = "") -> str:
    """An estimate and its interval, as the cell of a table.

    >>> from gradatim.forecast.prediction import Estimate
    >>> interval(Estimate(3.0, 2.99, 3.02))
    '3.0000 (2.9900 to 3.0200)'
    """
    return f"{estimate.mean:{sign}.4f} ({estimate.low:{sign}.4f} to {estimate.high:{sign}.4f})"


def ranking(ranked: Sequence[Ranked]) -> Rows:
    """A header, then one row for each schedule, the best first, without what is not identified."""
    rows: Rows = [("schedule", "final loss", "behind the first")]
    for i, r in enumerate(ranked):
        if r.prediction.identified:
            rows.append((r.name, interval(r.final), interval(r.behind, "+") if i else ""))
        else:
            rows.append((r.name, NOT_IDENTIFIED, ""))
    return rows


def reasons(ranked: Sequence[Ranked]) -> list[str]:
    """A sentence for each reason why schedules are not identified, with their names."""
    names: dict[str, list[str]] = {}
    for r in ranked:
        for note in r.prediction.notes:
            names.setdefault(note, []).append(r.name)
    return [f"{', '.join(each)}: {NOT_IDENTIFIED}. {note}" for note, each in names.items()]


def diagnostics(fitted: Forecast) -> Rows:
    """A header, then one row for each log: how well the best fit describes it."""
    best = max(fitted.counted, key=lambda pair: pair[1])[0]
    rows: Rows = [("logged run", "points", "peak rate", "last loss", "mean error of the fit")]
    for curve in fitted.curves:
        kept = curve.steps >= len(curve.rates) // 10
        fit = best.loss(curve.rates, curve.weight_decay, curve.steps[kept], curve.rest)
        error = float(np.mean(np.abs(fit - curve.losses[kept])))
        last = f"{curve.losses[-1]:.4f}"
        rows.append((curve.name, str(len(curve.steps)), f"{curve.peak:g}", last, f"{error:.4f}"))
    return rows


def write_report(
    out: Path,
    fitted: Forecast,
    ranked: Sequence[Ranked],
    rates: Mapping[str, Array],
    sentences: Sequence[str] = (),
) -> Path:
    """Write the page.

    Args:
        out: The file.
        fitted: The forecast.
        ranked: The ranked schedules, the best first.
        rates: The learning rates of each, one for each update.
        sentences: Sentences at the top.

    Raises:
        OSError: If it cannot be written.
    """
    from gradatim.look import forecast_plots, html
    from gradatim.look.figures import png
    from gradatim.look.race_plots import plot_rates

    measured = {curve.name: (curve.steps, curve.losses) for curve in fitted.curves}
    bands = {
        r.name: forecast_plots.Band(p.steps, p.mean, p.low, p.high)
        for r in ranked
        for p in (r.prediction,)
    }
    final_losses = forecast_plots.plot_final_losses({r.name: r.final for r in ranked})
    losses = forecast_plots.plot_losses(measured, bands)
    thinned = {name: _thinned(values) for name, values in rates.items()}
    law = type(fitted.members[0].law).__name__
    rank_header, *rank_rows = ranking(ranked)
    fit_header, *fit_rows = diagnostics(fitted)
    page = html.page(
        "Forecast of the loss",
        *map(html.paragraph, (*sentences, *reasons(ranked))),
        html.table(rank_header, rank_rows),
        html.note(
            f"{law} law, {len(fitted.counted)} of {len(fitted.members)} fits counted. The interval "
            f"is their range, widened by {fitted.margin:.4f}, three times the noise of a run or "
            "the residual of the fit."
        ),
        html.figure(png(final_losses), "the predicted final losses"),
        html.figure(png(losses), "logged losses, and predicted losses"),
        html.section("The schedules", html.figure(png(plot_rates(thinned)), "the learning rates")),
        html.section("The logs it was fitted to", html.table(fit_header, fit_rows)),
    )
    atomic.replace_file(out, page)
    return out


def _thinned(values: Array) -> dict[int, float | None]:
    """At most 1,000 of the rates, by their step."""
    steps = np.unique(np.linspace(0, len(values) - 1, 1000).astype(int))
    return {int(step): float(values[step]) for step in steps}
