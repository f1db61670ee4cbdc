"""Follows a shell script without running anything, and notes the commands that it would run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from gradatim.core.build import Scalar
from gradatim.peers.shell.arithmetic import holds
from gradatim.peers.shell.parser import (
    Block,
    Body,
    Case,
    Chain,
    For,
    Function,
    If,
    Simple,
    Statement,
    While,
    parse,
)
from gradatim.peers.shell.simple import Commands, Stop, as_text, is_assignment
from gradatim.peers.shell.tokens import Token
from gradatim.peers.shell.unknowns import BEGIN, PRIVATE, Choice, Value

# A script that submits itself where it runs in no job goes on in the job.
_OF_JOBS = re.compile(r"(SLURM|PBS|LSB)_?JOB_?ID")


class ShellScript(Commands):
    """What a script does, as far as it can be known without running it.

    Args:
        text: The script.
        given: The values of variables, which nothing in the script changes.

    Raises:
        GradatimError: With the line, for what is not closed, or grows without an end.
    """

    def __init__(self, text: str, given: Mapping[str, Scalar]) -> None:
        super().__init__(given)
        with suppress(Stop):
            self.body(parse(PRIVATE.sub("", text.replace("\0", ""))))
        for name in [name for name in self.functions if name not in self.called]:
            self.call(name, None)
        self.unused_flags()

    def body(self, body: Body) -> None:
        """Follow several statements."""
        for statement in body:
            self._statement(statement)

    def _statement(self, statement: Statement) -> None:
        self.expander.work(10)
        match statement:
            case Simple():
                self.simple(statement)
                return
            case If(branches):
                self._if_(branches)
            case Chain(first, operator, second):
                self._chain(first, operator, second)
            case For():
                self._for_(statement)
            case While():
                self._while_(statement)
            case Case(word, branches):
                self._case(word, branches)
            case Function(name, body):
                self.functions[name] = body
            case Block(body):
                self.body(body)
        self.beside = False

    # Conditions

    def _condition(self, body: Body) -> tuple[bool | None, str]:
        """Whether a condition holds, and what is not known of it."""
        if not body:
            return True, ""
        self.body(body[:-1])
        return self._test(body[-1])

    def _test(self, statement: Statement) -> tuple[bool | None, str]:
        if isinstance(statement, Chain):
            first, cause = self._test(statement.first)
            decides = statement.operator == "||"
            if first is decides:
                return first, cause
            second, more = self._test(statement.second)
            if first is not None or second is decides:
                return second, more if first is not None else ""
            return None, cause + more
        if not isinstance(statement, Simple) or not statement.words:
            self._statement(statement)
            return None, ""
        if all(is_assignment(word) for word in statement.words):
            self.simple(statement)
            return True, ""
        first_word = statement.words[0].text
        if first_word.startswith("(("):
            found = self.expander.calculated(first_word[2:-2])
            return (None, found) if BEGIN in found else (found != "0", "")
        if first_word not in ("[", "[[", "test", "!"):
            if first_word in ("true", ":", "false"):
                return first_word != "false", ""
            self.simple(statement)
            return None, ""
        return self._brackets(statement.words)

    def _brackets(self, tokens: Sequence[Token]) -> tuple[bool | None, str]:
        negated = tokens[0].text == "!"
        tokens = tokens[1:] if negated else tokens
        if not tokens or tokens[0].text not in ("[", "[[", "test"):
            return None, ""
        inside = [token for token in tokens[1:] if token.text not in ("]", "]]")]
        words = [self._operand(inside, place) for place in range(len(inside))]
        found = holds(words, lambda word: BEGIN not in word, tokens[0].text == "[[")
        if found is None:
            return None, "".join(words)
        return found != negated, ""

    def _operand(self, tokens: Sequence[Token], place: int) -> str:
        """One word of a test. What the script does not set is empty where that is tested."""
        self.expander.line = tokens[place].line
        raw = tokens[place].text
        text = self.expander.text(raw)
        name = re.fullmatch(r'"?\$\{?([A-Za-z_]\w*)\}?"?', raw)
        tested = place and tokens[place - 1].text in ("-z", "-n") and name
        if tested and name and not _OF_JOBS.fullmatch(name[1]):
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
            with suppress(Stop):
                body()
            ends.append(self.expander.variables)
        self.certain = certain
        self.expander.variables = dict(ends[0])
        for name in dict.fromkeys(name for end in ends for name in end):
            values = list(dict.fromkeys(end.get(name) for end in ends))
            if len(values) > 1:
                self.expander.variables[name] = self._one_of(name, values, cause)

    def _one_of(self, name: str, values: Sequence[Value | None], cause: str) -> str:
        texts = tuple(as_text(value) for value in values)
        named = [n for n in self.unknowns.names(cause) if re.fullmatch(r"\w+", n)]
        return self.unknowns.mark(name, Choice(texts, (cause,) if named else ()))

    def _if_(self, branches: Sequence[tuple[Body, Body]]) -> None:
        (condition, body), rest = branches[0], branches[1:]
        holds_, cause = self._condition(condition)
        if holds_:
            self.body(body)
        elif holds_ is False:
            if rest:
                self._if_(rest)
        else:
            other = (lambda: self._if_(rest)) if rest else (lambda: None)
            self.either([lambda: self.body(body), other], cause)

    def _chain(self, first: Statement, operator: str, second: Statement) -> None:
        before = len(self.commands)
        holds_, cause = self._test(first)
        succeeds = operator == "&&"
        ran = len(self.commands) > before  # a command is taken to go well
        if holds_ is succeeds or (holds_ is None and succeeds and ran):
            self._statement(second)
        elif holds_ is None:
            self.either([lambda: self._statement(second), lambda: None], cause)

    def _case(self, word: Token, branches: Sequence[tuple[tuple[Token, ...], Body]]) -> None:
        text = self.expander.text(word.text)
        bodies: list[Callable[[], None]] = []
        for patterns, body in branches:
            sides = [(text, "==", self.expander.text(pattern.text)) for pattern in patterns]
            found = [holds(side, lambda one: BEGIN not in one, True) for side in sides]
            if True in found:
                return self.body(body)
            if None in found:
                bodies.append(partial(self.body, body))
        if bodies:
            self.either([*bodies, lambda: None], text)
        return None

    def _for_(self, loop: For) -> None:
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
        with suppress(Stop):
            self.body(loop.body)
        self.certain = certain
        if not known or len(words) > 1:
            for name, now in list(self.expander.variables.items()):
                if name in before and name != loop.name and before[name] != now:
                    self.expander.variables[name] = self._one_of(name, [before[name], now], "")

    def _while_(self, loop: While) -> None:
        condition, body = loop.condition, loop.body
        written = repr(condition)
        if "$#" in written or "getopts" in written or "$1" in written or "${1" in written:
            line = next((c.line for c in condition if isinstance(c, Simple)), self.expander.line)
            self.notes.append(
                f"line {line}: the arguments of the script are not read; its variables have the "
                "values that they have without."
            )
            return
        holds_, cause = self._condition(condition)
        if holds_ is not loop.ends:
            self.either([lambda: self.body(body), lambda: None], cause)
