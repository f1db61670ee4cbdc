"""Finds the schedulers in a file of any project: Python, settings, or a shell script."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePath

from gradatim.errors import unknown_name
from gradatim.peers.code import find_in_code
from gradatim.peers.found import Found, Given, Read, beside
from gradatim.peers.pace import in_updates
from gradatim.peers.projects import PEERS
from gradatim.peers.settings import read_settings
from gradatim.peers.shell import commands

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
}
SUFFIXES = tuple(_SYNTAXES)
"""The endings of the files that are read."""
_SHELL = re.compile(r"#!.*sh\b|\s*--?[A-Za-z]|.*\s--[A-Za-z]")
_YAML = re.compile(r"\s*(#[^\n]*\n\s*)*(- )?[\w./-]+:(\s|$)")


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
    syntax = _SYNTAXES.get(PurePath(name).suffix.lower()) or _syntax_of(text)
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
    else:
        tree = read_settings(text, syntax)
        found = [one for peer in peers for finder in peer.in_settings for one in finder(tree)]
    return [_complete(one) for one in sorted(found, key=lambda one: one.line)]


def _complete(found: Found) -> Found:
    """What is the same for all projects: epochs in updates, and what a scheduler drives beside."""

    def read(given: Given) -> Read:
        read = in_updates(found.read(given), given.every)
        return replace(read, differences=(*beside(read), *read.differences))

    return replace(found, read=read)


def _syntax_of(text: str) -> str:
    """What a text without a file name is written in."""
    start = text.lstrip()
    if start.startswith(("{", "[")):
        return ".json"
    if _SHELL.match(text):
        return "shell"
    return ".yaml" if _YAML.match(text) else "python"
