"""The calls in a text and the places of their arguments, for the form, errors and completion.

Places are counted in UTF-16 units, as a browser counts them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from gradatim.core.syntax_trees import NOT_PYTHON, expression_of
from gradatim.core.values.fields import declared_types
from gradatim.core.values.value import buildable


class Argument(NamedTuple):
    """An argument as it is written in a text."""

    name: str
    text: str
    start: int
    end: int


class Call(NamedTuple):
    """A call of a schedule, a recipe, a rule, a method or ``Run`` in a text."""

    name: str
    """The name that was called."""
    about: str
    """What it is for in a plan, such as "lr/head" or "rule of lr"; empty in an expression."""
    make: Callable[..., Any] | None
    """The class or recipe whose arguments these are; None if it is not known."""
    arguments: tuple[Argument, ...]
    start: int
    end: int
    insert: int
    """Where another argument can be written."""
    before: str
    """What to write in front of its value there, with its name as ``{name}``."""
    after: str


def units(text: str) -> int:
    """The length of a text in UTF-16 units.

    >>> units("a"), units("\\N{GRINNING FACE}")
    (1, 2)
    """
    return len(text.encode("utf-16-le")) // 2


class Source:
    """The text of an expression with the places of its syntax nodes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.leading = len(text) - len(text.lstrip())
        self.stripped = text.strip()
        self._lines = self.stripped.encode().split(b"\n")

    def tree(self) -> ast.expr:
        """The syntax tree.

        Raises:
            SyntaxError: If it is no expression; and what ``ast.parse`` raises besides.
        """
        return expression_of(self.stripped)

    def place(self, line: int, column: int) -> int:
        """The place of a line, from 1, and a column in bytes."""
        before = self._lines[: line - 1]
        content = b"\n".join([*before, self._lines[line - 1][:column]])
        return units(self.text[: self.leading]) + units(content.decode(errors="replace"))

    def span(self, node: ast.expr | ast.keyword) -> tuple[int, int]:
        """The places at which a node begins and ends."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self.place(node.lineno, node.col_offset),
            self.place(node.end_lineno, node.end_col_offset),
        )

    def written(self, node: ast.expr) -> str:
        """A node as it is written."""
        return ast.get_source_segment(self.stripped, node) or ""


def calls_in(text: str) -> list[Call]:
    """The calls in an expression, from left to right; none if it is no expression."""
    source = Source(text)
    try:
        return list(_calls(source, source.tree()))
    except NOT_PYTHON:
        return []


def _calls(source: Source, node: ast.expr) -> Iterator[Call]:
    match node:
        case ast.BinOp(left=left, right=right):
            for factor in (left, right):
                if isinstance(node.op, ast.Mult) and _is_number(factor):
                    yield _factor(source, factor)
            yield from _calls(source, left)
            yield from _calls(source, right)
        case ast.UnaryOp(operand=operand):
            yield from _calls(source, operand)
        case ast.List(elts=entries) | ast.Tuple(elts=entries):
            for entry in entries:
                yield from _calls(source, entry)
        case ast.Call(func=ast.Attribute(value=owner, attr=name)):
            yield from _calls(source, owner)
            yield _call(source, node, name, buildable().get(name.capitalize()), 1)
            yield from _inside(source, node)
        case ast.Call(func=ast.Name(id=name)):
            yield _call(source, node, name, buildable().get(name), 0)
            yield from _inside(source, node)


def _inside(source: Source, node: ast.Call) -> Iterator[Call]:
    for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
        yield from _calls(source, argument)


def _is_number(node: ast.expr) -> bool:
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(inner, ast.Constant) and isinstance(inner.value, int | float)


def _factor(source: Source, node: ast.expr) -> Call:
    """A number that a schedule is multiplied with, which has no name of its own."""
    start, end = source.span(node)
    factor = Argument("factor", source.written(node), start, end)
    return Call("times", "", buildable()["Scale"], (factor,), start, end, end, "", "")


def _call(
    source: Source, node: ast.Call, name: str, make: Callable[..., Any] | None, skipped: int
) -> Call:
    """A call; of a method, the first field of its class is the schedule itself."""
    names = list(declared_types(make))[skipped:] if make is not None else []
    given = [
        *zip(names, node.args, strict=False),
        *((keyword.arg or "**", keyword.value) for keyword in node.keywords),
    ]
    arguments = tuple(
        Argument(argument, source.written(value), *source.span(value)) for argument, value in given
    )
    start, end = source.span(node)
    closing = source.stripped[: _index(source, node)].rstrip()
    insert = units(source.text[: source.leading]) + units(closing)
    comma = "" if closing.endswith(("(", ",")) else ", "
    comma = " " if closing.endswith(",") else comma
    return Call(name, "", make, arguments, start, end, insert, comma + "{name}=", "")


def _index(source: Source, node: ast.Call) -> int:
    """The index of the closing bracket of a call in the stripped text."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    lines = source.stripped.encode().split(b"\n")
    last = lines[node.end_lineno - 1][: node.end_col_offset - 1]
    return len(b"\n".join([*lines[: node.end_lineno - 1], last]).decode())
