"""Bounds and scalars that all formats of plan files have in common.

The readers of the formats yield ``Node``: plain data with line numbers.
"""

from __future__ import annotations

import math
import re

from gradatim.core.build import Scalar, at_line
from gradatim.errors import GradatimError

LARGEST = 64 * 1024
"""The most bytes of a plan file."""
DEEPEST = 32
MOST = 10_000
FARTHEST = 2**63
_LONGEST_NUMBER = 40

Place = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?(0|[1-9](_?[0-9])*)", re.ASCII)
_REAL = re.compile(
    r"[-+]?([0-9](_?[0-9])*\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?", re.ASCII | re.IGNORECASE
)
_NUMBERLIKE = re.compile(r"[-+0-9_.:eE]+", re.ASCII)
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_OCTAL = re.compile(r"[-+]?0[0-9_]+", re.ASCII)
_SURPRISES = (
    (_OCTAL, "YAML reads a leading 0 as octal", "Leave the 0 out"),
    (re.compile(r"[-+]?0[xob].*", re.I), "it is no decimal number", "Write it in decimals"),
    (
        re.compile(r"[-+]?[0-9_]+(:[0-5]?[0-9])+(\.[0-9]*)?"),
        "YAML reads colons as base 60",
        "Write one number of updates, or a text such as '2 epochs'",
    ),
    (
        re.compile(r"(y|n|yes|no|on|off)", re.I),
        "YAML reads it as a boolean",
        "Write true or false, or put it in quotes",
    ),
    (
        re.compile(r"[-+]?\.?(nan|inf|infinity)", re.I),
        "it is no finite number",
        "Write a finite number",
    ),
    (
        re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*"),
        "YAML reads it as a date",
        "Put it in quotes",
    ),
)


def too_deep(line: int | None, deepest: int = DEEPEST) -> GradatimError:
    """The error for too many levels."""
    return at_line(line, f"more than {deepest} levels of nesting.")


def too_many(line: int | None, most: int = MOST) -> GradatimError:
    """The error for too many entries."""
    return at_line(line, f"more than {most} entries.")


def scalar_of(text: str, line: int | None) -> Scalar:
    """The value of text without quotes: a number, true, false, null, or the text itself.

    >>> scalar_of("1e-3", 1), scalar_of("10_000", 1), scalar_of("5%", 1), scalar_of("true", 1)
    (0.001, 10000, '5%', True)

    Raises:
        GradatimError: For text that some YAML readers take for something else.
    """
    if len(text) > 2 * _LONGEST_NUMBER:  # too long for a number
        return _short(text, line) if _NUMBERLIKE.fullmatch(text) else text
    if text in (text.lower(), text.title(), text.upper()) and text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return integer_of(text, line)
    if _REAL.fullmatch(text) and not _OCTAL.fullmatch(text):
        return float_of(text, line)
    for pattern, reason, instead in _SURPRISES:
        if pattern.fullmatch(text):
            raise at_line(line, f"{shown(text)} is refused: {reason}. {instead}.")
    return text


def integer_of(text: str, line: int | None) -> int:
    """A text as an integer."""
    number = int(_short(text, line).replace("_", ""))
    if abs(number) > FARTHEST:
        raise at_line(line, f"{shown(text)} is above 2**63, the last update that can be counted.")
    return number


def float_of(text: str, line: int | None) -> float:
    """A text as a finite float."""
    try:
        number = float(_short(text, line).replace("_", ""))
    except ValueError:
        raise at_line(line, f"{shown(text)} is no number.") from None
    if not math.isfinite(number):
        raise at_line(line, f"{shown(text)} is no finite number.")
    return number


def _short(text: str, line: int | None) -> str:
    if len(text) > _LONGEST_NUMBER:
        raise at_line(line, f"a number of {len(text)} characters, {shown(text)}, is too long.")
    return text


def shown(text: str) -> str:
    """A text for an error message: quoted, in one line, at most 40 characters."""
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
