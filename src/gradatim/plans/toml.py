"""A TOML reader: the standard library parses, and the lines of keys are searched for."""

from __future__ import annotations

import re
from typing import Any

from gradatim.core.build import Node, at_line
from gradatim.errors import GradatimError
from gradatim.plans.tree import (
    DEEPEST,
    MOST,
    Place,
    float_of,
    integer_of,
    shown,
    too_deep,
    too_many,
)

_HEADER = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?")
_KEY = re.compile(r"\s*([\w.\-\"' /\[\]*]+?)\s*=")
# Dotted keys, a.b.c: tomllib needs time and memory in the square of their number.
_CHAIN = re.compile(
    r"(?:(?:(?<![\w-])[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+\.[ \t]*+)" f"{{{DEEPEST}}}"
)
_DIGITS = re.compile(r"[0-9_]{41}")


def read_toml(text: str) -> Node:
    """The tree of a TOML text.

    Raises:
        GradatimError: With the line, for what is not TOML, for NaN and infinities, for dates,
            and for what is too deep or too large.
    """
    return _Tree(lines_of(text)).node(parse_toml(text), ())


def parse_toml(text: str) -> dict[str, Any]:
    """The data of a TOML text.

    Raises:
        GradatimError: With the line, for what is not TOML, for NaN and infinities, for a number
            that is too long, and for what is too deep.
    """
    # tomllib recurses for each bracket, and reads integers of any length.
    if _deepest(text) > DEEPEST or _CHAIN.search(text):
        raise too_deep(None)
    if digits := _DIGITS.search(text):
        line = text.count("\n", 0, digits.start()) + 1
        raise at_line(line, f"a number such as {shown(digits[0])} is too long.")
    import tomllib  # only here: it is slow to import, and most plans are YAML

    try:
        data = tomllib.loads(text, parse_float=_float_or_text)
        _refuse_infinite(data, (), lines_of(text))
        return data
    except GradatimError:
        raise
    except (ValueError, RecursionError) as error:
        place = re.search(r"\(at line (\d+), column \d+\)|\(at end of document\)", str(error))
        reason = str(error).split(" (at")[0]
        line = int(place[1]) if place and place[1] else text.rstrip().count("\n") + 1
        raise at_line(line, f"this is not TOML: {reason[:120]}.") from None


class _NotFinite(str):
    """A NaN, an infinity or a number past what a float holds, as it is written."""


def _float_or_text(number: str) -> float | _NotFinite:
    try:
        return float_of(number, None)
    except GradatimError:  # tomllib does not know the line, so it is refused later
        return _NotFinite(number)


def _refuse_infinite(value: Any, place: Place, lines: dict[Place, int]) -> None:
    if isinstance(value, _NotFinite):
        float_of(value, line_of(place, lines))
    inner = value.items() if isinstance(value, dict) else ()
    for key, part in enumerate(value) if isinstance(value, list) else inner:
        _refuse_infinite(part, (*place, key), lines)


def line_of(place: Place, lines: dict[Place, int]) -> int | None:
    """The line of this place, or of the nearest one around it whose line is known."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place)


def _deepest(text: str) -> int:
    # Brackets in strings count too, which no plan has in such numbers.
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth = max(depth - 1, 0)
    return deepest


def lines_of(text: str) -> dict[Place, int]:
    """The line of each table and each key that is written on one line."""
    lines: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.split("\n"), 1):
        line = line[:200].rstrip("\r")  # long enough for the key of a plan
        if header := _HEADER.fullmatch(line):
            table = _parts(header[1])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_parts(key[1])), number)
    return lines


def _parts(name: str) -> Place:
    quoted = re.findall(r"\"([^\"]*)\"|'([^']*)'|([^.\s\"']+)", name)
    return tuple(next(filter(None, part), "") for part in quoted)


class _Tree:
    def __init__(self, lines: dict[Place, int]) -> None:
        self.lines, self.nodes = lines, 0

    def node(self, value: Any, place: Place) -> Node:
        self.nodes += 1
        line = line_of(place, self.lines)
        if len(place) > DEEPEST:
            raise too_deep(line)
        if self.nodes > MOST:
            raise too_many(line)
        if isinstance(value, dict):
            return Node({key: self.node(v, (*place, key)) for key, v in value.items()}, line)
        if isinstance(value, list):
            return Node([self.node(v, (*place, i)) for i, v in enumerate(value)], line)
        if not isinstance(value, (str, int, float, bool)):
            raise at_line(line, f"a date is no part of a plan, got {shown(str(value))}.")
        if type(value) is int:
            integer_of(str(value), line)
        return Node(value, line)
