"""Arithmetic and tests of shell scripts: whole numbers, comparisons, patterns."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

_TOKEN = re.compile(r"\s*(0[xX][0-9a-fA-F]+|[0-9]+|\*\*|<<|>>|[<>=!]=|&&|\|\||[-+*/%()<>!?:&|^~])")
_LARGEST = 2**63


def _divided(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _power(a: int, b: int) -> int:
    if not 0 <= b < 64:
        raise ValueError
    return int(a**b)


# From the loosest to the tightest.
_LEVELS: tuple[dict[str, Callable[[int, int], int]], ...] = (
    {"||": lambda a, b: int(bool(a or b))},
    {"&&": lambda a, b: int(bool(a and b))},
    {"==": operator.eq, "!=": operator.ne},
    {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge},
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": _divided, "%": lambda a, b: a - b * _divided(a, b)},
)


def calculate(text: str) -> int | None:
    """The value of an expression of whole numbers; None if it is no such expression.

    >>> calculate("300 * 1000000000 / 512 / 2048")
    286102
    """
    words: list[str] = []
    at, text = 0, text.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or len(words) > 1000:
            return None
        words.append(found[1])
        at = found.end()
    try:
        value, rest = _choice(words)
    except (ArithmeticError, IndexError, ValueError, RecursionError):
        return None
    return None if rest else value


def _choice(words: list[str]) -> tuple[int, list[str]]:
    value, rest = _level(words, 0)
    if rest[:1] != ["?"]:
        return value, rest
    one, rest = _choice(rest[1:])
    if rest[:1] != [":"]:
        raise ValueError
    other, rest = _choice(rest[1:])
    return (one if value else other), rest


def _level(words: list[str], level: int) -> tuple[int, list[str]]:
    if level == len(_LEVELS):
        return _single(words)
    value, rest = _level(words, level + 1)
    while rest and rest[0] in _LEVELS[level]:
        calculated = _LEVELS[level][rest[0]]
        other, rest = _level(rest[1:], level + 1)
        value = int(calculated(value, other))
        if abs(value) >= _LARGEST:
            raise OverflowError
    return value, rest


def _single(words: list[str]) -> tuple[int, list[str]]:
    match words[0]:
        case "-" | "+" | "!":
            value, rest = _single(words[1:])
            return {"-": -value, "+": value, "!": int(not value)}[words[0]], rest
        case "(":
            value, rest = _choice(words[1:])
            if rest[0] != ")":
                raise ValueError
            rest = rest[1:]
        case number:
            value, rest = int(number, 8 if re.fullmatch("0[0-7]+", number) else 0), words[1:]
    if rest[:1] == ["**"]:
        power, rest = _single(rest[1:])
        value = _power(value, power)
    return value, rest


_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": operator.eq,
    "-ne": operator.ne,
    "-lt": operator.lt,
    "-gt": operator.gt,
    "-le": operator.le,
    "-ge": operator.ge,
}


def holds(words: Sequence[str], known: Callable[[str], bool], patterns: bool) -> bool | None:
    """Whether the words between the brackets of a test are true; None if that is not known.

    Args:
        words: The words, such as ["$X", "-gt", "1"] with the value of X.
        known: Whether all of a word is known.
        patterns: Whether the right side of == is a pattern, as it is in [[ ]].
    """
    words = list(words)
    for sign in ("||", "-o", "&&", "-a"):
        if sign in words:
            at = words.index(sign)
            sides = [holds(part, known, patterns) for part in (words[:at], words[at + 1 :])]
            decides = sign in ("||", "-o")
            return decides if decides in sides else None if None in sides else not decides
    if words[:1] == ["!"]:
        found = holds(words[1:], known, patterns)
        return None if found is None else not found
    match words:
        case []:
            return False
        case [one]:
            return bool(one) if known(one) else None
        case ["-z" | "-n" as sign, one]:
            return (one == "") == (sign == "-z") if known(one) else None
        case [left, compared, right] if known(left) and known(right):
            if compared in _NUMBERS:
                a, b = calculate(left), calculate(right)
                return None if a is None or b is None else _NUMBERS[compared](a, b)
            same = fnmatchcase(left, right) if patterns else left == right
            return {"=": same, "==": same, "!=": not same}.get(compared)
    return None
