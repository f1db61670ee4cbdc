"""What a verb is given: a plan file, the text of a schedule, or one of them on stdin."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from gradatim.core.errors import GradatimError, refuse, shown, unknown
from gradatim.core.run.by_updates import ByUpdates, clock_for
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.core.user_modules import import_named
from gradatim.drive import Plan, Target

_ENDINGS = (".yaml", ".yml", ".toml", ".json")
_STDIN = "-"
_MOST_CHARACTERS = 200_000

Given = Annotated[
    str,
    typer.Argument(
        metavar="PLAN",
        show_default=False,
        help='A plan file, a text such as "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)", '
        "or - for one of them on stdin.",
    ),
]
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
        "--import",
        metavar="MODULE",
        show_default=False,
        callback=_imported,
        help="A module of yours to import first, such as mypkg.schedules, so that the schedules "
        "defined in it are known by name. The current directory is importable. Repeat it.",
    ),
]
Value = Annotated[
    str | None,
    typer.Option(
        metavar="TARGET",
        show_default=False,
        help="Only this target of the plan, such as lr or lr/head. Default: all of them.",
    ),
]


def is_file(given: str) -> bool:
    """Whether this is meant as the name of a plan file."""
    return given.lower().endswith(_ENDINGS)


def read(given: str, updates: int | None = None) -> Plan:
    """The plan in the file of this name or on stdin, or one whose "lr" is the schedule given.

    Raises:
        GradatimError: If it is none of these, or both the plan and --steps say how long it is.
    """
    if updates is not None and updates < 1:
        raise refuse("--steps", "it", updates, "1 or more")
    plan = _read(given)
    if updates is None:
        return plan
    if plan.run is not None:
        raise GradatimError(f"--steps: {given} has a run of its own. Leave it out.")
    return plan.replaced(plan.schedules, plan.rules, Run(steps=updates))


def _read(given: str) -> Plan:
    if is_file(given):
        from gradatim.plans import load_plan

        return load_plan(given)
    if given == _STDIN:
        text = stdin()
        ending = _ending(text)
        if ending:
            from gradatim.plans.plan import read_plan

            try:
                return read_plan(text, ending)
            except GradatimError as error:
                raise GradatimError(f"stdin: {error}") from None
        given = text.strip()
    if "(" not in given:
        found = " It is a folder." if os.path.isdir(given) else ""
        raise GradatimError(
            f"{shown(given)} is neither a plan file ({', '.join(_ENDINGS)}) nor a schedule such as "
            f'"warmup_cosine(peak=3e-4, warmup=500, steps=10_000)".{found}'
        )
    from gradatim.core.text import parse

    return Plan({"lr": parse(given)})


def stdin() -> str:
    """What stands on stdin.

    Raises:
        GradatimError: If that is nothing, or no text.
    """
    try:
        text = sys.stdin.read(_MOST_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        raise GradatimError(f"-: stdin is no UTF-8 text, at byte {error.start + 1}.") from None
    if not text.strip():
        raise GradatimError("-: there is nothing on stdin. It can be read only once.")
    if len(text) > _MOST_CHARACTERS:
        raise GradatimError(f"-: stdin has more than {_MOST_CHARACTERS} characters.")
    return text


def _ending(text: str) -> str:
    """The ending of a file of the format that this text has; none for a schedule's text."""
    if re.match(r'\s*\{\s*"', text):
        return ".json"
    if re.search(r"""^["']?(format|run|schedules)["']?\s*:""", text, re.M) or text[:1] == "{":
        return ".yaml"
    return ".toml" if re.search(r"^\s*(format\s*=|run\b.*=|\[schedules)", text, re.M) else ""


def only(given: str, plan: Plan, value: str | None) -> Plan:
    """The plan with the target of this name alone, and the rule for it; all of it without one.

    Raises:
        GradatimError: If no target has that name.
    """
    if value is None:
        return plan
    target = Target.read(value)
    if target not in plan:
        raise unknown(f"--value: {shown(given)}", "target", value, map(str, plan))
    rules = {name: rule for name, rule in plan.rules.items() if name == target.value}
    return plan.replaced({target: plan[target]}, rules, plan.run)


def rate(verb: str, given: str) -> Schedule:
    """The one schedule of the learning rate that this verb needs, out of a plan or a text.

    What else the plan has is named on stderr: the verb leaves it out.

    Raises:
        GradatimError: If the plan has none for all of the model, or if it cannot be read.
    """
    plan = read(given)
    rates = [target for target in plan if target.value == "lr"]
    if len(rates) != 1:
        have = ", ".join(map(str, plan))
        raise GradatimError(
            f"{verb}: one schedule for the learning rate is needed, and {given} has {have}. "
            "Give the text of one schedule."
        )
    schedule = in_updates(verb, given, plan, rates[0])
    others = [str(target) for target in plan if target not in rates]
    others += [f"the rule of {name}" for name in plan.rules]
    if others:
        left_out = ", ".join(others)
        print(f"{verb}: only {rates[0]} of {given} is used, not {left_out}.", file=sys.stderr)
    return schedule


def in_updates(verb: str, given: str, plan: Plan, target: Target) -> Schedule:
    """The schedule of a target, for a verb that counts updates.

    Raises:
        GradatimError: If it follows another clock.
    """
    clock = clock_for(plan[target], plan.run)
    if clock != "updates":
        raise GradatimError(
            f"{verb}: a schedule of the updates is needed, and {target} of {given} is measured by "
            f"the clock {clock!r}. Write it in updates, for as many as you expect."
        )
    schedule = plan[target]
    return schedule.schedule if isinstance(schedule, ByUpdates) else schedule


def rates(verb: str, texts: Sequence[str]) -> dict[str, Schedule]:
    """The schedules of the learning rate by name, from texts such as "short=wsd(...)".

    A text without a name is its own.

    Raises:
        GradatimError: If names are not different, or a schedule cannot be read.
    """
    found: dict[str, Schedule] = {}
    for text in texts:
        before, equals, after = text.partition("=")
        name, body = (before, after) if equals and "(" not in before else (text, text)
        name = name.strip()
        if not name or name in found:
            raise GradatimError(
                f"{verb}: schedules need different names, got {name!r} in {text!r}. "
                'Write "name=warmup_cosine(...)".'
            )
        try:
            found[name] = rate(verb, body.strip())
        except GradatimError as error:
            place = "" if str(error).startswith(f"{verb}: ") else f"{verb}: schedule {text!r}: "
            raise GradatimError(f"{place}{error}") from None
    return found
