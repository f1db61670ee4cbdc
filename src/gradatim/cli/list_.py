"""``gradatim list``: all schedules, recipes and rules, or one of them in full."""

from __future__ import annotations

import json
import re
from typing import Annotated

import typer

from gradatim.cli import _terminal
from gradatim.errors import unknown_name

Name = Annotated[
    str | None,
    typer.Argument(show_default=False, help="A schedule, recipe or rule to describe in full."),
]
Schema = Annotated[
    bool, typer.Option("--schema", help="The JSON schema of plan files, for an editor.")
]


def list_(name: Name = None, schema: Schema = False) -> None:
    """List every schedule, recipe and rule; with a name, show its fields, example and source."""
    from gradatim.core.sketch import horizon
    from gradatim.look.blocks import chart, sparkline
    from gradatim.look.catalogue import entries

    if schema:
        from gradatim.plans import schema as of_plans

        print(json.dumps(of_plans(), indent=1))
        return
    known = {entry.name: entry for entry in entries()}
    narrow = _terminal.ascii_only()
    if name is None:
        rows = []
        for entry in known.values():
            specimen = entry.specimen()
            curve = sparkline(specimen, horizon(specimen), ascii=narrow) if specimen else ""
            paper = f" [{_short(entry.source)}]" if entry.source else ""
            rows.append(
                (entry.name, entry.kind, curve, _terminal.without_markup(entry.line) + paper)
            )
        _terminal.print_table(rows)
        return
    if name not in known:
        raise unknown_name("list", "name", name, known)
    entry = known[name]
    print(_terminal.wrapped(_terminal.without_markup(f"{entry.name}: {entry.line}")), end="\n\n")
    if entry.prose():
        for paragraph in entry.prose().split("\n\n"):
            print(_terminal.wrapped(_terminal.without_markup(paragraph)), end="\n\n")
    if specimen := entry.specimen():
        width = min(60, _terminal.width())
        print(
            "\n".join(chart([specimen], horizon(specimen), width=width, height=8, ascii=narrow)),
            end="\n\n",
        )
        print(f"{specimen!r}\n")
    rows_of_arguments = [
        (name, default, _terminal.without_markup(text)) for name, default, text in entry.arguments()
    ]
    _terminal.print_table([("argument", "default", "meaning"), *rows_of_arguments])
    if entry.example():
        print(f"\n{entry.example()}")
    if entry.source:
        print("\n" + _terminal.wrapped(_terminal.without_markup(f"Source: {entry.source}")))


def _short(source: str) -> str:
    """The papers in short: their arXiv numbers, or the first sentence of the source."""
    return ", ".join(re.findall(r"arXiv:[\d.]+\d", source)) or source.partition(". ")[0]
