"""Follows a shell script without running anything, and notes the commands that it would run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from pathlib import PurePath
from typing import NamedTuple

from gradatim.core.build import Scalar
from gradatim.errors import GradatimError
from gradatim.peers.shell_arithmetic import holds
from gradatim.peers.shell_syntax import (
    Block,
    Body,
    Case,
    Chain,
    For,
    Function,
    If,
    Simple,
    Statement,
    Token,
    While,
    parse,
)
from gradatim.peers.shell_words import (
    PRIVATE,
    Choice,
    Expander,
    Unknowns,
    Value,
    Word,
    notes_in,
)

_DEEPEST = 20
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\[[^\]]*\])?(\+?)=")
_DECLARES = {"export", "declare", "local", "readonly", "typeset"}
_PRINTS = {"echo", "printf"}
_SHELLS = {"bash", "sh", "zsh"}
# Files of these names set paths and environments, and no rates.
_HARMLESS = re.compile(r"activate|bashrc|profile|conda|venv|module|setvars|/etc/")


class Noted(NamedTuple):
    """One command that the script would run."""

    words: tuple[Word, ...]
    notes: tuple[str, ...]


class Stop(Exception):
    """The script or the function ends here."""


class ShellScript:
    """What a script does, as far as it can be known without running it.

    Args:
        text: The script.
        given: The values of variables, which nothing in the script changes.

    Raises:
        GradatimError: With the line, for what is not closed, or grows without an end.
    """

    def __init__(self, text: str, given: Mapping[str, Scalar]) -> None:
        self.expander = Expander(given, self.substituted)
        self.commands: list[Noted] = []
        self.files: dict[str, tuple[str, int]] = {}
        self.functions: dict[str, Body] = {}
        self.called: set[str] = set()
        self.notes: list[str] = []
        self.set_at: dict[str, int] = {}
        self.certain, self.depth, self.beside = True, 0, False
        try:
            self.body(parse(PRIVATE.sub("", text.replace("\0", ""))))
        except Stop:
            pass
        for name in [name for name in self.functions if name not in self.called]:
            self.call(name, None)
        self.unused_flags()

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

    def body(self, body: Body) -> None:
        for statement in body:
            self.statement(statement)

    def statement(self, statement: Statement) -> None:
        self.expander.work(10)
        match statement:
            case Simple():
                self.simple(statement)
                return
            case If(branches):
                self.if_(branches)
            case Chain(first, operator, second):
                self.chain(first, operator, second)
            case For():
                self.for_(statement)
            case While(condition, body):
                self.while_(condition, body)
            case Case(word, branches):
                self.case(word, branches)
            case Function(name, body):
                self.functions[name] = body
            case Block(body):
                self.body(body)
        self.beside = False

    # Conditions

    def condition(self, body: Body) -> tuple[bool | None, str]:
        """Whether a condition holds, and what is not known of it."""
        if not body:
            return True, ""
        self.body(body[:-1])
        return self.test(body[-1])

    def test(self, statement: Statement) -> tuple[bool | None, str]:
        if isinstance(statement, Chain):
            first, cause = self.test(statement.first)
            decides = statement.operator == "||"
            if first is decides:
                return first, cause
            second, more = self.test(statement.second)
            if first is not None or second is decides:
                return second, more if first is not None else ""
            return None, cause + more
        if not isinstance(statement, Simple) or not statement.words:
            self.statement(statement)
            return None, ""
        first_word = statement.words[0].text
        if first_word.startswith("(("):
            found = self.expander.calculated(first_word[2:-2])
            return (None, found) if "\ue000" in found else (found != "0", "")
        if first_word not in ("[", "[[", "test", "!"):
            if first_word in ("true", ":", "false"):
                return first_word != "false", ""
            self.simple(statement)
            return None, ""
        return self.brackets(statement.words)

    def brackets(self, tokens: Sequence[Token]) -> tuple[bool | None, str]:
        negated = tokens[0].text == "!"
        tokens = tokens[1:] if negated else tokens
        if not tokens or tokens[0].text not in ("[", "[[", "test"):
            return None, ""
        inside = [token for token in tokens[1:] if token.text not in ("]", "]]")]
        words = [self.operand(inside, place) for place in range(len(inside))]
        found = holds(words, lambda word: "\ue000" not in word, tokens[0].text == "[[")
        if found is None:
            return None, "".join(words)
        return found != negated, ""

    def operand(self, tokens: Sequence[Token], place: int) -> str:
        """One word of a test. What the script does not set is empty where that is tested."""
        self.expander.line = tokens[place].line
        raw = tokens[place].text
        text = self.expander.text(raw)
        name = re.fullmatch(r'"?\$\{?([A-Za-z_]\w*)\}?"?', raw)
        if place and tokens[place - 1].text in ("-z", "-n") and name:
            return "" if self.expander.value(name[1]) is None else text
        return text

    # Branches

    def either(self, bodies: Sequence[Callable[[], None]], cause: str) -> None:
        """Follow several branches of which one is run, and keep what they agree on."""
        before, certain = self.expander.variables, self.certain
        self.certain = False
        ends: list[dict[str, Value]] = []
        for body in bodies:
            self.expander.work(len(before) + 1)
            self.expander.variables = dict(before)
            try:
                body()
            except Stop:
                pass
            ends.append(self.expander.variables)
        self.certain = certain
        self.expander.variables = dict(ends[0])
        for name in dict.fromkeys(name for end in ends for name in end):
            values = list(dict.fromkeys(end.get(name) for end in ends))
            if len(values) > 1:
                self.expander.variables[name] = self.one_of(name, values, cause)

    def one_of(self, name: str, values: Sequence[Value | None], cause: str) -> str:
        texts = tuple(_as_text(value) for value in values)
        named = [n for n in self.unknowns.names(cause) if re.fullmatch(r"\w+", n)]
        return self.unknowns.mark(name, Choice(texts, (cause,) if named else ()))

    def if_(self, branches: Sequence[tuple[Body, Body]]) -> None:
        (condition, body), rest = branches[0], branches[1:]
        holds_, cause = self.condition(condition)
        if holds_:
            self.body(body)
        elif holds_ is False:
            if rest:
                self.if_(rest)
        else:
            other = (lambda: self.if_(rest)) if rest else (lambda: None)
            self.either([lambda: self.body(body), other], cause)

    def chain(self, first: Statement, operator: str, second: Statement) -> None:
        before = len(self.commands)
        holds_, cause = self.test(first)
        succeeds = operator == "&&"
        if holds_ is None and succeeds and len(self.commands) > before or holds_ is succeeds:
            self.statement(second)
        elif holds_ is None:
            self.either([lambda: self.statement(second), lambda: None], cause)

    def case(self, word: Token, branches: Sequence[tuple[tuple[Token, ...], Body]]) -> None:
        text = self.expander.text(word.text)
        bodies: list[Callable[[], None]] = []
        for patterns, body in branches:
            sides = [(text, "==", self.expander.text(pattern.text)) for pattern in patterns]
            found = [holds(side, lambda one: "\ue000" not in one, True) for side in sides]
            if True in found:
                return self.body(body)
            if None in found:
                bodies.append(lambda body=body: self.body(body))  # type: ignore[misc]
        if bodies:
            self.either([*bodies, lambda: None], text)
        return None

    def for_(self, loop: For) -> None:
        words = [w for token in loop.words or () for w in self.expander.words(token)]
        texts = tuple(dict.fromkeys(word.text for word in words))
        if loop.words is not None and not words:
            return
        known = len(texts) == 1 and loop.words is not None
        choice = Choice(texts, ()) if 1 < len(texts) <= 16 else None
        value = texts[0] if known else self.unknowns.mark(loop.name, choice)
        before = dict(self.expander.variables)
        self.expander.work(len(before))
        if re.fullmatch(r"[A-Za-z_]\w*", loop.name):
            self.expander.variables[loop.name] = value
        certain, self.certain = self.certain, False
        try:
            self.body(loop.body)
        except Stop:
            pass
        self.certain = certain
        if not known or len(words) > 1:
            for name, now in list(self.expander.variables.items()):
                if name in before and name != loop.name and before[name] != now:
                    self.expander.variables[name] = self.one_of(name, [before[name], now], "")

    def while_(self, condition: Body, body: Body) -> None:
        written = repr(condition)
        if "$#" in written or "getopts" in written or "$1" in written or "${1" in written:
            line = next((c.line for c in condition if isinstance(c, Simple)), self.expander.line)
            self.notes.append(
                f"line {line}: the arguments of the script are not read; its variables have the "
                "values that they have without."
            )
            return
        self.either([lambda: self.body(body), lambda: None], "")

    # Commands

    def simple(self, command: Simple) -> None:
        self.expander.line = command.line
        tokens = list(command.words)
        while tokens and self.assign(tokens[0]):
            tokens.pop(0)
        if not tokens:
            return
        if tokens[0].text.startswith("(("):
            self.calculate(tokens[0].text[2:-2])
            return
        name = tokens[0].text
        if name in ("[", "[[", "test"):
            return
        if name in _DECLARES:
            for token in tokens[1:]:
                self.assign(token)
            return
        words: list[Word] = []
        for token in tokens:
            words += _entries(self.expander, token)
        if words:
            self.run(words, command)

    def run(self, words: list[Word], command: Simple) -> None:
        name, rest = words[0].text, words[1:]
        expander = self.expander
        if name == "eval":
            self.nested(" ".join(word.text for word in rest), command.line)
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
                self.notes.append(
                    f"line {command.line}: {self.unknowns.plain(rest[0].text)[:60]} is not read here; what it "
                    "sets counts there."
                )
        elif not self.redirected(words, command) and not self.shell_in(words, command):
            if name not in _PRINTS:
                self.note(words)

    def redirected(self, words: Sequence[Word], command: Simple) -> bool:
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

    def shell_in(self, words: Sequence[Word], command: Simple) -> bool:
        """Follow what stands behind ``bash -c``."""
        texts = [word.text for word in words]
        for at, text in enumerate(texts):
            if PurePath(text).name in _SHELLS:
                flags = takewhile(lambda flag: flag.startswith("-"), texts[at + 1 :])
                for place, flag in enumerate(flags, at + 1):
                    if re.fullmatch(r"-\w*c", flag) and place + 1 < len(texts):
                        self.nested(texts[place + 1], command.line)
                        return True
        return False

    def note(self, words: Sequence[Word]) -> None:
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
        self.depth += 1
        if self.depth > _DEEPEST:
            line = self.expander.line
            raise GradatimError(f"line {line}: the functions call one another without an end.")
        expander, certain = self.expander, self.certain
        kept = expander.arguments, expander.shifted
        expander.arguments, expander.shifted = arguments, 0
        try:
            self.body(self.functions[name])
        except Stop:
            pass
        expander.arguments, expander.shifted = kept
        self.certain = certain
        self.depth -= 1

    def substituted(self, text: str, line: int) -> str | None:
        """What a command in $(...) prints, where that is plain."""
        found = re.fullmatch(r"\s*echo\s+([^|;&`$<>(){}]*|\$\{?\w+\}?)\s*", text)
        return self.expander.text(found[1]).strip("\"' ") if found else None

    # Variables

    def assign(self, token: Token) -> bool:
        """Assign, if that is what the word does."""
        found = _ASSIGNMENT.match(token.text)
        if found is None or (token.kind == "array" and found.end() != len(token.text)):
            return False
        name, index, more = found[1], found[2], found[3]
        expander = self.expander
        expander.line = token.line
        if name in expander.given:
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
                new = f"{_as_text(old)}{text}"
            if index:
                new = expander.unknowns.mark(name)
        expander.work(len(new))
        self.set_at.setdefault(name, token.line)
        expander.variables[name] = new
        return True

    def calculate(self, text: str) -> None:
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
            self.note(words)


def _entries(expander: Expander, token: Token) -> list[Word]:
    if token.kind == "array":
        return [Word(token.text, token.line)]
    return expander.words(token)


def _taken_apart(word: Word) -> list[Word]:
    """Several flags in one quoted word, as a script in between takes them."""
    several = re.match(r"\s*--\w", word.text) and re.search(r"\s--\w", word.text)
    return [Word(text, word.line) for text in word.text.split()] if several else [word]


def _as_text(value: Value | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return " ".join(word.text for word in value)


def _as_words(value: Value | None, line: int) -> tuple[Word, ...]:
    if isinstance(value, tuple):
        return value
    return tuple(Word(text, line) for text in (value or "").split())
