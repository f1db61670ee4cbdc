"""``gradatim find-peak``: suggest the peak rate of a run, by short complete runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from gradatim.cli._arguments import Import, whole_number
from gradatim.cli._out import writing

What = Annotated[str, typer.Argument(help="digits, text, or your own: package.module:function.")]
Steps = Annotated[
    int,
    typer.Option(
        "--steps",
        "--updates",
        parser=whole_number,
        metavar="NUMBER",
        show_default=False,
        help="The updates of a full run.",
    ),
]
Budget = Annotated[float, typer.Option(help="What the search may cost, in full runs.")]
Shape = Annotated[
    str,
    typer.Option(
        "--schedule",
        "-s",
        metavar="SCHEDULE",
        help="What to train with, without its peak and steps; lengths as shares.",
    ),
]
Low = Annotated[float, typer.Option(help="The lowest peak to try.")]
High = Annotated[float, typer.Option(help="The highest peak to try.")]
Jobs = Annotated[int | None, typer.Option(help="Runs at a time. Default: one per core.")]
Engine = Annotated[str, typer.Option(help="Where to train: local, or ray, a Ray cluster.")]
Out = Annotated[Path | None, typer.Option(help="Folder of the runs. Default: peaks/TASK.")]
Json = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]


def find_peak(
    task: What,
    steps: Steps,
    budget: Budget = 4.0,
    schedule: Shape = "warmup_cosine(warmup='5%')",
    low: Low = 1e-6,
    high: High = 10.0,
    jobs: Jobs = None,
    engine: Engine = "local",
    out: Out = None,
    as_json: Json = False,
    modules: Import = None,
) -> None:
    """Suggest a peak rate with an interval, or say why there is no suggestion (exit code 1).

    Trains short complete runs: many peaks for a 16th of the length, fewer for a quarter and for
    half. Each finished run is kept: the same command continues a stopped search.
    """
    from gradatim import peak
    from gradatim.peak.report import write_report
    from gradatim.peak.schedules import schedule_of
    from gradatim.race import arguments

    arguments.require_packages("joblib", "scipy", "matplotlib")
    shape = schedule_of(schedule)
    try:
        found = peak.find_peak(
            task,
            shape,
            steps=steps,
            budget=budget,
            low=low,
            high=high,
            jobs=jobs,
            engine=engine,
            out=out,
            progress=lambda sentence: print(sentence, file=sys.stderr),
        )
    except KeyboardInterrupt:
        print("Stopped. The same command continues the search.", file=sys.stderr)
        raise typer.Exit(130) from None
    if as_json:
        print(json.dumps(found.as_data()))
    else:
        for sentence in found.sentences:
            print(sentence)
    folder = peak.folder_of(task, out)
    with writing(folder):
        page = write_report(found, folder)
    if not as_json:
        print(f"Report: {page}")
    if found.peak is None:
        raise typer.Exit(1)
