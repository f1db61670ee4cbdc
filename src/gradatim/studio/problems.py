"""Where in a text the problem is that an error speaks of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from gradatim.core.text import parse
from gradatim.errors import GradatimError
from gradatim.plans.plan import format_of
from gradatim.studio.calls import Source, units

_LINE = re.compile(r"line (\d+): ")
_QUOTED = re.compile(r"'(.+?)' ")
_WORD = re.compile(r"[A-Za-z_]\w*")


class PlacedError(GradatimError):
    """An error with its place in the text, as two offsets in UTF-16 units."""

    def __init__(self, sentence: str, place: tuple[int, int]) -> None:
        super().__init__(sentence)
        self.place = place


def placed(text: str, error: GradatimError) -> PlacedError:
    """The error, with the smallest part of the text that it can be about."""
    find = _in_plan if format_of(text) else _in_expression
    return PlacedError(f"{error}", find(text, f"{error}"))


def _in_plan(text: str, sentence: str) -> tuple[int, int]:
    """The content of the line that the error names, or the whole text."""
    found = _LINE.search(sentence)
    lines = text.split("\n")
    if found is None or int(found[1]) > len(lines):
        return 0, units(text)
    number = int(found[1])
    line = lines[number - 1]
    start = units("\n".join([*lines[: number - 1], ""]))
    return start + units(line) - units(line.lstrip()), start + units(line.rstrip())


def _in_expression(text: str, sentence: str) -> tuple[int, int]:
    source = Source(text)
    try:
        tree = source.tree()
    except SyntaxError as error:
        at = source.place(*_position(error, source))
        return at, max(at + 1, min(at + 1, units(text)))
    except (ValueError, RecursionError, MemoryError):
        return 0, units(text)
    part = _smallest(source, tree)
    quoted = _QUOTED.match(sentence)
    inside = (node for node in ast.walk(part) if isinstance(node, ast.expr))
    named = (node for node in inside if quoted and source.written(node) == quoted[1])
    return source.span(next(named, None) or _argument(part, sentence) or part)


def _position(error: SyntaxError, source: Source) -> tuple[int, int]:
    """Line and column, in bytes, of a syntax error, on a character that can be underlined."""
    lines = source.stripped.split("\n")
    line = min(max(error.lineno or 1, 1), len(lines))
    column = min(max((error.offset or 1) - 1, 0), max(len(lines[line - 1]) - 1, 0))
    return line, len(lines[line - 1][:column].encode())


def _smallest(source: Source, node: ast.expr) -> ast.expr:
    """The smallest part that is no schedule by itself, while all schedules in it are."""
    for inner in _schedules_in(node):
        try:
            parse(source.written(inner))
        except GradatimError:
            return _smallest(source, inner)
    return node


def _schedules_in(node: ast.expr) -> Iterator[ast.expr]:
    """The largest calls inside a node."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Call(func=ast.Name(id="Run")):
                continue
            case ast.Call():
                yield child
            case ast.expr():
                yield from _schedules_in(child)
            case ast.keyword(value=value):
                yield from [value] if isinstance(value, ast.Call) else _schedules_in(value)


def _argument(node: ast.expr, sentence: str) -> ast.expr | ast.keyword | None:
    """The argument of a call that the sentence names, or its name if that is unknown."""
    if not isinstance(node, ast.Call):
        return None
    words = _WORD.findall(sentence.partition(": ")[2])
    if isinstance(node.func, ast.Name) and sentence.startswith("unknown "):
        return node.func
    named = {keyword.arg: keyword for keyword in node.keywords if keyword.arg}
    return next((named[word] for word in words if word in named), None)
