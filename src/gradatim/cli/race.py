"""``gradatim race``: train with several schedules and seeds, and compare them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gradatim.cli._arguments import Import, whole_number
from gradatim.cli._plans import learning_rates

Schedules = Annotated[
    list[str] | None,
    typer.Option(
        "--schedule",
        "-s",
        metavar="[NAME=]PLAN",
        show_default=False,
        help="A contestant: a plan file, or a text such as "
        '"warm=warmup_cosine(peak=0.01, warmup=60, steps=300)". Repeatable. '
        "Default: those of the task.",
    ),
]
What = Annotated[str, typer.Argument(help="digits, text, or your own: package.module:function.")]
Seeds = Annotated[int, typer.Option(help="The number of seeds: 0, 1, 2 and so on.")]
Jobs = Annotated[int | None, typer.Option(help="Runs at a time. Default: one per core.")]
Steps = Annotated[
    int | None,
    typer.Option(
        "--steps",
        "--updates",
        parser=whole_number,
        metavar="NUMBER",
        help="Updates a run. Default: those of the task.",
    ),
]
Out = Annotated[Path | None, typer.Option(help="Folder of the race. Default: races/TASK.")]
Engine = Annotated[str, typer.Option(help="Where to train: local, or ray, a Ray cluster.")]
Halving = Annotated[
    bool,
    typer.Option("--halving", help="Drop a schedule once it is clearly behind the best."),
]
Retry = Annotated[bool, typer.Option("--retry", help="Repeat runs that ended in an error.")]


def race(
    task: What = "digits",
    schedule: Schedules = None,
    seeds: Seeds = 10,
    jobs: Jobs = None,
    steps: Steps = None,
    engine: Engine = "local",
    halving: Halving = False,
    out: Out = None,
    retry: Retry = False,
    modules: Import = None,
) -> None:
    """Train with several schedules and seeds, and compare them.

    Each finished run is kept: the same command continues a stopped race, and more seeds or
    schedules add runs to it. Your own task is a function run(schedule, seed) that returns
    metrics or yields (step, loss); it is imported from the current directory.
    """
    from gradatim import race as racing
    from gradatim.cli._progress import ProgressDisplay
    from gradatim.race import arguments, elimination, table, tasks

    arguments.require_packages("joblib", "scipy", "matplotlib")
    what = tasks.find_task(task)  # before the schedules, which its module may define
    display = ProgressDisplay()
    if halving:
        print(elimination.halving_rule(what), file=sys.stderr)
    try:
        with display:
            result = racing.race(
                what,
                learning_rates("race", schedule or ()),
                seeds=seeds,
                updates=steps,
                jobs=jobs,
                engine=engine,
                halving=halving,
                out=out,
                retry=retry,
                progress=display,
            )
    except KeyboardInterrupt:
        print(f"Stopped. {display.summary_of_finished()}", file=sys.stderr)
        raise typer.Exit(130) from None
    _print_table(table.standings(result))
    _print_sentences(table.verdict(result), table.too_few_seeds(result), *table.dropped(result))
    if result.comparisons:
        _print_table(table.comparisons(result))
    errors = table.errors(result)
    _print_sentences(*errors[:5], f"and {len(errors) - 5} more errors" if len(errors) > 5 else "")
    if errors:
        _print_sentences("After a correction, --retry repeats the runs that ended in an error.")
    _print_sentences(f"Report: {racing.write_report(result)}")


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from gradatim.cli._progress import console

    header, *body = rows
    grid = Table(box=box.SIMPLE, pad_edge=False)
    for i, title in enumerate(header):
        grid.add_column(Text(title), justify="right" if i else "left", overflow="fold")
    for row in body:
        grid.add_row(*map(Text, row))  # as Text: brackets in a str are markup for rich
    console(sys.stdout).print(grid)


def _print_sentences(*sentences: str) -> None:
    for sentence in filter(None, sentences):
        print(sentence)
