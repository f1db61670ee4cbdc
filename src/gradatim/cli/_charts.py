"""How ``gradatim show`` prints plans: each target with a chart and its key points, then the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gradatim.cli import _terminal
from gradatim.cli._shown_plans import ShownPlans
from gradatim.core.decays import Constant
from gradatim.core.run.clocks import format_ticks
from gradatim.core.schedule import Schedule
from gradatim.drive import Target

if TYPE_CHECKING:
    from gradatim.core.run.run import Run
    from gradatim.look.axis import Axis

_ONLY_CHART, _ONE_OF_SEVERAL = 12, 8
"""The lines of a chart."""
_MOST_CHARACTERS = 300


def print_plans(shown: ShownPlans) -> None:
    """Print every target of the plans, their rules and their runs.

    Raises:
        GradatimError: If two plans are measured by different clocks; nothing is printed then.
    """
    from gradatim.look.points import table_of_points

    axes = shown.axes
    for target in shown.targets:
        schedules = shown.schedules_of(target)
        _print_schedules(shown, target, schedules)
        if len(shown.targets) > 1 and all(isinstance(s, Constant) for s in schedules.values()):
            print()  # a chart of a constant shows nothing that its text does not
            continue
        numbers = [shown.number_of(name) for name in schedules]
        _print_chart(axes[target], schedules, numbers, len(shown.targets) == 1)
        rows = table_of_points(list(schedules.values()), axes[target], numbers)
        _terminal.print_table(rows, right=range(1, len(rows[0])))
        print()
    _print_rules_and_runs(shown)


def _print_schedules(shown: ShownPlans, target: Target, schedules: Mapping[str, Schedule]) -> None:
    if not shown.several:
        (schedule,) = schedules.values()
        print(_terminal.wrapped(f"{target}: {_shortened(repr(schedule))}"))
        return
    print(target)
    for name, schedule in schedules.items():
        text = f": {_shortened(repr(schedule))}" if shown.sources[name].has_name else ""
        mark = _terminal.mark(shown.number_of(name))
        print(f"  {mark} {_terminal.wrapped(f'{_shortened(name)}{text}', 4)}")


def _print_chart(
    axis: Axis, schedules: Mapping[str, Schedule], numbers: Sequence[int], only_chart: bool
) -> None:
    from gradatim.look.blocks import chart

    lines = chart(
        list(schedules.values()),
        axis.steps,
        width=_terminal.width(),
        height=_ONLY_CHART if only_chart else _ONE_OF_SEVERAL,
        end="" if axis.clock == "updates" else axis.label_of(axis.steps),
        ascii=_terminal.ascii_only(),
        colours=_terminal.colours(),
        numbers=numbers,
    )
    print("", *lines, "", sep="\n")


def _print_rules_and_runs(shown: ShownPlans) -> None:
    for name, plan in shown.plans.items():
        where = f" in {_shortened(name)}" if shown.several else ""
        for value, rule in plan.rules.items():
            print(_terminal.wrapped(f"rule of {value}{where}: {rule!r}"))
        if plan.run is not None:
            print(_terminal.wrapped(f"run{where}: {_length_of(plan.run)}, {plan.run!r}"))
    if any(plan.ticks is None for plan in shown.plans.values()):
        print(
            f"No schedule has an end; {shown.axis.steps:,} updates are shown. --steps sets another "
            "number."
        )


def _length_of(run: Run) -> str:
    """The length of a run by its clock, and in updates if that is known."""
    known = [] if run.steps is None else [f"{run.steps:,} updates"]
    if run.clock not in ("updates", "progress"):
        known.insert(0, format_ticks(run.ticks, run.clock))
    return ", ".join(known) or "by its progress"


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 3]}..."
