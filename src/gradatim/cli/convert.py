"""``gradatim convert``: the schedule in a file of another project, or a schedule as its code."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from gradatim.cli._arguments import Import, Steps
from gradatim.cli._foreign_options import TARGETS, At, From, Lr, Set
from gradatim.cli._plans import is_plan_file, load, schedule_in_updates, split_name
from gradatim.core.schedule import Schedule
from gradatim.core.utf8 import as_utf8
from gradatim.core.values.value import buildable
from gradatim.drive import Plan, Target
from gradatim.errors import GradatimError

_SCHEDULES = re.compile(r"""^\s*\[?["']?schedules["']?\s*[]:=.]""", re.MULTILINE)
"""What a plan file has, and no settings file of another project."""

Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        show_default=False,
        help="Files of other projects (Python, settings, shell scripts), folders of them, a line "
        "of code, or - for stdin; with --to, also a plan file or a schedule.",
    ),
]
To = Annotated[str | None, typer.Option(show_default=False, help=f"{TARGETS}.")]
Value = Annotated[
    str | None,
    typer.Option(
        metavar="TARGET",
        show_default=False,
        help="Which target of the plan. Default: lr, or the first.",
    ),
]
Every = Annotated[
    int | None,
    typer.Option(
        show_default=False,
        help="Updates of an epoch, where a scheduler is stepped once an epoch.",
    ),
]
RunSize = Annotated[
    str | None,
    typer.Option(
        "--run",
        metavar="KEY=VALUE,...",
        show_default=False,
        help="The run, in place of --steps and --every: samples=50000,batch=128,epochs=90.",
    ),
]
Listed = Annotated[
    bool, typer.Option("--list", help="Only list the schedulers, with file, line and project.")
]


def convert(
    files: Inputs,
    to: To = None,
    source: From = None,
    lr: Lr = None,
    steps: Steps = None,
    every: Every = None,
    run: RunSize = None,
    settings: Set = None,
    at: At = None,
    listed: Listed = False,
    value: Value = None,
    modules: Import = None,
) -> None:
    """Print the schedule in a file of another project, or write a schedule for one (--to).

    Nothing in the file is run. Differences are printed to stderr, so that the code on stdout can
    go into a file.
    """
    from gradatim.cli import _foreign as foreign
    from gradatim.core.sketch import horizon
    from gradatim.peers import Given
    from gradatim.peers import convert as written_for

    foreign_only = source is not None or listed or len(files) != 1
    plan = None if foreign_only else _own(files[0], to is not None, steps)
    if plan is not None and to is None:
        raise GradatimError(
            "convert: no project is given to write this schedule for. Write --to torch."
        )
    if plan is not None:
        schedule, length, notes = _of_plan(files[0], plan, value)
    else:
        places, unread = foreign.search(files, source)
        if listed:
            print("\n".join(map(str, places)))
            _say(unread)
            return
        sizes = foreign.size(run, steps, every)
        given = Given(lr, sizes.steps, sizes.every, foreign.values(settings or ()))
        found = foreign.read_place(foreign.choose(places, at, given), given)
        schedule, notes = found.schedule, (*found.differences, *unread)
        length = sizes.steps or horizon(schedule)
    code = repr(schedule)
    if to is not None:
        code, more = written_for(schedule, to, length)
        notes += more
    print(code.rstrip("\n"))
    _say(notes)


def _say(notes: Iterable[str]) -> None:
    for sentence in notes:
        print(f"# {sentence}", file=sys.stderr)


def _own(given: str, writes: bool, steps: int | None) -> Plan | None:
    """The plan, if this is a plan file or a schedule of Gradatim; None for anything else.

    Args:
        given: What the command is given.
        writes: Whether it is to be written for another project, so that stdin has a plan.
        steps: The updates of the run.
    """
    from gradatim.cli._foreign import read_text
    from gradatim.peers import find

    source = split_name(given)
    if source.plan == "-":
        return load(source, steps) if writes else None
    if os.path.isdir(given):
        return None
    if os.path.isfile(source.plan):
        is_plan = is_plan_file(source.plan) and _SCHEDULES.search(read_text(source.plan))
        return load(source, steps) if is_plan else None
    try:
        return load(source, steps)
    except GradatimError:
        called = re.match(r"\s*(\w+)\s*\(", given)
        is_ours = writes or (called is not None and called[1] in buildable())
        if not is_ours or is_plan_file(given) or find(given):
            return None
        raise


def _of_plan(given: str, plan: Plan, value: str | None) -> tuple[Schedule, int, tuple[str, ...]]:
    """The schedule of one target, the updates of the run, and what is said of the rest."""
    from gradatim.core.sketch import horizon

    target = Target.read(as_utf8(value) if value else _first(plan))
    schedule = schedule_in_updates("convert", split_name(given), plan, target)
    notes = [f"{t} of the plan is not in this code." for t in plan if t != target]
    notes += [f"The rule of {name} is not in this code." for name in plan.rules]
    return schedule, plan.steps or horizon(schedule), tuple(notes)


def _first(plan: Plan) -> str:
    return "lr" if "lr" in plan else str(next(iter(plan)))
