"""``gradatim audit``: what a run really did, from its log, and whether that is what was meant."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Annotated

import typer

from gradatim.cli import _terminal
from gradatim.cli._arguments import Import
from gradatim.cli._plans import load, split_name
from gradatim.errors import GradatimError

Log = Annotated[
    Path,
    typer.Argument(
        metavar="LOG",
        show_default=False,
        help="The log: .csv, also an export of W&B; .jsonl; trainer_state.json; TensorBoard event "
        "files or their folder; a metric file of MLflow; text with a step and a rate on one line.",
    ),
]
PlanOption = Annotated[
    str | None,
    typer.Option(
        "--plan",
        metavar="PLAN",
        show_default=False,
        help="What was meant: a plan file, or a schedule such as "
        '"warmup_cosine(peak=3e-4, warmup=500, steps=10_000)". Without it, the schedule that the '
        "log looks like is named.",
    ),
]
Column = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        show_default=False,
        help="The column, key or tag of the rate. Default: all that are called lr, learning_rate "
        "and the like.",
    ),
]
Accumulate = Annotated[
    int | None, typer.Option(min=1, show_default=False, help="Micro-batches of an update.")
]
Processes = Annotated[
    int | None, typer.Option(min=1, show_default=False, help="Processes that train together.")
]
UpdatesPerEpoch = Annotated[
    int | None,
    typer.Option(min=1, show_default=False, help="Updates of an epoch. A log of epochs needs it."),
]
Json = Annotated[bool, typer.Option("--json", help="The audit as JSON.")]
Out = Annotated[
    Path | None, typer.Option(show_default=False, help="Write a report (.html) with both curves.")
]


def audit(
    log: Log,
    plan: PlanOption = None,
    column: Column = None,
    accumulate: Accumulate = None,
    processes: Processes = None,
    updates_per_epoch: UpdatesPerEpoch = None,
    as_json: Json = False,
    out: Out = None,
    modules: Import = None,
) -> None:
    """Compare the rates that a run logged with its plan. Exits with 1 if it was not as planned.

    Names how the two differ (a shift, another pace, a factor, a floor, a jump at a resume, a group
    that never moves), the step where that begins, and what may have caused it. Rounding within the
    digits of the log is no difference.
    """
    if importlib.util.find_spec("numpy") is None:
        raise GradatimError(
            'audit: the package numpy is not installed. Write pip install "gradatim[choose]".'
        )
    from gradatim.audit import Known, as_data, lines
    from gradatim.audit import audit as audit_of

    given = None if plan is None else load(split_name(plan))
    known = Known(accumulate, processes, updates_per_epoch)
    found = audit_of(log, given, column=column, known=known)
    written = None
    if out is not None:
        from gradatim.audit.report import write_report

        written = write_report(out, found)
    if as_json:
        print(json.dumps(as_data.as_data(found)))
    else:
        for line in lines.lines(found):
            print(_terminal.wrapped(line, len(line) - len(line.lstrip())))
        if written is not None:
            print(written)
    if not found.as_planned:
        raise typer.Exit(1)
