"""``gradatim check``: find mistakes in a plan before the run."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from gradatim.cli import _terminal
from gradatim.cli._arguments import Import, PlanArgument, Steps
from gradatim.cli._plans import load, only_target, split_name
from gradatim.core.utf8 import as_utf8
from gradatim.errors import GradatimError

Json = Annotated[bool, typer.Option("--json", help="The findings as JSON.")]
Value = Annotated[
    str | None,
    typer.Option(
        metavar="TARGET",
        show_default=False,
        help="What a schedule drives, such as momentum. Default: lr. Of a plan, only this target.",
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Let warnings fail too.")]


def check(
    plan: PlanArgument,
    steps: Steps = None,
    as_json: Json = False,
    strict: Strict = False,
    value: Value = None,
    modules: Import = None,
) -> None:
    """Find mistakes in a plan: its targets, its rules and its run. Exits with 1 on an error.

    Notes and warnings do not fail, with --strict warnings do.
    """
    from gradatim.findings import check as findings_of

    source = split_name(plan)
    drives = "lr" if value is None else as_utf8(value)
    given = only_target(source, load(source, steps, drives), value)
    if given.ticks is None:
        raise GradatimError(
            "check: the length of the run is not known. Write --steps, or a run into the plan file."
        )
    found = findings_of(given)
    if as_json:
        print(json.dumps([finding._asdict() for finding in found]))
    else:
        for finding in found:
            print(_terminal.wrapped(str(finding)))
        if not found:
            print("No problems found.")
    failing = ("error", "warning") if strict else ("error",)
    if any(finding.severity in failing for finding in found):
        raise typer.Exit(1)
