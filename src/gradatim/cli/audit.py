"""``gradatim audit``: what a run really did, from its log, and whether that is what was meant."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradatim.cli import _terminal
from gradatim.cli._arguments import Import, Steps
from gradatim.cli._foreign_options import At, From, Lr, Set
from gradatim.cli._out import Report, writing
from gradatim.cli._plans import load, split_name
from gradatim.drive import Plan
from gradatim.errors import GradatimError

if TYPE_CHECKING:
    from gradatim.peers import Given

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
Like = Annotated[
    str | None,
    typer.Option(
        "--like",
        metavar="FILE",
        show_default=False,
        help="In place of a plan: the training script or settings of another project that made the "
        "run, read as by gradatim convert, with its options --from, --lr, --steps, --set, --at.",
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


def audit(
    log: Log,
    plan: PlanOption = None,
    like: Like = None,
    source: From = None,
    lr: Lr = None,
    steps: Steps = None,
    settings: Set = None,
    at: At = None,
    column: Column = None,
    accumulate: Accumulate = None,
    processes: Processes = None,
    updates_per_epoch: UpdatesPerEpoch = None,
    as_json: Json = False,
    out: Report = None,
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
    from gradatim.cli import _foreign as foreign
    from gradatim.peers import Given

    if like is not None and plan is not None:
        raise GradatimError("audit: both --plan and --like are given. Leave one out.")
    given = None if plan is None else load(split_name(plan), steps)
    if like is not None:
        values = foreign.values(settings or ())
        given = _plan_like(like, source, at, Given(lr, steps, updates_per_epoch, values))
    known = Known(accumulate, processes, updates_per_epoch)
    found = audit_of(log, given, column=column, known=known)
    written = None
    if out is not None:
        from gradatim.audit.report import write_report

        with writing(out):
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


def _plan_like(file: str, source: str | None, at: str | None, given: Given) -> Plan:
    """What a file of another project plays; what is said of it is printed to stderr."""
    from gradatim.cli import _foreign as foreign

    places, _ = foreign.search([file], source)
    place = foreign.choose(places, at, given)
    read = foreign.read_place(place, given)
    print(f"# {place}", file=sys.stderr)
    for sentence in read.differences:
        print(f"# {sentence}", file=sys.stderr)
    return Plan(read.values, rules={} if read.rule is None else {"lr": read.rule})
