"""``gradatim check``: what is wrong with a plan, before it is paid for."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from gradatim.cli._source import Given, Import, Updates, read
from gradatim.core.errors import GradatimError

Json = Annotated[bool, typer.Option("--json", help="The findings as JSON.")]
Strict = Annotated[bool, typer.Option("--strict", help="Let warnings fail too.")]


def check(
    plan: Given,
    updates: Updates = None,
    as_json: Json = False,
    strict: Strict = False,
    modules: Import = None,
) -> None:
    """Say what is wrong with a plan on its run. Exits with 1 if there is an error.

    All values of a plan are looked at. Notes and warnings do not fail; --strict lets warnings.
    """
    from gradatim.core.check import check as findings_of

    source = read(plan, updates)
    # A value without an end goes on as long as the others.
    ends = [schedule.length for schedule in source.schedules.values() if schedule.length]
    if source.run is None and not ends:
        raise GradatimError(
            "check: how long is the run? Write --steps, or a run into the plan file."
        )
    run = source.run or max(ends)
    order = ("error", "warning", "note")
    found = sorted(
        ((name, finding) for name, schedule in source.schedules.items()
         for finding in findings_of(schedule, run, name)),
        key=lambda item: order.index(item[1].severity),
    )  # fmt: skip
    if as_json:
        print(json.dumps([{"value": name, **finding._asdict()} for name, finding in found]))
    else:
        for name, finding in found:
            print(f"{finding.severity}: {name}, {finding.place}: {finding.sentence} {finding.fix}")
        if not found:
            print("Nothing to say against it.")
    failing = ("error", "warning") if strict else ("error",)
    if any(finding.severity in failing for _, finding in found):
        raise typer.Exit(1)
