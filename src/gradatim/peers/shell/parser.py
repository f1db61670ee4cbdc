"""The statements that the tokens of a shell script form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gradatim.errors import GradatimError
from gradatim.peers.shell.tokens import Token, tokens

_DEEPEST = 40
_NAME = re.compile(r"[A-Za-z_]\w*")
_ENDS = {"then", "else", "elif", "fi", "do", "done", "esac", "}", ")", ";;", ";&", ";;&"}


class Simple(NamedTuple):
    """A command with its assignments and redirections."""

    words: tuple[Token, ...]
    redirects: tuple[tuple[str, Token], ...]
    line: int


class If(NamedTuple):
    """Conditions with what follows each; the last condition is empty for an ``else``."""

    branches: tuple[tuple[Body, Body], ...]


class For(NamedTuple):
    """A loop over words; none if it counts in another way."""

    name: str
    words: tuple[Token, ...] | None
    body: Body


class While(NamedTuple):
    """A loop with a condition."""

    condition: Body
    body: Body
    ends: bool
    """What the condition is when the loop ends: True for ``until``."""


class Case(NamedTuple):
    """A word, and patterns with what follows each."""

    word: Token
    branches: tuple[tuple[tuple[Token, ...], Body], ...]


class Function(NamedTuple):
    """A function and its body."""

    name: str
    body: Body


class Block(NamedTuple):
    """Commands in braces or in parentheses."""

    body: Body


class Chain(NamedTuple):
    """Two commands, the second run where the first succeeds ("&&") or fails ("||")."""

    first: Statement
    operator: str
    second: Statement


Statement = Simple | If | For | While | Case | Function | Block | Chain
Body = tuple[Statement, ...]


def parse(text: str, line: int = 1) -> Body:
    """The statements of a script.

    Raises:
        GradatimError: With the line, for quotes, heredocs or blocks that are not closed.
    """
    return _Parser(tokens(text, line)).script()


class _Parser:
    def __init__(self, given: Sequence[Token]) -> None:
        # Heredocs go to the redirection that announced them, in order.
        self.bodies = [token for token in given if token.kind.endswith("heredoc")]
        self.tokens = [token for token in given if not token.kind.endswith("heredoc")]
        self.at = self.depth = 0

    def script(self) -> Body:
        body = self.body(set())
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            raise GradatimError(f"line {token.line}: {token.text!r} closes nothing.")
        return body

    @property
    def now(self) -> Token:
        if self.at < len(self.tokens):
            return self.tokens[self.at]
        return Token("end", "", self.tokens[-1].line if self.tokens else 1)

    def skip(self, *texts: str) -> bool:
        passed = False
        while self.at < len(self.tokens) and self.now.text in texts and self.now.kind != "array":
            self.at += 1
            passed = True
        return passed

    def expect(self, text: str, begun: Token) -> None:
        self.skip("\n", ";")
        if self.now.text != text:
            raise GradatimError(f"line {begun.line}: {begun.text!r} is not closed by {text!r}.")
        self.at += 1

    def body(self, ends: set[str]) -> Body:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise GradatimError(f"line {self.now.line}: more than {_DEEPEST} nested blocks.")
        found: list[Statement] = []
        self.skip("\n", ";", "&")
        while self.at < len(self.tokens) and self.now.text not in ends | _ENDS:
            found.append(self.chain())
            self.skip("\n", ";", "&")
        self.depth -= 1
        return tuple(found)

    def chain(self) -> Statement:
        found = self.pipeline()
        while self.now.text in ("&&", "||") and self.now.kind == "operator":
            operator = self.now.text
            self.at += 1
            self.skip("\n")
            found = Chain(found, operator, self.pipeline())
        return found

    def pipeline(self) -> Statement:
        parts = [self.statement()]
        while self.now.text in ("|", "|&") and self.now.kind == "operator":
            self.at += 1
            self.skip("\n")
            parts.append(self.statement())
        return parts[0] if len(parts) == 1 else Block(tuple(parts))

    def statement(self) -> Statement:
        token = self.now
        self.at += 1
        found: Statement
        match token.text if token.kind != "array" else "":
            case "if":
                found = self.if_(token)
            case "for" | "select":
                found = self.for_(token)
            case "while" | "until":
                condition = self.body({"do"})
                found = While(condition, self.do(token), token.text == "until")
            case "case":
                found = self.case(token)
            case "{":
                found = Block(self.body({"}"}))
                self.expect("}", token)
            case "(" if token.kind == "operator":
                found = Block(self.body({")"}))
                self.expect(")", token)
            case "function":
                name = self.now.text
                self.at += 1
                self.skip("(", ")", "\n")
                found = Function(name, (self.statement(),))
            case _:
                return self.simple(token)
        while self.now.kind == "redirect":
            self.redirect()
        return found

    def if_(self, begun: Token) -> If:
        branches: list[tuple[Body, Body]] = []
        condition = self.body({"then"})
        self.expect("then", begun)
        branches.append((condition, self.body(set())))
        while self.now.text in ("elif", "else"):
            keyword = self.now
            self.at += 1
            condition = ()
            if keyword.text == "elif":
                condition = self.body({"then"})
                self.expect("then", keyword)
            branches.append((condition, self.body(set())))
        self.expect("fi", begun)
        return If(tuple(branches))

    def for_(self, begun: Token) -> For:
        name, words = self.now.text, None
        self.at += 1
        self.skip("\n")
        if self.now.text == "in":
            self.at += 1
            entries: list[Token] = []
            while self.now.kind == "word":
                entries.append(self.now)
                self.at += 1
            words = tuple(entries)
        return For(name, words, self.do(begun))

    def do(self, begun: Token) -> Body:
        self.expect("do", begun)
        body = self.body({"done"})
        self.expect("done", begun)
        return body

    def case(self, begun: Token) -> Case:
        word = self.now
        self.at += 1
        self.expect("in", begun)
        branches: list[tuple[tuple[Token, ...], Body]] = []
        self.skip("\n", ";")
        while self.now.kind != "end" and self.now.text != "esac":
            self.skip("(")
            patterns: list[Token] = []
            while self.now.kind == "word":
                patterns.append(self.now)
                self.at += 1
                self.skip("|")
            self.expect(")", begun)
            branches.append((tuple(patterns), self.body(set())))
            self.skip(";;", ";&", ";;&", "\n", ";")
        self.expect("esac", begun)
        return Case(word, tuple(branches))

    def simple(self, first: Token) -> Statement:
        if first.kind == "word" and self.now.text == "(" and _NAME.match(first.text):
            self.at += 1
            self.expect(")", first)
            self.skip("\n")
            return Function(first.text, (self.statement(),))
        self.at -= 1
        words: list[Token] = []
        redirects: list[tuple[str, Token]] = []
        inside = first.text == "[["
        while self.at < len(self.tokens):
            token = self.now
            if token.kind == "redirect" and not inside:
                redirects.append(self.redirect())
            elif token.kind in ("word", "array") or (inside and token.text != "\n"):
                words.append(token)
                self.at += 1
                inside = inside and token.text != "]]"
            else:
                break
        if not words and not redirects:
            raise GradatimError(f"line {first.line}: {first.text!r} is not expected here.")
        return Simple(tuple(words), tuple(redirects), first.line)

    def redirect(self) -> tuple[str, Token]:
        kind = self.now
        sign = kind.text.lstrip("0123456789")
        self.at += 1
        if sign in ("<<", "<<-"):
            return sign, self.bodies.pop(0) if self.bodies else kind
        target = self.now
        if target.kind != "word":
            raise GradatimError(f"line {kind.line}: {kind.text!r} has no file.")
        self.at += 1
        return sign, target
