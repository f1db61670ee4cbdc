"""The flags of a command line, as argparse reads them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from gradatim.errors import GradatimError
from gradatim.peers.found import Given
from gradatim.peers.shell.command import Command
from gradatim.peers.shell.unknowns import Word

_OF_FLAGS = re.compile(r"(?i)args|opts|options|extra|flags|\$@|\$\*")
_FLAG = re.compile(r"--?[A-Za-z]")


class Flag(NamedTuple):
    """A flag and the words behind it, up to the next flag."""

    name: str
    """Its name without dashes in front, as the program calls it."""
    words: tuple[Word, ...]
    line: int


class Flags(Mapping[str, Flag]):
    """The flags of a command that a schedule depends on; of a flag given twice the last counts.

    Args:
        command: The command.
        known: The names of those flags, without dashes in front.
        short: Names for those of one letter: {"b": "batch-size"}.
        alike: Other flags of the program that are the beginning of a known name.
        given: What the user adds: a value by the name of a flag wins.

    Raises:
        GradatimError: If the beginning of a name could be several.

    >>> from gradatim.peers.shell import commands
    >>> (command,) = commands("python train.py --lr=1e-3 --min-l 0.1 --seed 3")
    >>> flags = Flags(command, ["lr", "min-lr"])
    >>> flags.number("lr"), flags.number("min-lr"), "seed" in flags
    (0.001, 0.1, False)
    """

    def __init__(
        self,
        command: Command,
        known: Collection[str],
        short: Mapping[str, str] | None = None,
        given: Given | None = None,
        alike: Collection[str] = (),
    ) -> None:
        self.command, self.known, self._alike = command, known, alike
        self.said: list[str] = []
        self._found: dict[str, Flag] = {}
        self.others: dict[str, Flag] = {}
        """The flags of other names."""
        self._loose: list[Word] = []
        for flag in _flags(command.arguments):
            name = (short or {}).get(flag.name) or self._full_name(flag)
            taken = self._found if name in known else self.others
            taken[name] = Flag(name, flag.words, flag.line)
            values = 0 if not name or self._holds_flags(flag.words[:1]) else 1
            self._loose += [word for word in flag.words[values:] if word.unknown]
        self.others.pop("", None)
        for name in known if given is not None else ():
            if given is not None and name in given.values:
                word = Word(str(given.value(name)), command.line)
                self._found[name] = Flag(name, (word,), command.line)
        self._wanted = self._may_be_flags()

    def __getitem__(self, name: str) -> Flag:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def _full_name(self, flag: Flag) -> str:
        if flag.name in self.known or flag.name in self._alike or not flag.name:
            return flag.name
        found = [name for name in self.known if name.startswith(flag.name)]
        if len(found) > 1:
            listed = " or ".join(f"--{name}" for name in found)
            raise GradatimError(f"line {flag.line}: --{flag.name} could be {listed}.")
        return found[0] if found else flag.name

    def _holds_flags(self, words: Iterable[Word]) -> bool:
        """Whether an unknown word behind a flag is no value of it but more flags."""
        for word in words:
            texts = self.command.choices(word)
            if word.unknown and texts and any(text.lstrip().startswith("--") for text in texts):
                return True
            if word.unknown and texts is None and _OF_FLAGS.search(self.command.shown(word)):
                return True
        return False

    def require(self, names: Iterable[str]) -> None:
        """Ask for all variables in the values of these flags, and in words that may be flags.

        Raises:
            GradatimError: If one is not known.
        """
        words = [word for name in names if name in self for word in self[name].words[:1]]
        self.command.require([*words, *self._wanted])

    def _may_be_flags(self) -> list[Word]:
        """Unknown words of which one choice is a flag that matters; others are said."""
        wanted: list[Word] = []
        for word in self._loose:
            texts = self.command.choices(word)
            if texts is None:
                self.said.append(
                    f"line {word.line}: {self.command.shown(word)} is not set in the file; flags "
                    "in it are not read."
                )
            elif any(self._matters(part) for text in texts for part in text.split()):
                wanted.append(word)
        return wanted

    def _matters(self, text: str) -> bool:
        name = text.partition("=")[0]
        return name.startswith("--") and any(one.startswith(name[2:]) for one in self.known)

    def text(self, name: str) -> str:
        """The value of a flag.

        Raises:
            GradatimError: If there is none, or one that is not known.
        """
        flag = self[name]
        if not flag.words:
            raise GradatimError(f"line {flag.line}: --{name} has no value.")
        self.command.require(flag.words[:1])
        return flag.words[0].text

    def texts(self, name: str) -> list[str]:
        """All values of a flag that takes several."""
        self.command.require(self[name].words)
        return [word.text for word in self[name].words]

    def number(self, name: str) -> float:
        """The value of a flag as a number."""
        text = self.text(name)
        try:
            return float(text)
        except ValueError:
            line = self[name].line
            raise GradatimError(f"line {line}: --{name} is no number: {text[:60]!r}.") from None


def _flags(words: Iterable[Word]) -> Iterator[Flag]:
    """Each flag with the words behind it; first, under no name, the words before all flags."""
    name, line, values = "", 1, list[Word]()
    for word in words:
        if _FLAG.match(word.text):
            yield Flag(name, tuple(values), line)
            written, equals, value = word.text.partition("=")
            name, line = written.lstrip("-"), word.line
            values = [Word(value, line)] if equals else []
        else:
            values.append(word)
    yield Flag(name, tuple(values), line)
