"""``gradatim diff``: where two schedules differ, in their fields and in their values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Annotated, Any

import typer

from gradatim.cli import _page
from gradatim.cli._source import Given, Import, Updates, Value, read
from gradatim.core._config import build
from gradatim.core.schedule import Schedule

Json = Annotated[bool, typer.Option("--json", help="The differences as JSON.")]


def diff(
    a: Given,
    b: Given,
    updates: Updates = None,
    value: Value = None,
    as_json: Json = False,
    modules: Import = None,
) -> None:
    """Compare two schedules: fields, curves, the largest gap. Exits with 1 if values differ."""
    first, second = read(a, updates), read(b, updates)
    (name, one), (_, other) = first.one(value), second.one(value)
    # Where one has no end, the other one, or its run, says how far to look.
    pairs = ((first, one), (second, other))
    known = [source.steps(s) for source, s in pairs if source.run or s.length]
    steps = max(known or [source.steps(s) for source, s in pairs])
    fields = list(_fields(one.config(), other.config(), ""))
    step, gap = largest_gap(one, other, steps)
    if as_json:
        found = {"fields": [list(field) for field in fields], "step": step, "gap": gap}
        print(json.dumps(found))
    else:
        _print(name, one, other, steps, fields, step, gap)
    if gap:
        raise typer.Exit(1)


def largest_gap(one: Schedule, other: Schedule, steps: int) -> tuple[int, float]:
    """The step with the largest difference, and the difference there, second minus first.

    Every step of a short run is compared; of a long one, points along it and around all joins.
    """
    from gradatim.core.sketch import sample, value

    if steps <= 20_000:
        looked = list(range(steps))
    else:
        looked = [p.step for s in (one, other) for p in sample(s, steps - 1, 5_000)]
    gaps = {step: value(other, step) - value(one, step) for step in looked}
    where = max(gaps, key=lambda step: abs(gaps[step]))
    return where, gaps[where]


def _print(
    name: str, one: Schedule, other: Schedule, steps: int,
    fields: list[tuple[str, str, str]], step: int, gap: float,
) -> None:  # fmt: skip
    from gradatim.core.sketch import value
    from gradatim.look.blocks import chart, mark

    if not fields and not gap:
        print("They are the same schedule.")
        return
    if fields:
        _page.table([("field", "A", "B"), *fields[:40]])
        if len(fields) > 40:
            print(f"and {len(fields) - 40} more fields")
        print()
    if not gap:
        print(f"Their values are the same at every step looked at, of {steps:,}.")
        return
    ways: dict[str, bool] = {"ascii": _page.ascii_only(), "colours": _page.colours()}
    print("\n".join(chart([one, other], steps, width=_page.width(), **ways)), end="\n\n")
    if mark(0, **ways):
        print(f"A {mark(0, **ways)}  B {mark(1, **ways)}")
    x, y = value(one, step), value(other, step)
    print(
        f"Largest gap of {name}: {_page.number(abs(gap))} at step {step:,}, where A has "
        f"{_page.number(x)} and B {_page.number(y)}."
    )


def _fields(one: Any, other: Any, place: str) -> Iterator[tuple[str, str, str]]:
    """The places at which two configs differ, with both entries."""
    if isinstance(one, dict) and isinstance(other, dict):
        # Two kinds of schedule have no common fields.
        if len(one) == len(other) == 1 and one.keys() != other.keys():
            yield (
                place or "all",
                _said(one),
                _said(other),
            )
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
