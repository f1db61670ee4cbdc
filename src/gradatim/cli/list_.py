"""``gradatim list``: every schedule, recipe and rule, or one of them in full."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from gradatim.cli import _page
from gradatim.core.errors import unknown

Name = Annotated[
    str | None, typer.Argument(show_default=False, help="One of them, to see all of it.")
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
    narrow = _page.ascii_only()
    if name is None:
        rows = []
        for entry in known.values():
            specimen = entry.specimen()
            curve = sparkline(specimen, horizon(specimen), ascii=narrow) if specimen else ""
            paper = f" [{entry.source}]" if entry.source else ""
            rows.append((entry.name, entry.kind, curve, entry.line + paper))
        _page.table(rows)
        return
    if name not in known:
        raise unknown("list", "name", name, known)
    entry = known[name]
    print(f"{entry.name}: {entry.line}\n")
    if entry.prose():
        print(f"{entry.prose()}\n")
    if specimen := entry.specimen():
        print(
            "\n".join(chart([specimen], horizon(specimen), width=60, height=8, ascii=narrow)),
            end="\n\n",
        )
        print(f"{specimen!r}\n")
    _page.table([("argument", "default", "meaning"), *entry.arguments()])
    if entry.example():
        print(f"\n{entry.example()}")
    if entry.source:
        print(f"\nSource: {entry.source}")
