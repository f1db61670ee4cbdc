"""Words of a shell script of which something is not known, and what that may be."""

from __future__ import annotations

import re
from typing import NamedTuple

# Signs for private use stand in a text for what is not known: a number between the first two.
BEGIN, END, NOTE, BREAK = "\ue000", "\ue001", "\ue002", "\ue003"
PRIVATE = re.compile(f"[{BEGIN}-{BREAK}]")
UNKNOWN = re.compile(f"{BEGIN}([0-9]+){END}")
_NOTED = re.compile(f"{NOTE}([0-9]+){NOTE}")


_MOST_TEXTS = 100


class Word(NamedTuple):
    """One word of a command, after quotes and variables, and its line."""

    text: str
    line: int

    @property
    def unknown(self) -> bool:
        """Whether a part of it is not known."""
        return BEGIN in self.text


Value = str | tuple[Word, ...]
"""The value of a variable: a text, or the words of an array."""


class Choice(NamedTuple):
    """What a variable may be whose value depends on something that is not known."""

    texts: tuple[str, ...]
    causes: tuple[str, ...]
    """The unknown names that it depends on; none if it has no other name than its own."""


class Unknowns:
    """The names that a script does not set, and what each may be."""

    def __init__(self) -> None:
        self._names: list[tuple[str, Choice | None]] = []
        self._signs: dict[str, str] = {}

    def mark(self, name: str, choice: Choice | None = None) -> str:
        """A sign for the unknown value of this name, to stand in a text."""
        if choice is None and name in self._signs:
            return self._signs[name]
        sign = f"{BEGIN}{len(self._names)}{END}"
        self._names.append((name, choice))
        if choice is None:
            self._signs[name] = sign
        return sign

    def names(self, text: str, depth: int = 0) -> list[str]:
        """The names that must be known for this text to be known, each once."""
        found: list[str] = []
        for key in UNKNOWN.findall(text):
            name, choice = self._names[int(key)]
            causes = choice.causes if choice and depth < 10 else ()
            found += [n for cause in causes for n in self.names(cause, depth + 1)] or [name]
        return list(dict.fromkeys(found))

    def alone(self, text: str) -> str | None:
        """The name that a text consists of, if it is nothing but one unknown value."""
        found = UNKNOWN.fullmatch(text)
        return self._names[int(found[1])][0] if found else None

    def choice(self, sign: str) -> tuple[str, ...] | None:
        """The texts of which one stands for this sign; None if it may be anything."""
        found = UNKNOWN.fullmatch(sign)
        choice = self._names[int(found[1])][1] if found else None
        return None if choice is None else choice.texts

    def texts(self, text: str) -> list[str] | None:
        """What an unknown text may be; None if it may be anything.

        What is unknown in one of these texts, and may be anything, stays in it as a sign.
        """
        found: list[str] = []
        rest = [text]
        while rest:
            part = rest.pop()
            keys = (int(key) for key in UNKNOWN.findall(part))
            key = next((key for key in keys if self._names[key][1] is not None), None)
            choice = self._names[key][1] if key is not None else None
            if choice is None:
                found.append(part)
            elif len(rest) + len(found) > _MOST_TEXTS:
                return None
            else:
                rest += [part.replace(f"{BEGIN}{key}{END}", one) for one in choice.texts]
        return None if found == [text] and UNKNOWN.search(text) else found

    def plain(self, text: str) -> str:
        """A text as a user writes it, unknown variables with their dollar signs."""

        def name(found: re.Match[str]) -> str:
            written = self._names[int(found[1])][0]
            return f"${written}" if re.fullmatch(r"\w+|[@*#?!]", written) else written

        return UNKNOWN.sub(name, _NOTED.sub("", text).replace(BREAK, " "))


def notes_in(text: str) -> tuple[str, list[int]]:
    """The text without the marks of comments in quotes, and the lines of those comments."""
    return _NOTED.sub("", text), [int(line) for line in _NOTED.findall(text)]
