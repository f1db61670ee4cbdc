"""``gradatim diff``: where two plans differ, in their targets, rules and runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gradatim.cli import _terminal
from gradatim.cli._arguments import Import, PlanArgument, Steps, TargetName
from gradatim.cli._plans import Source, load, split_name
from gradatim.core.utf8 import as_utf8
from gradatim.drive import Target

if TYPE_CHECKING:
    from gradatim.look.comparison import Comparison, Field, TargetDifference

_MARKS = "AB"
_MOST_FIELDS = 40

Json = Annotated[bool, typer.Option("--json", help="The differences as JSON.")]


def diff(
    a: PlanArgument,
    b: PlanArgument,
    steps: Steps = None,
    value: TargetName = None,
    as_json: Json = False,
    modules: Import = None,
) -> None:
    """Compare two plans: every target, the rules, the run.

    Exits with 1 if values, rules or runs differ. A run in only one of them is not a difference.
    """
    from gradatim.look.comparison import compared

    given = [split_name(a), split_name(b)]
    plans = dict(zip(_labels(given), (load(source, steps) for source in given), strict=True))
    only = None if value is None else Target.read(as_utf8(value))
    found = compared("diff", plans, only)
    if as_json:
        print(json.dumps(_as_data(found)))
    else:
        _print(found)
    if found.differ:
        raise typer.Exit(1)


def _labels(given: Sequence[Source]) -> list[str]:
    """The names that the user gave to the plans, and "A" and "B" where there is none."""
    labels = [
        source.name if source.name != source.plan else letter
        for source, letter in zip(given, _MARKS, strict=True)
    ]
    return labels if labels[0] != labels[1] else list(_MARKS)


def _as_data(found: Comparison) -> dict[str, Any]:
    return {
        "targets": {
            str(target): {
                "fields": [[field.place, *field.entries] for field in each.fields],
                "step": gap.step,
                "gap": gap.size,
            }
            for target, each in found.targets.items()
            for gap in each.gaps.values()
        },
        "only_in": {
            letter: [str(t) for t, each in found.targets.items() if list(each.schedules) == [name]]
            for letter, name in zip(_MARKS, found.plans, strict=True)
        },
        "rules": [[field.place, *field.entries] for field in found.rules],
        "run": [[field.place, *field.entries] for field in found.run],
    }


def _print(found: Comparison) -> None:
    if found.all_equal:
        print(f"They are the same {'schedule' if len(found.targets) == 1 else 'plan'}.")
        return
    shared = {target: each for target, each in found.targets.items() if each.gaps}
    for target, each in shared.items():
        if len(shared) > 1:
            print(f"{target}:" if each.fields else f"{target}: the same in both.")
        if each.fields:
            _print_fields("field", found, each.fields)
            _print_gap(each)
        print()
    for target, each in found.targets.items():
        if not each.gaps:
            print(f"{target} is only in {next(iter(each.schedules))}.", end="\n\n")
    for name, fields in (("rules", found.rules), ("run", found.run)):
        if fields:
            _print_fields(name, found, fields)


def _print_fields(header: str, found: Comparison, fields: Sequence[Field]) -> None:
    rows = [(field.place, *field.entries) for field in fields[:_MOST_FIELDS]]
    _terminal.print_table([(header, *found.plans), *rows])
    if len(fields) > _MOST_FIELDS:
        print(f"and {len(fields) - _MOST_FIELDS} more fields")
    print()


def _print_gap(each: TargetDifference) -> None:
    from gradatim.look.blocks import chart

    ((name, gap),) = each.gaps.items()
    axis = each.axis
    end = axis.label_of(axis.steps)
    if not gap.size:
        steps = f"{axis.steps:,}" if axis.clock == "updates" else end
        print(f"Their values are the same at every step looked at, of {steps}.")
        return
    lines = chart(
        list(each.schedules.values()),
        axis.steps,
        width=_terminal.width(),
        end="" if axis.clock == "updates" else end,
        ascii=_terminal.ascii_only(),
        colours=_terminal.colours(),
        marks=_MARKS,
    )
    print(*lines, "", sep="\n")
    named = [
        f"{_terminal.mark(i, _MARKS)} {label}"
        for i, label in enumerate(each.schedules)
        if label != _MARKS[i]
    ]
    if named:
        print("  ".join(named))
    print(each.sentence(name))
