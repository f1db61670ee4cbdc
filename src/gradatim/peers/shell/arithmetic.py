"""Arithmetic and tests of shell scripts: whole numbers, comparisons, patterns."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import reduce

from gradatim.core.syntax_trees import expression_of

_LARGEST, _LONGEST = 2**63, 10_000
_AS_IN_PYTHON = (
    (r"&&", " and "),
    (r"\|\|", " or "),
    (r"!(?!=)", "~"),
    (r"\b0+(?=[0-7]+\b)", "0o"),
)
# What bash and Python both write; "10#08" or "1_000" is another number there, or none.
_SHARED = re.compile(r"(?:\s*+(?>0[xX][0-9a-fA-F]++|[0-9]++|[<>=!]=|&&|\|\||[-+*/%()<>!?:]))*+\s*+")
_CHOICE = re.compile(r"([^?:]+)\?([^?:]+):([^?:]+)")


def _divided(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _power(a: int, b: int) -> int:
    if not 0 <= b < 64:
        raise ValueError
    return int(a**b)


_OPERATORS: dict[type[ast.AST], Callable[..., int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _divided,
    ast.Mod: lambda a, b: a - b * _divided(a, b),
    ast.Pow: _power,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.And: lambda a, b: bool(a and b),
    ast.Or: lambda a, b: bool(a or b),
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.not_,  # the sign that binds as C's ! does
}


def calculate(text: str) -> int | None:
    """The value of an expression of whole numbers; None if it is no such expression.

    It is read as one of Python, whose operators have the same order, and none of C's own is left.

    >>> calculate("300 * 1000000000 / 512 / 2048")
    286102
    """
    if len(text) > _LONGEST or not _SHARED.fullmatch(text):
        return None
    if choice := _CHOICE.fullmatch(text):
        test, *sides = map(calculate, choice.groups())
        return None if test is None else sides[not test]
    for sign, word in _AS_IN_PYTHON:
        text = re.sub(sign, word, text)
    try:
        return _value(expression_of(" ".join(text.split())))
    except (ArithmeticError, LookupError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _value(node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int() as number) if number.__class__ is int:
            found = number
        case ast.UnaryOp(operand=ast.BinOp(op=ast.Pow())):
            raise ValueError  # which bash computes in another order
        case ast.UnaryOp(op=sign, operand=inside):
            found = _OPERATORS[type(sign)](_value(inside))
        case ast.BinOp(left=left, op=sign, right=right):
            found = _OPERATORS[type(sign)](_value(left), _value(right))
        case ast.Compare(left=left, ops=[sign], comparators=[right]):
            found = _OPERATORS[type(sign)](_value(left), _value(right))
        case ast.BoolOp(op=sign, values=parts):
            found = reduce(_OPERATORS[type(sign)], map(_value, parts))
        case _:
            raise ValueError
    if abs(found) >= _LARGEST:
        raise OverflowError
    return int(found)


_NUMBERS = {f"-{name}": getattr(operator, name) for name in ("eq", "ne", "lt", "gt", "le", "ge")}


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
