"""What a verb is given: a plan file, or the text of a schedule."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, NamedTuple

import typer

from gradatim.core.errors import GradatimError, refuse, shown, unknown
from gradatim.core.run import Run
from gradatim.core.schedule import Schedule
from gradatim.core.user_modules import import_named

_ENDINGS = (".yaml", ".yml", ".toml", ".json")

Given = Annotated[
    str,
    typer.Argument(
        metavar="PLAN", show_default=False,
        help='A plan file, or a text such as "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)".',
    ),
]  # fmt: skip
Updates = Annotated[
    int | None,
    typer.Option(
        "--steps", "--updates", help="Updates of the run, where the plan does not say it."
    ),
]


def _imported(modules: list[str] | None) -> list[str] | None:
    for name in modules or ():
        dotted = name.removesuffix(".py").strip("./").replace("/", ".")
        hint = f"Write --import {dotted}." if dotted != name else "Write --import mypkg.schedules."
        import_named("--import", name, name, hint)
    return modules


Import = Annotated[
    list[str] | None,
    typer.Option(
        "--import", metavar="MODULE", show_default=False, callback=_imported,
        help="A module of yours to import first, such as mypkg.schedules, so that the schedules "
        "defined in it are known by name. The current directory is importable. Repeat it.",
    ),
]  # fmt: skip
Value = Annotated[
    str | None, typer.Option(help="Which value of the plan. Default: lr, or the first.")
]


class Source(NamedTuple):
    """The schedules under the names of what they drive, and the run if it is known."""

    schedules: Mapping[str, Schedule]
    run: Run | None

    def one(self, name: str | None) -> tuple[str, Schedule]:
        """The schedule of this name; without one "lr", or else the first."""
        if name is None:
            name = "lr" if "lr" in self.schedules else next(iter(self.schedules))
        if name not in self.schedules:
            raise unknown("--value", "value", name, self.schedules)
        return name, self.schedules[name]

    def steps(self, schedule: Schedule) -> int:
        """The updates to look at: the run's, or those of the schedule."""
        from gradatim.core.sketch import horizon

        return self.run.steps if self.run else horizon(schedule)


def is_file(given: str) -> bool:
    """Whether this is meant as the name of a plan file."""
    return given.lower().endswith(_ENDINGS)


def read(given: str, updates: int | None = None) -> Source:
    """The plan file of this name, or the schedule that the text is.

    Raises:
        GradatimError: If it is neither.
    """
    if updates is not None and updates < 1:
        raise refuse("--steps", "it", updates, "1 or more")
    if is_file(given):
        from gradatim.plans import load_plan

        plan = load_plan(given)
        if updates is not None and plan.run is not None:
            raise GradatimError(f"--steps: {given} has a run of its own. Leave it out.")
        return Source(
            {str(t): s for t, s in plan.schedules.items()},
            Run(steps=updates) if updates else plan.run,
        )
    if "(" not in given:
        found = " It is a folder." if os.path.isdir(given) else ""
        raise GradatimError(
            f"{shown(given)} is neither a plan file ({', '.join(_ENDINGS)}) nor a schedule such as "
            f'"warmup_cosine(peak=3e-4, warmup=500, steps=10_000)".{found}'
        )
    from gradatim.core._text import parse

    return Source({"lr": parse(given)}, Run(steps=updates) if updates else None)
