"""Command lines in shell scripts, read and never run."""

from __future__ import annotations

from typing import NamedTuple


class Word(NamedTuple):
    """One word of a command, after quotes and variables, and its line."""

    text: str
    line: int


class Command(NamedTuple):
    """One command of a shell script."""

    words: tuple[Word, ...]

    @property
    def line(self) -> int:
        """The line where it begins."""
        return self.words[0].line


def commands(text: str) -> list[Command]:
    """The commands of a shell script, in order."""
    return []
