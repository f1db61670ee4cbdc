"""``gradatim diff``: where two plans differ, in their targets, rules and runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from gradatim.cli import _terminal
from gradatim.cli._arguments import Import, PlanArgument, Steps, TargetName
from gradatim.cli._plans import Source, load, split_name
from gradatim.core.build import build
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.core.sketch import value_at as value_at
from gradatim.drive import Plan, Target
from gradatim.errors import unknown_name

if TYPE_CHECKING:
    from gradatim.look.axis import Axis

_MARKS = "AB"
_MOST_FIELDS = 40

Json = Annotated[bool, typer.Option("--json", help="The differences as JSON.")]
Field = tuple[str, str, str]
"""The place of a field in a config, and its entry in each of two plans."""


class Side(NamedTuple):
    """One of the two plans, and its label in the output."""

    label: str
    plan: Plan


class Difference(NamedTuple):
    """How two schedules of one target differ."""

    fields: list[Field]
    step: int
    """The step of the largest gap."""
    gap: float
    """The largest gap, second minus first."""


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
    sides = _sides(split_name(a), split_name(b), steps)
    one, other = (side.plan for side in sides)
    wanted = None if value is None else Target.read(value)
    if wanted is not None and wanted not in one and wanted not in other:
        raise unknown_name("diff", "target", value, {str(target) for target in (*one, *other)})
    targets = [t for t in dict.fromkeys((*one, *other)) if wanted in (None, t)]
    axes = {t: _axis(one, other, t) for t in targets if t in one and t in other}
    found = {t: compare(one[t], other[t], axis.steps) for t, axis in axes.items()}
    only = {"A": [str(t) for t in targets if t not in other]}
    only["B"] = [str(t) for t in targets if t not in one]
    values = dict.fromkeys(target.value for target in targets)
    rules = [field for name in values for field in _rule_fields(name, one, other)]
    run = [] if wanted else _run_fields(one.run, other.run)
    if as_json:
        each = {str(target): difference._asdict() for target, difference in found.items()}
        print(json.dumps({"targets": each, "only_in": only, "rules": rules, "run": run}))
    else:
        _print(sides, axes, found, only, {"rules": rules, "run": run})
    gaps = any(difference.gap for difference in found.values())
    if gaps or rules or any(only.values()) or (run and one.run and other.run):
        raise typer.Exit(1)


def _sides(a: Source, b: Source, steps: int | None) -> tuple[Side, Side]:
    labels = [
        source.name if source.name != source.plan else letter
        for source, letter in ((a, "A"), (b, "B"))
    ]
    if labels[0] == labels[1]:
        labels = ["A", "B"]
    return Side(labels[0], load(a, steps)), Side(labels[1], load(b, steps))


def _axis(one: Plan, other: Plan, target: Target) -> Axis:
    """How far to look at a target: to the end of the run, or of a schedule that has one.

    Raises:
        GradatimError: If the plans are measured by different clocks.
    """
    from gradatim.look.axis import axis_of_target

    axis = axis_of_target("diff", {"A": one, "B": other}, target)
    longest = max(one[target].length or 0, other[target].length or 0)
    return axis._replace(steps=max(axis.steps, longest))


def _run_fields(one: Run | None, other: Run | None) -> list[Field]:
    """The fields in which two runs differ, or the one run that there is."""
    if one is None or other is None:
        return [] if one is other else [("all", _as_text(one), _as_text(other))]
    return list(_fields(dict(one.items()), dict(other.items()), ""))


def _rule_fields(value: str, *plans: Plan) -> Iterator[Field]:
    """The fields in which the rules for a value differ."""
    one, other = (plan.rules[value].config() if value in plan.rules else None for plan in plans)
    return _fields(one, other, value)


def compare(one: Schedule, other: Schedule, steps: int) -> Difference:
    """The fields in which two schedules differ, and the largest difference of their values."""
    from gradatim.look.points import largest_gap

    step, gap = largest_gap(one, other, steps)
    return Difference(list(_fields(one.config(), other.config(), "")), step, gap)


def _print(
    sides: tuple[Side, Side],
    axes: Mapping[Target, Axis],
    found: Mapping[Target, Difference],
    only: Mapping[str, list[str]],
    parts: Mapping[str, list[Field]],
) -> None:
    differ = any(each.fields or each.gap for each in found.values())
    if not differ and not any(only.values()) and not any(parts.values()):
        print(f"They are the same {'schedule' if len(found) == 1 else 'plan'}.")
        return
    for target, difference in found.items():
        if len(found) > 1:
            print(f"{target}:" if difference.fields else f"{target}: the same in both.")
        if difference.fields:
            _print_fields("field", sides, difference.fields)
            _print_gap(target, sides, axes[target], difference)
        print()
    for side, names in zip(sides, only.values(), strict=True):
        for name in names:
            print(f"{name} is only in {side.label}.", end="\n\n")
    for name, fields in parts.items():
        if fields:
            _print_fields(name, sides, fields)


def _print_fields(header: str, sides: tuple[Side, Side], fields: list[Field]) -> None:
    _terminal.print_table([(header, *(side.label for side in sides)), *fields[:_MOST_FIELDS]])
    if len(fields) > _MOST_FIELDS:
        print(f"and {len(fields) - _MOST_FIELDS} more fields")
    print()


def _print_gap(
    target: Target, sides: tuple[Side, Side], axis: Axis, difference: Difference
) -> None:
    from gradatim.look.blocks import chart

    end = axis.label_of(axis.steps)
    if not difference.gap:
        steps = f"{axis.steps:,}" if axis.clock == "updates" else end
        print(f"Their values are the same at every step looked at, of {steps}.")
        return
    lines = chart(
        [side.plan[target] for side in sides],
        axis.steps,
        width=_terminal.width(),
        end="" if axis.clock == "updates" else end,
        ascii=_terminal.ascii_only(),
        colours=_terminal.colours(),
        marks=_MARKS,
    )
    print(*lines, "", sep="\n")
    named = [
        f"{_terminal.mark(i, _MARKS)} {side.label}"
        for i, side in enumerate(sides)
        if side.label != _MARKS[i]
    ]
    if named:
        print("  ".join(named))
    at_step = [
        f"{side.label} has {_terminal.format_number(value_at(side.plan[target], difference.step))}"
        for side in sides
    ]
    print(
        f"Largest gap of {target}: {_terminal.format_number(abs(difference.gap))} at "
        f"{axis.label_of(difference.step)}, where {' and '.join(at_step)}."
    )


def _fields(one: Any, other: Any, place: str) -> Iterator[Field]:
    """The places at which two configs differ, with both entries."""
    if isinstance(one, dict) and isinstance(other, dict):
        # Schedules of different classes have no fields in common.
        if len(one) == len(other) == 1 and one.keys() != other.keys():
            yield place or "all", _as_text(one), _as_text(other)
            return
        for key in dict.fromkeys([*one, *other]):
            inside = f"{place}.{key}" if place else str(key)
            yield from _fields(one.get(key), other.get(key), inside)
    elif isinstance(one, list) and isinstance(other, list):
        for i, (x, y) in enumerate(zip_longest(one, other)):
            yield from _fields(x, y, f"{place}[{i}]")
    elif one != other:
        yield place, _as_text(one), _as_text(other)


def _as_text(entry: Any) -> str:
    if isinstance(entry, dict):
        return repr(build(entry))
    return "-" if entry is None else repr(entry)
