"""Arguments and options that several verbs have in common."""

from __future__ import annotations

from typing import Annotated

import typer

from gradatim.core.user_modules import import_named
from gradatim.errors import shown
from gradatim.plans.tree import FARTHEST

_EXAMPLE = '"warmup_cosine(peak=3e-4, warmup=500, steps=10_000)"'


def whole_number(text: str) -> int:
    """The number of an option that counts: ``10000``, ``10_000`` or ``1e4``."""
    number = _whole_number(text)
    if number is None:
        raise typer.BadParameter(f"{shown(text)} is not a whole number, such as 10000 or 1e4.")
    if abs(number) > FARTHEST:
        raise typer.BadParameter(
            f"{shown(text)} is above 2**63, the last update that can be counted."
        )
    return number


def _whole_number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


PlanArgument = Annotated[
    str,
    typer.Argument(
        metavar="PLAN",
        show_default=False,
        help=f"A plan file, a schedule such as {_EXAMPLE}, or - to read one of them from stdin.",
    ),
]
PlanArguments = Annotated[
    list[str],
    typer.Argument(
        metavar="[NAME=]PLAN...",
        show_default=False,
        help=f"Plan files, schedules such as {_EXAMPLE}, or - for stdin. Several are drawn over "
        "each other; NAME= in front of one sets its name.",
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        "--steps",
        "--updates",
        parser=whole_number,
        metavar="NUMBER",
        help="Updates of the run, if the plan does not define its run.",
    ),
]
StepsOfEach = Annotated[
    int | None,
    typer.Option(
        "--steps",
        "--updates",
        parser=whole_number,
        metavar="NUMBER",
        help="Updates of the run. Default: those of each schedule.",
    ),
]
TargetName = Annotated[
    str | None,
    typer.Option(
        "--value",
        metavar="TARGET",
        show_default=False,
        help="Only this target of the plan, such as lr or lr/head. Default: all of them.",
    ),
]


def _import_modules(modules: list[str] | None) -> list[str] | None:
    for name in modules or ():
        dotted = name.removesuffix(".py").strip("./").replace("/", ".")
        hint = f"Write --import {dotted}." if dotted != name else "Write --import mypkg.schedules."
        import_named("--import", name, name, hint)
    return modules


Import = Annotated[
    list[str] | None,
    typer.Option(
        "--import",
        metavar="MODULE",
        show_default=False,
        callback=_import_modules,
        help="A module of yours to import first, such as mypkg.schedules, so that the schedules "
        "defined in it are known by name. The current directory is importable. Repeatable.",
    ),
]
