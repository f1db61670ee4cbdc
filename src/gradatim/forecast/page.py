"""The report of a forecast: one page that needs nothing but itself."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gradatim.core import atomic
from gradatim.core.errors import GradatimError

if TYPE_CHECKING:
    from gradatim.forecast.forecast import Forecast
    from gradatim.forecast.prediction import Estimate, Ranked
    from gradatim.logs.rates import Array

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --soft: #5a5a5a; --line: #d5d5d5; --page: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --soft: #a8a8a8; --line: #444;
  --page: #16181b; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.soft { color: var(--soft); font-size: .9rem; } p, li { overflow-wrap: anywhere; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem 1.2rem .3rem 0; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
figure { margin: 1rem 0; } figure img { width: 100%; background: #fff; border-radius: 6px; }
code { font: .86em/1.4 ui-monospace, monospace; }
"""
Rows = list[tuple[str, ...]]


def interval(estimate: Estimate, sign: str = "") -> str:
    """A number and where it likely lies, as a cell.

    >>> from gradatim.forecast.prediction import Estimate
    >>> interval(Estimate(3.0, 2.99, 3.02))
    '3.0000 (2.9900 to 3.0200)'
    """
    return f"{estimate.mean:{sign}.4f} ({estimate.low:{sign}.4f} to {estimate.high:{sign}.4f})"


def ranking(ranked: Sequence[Ranked]) -> Rows:
    """One row a schedule, the best first."""
    rows: Rows = [("schedule", "final loss", "behind the first")]
    for i, r in enumerate(ranked):
        rows.append((r.name, interval(r.final), interval(r.behind, "+") if i else ""))
    return rows


def diagnostics(fitted: Forecast) -> Rows:
    """One row a logged run: how well the best member describes it."""
    best = max(fitted.counted, key=lambda pair: pair[1])[0]
    rows: Rows = [("logged run", "points", "peak rate", "last loss", "mean error of the fit")]
    for curve in fitted.curves:
        kept = curve.steps >= len(curve.rates) // 10
        fit = best.loss(curve.rates, curve.weight_decay, curve.steps[kept])
        error = float(np.mean(np.abs(fit - curve.losses[kept])))
        last = f"{curve.losses[-1]:.4f}"
        rows.append((curve.name, str(len(curve.steps)), f"{curve.peak:g}", last, f"{error:.4f}"))
    return rows


def write(
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
        ranked: The judged schedules, the best first.
        rates: The rates of each, one an update.
        sentences: What to say first.

    Raises:
        GradatimError: If it cannot be written.
    """
    from gradatim.look import forecast as look
    from gradatim.look import race

    measured = {curve.name: (curve.steps, curve.losses) for curve in fitted.curves}
    bands = {
        r.name: look.Band(p.steps, p.mean, p.low, p.high) for r in ranked for p in (r.prediction,)
    }
    ends = look.ends({r.name: r.final for r in ranked})
    losses = look.losses(measured, bands)
    thin = {name: _thin(values) for name, values in rates.items()}
    law = type(fitted.members[0].law).__name__
    notes = dict.fromkeys(note for r in ranked for note in r.prediction.notes)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Forecast</title>",
        '<meta name=viewport content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style><h1>Forecast of the loss</h1>",
        *(f"<p>{escape(sentence)}</p>" for sentence in (*sentences, *notes)),
        _table(ranking(ranked)),
        f"<p class=soft>{law} law, {len(fitted.counted)} of {len(fitted.members)} fits counted. "
        f"The interval is their range, widened by "
        f"{fitted.margin:.4f}, twice the noise of a run.</p>",
        _image(race.png(ends), "the final losses to expect"),
        _image(race.png(losses), "logged losses, and those to expect"),
        "<h2>The schedules</h2>",
        _image(race.png(race.rates(thin)), "the rates"),
        "<h2>What it was learned from</h2>",
        _table(diagnostics(fitted)),
        "</html>\n",
    ]
    try:
        atomic.write(out, "\n".join(parts))
    except OSError as error:
        raise GradatimError(f"--out: {out} cannot be written: {error.strerror}.") from None
    return out


def _thin(values: Array) -> dict[int, float | None]:
    at = np.unique(np.linspace(0, len(values) - 1, 1000).astype(int))
    return {int(k): float(values[k]) for k in at}


def _table(rows: Rows) -> str:
    header, *body = rows
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    lines = "\n".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in body
    )
    return f"<table><tr>{head}</tr>\n{lines}</table>"


def _image(png: bytes, says: str) -> str:
    encoded = base64.b64encode(png).decode()
    return f'<figure><img alt="{escape(says)}" src="data:image/png;base64,{encoded}"></figure>'
