"""A JSON reader with line numbers, which also refuses a key that is given twice."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]

from gradatim.core.build import Node, Scalar, at_line
from gradatim.plans.tree import DEEPEST, MOST, float_of, integer_of, shown, too_deep, too_many

_SPACE = re.compile(r"[ \t\r\n]*")
_WORD = re.compile(r"[^\s,:\[\]{}\"]+")
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None}
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def read_json(text: str, *, most: int = MOST, not_finite: bool = False) -> Node:
    """The tree of a JSON text.

    Args:
        text: The text.
        most: The most values that it may have.
        not_finite: Whether NaN and infinities are read, as Python writes them.

    Raises:
        GradatimError: With the line, for what is not JSON, for a key that comes twice, for NaN
            and infinities, and for what is too deep or too large.
    """
    reader = _Reader(text, most, {**_WORDS, **(_NOT_FINITE if not_finite else {})})
    node = reader.value(0)
    if reader.peek():
        raise at_line(reader.line(), f"unexpected {shown(reader.rest())} after the end.")
    return node


class _Reader:
    def __init__(self, text: str, most: int, words: Mapping[str, Scalar]) -> None:
        self.text, self.at, self.nodes = text, 0, 0
        self.most, self.words = most, words
        self._counted = (0, 1)

    def line(self) -> int:
        # Counted on from the last position, so that each line is counted once.
        at, line = self._counted
        line += self.text.count("\n", at, self.at)
        self._counted = (self.at, line)
        return line

    def rest(self) -> str:
        return self.text[self.at : self.at + 60]

    def peek(self) -> str:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def take(self, wanted: str) -> None:
        if self.peek() != wanted:
            found = shown(self.rest()) if self.rest() else "the end of the file"
            raise at_line(self.line(), f"expected {wanted!r}, got {found}.")
        self.at += 1

    def value(self, depth: int) -> Node:
        first, line = self.peek(), self.line()
        self.nodes += 1
        if depth > DEEPEST:
            raise too_deep(line)
        if self.nodes > self.most:
            raise too_many(line, self.most)
        if first == "{":
            return Node(self.mapping(depth), line)
        if first == "[":
            return Node(self.list(depth), line)
        return Node(self.string() if first == '"' else self.word(), line)

    def mapping(self, depth: int) -> dict[str, Node]:
        self.take("{")
        entries: dict[str, Node] = {}
        while self.peek() != "}":
            if entries:
                self.take(",")
            if entries and self.peek() == "}":
                raise at_line(self.line(), "there is a comma before the closing bracket.")
            if self.peek() != '"':
                raise at_line(self.line(), f"expected a key in quotes, got {shown(self.rest())}.")
            key = self.string()
            if key in entries:
                raise at_line(self.line(), f"the key {shown(key)} comes twice.")
            self.take(":")
            entries[key] = self.value(depth + 1)
        self.take("}")
        return entries

    def list(self, depth: int) -> list[Node]:
        self.take("[")
        entries: list[Node] = []
        while self.peek() != "]":
            if entries:
                self.take(",")
                if self.peek() == "]":
                    raise at_line(self.line(), "there is a comma before the closing bracket.")
            entries.append(self.value(depth + 1))
        self.take("]")
        return entries

    def string(self) -> str:
        try:
            text, self.at = scanstring(self.text, self.at + 1, True)
        except ValueError as error:
            reason = str(error).partition(":")[0].lower()
            raise at_line(self.line(), f"a string cannot be read: {reason}.") from None
        return str(text)

    def word(self) -> Scalar:
        match = _WORD.match(self.text, self.at)
        if match is None:
            found = shown(self.rest()) if self.rest() else "the end of the file"
            raise at_line(self.line(), f"expected a value, got {found}.")
        word, line = match[0], self.line()
        if word in self.words:
            self.at = match.end()
            return self.words[word]
        if not re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", word, re.ASCII):
            raise at_line(line, f"{shown(word)} is no JSON value.")
        self.at = match.end()
        return integer_of(word, line) if re.fullmatch(r"-?[0-9]+", word) else float_of(word, line)
