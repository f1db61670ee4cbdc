"""``gradatim diff``: where two plans differ, in their targets, rules and runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from gradatim.cli import _page
from gradatim.cli._source import Given, Import, Updates, Value, read
from gradatim.core.errors import unknown
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.core.sketch import sample
from gradatim.core.sketch import value as value_at
from gradatim.core.values.value import build
from gradatim.drive import Plan, Target

if TYPE_CHECKING:
    from gradatim.look.axis import Axis

_MOST_FIELDS = 40
_EVERY_STEP = 20_000

Json = Annotated[bool, typer.Option("--json", help="The differences as JSON.")]
Field = tuple[str, str, str]


class Difference(NamedTuple):
    """How two schedules of one target differ."""

    fields: list[Field]
    step: int
    """The step of the largest gap."""
    gap: float
    """The largest gap, second minus first."""


def diff(
    a: Given,
    b: Given,
    updates: Updates = None,
    value: Value = None,
    as_json: Json = False,
    modules: Import = None,
) -> None:
    """Compare two plans: every target, the rules, the run.

    Exits with 1 if values, rules or runs differ. A run that only one of them has is no difference.
    """
    one, other = read(a, updates), read(b, updates)
    wanted = None if value is None else Target.read(value)
    if wanted is not None and wanted not in one and wanted not in other:
        raise unknown("diff", "target", value, {str(target) for target in (*one, *other)})
    targets = [t for t in dict.fromkeys((*one, *other)) if wanted in (None, t)]
    axes = {t: _axis(one, other, t) for t in targets if t in one and t in other}
    found = {t: compared(one[t], other[t], axis.steps) for t, axis in axes.items()}
    only = {"A": [str(t) for t in targets if t not in other]}
    only["B"] = [str(t) for t in targets if t not in one]
    values = dict.fromkeys(target.value for target in targets)
    rules = [field for name in values for field in _of_rule(name, one, other)]
    run = [] if wanted else _of_run(one.run, other.run)
    if as_json:
        each = {str(target): difference._asdict() for target, difference in found.items()}
        print(json.dumps({"targets": each, "only_in": only, "rules": rules, "run": run}))
    else:
        _print(one, other, axes, found, only, {"rules": rules, "run": run})
    gaps = any(difference.gap for difference in found.values())
    if gaps or rules or any(only.values()) or (run and one.run and other.run):
        raise typer.Exit(1)


def _axis(one: Plan, other: Plan, target: Target) -> Axis:
    """How far to look at a target: as far as a run says, or a schedule with an end.

    Raises:
        GradatimError: If the plans are measured by different clocks.
    """
    from gradatim.look.axis import axis_of_target

    axis = axis_of_target("diff", {"A": one, "B": other}, target)
    longest = max(one[target].length or 0, other[target].length or 0)
    return axis._replace(steps=max(axis.steps, longest))


def _of_run(one: Run | None, other: Run | None) -> list[Field]:
    """The entries in which two runs differ, or the one run that there is."""
    if one is None or other is None:
        return [] if one is other else [("all", _said(one), _said(other))]
    return list(_fields(dict(one.items()), dict(other.items()), ""))


def _of_rule(value: str, *plans: Plan) -> Iterator[Field]:
    """The fields in which the rules for a value differ."""
    one, other = (plan.rules[value].config() if value in plan.rules else None for plan in plans)
    return _fields(one, other, value)


def compared(one: Schedule, other: Schedule, steps: int) -> Difference:
    """The fields in which two schedules differ, and the largest difference of their values.

    Every step of a short run is compared; of a long one, points along it and around all joins.
    """
    if steps <= _EVERY_STEP:
        looked = list(range(steps))
    else:
        looked = [p.step for s in (one, other) for p in sample(s, steps - 1, 5_000)]
    gaps = {step: value_at(other, step) - value_at(one, step) for step in looked}
    where = max(gaps, key=lambda step: abs(gaps[step]))
    return Difference(list(_fields(one.config(), other.config(), "")), where, gaps[where])


def _print(
    one: Plan,
    other: Plan,
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
            _table("field", difference.fields)
            _print_gap(target, one[target], other[target], axes[target], difference)
        print()
    for side, names in only.items():
        for name in names:
            print(f"{name} is only in {side}.", end="\n\n")
    for name, fields in parts.items():
        if fields:
            _table(name, fields)


def _table(head: str, fields: list[Field]) -> None:
    _page.table([(head, "A", "B"), *fields[:_MOST_FIELDS]])
    if len(fields) > _MOST_FIELDS:
        print(f"and {len(fields) - _MOST_FIELDS} more fields")
    print()


def _print_gap(
    target: Target, one: Schedule, other: Schedule, axis: Axis, difference: Difference
) -> None:
    from gradatim.look.blocks import chart, mark

    if not difference.gap:
        steps = f"{axis.steps:,}" if axis.clock == "updates" else axis.said(axis.steps)
        print(f"Their values are the same at every step looked at, of {steps}.")
        return
    ways: dict[str, bool] = {"ascii": _page.ascii_only(), "colours": _page.colours()}
    end = "" if axis.clock == "updates" else axis.said(axis.steps)
    print(*chart([one, other], axis.steps, width=_page.width(), end=end, **ways), "", sep="\n")
    if mark(0, **ways):
        print(f"A {mark(0, **ways)}  B {mark(1, **ways)}")
    step = difference.step
    x, y = value_at(one, step), value_at(other, step)
    print(
        f"Largest gap of {target}: {_page.number(abs(difference.gap))} at {axis.said(step)}, where "
        f"A has {_page.number(x)} and B {_page.number(y)}."
    )


def _fields(one: Any, other: Any, place: str) -> Iterator[Field]:
    """The places at which two configs differ, with both entries."""
    if isinstance(one, dict) and isinstance(other, dict):
        # Two kinds of schedule have no common fields.
        if len(one) == len(other) == 1 and one.keys() != other.keys():
            yield place or "all", _said(one), _said(other)
            return
        for key in dict.fromkeys([*one, *other]):
            inside = f"{place}.{key}" if place else str(key)
            yield from _fields(one.get(key), other.get(key), inside)
    elif isinstance(one, list) and isinstance(other, list):
        for i, (x, y) in enumerate(zip_longest(one, other)):
            yield from _fields(x, y, f"{place}[{i}]")
    elif one != other:
        yield place, _said(one), _said(other)


def _said(entry: Any) -> str:
    if isinstance(entry, dict):
        return repr(build(entry))
    return "-" if entry is None else repr(entry)
