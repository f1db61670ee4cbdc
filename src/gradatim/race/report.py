"""The report of a race: one page that needs nothing but itself, and its plots as files."""

from __future__ import annotations

import base64
import math
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from gradatim.core import atomic
from gradatim.core.errors import GradatimError
from gradatim.race import table
from gradatim.race.compare import METHOD

if TYPE_CHECKING:
    from gradatim.race.result import Race
    from gradatim.race.trial import FinishedRun

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --soft: #5a5a5a; --line: #d5d5d5;
  --page: #fff; --failed: #b03a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --soft: #a8a8a8; --line: #444;
  --page: #16181b; --failed: #ff9d66; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: .3rem; }
h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p, li, td:first-child { overflow-wrap: anywhere; }
td + td, th { white-space: nowrap; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8rem; }
.soft { color: var(--soft); font-size: .9rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
.failed { color: var(--failed); }
figure { margin: 1rem 0; }
figure img { width: 100%; background: #fff; border-radius: 6px; }
code { font: .86em/1.4 ui-monospace, monospace; }
summary { cursor: pointer; margin-top: .8rem; }
"""


def write_report(race: Race) -> Path:
    """Write the plots and ``report.html`` into the folder of the race.

    Raises:
        GradatimError: If they cannot be written. The runs are not touched.
    """
    plots = _plots(race)
    page = race.folder / "report.html"
    try:
        for name, data in plots.items():
            atomic.write(race.folder / f"{name}.png", data)
        atomic.write(page, _page(race, plots))
    except OSError as error:
        raise GradatimError(
            f"race: cannot write the report into {race.folder}: {error.strerror or error}. The "
            "finished runs are kept. Make room, then start the same race again."
        ) from None
    return page


def _plots(race: Race) -> dict[str, bytes]:
    from gradatim.look import race as look

    task = race.task
    runs = {name: [run for run in race.runs if run.name == name] for name in race.contestants}
    ends = {
        name: [look.End(run.metrics.get(task.metric), run.failed is not None) for run in each]
        for name, each in runs.items()
    }
    limits = {"failed below": task.failed_below, "failed above": task.failed_above}
    lines = {f"{words} {limit:g}": limit for words, limit in limits.items() if limit is not None}
    figures = {"ends": look.ends(ends, task.metric, lines)}

    values = {(name, seed): math.nan for name in race.contestants for seed in race.seeds}
    values |= {(run.name, run.seed): run.metrics.get(task.metric, math.nan) for run in race.runs}
    gaps = []
    for c in race.comparisons:
        each_seed = [values[c.name, seed] - values[c.other, seed] for seed in race.seeds]
        gaps.append(look.Gap(c.name, c.other, each_seed, c.difference, c.low, c.high))
    if gaps:
        figures["differences"] = look.differences(gaps, task.metric, task.better)

    longest = {name: max(each, key=lambda run: len(run.steps)) for name, each in runs.items()}
    if any(run.steps for run in longest.values()):
        figures["rates"] = look.rates({name: run.rate_curve for name, run in longest.items()})
        figures["losses"] = look.losses(
            {name: [run.loss_curve for run in each] for name, each in runs.items()}
        )
    return {name: look.png(figure) for name, figure in figures.items()}


def _page(race: Race, plots: dict[str, bytes]) -> str:
    task = race.task
    updates = f"{race.updates} updates a run" if race.updates else "its own number of updates"
    title = f"Race: {escape(task.name)}"
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>",
        '<meta name=viewport content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style>",
        f"<h1>{title}</h1>",
        f"<p class=soft>{escape(task.about)}</p>" if task.about else "",
        f"<p>{escape(table.verdict(race))} {escape(table.too_few(race))}</p>",
        "<h2>How each schedule did</h2>",
        _table(table.standings(race)),
        f"<p class=soft>{len(race.seeds)} seeds, {updates}. Failed means: {escape(task.rule)}. The "
        f"deviation is that of the sample over the seeds.</p>",
        _image(plots, "ends", "the metric at the end of every run"),
        "<h2>How sure the differences are</h2>" if race.comparisons else "",
        _table(table.comparisons(race)) if race.comparisons else "",
        f"<p class=soft>{escape(METHOD)}</p>" if race.comparisons else "",
        _image(plots, "differences", "each difference, seed by seed"),
        *_dropped(race),
        *_hindsight(race),
        "<h2>The schedules</h2><ul>",
        *(
            f"<li>{escape(name)}: <code>{escape(repr(schedule))}</code>"
            for name, schedule in race.contestants.items()
        ),
        "</ul>",
        _image(plots, "rates", "the rate that each update used"),
        "<h2>The losses</h2>" if "losses" in plots else "",
        _image(plots, "losses", "training loss: the median over the seeds in the band of all"),
        "<h2>Every run</h2>",
        _runs(race),
        "<h2>Made with</h2>",
        *(
            f"<p class=soft>{escape(', '.join(f'{k} {v}' for k, v in versions.items()))}</p>"
            for versions in race.made_with
        ),
        "<p class=soft>The same seed gives the same run on the same machine with the same "
        "versions. Every run with its rates and losses is in <code>runs.jsonl</code>.</p></html>",
    ]
    return "\n".join(filter(None, parts)) + "\n"


def _dropped(race: Race) -> list[str]:
    if not race.halving:
        return []
    listed = "".join(f"<li>{escape(sentence)}" for sentence in table.dropped(race))
    said = f"<ul>{listed}</ul>" if listed else "<p>No schedule was dropped.</p>"
    return [
        "<h2>Dropped before the last seed</h2>",
        said,
        f"<p class=soft>{escape(race.halving)}</p>",
    ]


def _hindsight(race: Race) -> list[str]:
    """What the other contestants would have forecast of each, for races that have curves."""
    if not any(run.steps for run in race.runs):
        return []
    from gradatim.race.hindsight import forecast_each  # it needs numpy

    seen = forecast_each(race)
    reasons = [f"<li>{escape(one.name)}: {escape(one.why)}" for one in seen if one.why]
    return [
        "<h2>Forecast against outcome</h2>",
        _table(table.hindsight(seen)) if any(one.forecast for one in seen) else "",
        "<p class=soft>The last loss of each schedule, the mean over the seeds: forecast from the "
        "curves of the others, as <code>gradatim forecast</code> does it, and measured.</p>",
        f"<p>No forecast:</p><ul>{''.join(reasons)}</ul>" if reasons else "",
    ]


def _table(rows: table.Table) -> str:
    header, *body = rows
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    lines = "\n".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in body
    )
    return f"<div class=wide><table><thead><tr>{head}</tr></thead>\n{lines}</table></div>"


def _image(plots: dict[str, bytes], name: str, says: str) -> str:
    if name not in plots:
        return ""
    data = base64.b64encode(plots[name]).decode()
    return f'<figure><img alt="{escape(says)}" src="data:image/png;base64,{data}"></figure>'


def _runs(race: Race) -> str:
    return "\n".join(
        f"<details><summary>{escape(name)}</summary><ul>"
        + "\n".join(_run(run) for run in race.runs if run.name == name)
        + "</ul></details>"
        for name in race.contestants
    )


def _run(run: FinishedRun) -> str:
    numbers = ", ".join(f"{metric} {value:.4g}" for metric, value in run.metrics.items())
    failed = f"<span class=failed>failed: {escape(run.failed)}</span>" if run.failed else ""
    error = f"<pre>{escape(run.error)}</pre>" if run.error else ""
    return f"<li>seed {run.seed}: {escape(numbers)} {failed}{error}"
