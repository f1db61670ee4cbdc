"""Notebooks: the cells of code as one file of Python, and the files and commands in them."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from gradatim.core.syntax_trees import NOT_PYTHON
from gradatim.errors import GradatimError
from gradatim.peers.python.repair import parse_module

_PYTHON = re.compile(r"%%(time|timeit|capture|prun|py|python|python3|debug|memit)\b")
_SHELL = re.compile(r"%%(bash|sh|script\s+(ba)?sh|!)")
_WRITES = re.compile(r"%%(?:writefile|file)\s+(?:-\S+\s+)*(\S+)")
_RUNS = re.compile(r"^\s*%run\s+(?:-\S+\s+)*(\S+)", re.MULTILINE)
_MAGIC = re.compile(r"(\s*)([%!?].*|[\w.]+\?{1,2}\s*)$")
_ASSIGNED = re.compile(r"(\s*[\w, ]+=\s*)[%!](.*)$")
_ANOTHER_ORDER = (
    "The cells were last run in another order than that of the notebook, in which they are read."
)


class Notebook(NamedTuple):
    """What is in the cells of code of a notebook."""

    code: str
    """All of its Python; line 3 of the fifth cell is line 5003."""
    files: tuple[tuple[str, str, int], ...]
    """Names, texts and first lines of the files that it writes and of its shell commands."""
    notes: tuple[str, ...]
    """What is not read, in sentences."""
    size: int
    """The lines between the beginnings of two cells: 1000, or more if a cell is longer."""

    def where(self, line: int) -> str:
        """A line of the code in words."""
        return f"Line {line} is line {line % self.size} of cell {line // self.size}."


def notebook(text: str) -> Notebook:
    """The cells of a notebook.

    Raises:
        GradatimError: If it is not the JSON of a notebook.
    """
    try:
        cells = json.loads(text)["cells"]
        sources = [(cell["cell_type"], _joined(cell["source"]), cell) for cell in cells]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise GradatimError("it is no notebook: it has no list of cells.") from None
    size = 1000
    while any(source.count("\n") + 2 > size for _, source, _ in sources):
        size *= 10
    lines: list[str] = []
    files: list[tuple[str, str, int]] = []
    notes: list[str] = []
    counts: list[int] = []
    for number, (kind, source, cell) in enumerate(sources, 1):
        lines += [""] * (number * size - len(lines))
        if kind != "code":
            continue
        if isinstance(count := cell.get("execution_count"), int):
            counts.append(count)
        first, _, rest = source.partition("\n")
        line = number * size + 1
        if writes := _WRITES.match(first):
            files.append((writes[1], rest, line + 1))
        elif _SHELL.match(first):
            files.append(("cell.sh", rest, line + 1))
        elif first.startswith("%%") and not _PYTHON.match(first):
            notes.append(f"Cell {number} begins with {first.split()[0]} and is not read.")
        else:
            notes += [
                f"Cell {number} runs {found[1]}, which is not read; what it sets counts there."
                for found in _RUNS.finditer(source)
            ]
            code = _python(source, line, files)
            if code is None:
                notes.append(f"Cell {number} is not Python and is not read.")
            lines += code or []
    if counts != sorted(counts):
        notes.append(_ANOTHER_ORDER)
    return Notebook("\n".join(lines), tuple(files), tuple(notes), size)


def _joined(source: Any) -> str:
    return source if isinstance(source, str) else "".join(source)


def _python(source: str, first: int, files: list[tuple[str, str, int]]) -> list[str] | None:
    """The lines of a cell, those of IPython replaced; None if it is no Python.

    Shell commands are kept as files.
    """
    lines = source.split("\n")
    if _parses(lines):
        return lines
    found, commands = [], []
    for at, line in enumerate(lines, first):
        if assigned := _ASSIGNED.match(line):
            line = f"{assigned[1]}get_ipython()"
        elif magic := _MAGIC.match(line):
            if magic[2].startswith("!"):
                commands.append(("cell.sh", magic[2][1:], at))
            line = f"{magic[1]}pass"
        found.append(line)
    if not _parses(found):
        return None
    files += commands
    return found


def _parses(lines: list[str]) -> bool:
    try:
        parse_module("\n".join(lines))
    except NOT_PYTHON:
        return False
    return True
