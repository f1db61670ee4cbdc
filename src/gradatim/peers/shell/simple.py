"""What one command of a shell script does: assign, print, start a program, run another script."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import takewhile
from pathlib import PurePath
from typing import NamedTuple

from gradatim.core.build import Scalar
from gradatim.errors import GradatimError
from gradatim.peers.shell.parser import Body, Simple, parse
from gradatim.peers.shell.tokens import Token
from gradatim.peers.shell.unknowns import UNKNOWN, Unknowns, Value, Word, notes_in
from gradatim.peers.shell.words import Expander

_DEEPEST = 20
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\[[^\]]*\])?(\+?)=")
_DECLARES = {"export", "declare", "local", "readonly", "typeset"}
_PRINTS = {"echo", "printf"}
_SHELLS = {"bash", "sh", "zsh"}
_RUNS_TEXT = {"bcprun"}
"""Launchers of clusters that take a command as the text behind ``-c``."""
_BEGINS_UNKNOWN = re.compile(rf"\s*({UNKNOWN.pattern})")
_PRINTED = re.compile(
    r"""\s*echo\s+(?P<what>[^|;&`$<>(){}]*|"?\$\{?\w+\}?"?)\s*"""
    r"""(?P<filters>(\|\s*(sed\s+(-e\s+)?'s/ +\*?/ /g'|tr\s+-s\s+['"] ['"]|xargs)\s*)*)"""
)
# Files of these names set paths and environments, and no rates.
_HARMLESS = re.compile(r"activate|bashrc|profile|conda|venv|module|setvars|/etc/")


class Noted(NamedTuple):
    """One command that the script would run."""

    words: tuple[Word, ...]
    notes: tuple[str, ...]


class Stop(Exception):
    """The script or the function ends here."""


class Commands:
    """The commands that a script would run, and the variables that they change.

    Args:
        given: The values of variables, which nothing in the script changes.
    """

    def __init__(self, given: Mapping[str, Scalar]) -> None:
        self.expander = Expander(given, self.substituted)
        self.commands: list[Noted] = []
        self.files: dict[str, tuple[str, int]] = {}
        """The texts of the files that it writes, and their first lines."""
        self.functions: dict[str, Body] = {}
        self.called: set[str] = set()
        self.notes: list[str] = []
        self.set_at: dict[str, int] = {}
        self.certain = True
        """Whether the statement is reached whatever is not known."""
        self.beside = False
        """Whether the statement before was a command that was noted."""
        self.depth = 0

    def body(self, body: Body) -> None:
        """Follow several statements."""
        raise NotImplementedError

    @property
    def unknowns(self) -> Unknowns:
        """The names that are not known."""
        return self.expander.unknowns

    def nested(self, text: str, line: int) -> None:
        """Follow a text that is run as a script."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise GradatimError(f"line {line}: more than {_DEEPEST} scripts inside one another.")
        self.body(parse(text, line))
        self.depth -= 1

    def simple(self, command: Simple) -> None:
        """Follow one command."""
        self.expander.line = command.line
        tokens = list(command.words)
        while tokens and self._assign(tokens[0]):
            tokens.pop(0)
        if not tokens:
            return
        if tokens[0].text.startswith("(("):
            self._calculate(tokens[0].text[2:-2])
            return
        name = tokens[0].text
        if name in ("[", "[[", "test"):
            return
        if name in _DECLARES:
            for token in tokens[1:]:
                self._assign(token)
            return
        words: list[Word] = []
        for token in tokens:
            words += _entries(self.expander, token)
        if words:
            self._run(words, command)

    def _run(self, words: list[Word], command: Simple) -> None:
        name, rest = words[0].text, words[1:]
        expander = self.expander
        if UNKNOWN.fullmatch(name) and self.unknowns.choice(name):
            self._eval(" ".join(word.text for word in words), command.line)
        elif name == "eval":
            self._eval(" ".join(word.text for word in rest), command.line)
        elif name in self.functions:
            self.called.add(name)
            self.call(name, tuple(word.text for word in rest))
        elif name in ("exit", "return"):
            # What stops on an error is taken to go well.
            if self.certain and (not rest or rest[0].text == "0"):
                raise Stop
        elif name == "shift":
            expander.shifted += int(rest[0].text) if rest and rest[0].text.isdigit() else 1
        elif name == "set" and rest and rest[0].text == "--":
            expander.arguments, expander.shifted = tuple(word.text for word in rest[1:]), 0
        elif name == "unset":
            for word in rest:
                expander.variables.pop(word.text, None)
        elif name in ("read", "getopts", "mapfile", "readarray", "let"):
            for word in rest:
                if re.fullmatch(r"[A-Za-z_]\w*(=.*)?", word.text):
                    variable = word.text.partition("=")[0]
                    expander.variables[variable] = expander.unknowns.mark(variable)
        elif name in ("source", "."):
            if rest and not _HARMLESS.search(rest[0].text):
                file = self.unknowns.plain(rest[0].text)[:60]
                self.notes.append(
                    f"line {command.line}: {file} is not read here; what it sets counts there."
                )
        elif self._redirected(words, command) or self._shell_in(words, command):
            pass
        elif name not in _PRINTS:
            self._note(words)

    def either(self, bodies: Sequence[Callable[[], None]], cause: str) -> None:
        """Follow several branches of which one is run, and keep what they agree on."""
        raise NotImplementedError

    def _eval(self, text: str, line: int, depth: int = 0) -> None:
        """Follow a text as a script; if it begins with one of several texts, each of them."""
        found = _BEGINS_UNKNOWN.match(text)
        texts = self.unknowns.choice(found[1]) if found and depth < _DEEPEST else None
        if found is None or texts is None:
            self.nested(text, line)
            return
        rest = text[found.end() :]
        bodies = [partial(self._eval, one + rest, line, depth + 1) for one in texts]
        self.either(bodies, found[1])

    def _redirected(self, words: Sequence[Word], command: Simple) -> bool:
        """Keep the file that the script writes, or follow the script that it feeds to a shell."""
        name = PurePath(words[0].text).name
        body: tuple[str, int] | None = None
        target = words[-1].text if name == "tee" else ""
        for sign, token in command.redirects:
            if sign in ("<<", "<<-") and token.kind.endswith("heredoc"):
                self.expander.line = token.line
                raw = token.kind.startswith("raw")
                body = (token.text if raw else self.expander.heredoc(token.text), token.line)
            elif sign in (">", ">|", ">>") and token.kind == "word":
                target = self.expander.text(token.text)
        if body and name in _SHELLS | {"sbatch", "ssh", "srun"}:
            self.nested(*body)
            return True
        if name == "echo" and target and not body:
            body = (" ".join(word.text for word in words[1:]), command.line)
        if body and target and name in ("cat", "tee", "echo", "printf"):
            self.files[target] = body
            return True
        return False

    def _shell_in(self, words: Sequence[Word], command: Simple) -> bool:
        """Follow what stands behind ``bash -c``."""
        texts = [word.text for word in words]
        for at, text in enumerate(texts):
            if at == 0 and text in _RUNS_TEXT and "-c" in texts[:-1]:
                self.nested(texts[texts.index("-c") + 1], command.line)
                return True
            if text.rpartition("/")[2] in _SHELLS:
                flags = takewhile(lambda flag: flag.startswith("-"), texts[at + 1 :])
                for place, flag in enumerate(flags, at + 1):
                    if re.fullmatch(r"-\w*c", flag) and place + 1 < len(texts):
                        self.nested(texts[place + 1], command.line)
                        return True
        return False

    def _note(self, words: Sequence[Word]) -> None:
        words = [part for word in words for part in _taken_apart(word)]
        texts = [(notes_in(word.text), word.line) for word in words]
        notes = [
            f"line {line}: the comment is inside quotes, where bash does not know comments; it is "
            "left out here."
            for (_, lines), _ in texts
            for line in dict.fromkeys(lines)
        ]
        found = tuple(Word(text, line) for (text, lines), line in texts if text or not lines)
        if not found:
            return
        if found[0].text.startswith("--") and self.commands and self.beside:
            last = self.commands.pop()
            if not last.words[0].text.startswith("--"):
                notes.append(
                    f"line {found[0].line}: bash ends the command before this line, which begins "
                    "with a flag; here the line is taken for a part of the command."
                )
            found, notes = last.words + found, [*last.notes, *notes]
        self.commands.append(Noted(found, tuple(notes)))
        self.beside = True

    def call(self, name: str, arguments: tuple[str, ...] | None) -> None:
        """Follow the body of a function; its arguments are None where they are not known."""
        self.depth += 1
        if self.depth > _DEEPEST:
            line = self.expander.line
            raise GradatimError(f"line {line}: the functions call one another without an end.")
        expander, certain = self.expander, self.certain
        kept = expander.arguments, expander.shifted
        expander.arguments, expander.shifted = arguments, 0
        with suppress(Stop):
            self.body(self.functions[name])
        expander.arguments, expander.shifted = kept
        self.certain = certain
        self.depth -= 1

    def substituted(self, text: str, line: int) -> str | None:
        """What a command in $(...) prints, where that is plain."""
        found = _PRINTED.fullmatch(text)
        if found is None:
            return None
        printed = self.expander.text(found["what"]).strip("\"' ")
        return " ".join(printed.split()) if found["filters"] else printed

    def _assign(self, token: Token) -> bool:
        """Assign, if that is what the word does."""
        found = _ASSIGNMENT.match(token.text)
        if found is None or (token.kind == "array" and found.end() != len(token.text)):
            return False
        name, index, more = found[1], found[2], found[3]
        expander = self.expander
        expander.line = token.line
        if expander.given_value(name) is not None:
            return True
        old = expander.variables.get(name)
        new: Value
        if token.kind == "array":
            entries = [word for one in token.words for word in _entries(expander, one)]
            new = (*(_as_words(old, token.line) if more else ()), *entries)
        else:
            text = expander.text(token.text[found.end() :])
            # An argument of the script, or what a command prints, is called by its variable.
            alone = expander.unknowns.alone(text)
            named = not alone or re.match(r"[A-Za-z_]", alone)
            new = text if named else expander.unknowns.mark(name)
            if more:
                new = f"{as_text(old)}{text}"
            if index:
                new = expander.unknowns.mark(name)
        expander.work(len(new))
        self.set_at.setdefault(name, token.line)
        expander.variables[name] = new
        return True

    def _calculate(self, text: str) -> None:
        """What arithmetic assigns is not followed."""
        for name in re.findall(r"([A-Za-z_]\w*)\s*(?:\+\+|--|[-+*/%]?=(?!=))", text):
            self.expander.variables[name] = self.unknowns.mark(name)

    def unused_flags(self) -> None:
        """Flags in variables that no command takes, as in a part of a script."""
        words: list[Word] = []
        for name, value in self.expander.variables.items():
            if name not in self.expander.looked_up:
                entries = _as_words(value, self.set_at.get(name, 1))
                if any(word.text.startswith("--") for word in entries):
                    words += entries
        self.beside = False
        if words:
            self._note(words)


def is_assignment(token: Token) -> bool:
    """Whether a word assigns a variable and runs nothing."""
    return bool(_ASSIGNMENT.match(token.text)) and "$(" not in token.text


def _entries(expander: Expander, token: Token) -> list[Word]:
    if token.kind == "array":
        return [Word(token.text, token.line)]
    return expander.words(token)


def _taken_apart(word: Word) -> list[Word]:
    """Several flags in one quoted word, as a script in between takes them."""
    several = re.match(r"\s*--\w[^\s=]*\s+\S", word.text)
    return [Word(text, word.line) for text in word.text.split()] if several else [word]


def as_text(value: Value | None) -> str:
    """The value of a variable as one text; none is an empty one."""
    if value is None or isinstance(value, str):
        return value or ""
    return " ".join(word.text for word in value)


def _as_words(value: Value | None, line: int) -> tuple[Word, ...]:
    if isinstance(value, tuple):
        return value
    return tuple(Word(text, line) for text in (value or "").split())
