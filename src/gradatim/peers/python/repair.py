"""Python as people paste it: excerpts that begin inside a block, and files of Python 2."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from contextlib import suppress

from gradatim.core.syntax_trees import NOT_PYTHON, PARSING, module_of
from gradatim.peers.python.excerpts import completed

_PYTHON_2 = (
    (re.compile(r"\basync=(?=True|False)"), "async_="),
    (re.compile(r"^(\s*)print\b(?!\s*\().*$", re.MULTILINE), r"\1pass"),
    (re.compile(r"\bexcept (\w[\w.]*), (\w+):"), r"except \1 as \2:"),
)
_ENTRY = re.compile(r"(\s*#[^\n]*\n)*\s*(\"[\w.-]+\"|'[\w.-]+')\s*:")
_BRANCH = re.compile(r"(\s*)(elif\b|else\s*:|except\b|finally\s*:)")


def parsed(text: str) -> ast.Module:
    """The tree of some code, also of an excerpt; lines keep their numbers.

    >>> tree = parsed("        x = 1\\n    y = 2")
    >>> [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    [2, 1]

    Raises:
        SyntaxError: Or another error of the parser, that of the text as it stands.
    """
    text = text.removeprefix("\ufeff")
    try:
        return _repaired(text)
    except NOT_PYTHON as error:
        first = error
    for complete in completed(text):
        with suppress(*NOT_PYTHON):
            return _repaired(complete)
    raise first


def _repaired(text: str) -> ast.Module:
    try:
        return parse_module(text)
    except NOT_PYTHON as error:
        first = error
    for repair in _REPAIRS:
        text, shift = repair(text)
        try:
            tree = parse_module(text)
        except NOT_PYTHON:
            if shift:
                text = "\n".join(text.split("\n")[shift:])
            continue
        return _shifted(tree, shift)
    raise first


def parse_module(text: str) -> ast.Module:
    """The tree of some code as it stands; raises what the parser raises, and warns of nothing."""
    # Filters of warnings are shared by all threads, as the parser is.
    with PARSING, warnings.catch_warnings(action="ignore"):
        return module_of(text)


def _shifted(tree: ast.Module, lines: int) -> ast.Module:
    if lines:
        ast.increment_lineno(tree, -lines)
    return tree


def _without_branch(text: str) -> tuple[str, int]:
    """An excerpt that begins with ``elif`` or ``else`` is one that begins with ``if``."""
    lines = text.split("\n")
    start = next((i for i, line in enumerate(lines) if line.strip()), 0)
    found = _BRANCH.match(lines[start])
    if found:
        indent, word = found.groups()
        rest = lines[start][found.end() :]
        lines[start] = f"{indent}if{rest}" if word == "elif" else f"{indent}if excerpt: {rest}"
    return "\n".join(lines), 0


def _in_blocks(text: str) -> tuple[str, int]:
    """An excerpt whose first line stands deeper than a later one, with the blocks around it."""
    lines = text.split("\n")
    written = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not written:
        return text, 0
    deepest = _indent(written[0])
    if not deepest and len(written) > 1 and _indent(written[1]) and written[0][-1] not in ":([{,\\":
        start = lines.index(written[0])  # the first line was pasted without its indentation
        lines[start] = " " * _indent(written[1]) + lines[start]
        return _in_blocks("\n".join(lines))
    levels: list[int] = []
    for line in written:
        if _indent(line) < (levels[-1] if levels else deepest):
            levels.append(_indent(line))
    if not levels and deepest:
        levels = [0]
    if levels and levels[-1] != 0:
        levels.append(0)
    around = [f"{' ' * level}if True:" for level in reversed(levels)]
    return "\n".join([*around, *lines]), len(around)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _of_python_2(text: str) -> tuple[str, int]:
    for pattern, instead in _PYTHON_2:
        text = pattern.sub(instead, text)
    return text, 0


def _of_a_dictionary(text: str) -> tuple[str, int]:
    """An excerpt of a dictionary, with the brackets around it."""
    return (f"{{{text}\n}}" if _ENTRY.match(text) else text), 0


_REPAIRS: tuple[Callable[[str], tuple[str, int]], ...] = (
    _of_a_dictionary,
    _without_branch,
    _in_blocks,
    _of_python_2,
    _in_blocks,
)
