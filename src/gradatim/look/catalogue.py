"""Every schedule, recipe and rule that can be built by name, described by its docstring."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from gradatim.core.rules import Rule
from gradatim.core.schedule import Schedule
from gradatim.core.sketch import horizon
from gradatim.core.text import parse
from gradatim.core.values.value import buildable, parameters_of
from gradatim.errors import GradatimError

_SMOOTH = 400
"""The fewest updates at which a curve looks smooth."""


class Entry(NamedTuple):
    """One name and the parts of its docstring."""

    name: str
    kind: str
    """"schedule", "recipe" or "rule"."""
    line: str
    """The first sentence."""
    text: str
    """The whole docstring."""
    source: str
    """The paper, or ""."""
    make: Callable[..., Any]

    def arguments(self) -> list[tuple[str, str, str]]:
        """Name, default and meaning of each argument."""
        descriptions = descriptions_of(self.text)
        return [
            (name, "" if p.default is p.empty else repr(p.default), descriptions.get(name, ""))
            for name, p in parameters_of(self.make).items()
        ]

    def example(self) -> str:
        """The example of the docstring, with its output."""
        lines = self.text.split("\n")
        first = next((i for i, line in enumerate(lines) if line.startswith(">>>")), len(lines))
        return "\n".join(lines[first:]).strip()

    def prose(self) -> str:
        """The paragraphs of the docstring besides the first sentence, arguments and example."""
        paragraphs = self.text.split("\n\n")[1:]
        kept = [p for p in paragraphs if not re.match(r"(Args:|Returns:|Raises:|>>>|Sources?:)", p)]
        return "\n\n".join(kept)

    def specimen(self) -> Schedule | None:
        """The schedule of the docstring's example, to draw; None for a rule."""
        return None if self.kind == "rule" else _specimen(self)


def entries() -> list[Entry]:
    """Every registered name, schedules first, then recipes, then rules.

    The closed forms, which few people need, are the last of the schedules.
    """
    found = [entry for name, make in buildable().items() if (entry := _entry(name, make))]
    order = ("schedule", "recipe", "rule")
    rare = "gradatim.core.closed_forms"
    return sorted(found, key=lambda e: (order.index(e.kind), e.make.__module__ == rare))


def _entry(name: str, make: Callable[..., Any]) -> Entry | None:
    kind = "recipe"
    if isinstance(make, type):
        kinds = {"schedule": Schedule, "rule": Rule}
        kind = next((k for k, cls in kinds.items() if issubclass(make, cls)), "")
    if not kind or not make.__module__.startswith("gradatim."):
        return None
    text = inspect.cleandoc(make.__doc__ or "")
    line = " ".join(text.partition("\n\n")[0].split())
    source = re.search(r"^Sources?: (.+?)(?:\n\n|\Z)", text, re.DOTALL | re.MULTILINE)
    return Entry(name, kind, line, text, " ".join(source[1].split()) if source else "", make)


def descriptions_of(text: str) -> dict[str, str]:
    """The description of each argument in a docstring."""
    block = re.search(r"^Args:\n((?:    .*\n?|\n)+)", text, re.MULTILINE)
    descriptions: dict[str, str] = {}
    if block:
        for name, words in re.findall(r"^    (\w+): (.*(?:\n        .*)*)", block[1], re.MULTILINE):
            descriptions[name] = " ".join(words.split())
    return descriptions


class _Inline(ast.NodeTransformer):
    """Replaces names by the expressions that were assigned to them."""

    def __init__(self, known: dict[str, ast.expr]) -> None:
        self.known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.known.get(node.id, node)


def _specimen(entry: Entry) -> Schedule | None:
    """The schedule that the example in the docstring builds, long enough to be drawn."""
    code = "\n".join(
        line[4:] for line in entry.example().split("\n") if line.startswith((">>> ", "... "))
    )
    known: dict[str, ast.expr] = {}
    found: list[Schedule] = []
    for statement in ast.parse(code).body:
        statement = _Inline(known).visit(statement)
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            known[statement.targets[0].id] = statement.value
        for node in ast.walk(statement):
            if isinstance(node, ast.Call | ast.BinOp):
                with suppress(GradatimError):
                    found.append(parse(ast.unparse(node)))
    ours = [schedule for schedule in found if type(schedule).__name__ == entry.name]
    schedule = next(iter(ours or found), None)
    if schedule is None or horizon(schedule) >= _SMOOTH:
        return schedule
    return schedule.stretched(-(-_SMOOTH // horizon(schedule)))
