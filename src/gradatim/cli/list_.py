"""``gradatim list``: every schedule, recipe and rule, or one of them in full."""

from __future__ import annotations

import json
import re
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
            paper = f" [{_short(entry.source)}]" if entry.source else ""
            rows.append((entry.name, entry.kind, curve, _page.plain(entry.line) + paper))
        _page.table(rows)
        return
    if name not in known:
        raise unknown("list", "name", name, known)
    entry = known[name]
    print(_page.wrapped(_page.plain(f"{entry.name}: {entry.line}")), end="\n\n")
    if entry.prose():
        for paragraph in entry.prose().split("\n\n"):
            print(_page.wrapped(_page.plain(paragraph)), end="\n\n")
    if specimen := entry.specimen():
        width = min(60, _page.width())
        print(
            "\n".join(chart([specimen], horizon(specimen), width=width, height=8, ascii=narrow)),
            end="\n\n",
        )
        print(f"{specimen!r}\n")
    said = [(name, default, _page.plain(text)) for name, default, text in entry.arguments()]
    _page.table([("argument", "default", "meaning"), *said])
    if entry.example():
        print(f"\n{entry.example()}")
    if entry.source:
        print("\n" + _page.wrapped(_page.plain(f"Source: {entry.source}")))


def _short(source: str) -> str:
    """Where to find the papers: their numbers in arXiv, or what is said first."""
    return ", ".join(re.findall(r"arXiv:[\d.]+\d", source)) or source.partition(". ")[0]
