"""The report of a race: one page with its plots inside, and the plots as files beside it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from gradatim.core import atomic
from gradatim.errors import GradatimError
from gradatim.look import html
from gradatim.look.html import Html
from gradatim.race import table
from gradatim.race.compare import METHOD

if TYPE_CHECKING:
    from gradatim.race.result import Race
    from gradatim.race.trial import FinishedRun


def write_report(race: Race) -> Path:
    """Write the plots and ``report.html`` into the folder of the race.

    Raises:
        GradatimError: If they cannot be written. The runs are not touched.
    """
    plots = _plots(race)
    page = race.folder / "report.html"
    try:
        for name, data in plots.items():
            atomic.replace_file(race.folder / f"{name}.png", data)
        atomic.replace_file(page, _page(race, plots))
    except OSError as error:
        raise GradatimError(
            f"race: cannot write the report into {race.folder}: {error.strerror or error}. The "
            "finished runs are kept. Make room, then start the same race again."
        ) from None
    return page


def _plots(race: Race) -> dict[str, bytes]:
    from gradatim.look import race_plots as plots
    from gradatim.look.figures import png

    task = race.task
    runs = {name: [run for run in race.runs if run.name == name] for name in race.contestants}
    ends = {
        name: [plots.End(run.metrics.get(task.metric), run.failed is not None) for run in each]
        for name, each in runs.items()
    }
    limits = {"failed below": task.failed_below, "failed above": task.failed_above}
    lines = {f"{words} {limit:g}": limit for words, limit in limits.items() if limit is not None}
    figures = {"ends": plots.plot_ends(ends, task.metric, lines)}

    values = {(name, seed): math.nan for name in race.contestants for seed in race.seeds}
    values |= {(run.name, run.seed): run.metrics.get(task.metric, math.nan) for run in race.runs}
    gaps = []
    for c in race.comparisons:
        each_seed = [values[c.name, seed] - values[c.other, seed] for seed in race.seeds]
        gaps.append(plots.Gap(c.name, c.other, each_seed, c.difference, c.low, c.high))
    if gaps:
        figures["differences"] = plots.plot_differences(gaps, task.metric, task.better)

    longest = {name: max(each, key=lambda run: len(run.steps)) for name, each in runs.items()}
    if any(run.steps for run in longest.values()):
        figures["rates"] = plots.plot_rates({name: run.rate_curve for name, run in longest.items()})
        figures["losses"] = plots.plot_losses(
            {name: [run.loss_curve for run in each] for name, each in runs.items()}
        )
    return {name: png(figure) for name, figure in figures.items()}


def _page(race: Race, plots: dict[str, bytes]) -> str:
    task = race.task

    def plot(name: str, description: str) -> str:
        return html.figure(plots[name], description) if name in plots else ""

    return html.page(
        f"Race: {task.name}",
        html.note(task.about),
        html.paragraph(f"{table.verdict(race)} {table.too_few_seeds(race)}".strip()),
        html.section(
            "How each schedule did",
            _table(table.standings(race)),
            html.note(_about_runs(race)),
            plot("ends", "the metric at the end of every run"),
        ),
        html.section(
            "How sure the differences are",
            _table(table.comparisons(race)),
            html.note(METHOD),
            plot("differences", "each difference, seed by seed"),
        )
        if race.comparisons
        else "",
        _dropped_section(race),
        _forecast_section(race),
        html.section(
            "The schedules",
            html.bullets(
                html.inline(f"{name}: ", html.element("code", repr(schedule)))
                for name, schedule in race.contestants.items()
            ),
            plot("rates", "the learning rate of each update"),
        ),
        html.section(
            "The losses",
            plot("losses", "training loss: the median over the seeds, in the band of all of them"),
        )
        if "losses" in plots
        else "",
        html.section("Every run", *(_runs_of(race, name) for name in race.contestants)),
        html.section("Made with", *_made_with(race)),
    )


def _about_runs(race: Race) -> str:
    updates = f"{race.updates} updates a run" if race.updates else "its own number of updates"
    return (
        f"{len(race.seeds)} seeds, {updates}. A run counts as failed for: {race.task.rule}. The "
        "deviation is that of the sample over the seeds."
    )


def _dropped_section(race: Race) -> Html:
    if not race.halving:
        return Html()
    dropped = table.dropped(race)
    return html.section(
        "Dropped before the last seed",
        html.bullets(dropped) if dropped else html.paragraph("No schedule was dropped."),
        html.note(race.halving),
    )


def _forecast_section(race: Race) -> Html:
    """What a forecast from the other contestants would have been, for races that have curves."""
    if not any(run.steps for run in race.runs):
        return Html()
    from gradatim.race.hindsight import forecast_each  # it needs numpy

    forecasts = forecast_each(race)
    reasons = [f"{one.name}: {one.why}" for one in forecasts if one.why]
    return html.section(
        "Forecast against outcome",
        _table(table.hindsight(forecasts)) if any(one.forecast for one in forecasts) else "",
        html.note(
            "The last loss of each schedule, the mean over the seeds: forecast from the curves of "
            "the others, as ",
            html.element("code", "gradatim forecast"),
            " does it, and measured.",
        ),
        html.lines(html.paragraph("No forecast:"), html.bullets(reasons)) if reasons else "",
    )


def _table(rows: table.Table) -> Html:
    header, *body = rows
    return html.table(header, body)


def _runs_of(race: Race, name: str) -> Html:
    return html.details(name, html.bullets(_run(run) for run in race.runs if run.name == name))


def _run(run: FinishedRun) -> Html:
    numbers = ", ".join(f"{metric} {value:.4g}" for metric, value in run.metrics.items())
    failed = html.element("span", f"failed: {run.failed}", class_="error") if run.failed else ""
    error = html.element("pre", run.error) if run.error else ""
    return html.inline(f"seed {run.seed}: {numbers} ", failed, error)


def _made_with(race: Race) -> list[Html]:
    versions = (", ".join(f"{k} {v}" for k, v in each.items()) for each in race.made_with)
    return [
        *map(html.note, versions),
        html.note(
            "The same seed gives the same run on the same machine with the same versions. Every "
            "run with its rates and losses is in ",
            html.element("code", "runs.jsonl"),
            ".",
        ),
    ]
