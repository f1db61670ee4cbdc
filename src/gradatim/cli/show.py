"""``gradatim show``: the curve, its key points, its formula, its values."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gradatim.cli import _page
from gradatim.cli._source import Given, Import, Updates, Value, is_file, read
from gradatim.core.errors import GradatimError, refuse
from gradatim.core.schedule import Schedule

_MOST_ROWS = 1_000

At = Annotated[
    list[int] | None,
    typer.Option(metavar="STEP", show_default=False, help="Only the value at a step. Repeat it."),
]
Json = Annotated[bool, typer.Option("--json", help="Key points and values as JSON.")]
Csv = Annotated[bool, typer.Option("--csv", help="Steps and values, at most 1,001 of them.")]
Formula = Annotated[bool, typer.Option("--formula", help="The formula as LaTeX; needs SymPy.")]
Out = Annotated[
    Path | None,
    typer.Option(show_default=False, help="Write a picture (.png, .svg) or a report (.html)."),
]


def show(
    plan: Given,
    updates: Updates = None,
    value: Value = None,
    at: At = None,
    as_json: Json = False,
    csv: Csv = False,
    formula: Formula = False,
    out: Out = None,
    modules: Import = None,
) -> None:
    """Show the curve of a schedule and its key points."""
    source = read(plan, updates)
    name, schedule = source.one(value)
    steps = source.steps(schedule)
    if at:
        _values(schedule, at, as_json)
    elif formula:
        _formula(schedule)
    elif out is not None:
        _write(out, plan, name, schedule, steps)
    elif as_json:
        _json(name, schedule, steps)
    elif csv:
        _csv(name, schedule, steps)
    else:
        _page_of(name, schedule, steps, [n for n in source.schedules if n != name])


def _page_of(name: str, schedule: Schedule, steps: int, others: list[str]) -> None:
    from gradatim.look.blocks import chart
    from gradatim.look.points import key_points

    print(f"{name}: {_short(repr(schedule))}\n")
    narrow = _page.ascii_only()
    print("\n".join(chart([schedule], steps, width=_page.width(), ascii=narrow)), end="\n\n")
    points = key_points(schedule, steps)
    _page.table(
        [(p.name, "" if p.step is None else f"step {p.step:,}", _page.number(p.value))
         for p in points], right=(1, 2),
    )  # fmt: skip
    if schedule.length is None:
        print(f"\nThe schedule has no end; {steps:,} updates are shown. --steps says how many.")
    if others:
        print(f"\nThe plan also has {', '.join(others)}. To see one: --value {others[0]}")


def _short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:297]}..."


def _values(schedule: Schedule, steps: list[int], as_json: bool) -> None:
    from gradatim.core.sketch import value

    for step in steps:
        if step < 0:
            raise refuse("--at", "a step", step, "0 or more")
    found = {step: value(schedule, step) for step in steps}
    if as_json:
        print(json.dumps(found))
        return
    for rate in found.values():
        print(repr(rate))


def _json(name: str, schedule: Schedule, steps: int) -> None:
    from gradatim.core.sketch import sample
    from gradatim.look.points import key_points

    page = {
        "value": name, "updates": steps, "schedule": schedule.config(), "text": repr(schedule),
        "key_points": [point._asdict() for point in key_points(schedule, steps)],
        "curve": [list(point) for point in sample(schedule, steps - 1, 200)],
    }  # fmt: skip
    json.dump(page, sys.stdout, indent=1)
    print()


def _csv(name: str, schedule: Schedule, steps: int) -> None:
    from gradatim.core.sketch import value

    rows = min(steps - 1, _MOST_ROWS)
    print(f"step,{name}")
    for i in range(rows + 1):
        step = (steps - 1) * i // max(rows, 1)
        print(f"{step},{value(schedule, step)!r}")


def _formula(schedule: Schedule) -> None:
    from gradatim.look.formula import latex

    print(latex(schedule))


def _write(out: Path, plan: str, name: str, schedule: Schedule, steps: int) -> None:
    endings = (".png", ".svg", ".html")
    if out.suffix.lower() not in endings:
        raise refuse("--out", "the name of the file", out.name, "one in .png, .svg or .html")
    from gradatim import look

    try:
        if out.suffix.lower() == ".html":
            title = f"Schedule of {name}{f' in {plan}' if is_file(plan) else ''}"
            look.report(schedule, out, steps=steps, title=title, value=name)
        else:
            figure: Any = look.plot({name: schedule}, steps=steps).figure
            figure.savefig(out, dpi=160)
    except OSError as error:
        raise GradatimError(f"--out: {out} cannot be written: {error.strerror}.") from None
    print(out)
