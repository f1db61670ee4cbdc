"""``gradatim show``: every target of a plan with its curve and key points, the rules, the run."""

from __future__ import annotations

import csv as csv_files
import json
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from gradatim.cli import _terminal
from gradatim.cli._arguments import Import, PlanArguments, Steps, TargetName
from gradatim.cli._charts import print_plans
from gradatim.cli._out import writing
from gradatim.cli._plans import load, only_target, sources
from gradatim.cli._shown_plans import ShownPlans
from gradatim.core import atomic
from gradatim.core.run.durations import in_ticks
from gradatim.core.run.run import Run
from gradatim.core.sketch import value_at as value_at
from gradatim.drive import Plan
from gradatim.errors import GradatimError, invalid_value

_MOST_ROWS = 1_000

At = Annotated[
    list[str] | None,
    typer.Option(
        metavar="STEP",
        show_default=False,
        help='Only the values at a step, or in a run with another clock at "90 s". Repeatable.',
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Key points and values as JSON.")]
Csv = Annotated[bool, typer.Option("--csv", help="Steps and values, at most 1,001 of them.")]
Formula = Annotated[bool, typer.Option("--formula", help="The formulas as LaTeX; needs SymPy.")]
Out = Annotated[
    Path | None,
    typer.Option(show_default=False, help="Write a picture (.png, .svg) or a report (.html)."),
]


def show(
    plans: PlanArguments,
    steps: Steps = None,
    value: TargetName = None,
    at: At = None,
    as_json: Json = False,
    csv: Csv = False,
    formula: Formula = False,
    out: Out = None,
    modules: Import = None,
) -> None:
    """Show every target of a plan with its curve and its key points, the rules and the run."""
    kinds = {"--at": at, "--formula": formula, "--out": out, "--json": as_json, "--csv": csv}
    wanted = [option for option, given in kinds.items() if given]
    if len(wanted) > 1 and wanted != ["--at", "--json"]:
        raise GradatimError(
            f"show: {wanted[0]} and {wanted[1]} are different outputs. Leave one of them out."
        )
    given = sources("show", plans)
    shown = ShownPlans(given, [only_target(one, load(one, steps), value) for one in given])
    if at:
        _print_values(shown, _steps_at(at, shown), as_json)
    elif formula:
        _print_formulas(shown)
    elif out is not None:
        _save(out, shown)
    elif as_json:
        _print_json(shown)
    elif csv:
        _print_csv(shown)
    else:
        print_plans(shown)


def _steps_at(given: list[str], shown: ShownPlans) -> list[int]:
    """The steps of ``--at``: whole numbers, or lengths such as "90 s" of the run."""
    run = next((plan.run for plan in shown.plans.values() if plan.run is not None), None)
    by_run: Run | int | None = run if run is not None and run.clock == shown.axis.clock else None
    steps = []
    for text in given:
        try:
            length: int | str = int(float(text)) if float(text).is_integer() else text
        except ValueError:
            length = text
        if isinstance(length, int) and length < 0:
            raise invalid_value("--at", "a step", length, "0 or more")
        if run is None and isinstance(length, str) and not length.endswith("%"):
            hint = "Give a plan file with a run for a length such as '2 epochs'."
            raise invalid_value("--at", "a step", length, "a number, or a share such as '5%'", hint)
        steps.append(in_ticks("--at", "step", length, shown.axis.steps if run is None else by_run))
    return steps


def _print_values(shown: ShownPlans, steps: list[int], as_json: bool) -> None:
    columns = {
        name: {step: value_at(schedule, step) for step in steps}
        for name, schedule in shown.columns().items()
    }
    only = next(iter(columns.values())) if len(columns) == 1 else None
    if as_json:
        print(json.dumps(columns if only is None else only))
    elif only is not None:
        for step in steps:
            print(repr(only[step]))
    else:
        rows = [(f"{step}", *(repr(values[step]) for values in columns.values())) for step in steps]
        _terminal.print_table([(shown.step_header, *columns), *rows], right=range(len(columns) + 1))


def _print_json(shown: ShownPlans) -> None:
    pages = [_as_json(name, plan, shown) for name, plan in shown.plans.items()]
    json.dump(pages if len(pages) > 1 else pages[0], sys.stdout, indent=1)
    print()


def _as_json(name: str, plan: Plan, shown: ShownPlans) -> dict[str, object]:
    from gradatim.core.sketch import sample_points
    from gradatim.look.points import key_points

    targets = {}
    for target, schedule in plan.schedules.items():
        axis = shown.axes[target]
        points = key_points(schedule, axis.steps, axis.clock)
        targets[str(target)] = {
            "schedule": schedule.config(),
            "text": repr(schedule),
            "clock": axis.clock,
            "key_points": [point._asdict() for point in points],
            "curve": [list(point) for point in sample_points(schedule, axis.steps - 1, 200)],
        }
    return {
        "name": name,
        "updates": _updates_of(plan, shown),
        "clock": shown.axis.clock,
        **{key: entry for key, entry in plan.config().items() if key != "schedules"},
        "targets": targets,
    }


def _updates_of(plan: Plan, shown: ShownPlans) -> int | None:
    """The updates of the run; if the plan has none, those that are shown."""
    if plan.run is None or plan.run.clock == "updates":
        return shown.axis.steps
    return plan.run.steps


def _print_csv(shown: ShownPlans) -> None:
    columns, last = shown.columns(), shown.axis.steps - 1
    rows = min(last, _MOST_ROWS)
    file = csv_files.writer(sys.stdout, lineterminator="\n")
    file.writerow([shown.step_header, *columns])
    for i in range(rows + 1):
        step = last * i // max(rows, 1)
        file.writerow([step, *(repr(value_at(schedule, step)) for schedule in columns.values())])


def _print_formulas(shown: ShownPlans) -> None:
    from gradatim.look.formula import latex

    columns = shown.columns()
    for name, schedule in columns.items():
        print(f"{name}: {latex(schedule)}" if len(columns) > 1 else latex(schedule))


def _save(out: Path, shown: ShownPlans) -> None:
    endings = (".png", ".svg", ".html")
    if out.suffix.lower() not in endings:
        raise invalid_value("--out", "the name of the file", str(out), "one in .png, .svg or .html")
    with writing(out):
        if out.suffix.lower() == ".html":
            _save_report(out, shown)
        else:
            _save_picture(out, shown)
    print(out)


def _save_report(out: Path, shown: ShownPlans) -> None:
    from gradatim.look import report

    if shown.several:
        report(shown.plans, out)
        return
    ((name, plan),) = shown.plans.items()
    title = f"The plan {name}" if shown.sources[name].has_name else ""
    report(plan, out, steps=None if plan.run else shown.axis.steps, title=title)


def _save_picture(out: Path, shown: ShownPlans) -> None:
    from gradatim.look import panels
    from gradatim.look.figures import file_content

    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Glyph .* missing from font")
        figure, form = panels(shown.plans), out.suffix[1:].lower()
        try:
            content = file_content(figure, form)
        except UserWarning:
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            content = file_content(figure, form)
            print(
                "show: the font of pictures lacks letters of a name, which are drawn as boxes. A "
                "report has them: --out curves.html.",
                file=sys.stderr,
            )
    atomic.replace_file(out, content)
