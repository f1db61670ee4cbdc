"""Command lines in shell scripts, read and never run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import PurePath

from gradatim.core.build import Scalar
from gradatim.errors import GradatimError, in_short
from gradatim.peers.found import Given, Missing
from gradatim.peers.shell.script import ShellScript
from gradatim.peers.shell.unknowns import BEGIN, Word

_PROGRAM = re.compile(r"[^=\s]*\.py|fairseq-(hydra-)?train|[^=\s]*train_gpt2?cu")


class Command:
    """One command of a shell script, and the script around it.

    Args:
        text: The script.
        script: What it does.
        place: Which of its commands this is, from 0.
    """

    def __init__(self, text: str, script: ShellScript, place: int) -> None:
        self._text, self._script, self._place = text, script, place
        noted = script.commands[place]
        self.words: tuple[Word, ...] = noted.words
        self.notes: tuple[str, ...] = (*script.notes, *noted.notes)
        """What is not as bash reads it, in sentences."""

    @property
    def line(self) -> int:
        """The line where it begins."""
        return self.words[0].line

    @cached_property
    def _start(self) -> int:
        """The place behind the program, which stands behind launchers such as torchrun."""
        for at, word in enumerate(self.words):
            if _PROGRAM.fullmatch(word.text):
                return at + 1
            if word.text == "-m" and at + 1 < len(self.words) and at:
                module = self.words[at + 1].text
                if "distributed" not in module and "torch.distributed" not in module:
                    return at + 2
        return 0

    @property
    def program(self) -> str:
        """The Python file or the module that is run, without its folder, or ""."""
        return PurePath(self.words[self._start - 1].text).name if self._start else ""

    @property
    def arguments(self) -> tuple[Word, ...]:
        """The words that the program gets."""
        return self.words[self._start :]

    @cached_property
    def flags(self) -> frozenset[str]:
        """The names of all flags, such as "--lr", without what follows "=".

        Those that stand in what an unknown word may be are among them.
        """
        texts = [word.text for word in self.arguments]
        for word in self.arguments:
            if word.unknown and not word.text.startswith("-"):
                texts += [part for text in self.choices(word) or () for part in text.split()]
        return frozenset(text.partition("=")[0] for text in texts if text.startswith("-"))

    def text(self) -> str:
        """How it is written, in one line, with the values of variables."""
        words = self.words[max(self._start - 1, 0) :]
        return in_short(self._script.unknowns.plain(" ".join(word.text for word in words)), 100)

    def file(self, name: str) -> tuple[str, int] | None:
        """The text of a file that the script writes by a heredoc, and its first line."""
        return self._script.files.get(name)

    def shown(self, word: Word) -> str:
        """A word as it is written, with unknown variables by their names."""
        return self._script.unknowns.plain(word.text)[:60]

    def choices(self, word: Word) -> list[str] | None:
        """What a word may be that is not known; None if it may be anything."""
        return self._script.unknowns.texts(word.text)

    def require(self, words: Iterable[Word]) -> None:
        """Ask for the variables in these words.

        Raises:
            Missing: If one of them is not known.
        """
        reasons: dict[str, str] = {}
        for word in words:
            if word.unknown:
                why = f"is not set in the file (line {word.line}){self._values(word)}"
                for name in self._script.unknowns.names(word.text):
                    reasons.setdefault(name, why)
        if reasons:
            raise Missing(reasons)

    def _values(self, word: Word) -> str:
        texts = [text for text in self.choices(word) or () if 0 < len(text) < 30]
        texts = [text for text in texts if BEGIN not in text]
        return f", it may be {' or '.join(sorted(texts))}" if 1 < len(texts) < 9 else ""

    def given(self, given: Given) -> Command:
        """The same command, with the values of variables that the user gives.

        Raises:
            GradatimError: If the script does not run it with them.
        """
        if not given.values:
            return self
        found = _all_commands(self._text, given.values)
        same = [one for one in found if one.line == self.line and one.program == self.program]
        before = _all_commands(self._text, {})[: self._place]
        place = sum(one.line == self.line and one.program == self.program for one in before)
        if not same and self.program:  # another branch runs it
            same = [one for one in found if one.program == self.program]
        if not same:
            raise GradatimError(f"line {self.line}: with these values the command is not run.")
        chosen = same[min(place, len(same) - 1)]
        given.used.update(chosen._script.expander.used)
        return chosen


def commands(text: str, values: Mapping[str, Scalar] | None = None) -> list[Command]:
    """The commands of a shell script, in order, with the values of variables in their words.

    A program that is run again with the same arguments, as by another launcher in another branch,
    is there once.

    Args:
        text: The script.
        values: The values of variables that it does not set.

    Raises:
        GradatimError: With the line, for what is no shell script.

    >>> (command,) = commands("LR=3e-4\\npython train.py --lr $LR --epochs $1")
    >>> [word.text for word in command.arguments[:2]]
    ['--lr', '3e-4']
    >>> command.require(command.arguments)
    Traceback (most recent call last):
      ...
    gradatim.peers.found.Missing: 1 is not set in the file (line 2). Write --set 1=VALUE.
    """
    found: dict[tuple[str, ...], Command] = {}
    for place, command in enumerate(_all_commands(text, values or {})):
        texts = [word.text for word in command.arguments]
        key = (command.program, *texts) if command.program else (str(place),)
        found.setdefault(key, command)
    return list(found.values())


def _all_commands(text: str, values: Mapping[str, Scalar]) -> list[Command]:
    script = ShellScript(text, values)
    return [Command(text, script, place) for place in range(len(script.commands))]


def written_files(text: str) -> dict[str, tuple[str, int]]:
    """The files that a script writes by heredocs, by their names: the texts and their first lines.

    >>> written_files("cat > run.yaml <<END\\nlr: 0.1\\nEND\\n")
    {'run.yaml': ('lr: 0.1\\n', 2)}
    """
    script = ShellScript(text, {})
    plain = script.unknowns.plain
    return {plain(name): (plain(body), line) for name, (body, line) in script.files.items()}
