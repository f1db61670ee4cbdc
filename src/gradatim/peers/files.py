"""Finds the schedulers in a file of any project: Python, settings, or a shell script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import PurePath

from gradatim.errors import GradatimError, in_short, unknown_name
from gradatim.peers.code import find_in_code, nothing_in_code
from gradatim.peers.found import Found, Given, Read, beside
from gradatim.peers.notebooks import Notebook, notebook
from gradatim.peers.pace import in_updates
from gradatim.peers.peer import Peer
from gradatim.peers.projects import PEERS
from gradatim.peers.python.script import parse_script
from gradatim.peers.settings import read_settings
from gradatim.peers.settings.entries import not_found
from gradatim.peers.shell import commands, written_files

_SYNTAXES = {
    ".py": "python",
    ".sh": "shell",
    ".bash": "shell",
    ".slurm": "shell",
    ".sbatch": "shell",
    ".yaml": ".yaml",
    ".yml": ".yaml",
    ".json": ".json",
    ".toml": ".toml",
    ".ini": ".ini",
    ".cfg": ".ini",
    ".ipynb": "notebook",
}
SUFFIXES = tuple(_SYNTAXES)
"""The endings of the files that are read."""
_SHELL = re.compile(r"#!.*sh\b|\s*--?[A-Za-z]|.*\s--[A-Za-z]")
_YAML = re.compile(r"\s*(#[^\n]*\n\s*)*(![\w:.]|(- )?[\w./-]+:(\s|$))")


def find(text: str, *, name: str = "", source: str | None = None) -> list[Found]:
    """The schedulers in a file, in the order of their lines. Nothing in it is run.

    Args:
        text: The text of the file, or a part of it.
        name: The name of the file, whose ending says what it is; else its text does.
        source: The only project to look for, such as "torch"; all if None.

    Raises:
        GradatimError: If the text cannot be parsed.

    >>> from gradatim.peers.found import Given
    >>> (found,) = find("scheduler = StepLR(optimizer, step_size=30)")
    >>> found.line, found.project, found.read(Given(lr=0.1)).schedule
    (1, 'torch', Staircase(schedule=ExponentialDecay(start=0.1, factor=0.1, every=30), every=30))
    """
    if source is not None and source not in PEERS:
        raise unknown_name("convert", "project", source, PEERS)
    peers = list(PEERS.values()) if source is None else [PEERS[source]]
    syntax = _syntax(text, name, peers)
    if syntax == "notebook":
        return _in_notebook(notebook(text), source)
    if syntax == "python":
        found = find_in_code(text, peers)
    elif syntax == "shell":
        found = [
            one
            for command in commands(text)
            for peer in peers
            for finder in peer.in_commands
            for one in finder(command)
        ]
        for file, (body, line) in written_files(text).items():
            if _SYNTAXES.get(PurePath(file).suffix.lower()) not in (None, "shell"):
                with suppress(GradatimError):  # of a language that it only looks like
                    found += [_moved(one, line) for one in find(body, name=file, source=source)]
    else:
        tree = read_settings(text, syntax)
        found = [one for peer in peers for finder in peer.in_settings for one in finder(tree)]
    if not found and source is not None and (reader := PEERS[source].read_text) is not None:
        found = [Found(1, source, in_short(" ".join(text.split()), 60), partial(reader, text))]
    return [_complete(one) for one in sorted(found, key=lambda one: one.line)]


def read(text: str, source: str, *, lr: float | None = None, steps: int | None = None) -> Read:
    """What code or settings of another project mean. Nothing in them is run.

    Args:
        text: Code that ends with one call, one entry of a configuration, or the arguments of a
            command.
        source: One of ``TARGETS``, or "ignite" or "accelerate".
        lr: The rate of the optimizer, for projects whose schedules multiply it.
        steps: The updates of the run, where the text counts in shares of it.

    Raises:
        GradatimError: If the text is not one that is known, or leaves something out.

    >>> read("get_linear_schedule_with_warmup(optimizer, 5, 50)", "transformers", lr=0.1).schedule
    Linear(start=0.0, end=0.1, steps=5) >> Linear(start=0.1, end=0.0, steps=45)
    """
    if source not in PEERS:
        raise unknown_name("convert", "project", source, PEERS)
    try:
        found = find(text, source=source)
        if not found:
            raise nothing_found(text, "", source)
        if len(found) > 1 and _syntax(text, "", [PEERS[source]]) != "python":
            lines = ", ".join(f"line {one.line}: {one.text}" for one in found[:4])
            count = len(found)
            raise GradatimError(f"there are {count} schedulers in it ({lines}). Read one alone.")
        return found[-1].read(Given(lr, steps))
    except GradatimError as error:
        raise GradatimError(f"convert: {str(error).removeprefix('convert: ')}") from None


def nothing_found(text: str, name: str = "", source: str | None = None) -> GradatimError:
    """The error for a text in which no scheduler was found; the caller raises it."""
    peers = list(PEERS.values()) if source is None else [PEERS[source]]
    syntax = _syntax(text, name, peers)
    if syntax == "notebook":
        return nothing_in_code(notebook(text).code, peers)
    if syntax == "python":
        return nothing_in_code(text, peers)
    if syntax != "shell":
        return not_found(read_settings(text, syntax))
    return GradatimError("there is no scheduler that is known in it.")


def _syntax(text: str, name: str, peers: Sequence[Peer]) -> str:
    """What a file is written in: its ending says it, or else its text."""
    of_name = _SYNTAXES.get(PurePath(name).suffix.lower())
    only_code = not any(p.in_settings or p.in_commands or p.read_text for p in peers)
    return of_name or ("python" if only_code else _syntax_of(text))


def _in_notebook(book: Notebook, source: str | None) -> list[Found]:
    found = find(book.code, name="cells.py", source=source)
    for name, text, line in book.files:
        if PurePath(name).suffix.lower() in _SYNTAXES:
            with suppress(GradatimError):  # of a language that it only looks like
                found += [_moved(one, line) for one in find(text, name=name, source=source)]
    return [
        replace(one, read=partial(_read_cell, one, (book.where(one.line), *book.notes)))
        for one in sorted(found, key=lambda one: one.line)
    ]


def _read_cell(found: Found, notes: tuple[str, ...], given: Given) -> Read:
    return found.read(given).saying(*notes)


def _moved(found: Found, line: int) -> Found:
    """What is found in a file that a script writes, whose first line is this line of the script."""
    return replace(found, line=found.line + line - 1)


def _complete(found: Found) -> Found:
    """What is the same for all projects: epochs in updates, and what a scheduler drives beside."""

    def read_whole(given: Given) -> Read:
        means = in_updates(found.read(given), given.every)
        return replace(means, differences=(*beside(means), *means.differences))

    return replace(found, read=read_whole)


def _syntax_of(text: str) -> str:
    """What a text without a file name is written in."""
    start = text.lstrip()
    if start.startswith(("{", "[")):
        return "notebook" if '"cells"' in text and '"nbformat"' in text else ".json"
    if _SHELL.match(text):
        return "shell"
    return ".yaml" if _YAML.match(text) and not _is_code(text) else "python"


def _is_code(text: str) -> bool:
    """Whether it is Python with a call in it: ``steps: int = 10`` may begin either."""
    try:
        return bool(parse_script(text).calls)
    except GradatimError:
        return False
