"""``gradatim show``: every target of a plan with its curve and key points, the rules, the run."""

from __future__ import annotations

import csv as csv_files
import io
import json
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradatim.cli import _page
from gradatim.cli._source import Import, Updates, Value, is_file, only, read
from gradatim.core import atomic
from gradatim.core.decays import Constant
from gradatim.core.errors import GradatimError, refuse
from gradatim.core.run.clocks import amount, ticks_of
from gradatim.core.run.durations import in_ticks
from gradatim.core.sketch import value as value_at
from gradatim.drive import Plan, Target

if TYPE_CHECKING:
    from gradatim.core.run.run import Run
    from gradatim.look.axis import Axis

_MOST_ROWS = 1_000
_ALONE, _AMONG_OTHERS = 12, 8
"""Lines of a chart: of the only one, and of one of several."""

Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="PLAN...",
        show_default=False,
        help='Plan files, texts such as "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)", or - '
        "for stdin. Several are drawn over each other.",
    ),
]
At = Annotated[
    list[str] | None,
    typer.Option(
        metavar="STEP",
        show_default=False,
        help='Only the values at a step, or in a run with another clock at "90 s". Repeat it.',
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
    plans: Sources,
    updates: Updates = None,
    value: Value = None,
    at: At = None,
    as_json: Json = False,
    csv: Csv = False,
    formula: Formula = False,
    out: Out = None,
    modules: Import = None,
) -> None:
    """Show every target of a plan with its curve and its key points, the rules and the run."""
    if len(set(plans)) < len(plans):
        raise GradatimError("show: a plan is given twice.")
    shown = {given: only(given, read(given, updates), value) for given in plans}
    curves = _Curves(shown)
    if at:
        _values(curves, _steps(at, curves), as_json)
    elif formula:
        _formulas(curves)
    elif out is not None:
        _write(out, curves)
    elif as_json:
        _json(curves)
    elif csv:
        _csv(curves)
    else:
        _print(curves)


class _Curves:
    """The plans by name, the targets of all of them, and how many updates are shown."""

    def __init__(self, plans: Mapping[str, Plan]) -> None:
        from gradatim.look.panels import targets

        self.plans = plans
        self.targets = targets(plans)

    @cached_property
    def axes(self) -> dict[Target, Axis]:
        """The axis of each target."""
        from gradatim.look.axis import axis_of_target

        return {target: axis_of_target("show", self.plans, target) for target in self.targets}

    @property
    def axis(self) -> Axis:
        """The axis of most targets: that of the run, or of the updates if all follow these."""
        axes = list(self.axes.values())
        return next((axis for axis in axes if axis.clock != "updates"), axes[0])

    def of(self, target: Target) -> dict[str, Any]:
        """The schedule of this target in each plan that has one."""
        return {name: plan[target] for name, plan in self.plans.items() if target in plan}

    def columns(self) -> dict[str, Any]:
        """Each schedule under the name of its target; of several plans also that of the plan.

        What follows the updates has no place in a table by another clock, and is named on stderr.
        """
        several = len(self.plans) > 1
        others = [target for target in self.targets if self.axes[target].clock != self.axis.clock]
        for target in others:
            print(
                f"show: {target} follows the updates and is left out. --value {target} shows it.",
                file=sys.stderr,
            )
        return {
            f"{name}: {target}" if several else str(target): schedule
            for target in self.targets
            if target not in others
            for name, schedule in self.of(target).items()
        }


def _print(curves: _Curves) -> None:
    from gradatim.look.blocks import chart, mark

    ways: dict[str, bool] = {"ascii": _page.ascii_only(), "colours": _page.colours()}
    height = _ALONE if len(curves.targets) == 1 else _AMONG_OTHERS
    several, axes = len(curves.plans) > 1, curves.axes
    for target in curves.targets:
        found = curves.of(target)
        if several:
            print(target)
            for i, (name, schedule) in enumerate(found.items()):
                sign = f"{i + 1}. {mark(i, **ways)}".rstrip()
                text = f": {_short(repr(schedule))}" if is_file(name) else ""
                print(f"  {sign} {_page.wrapped(f'{_short(name)}{text}', 5)}")
        else:
            print(_page.wrapped(f"{target}: {_short(repr(next(iter(found.values()))))}"))
        if len(curves.targets) > 1 and all(isinstance(s, Constant) for s in found.values()):
            print()
            continue  # a line that stays where it is, and its number stands there already
        axis = axes[target]
        end = "" if axis.clock == "updates" else axis.said(axis.steps)
        drawn = chart(
            list(found.values()), axis.steps, width=_page.width(), height=height, end=end, **ways
        )
        print("", *drawn, "", sep="\n")
        _key_points(curves, target)
        print()
    _about(curves)


def _key_points(curves: _Curves, target: Target) -> None:
    """The key points of one target: a column for the steps, or, of several plans, one a plan."""
    from gradatim.look.points import key_points

    axis = curves.axes[target]
    found = [key_points(s, axis.steps, axis.clock) for s in curves.of(target).values()]
    if len(curves.plans) == 1:
        rows = [
            (p.name, "" if p.step is None else axis.said(p.step), _page.number(p.value))
            for p in found[0]
        ]
        _page.table(rows, right=(1, 2))
        return
    names = dict.fromkeys(point.name for points in found for point in points)
    heads = [f"{i + 1}." for i in range(len(found))]
    cells = [
        {p.name: f"{_page.number(p.value)}{_at(p.step, axis)}" for p in points} for points in found
    ]
    body = [(name, *(points.get(name, "-") for points in cells)) for name in names]
    head = "value at step" if axis.clock == "updates" else "value"
    _page.table([(head, *heads), *body], right=range(1, len(found) + 1))


def _at(step: int | None, axis: Axis) -> str:
    if step is None:
        return ""
    return f" at {step:,}" if axis.clock == "updates" else f" at {axis.said(step)}"


def _about(curves: _Curves) -> None:
    """The rules and the run of each plan, and how long it is shown."""
    several = len(curves.plans) > 1
    for name, plan in curves.plans.items():
        of = f" in {_short(name)}" if several else ""
        for value, rule in plan.rules.items():
            print(_page.wrapped(f"rule of {value}{of}: {rule!r}"))
        if plan.run is not None:
            print(_page.wrapped(f"run{of}: {_lengths(plan.run)}, {plan.run!r}"))
    if any(plan.ticks is None for plan in curves.plans.values()):
        print(
            f"No schedule has an end; {curves.axis.steps:,} updates are shown. --steps says how "
            "many."
        )


def _lengths(run: Run) -> str:
    """How long a run is by its clock, and in updates where that is known."""
    known = [] if run.steps is None else [f"{run.steps:,} updates"]
    if run.clock not in ("updates", "progress"):
        known.insert(0, amount(run.ticks, run.clock))
    return ", ".join(known) or "by its progress"


def _short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:297]}..."


def _steps(given: list[str], curves: _Curves) -> list[int]:
    """The steps that were asked for: whole numbers, or lengths such as "90 s" of the run."""
    run = next((plan.run for plan in curves.plans.values() if plan.run is not None), None)
    by_run = run if run is not None and run.clock == curves.axis.clock else None
    steps = []
    for text in given:
        try:
            length: int | str = int(text)
        except ValueError:
            length = text
        if isinstance(length, int) and length < 0:
            raise refuse("--at", "a step", length, "0 or more")
        steps.append(in_ticks("--at", "step", length, by_run))
    return steps


def _values(curves: _Curves, steps: list[int], as_json: bool) -> None:
    columns = curves.columns()
    found = {name: {step: value_at(s, step) for step in steps} for name, s in columns.items()}
    one = next(iter(found.values())) if len(found) == 1 else None
    if as_json:
        print(json.dumps(found if one is None else one))
    elif one is not None:
        for rate in one.values():
            print(repr(rate))
    else:
        rows = [(f"{step}", *(repr(rates[step]) for rates in found.values())) for step in steps]
        _page.table([(_head(curves), *found), *rows], right=range(len(found) + 1))


def _head(curves: _Curves) -> str:
    """What the steps of a table are called."""
    clock = curves.axis.clock
    return "step" if clock == "updates" else ticks_of(clock)


def _json(curves: _Curves) -> None:
    from gradatim.core.sketch import sample
    from gradatim.look.points import key_points

    pages = [
        {
            "name": name,
            "updates": _updates(plan, curves),
            "clock": curves.axis.clock,
            **{key: entry for key, entry in plan.config().items() if key != "schedules"},
            "targets": {
                str(target): {
                    "schedule": schedule.config(),
                    "text": repr(schedule),
                    "clock": (axis := curves.axes[target]).clock,
                    "key_points": [
                        point._asdict() for point in key_points(schedule, axis.steps, axis.clock)
                    ],
                    "curve": [list(point) for point in sample(schedule, axis.steps - 1, 200)],
                }
                for target, schedule in plan.schedules.items()
            },
        }
        for name, plan in curves.plans.items()
    ]
    json.dump(pages if len(pages) > 1 else pages[0], sys.stdout, indent=1)
    print()


def _updates(plan: Plan, curves: _Curves) -> int | None:
    """The updates of the run; where it has none, those that are shown."""
    if plan.run is None or plan.run.clock == "updates":
        return curves.axis.steps
    return plan.run.steps


def _csv(curves: _Curves) -> None:
    columns, last = curves.columns(), curves.axis.steps - 1
    rows = min(last, _MOST_ROWS)
    file = csv_files.writer(sys.stdout, lineterminator="\n")
    file.writerow([_head(curves), *columns])
    for i in range(rows + 1):
        step = last * i // max(rows, 1)
        file.writerow([step, *(repr(value_at(schedule, step)) for schedule in columns.values())])


def _formulas(curves: _Curves) -> None:
    from gradatim.look.formula import latex

    columns = curves.columns()
    for name, schedule in columns.items():
        print(f"{name}: {latex(schedule)}" if len(columns) > 1 else latex(schedule))


def _write(out: Path, curves: _Curves) -> None:
    endings = (".png", ".svg", ".html")
    if out.suffix.lower() not in endings:
        raise refuse("--out", "the name of the file", out.name, "one in .png, .svg or .html")
    from gradatim import look

    try:
        if out.suffix.lower() == ".html":
            if len(curves.plans) > 1:
                raise GradatimError(
                    "--out: a report is about one plan. Write a picture, --out curves.png, or one "
                    "report for each plan."
                )
            ((name, plan),) = curves.plans.items()
            title = f"The plan {name}" if is_file(name) else "A learning-rate schedule"
            look.report(plan, out, steps=None if plan.run else curves.axis.steps, title=title)
        else:
            picture = io.BytesIO()
            figure = look.panels(curves.plans)
            figure.savefig(picture, format=out.suffix[1:].lower(), dpi=160)
            atomic.write(out, picture.getvalue())
    except OSError as error:
        raise GradatimError(f"--out: {out} cannot be written: {error.strerror}.") from None
    print(out)
