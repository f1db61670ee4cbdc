"""``gradatim convert``: write a schedule as code of another project, or read such code."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from gradatim.cli._arguments import Import, Steps
from gradatim.cli._plans import load, read_stdin, schedule_in_updates, split_name
from gradatim.core.utf8 import as_utf8
from gradatim.drive import Plan, Target
from gradatim.errors import GradatimError, shown

_PROJECTS = "torch, transformers, keras, optax, timm, speechbrain, deepspeed, megatron, composer."

Given = Annotated[
    str,
    typer.Argument(
        metavar="PLAN",
        show_default=False,
        help="A plan file, a schedule, or - for stdin; with --from code, settings or a file of it.",
    ),
]
To = Annotated[str | None, typer.Option(show_default=False, help=_PROJECTS)]
Value = Annotated[
    str | None,
    typer.Option(
        metavar="TARGET",
        show_default=False,
        help="Which target of the plan. Default: lr, or the first.",
    ),
]
From = Annotated[
    str | None,
    typer.Option("--from", show_default=False, help="The same names, ignite, accelerate."),
]
Lr = Annotated[
    float | None,
    typer.Option(show_default=False, help="The optimizer's rate, where a schedule multiplies it."),
]


def convert(
    plan: Given,
    to: To = None,
    source: From = None,
    lr: Lr = None,
    steps: Steps = None,
    value: Value = None,
    modules: Import = None,
) -> None:
    """Write a schedule for another project (--to), or read one of another project (--from).

    Differences are printed to stderr, so that the code on stdout can go into a file.
    """
    from gradatim.core.sketch import horizon
    from gradatim.peers import convert as written_for
    from gradatim.peers import read as read_from

    if source is None and to is None:
        raise GradatimError("convert: no project is given. Write --to torch, or --from torch.")
    notes: tuple[str, ...] = ()
    if source is not None:
        found = read_from(_code_or_settings(plan), source, lr=lr, steps=steps)
        schedule, notes = found.schedule, found.differences
        length = steps or horizon(schedule)
    else:
        given = split_name(plan)
        loaded = load(given, steps)
        target = _target_of(loaded, value)
        schedule = schedule_in_updates("convert", given, loaded, target)
        notes += tuple(f"{t} of the plan is not in this code." for t in loaded if t != target)
        notes += tuple(f"The rule of {name} is not in this code." for name in loaded.rules)
        length = loaded.steps or horizon(schedule)
    code = repr(schedule)
    if to is not None:
        code, more = written_for(schedule, to, length)
        notes += more
    print(code.rstrip("\n"))
    for sentence in notes:
        print(f"# {sentence}", file=sys.stderr)


def _target_of(plan: Plan, value: str | None) -> Target:
    return Target.read(
        as_utf8(value) if value else ("lr" if "lr" in plan else str(next(iter(plan))))
    )


def _code_or_settings(given: str) -> str:
    if given == "-":
        return read_stdin()
    try:
        if os.path.isfile(given):  # False, and no error, for a text that is too long for a name
            return Path(given).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise GradatimError(
            f"convert: {given}: not UTF-8 text, at byte {error.start + 1}."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise GradatimError(f"convert: {given} cannot be read: {reason}.") from None
    # All code and settings have one of these characters.
    if not any(sign in given for sign in "({:=") and not given.lstrip().startswith("--"):
        what = "a folder" if os.path.isdir(given) else "no file, and no code or settings"
        raise GradatimError(f"convert: {shown(given)} is {what}.")
    return given
