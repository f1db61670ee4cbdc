"""Lengths of time as people write them: "5%", "2 epochs", "1e9 tokens", "300k samples"."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Annotated, NamedTuple

from gradatim.core._fields import Kind, Phase, check, whole
from gradatim.core.errors import GradatimError, refuse

_WRITTEN = re.compile(r"\s*(\d[\d_]*\.?\d*(?:e\+?\d{1,3})?)\s*([kMBT]?)\s*(%|[a-z]+)\s*", re.ASCII)
_MULTIPLES = {"": 1, "k": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_UNITS = {
    "%": "%",
    "update": "updates", "updates": "updates", "step": "updates", "steps": "updates",
    "epoch": "epochs", "epochs": "epochs", "ep": "epochs",
    "sample": "samples", "samples": "samples",
    "token": "tokens", "tokens": "tokens", "tok": "tokens",
}  # fmt: skip
_EXAMPLES = '500, "5%", "2 epochs", "300k samples" or "1e9 tokens"'


class Duration(NamedTuple):
    """An exact amount of one unit: updates, epochs, samples, tokens, or % of the run."""

    amount: Fraction
    unit: str


def read(text: str) -> Duration:
    """The amount and the unit that a text names.

    >>> read("300k samples")
    Duration(amount=Fraction(300000, 1), unit='samples')

    Raises:
        GradatimError: If it is not a number, an optional k, M, B or T, and a unit.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None or found[3] not in _UNITS or len(text) > 40:
        raise refuse("duration", "a length", text, f"like {_EXAMPLES}")
    amount = Fraction(Decimal(found[1].replace("_", ""))) * _MULTIPLES[found[2]]
    return Duration(amount, _UNITS[found[3]])


def _int_or_text(value: int | str) -> int | str:
    if isinstance(value, str):
        read(value)
        return value
    return whole(value, 0)


Length = Annotated[
    int | str, Kind("a whole number of updates, 0 or more, or a share of the run", _int_or_text)
]
"""An argument that takes updates, or a text such as "5%"."""


def updates(where: str, name: str, length: int | str, steps: int | None) -> int:
    """The updates that a length stands for, in a run of ``steps`` updates; rounded up.

    >>> updates("wsd", "warmup", "5%", 1000)
    50
    """
    length = check(where, name, Length, length)
    if isinstance(length, int):
        return length
    amount, unit = read(length)
    if unit == "updates":
        return int(check(where, name, Phase, ceil(amount)))
    if unit == "%" and steps is not None:
        if amount > 100:
            raise refuse(where, name, length, "at most 100%")
        return ceil(amount / 100 * steps)
    if unit == "%":
        raise GradatimError(
            f"{where}: {name}={length!r} is a share of a run, and the run's length is not known "
            "here. Write the updates as an int, or give steps."
        )
    raise GradatimError(
        f"{where}: {name}={length!r} needs to know what an update is. "
        f"Write Run(...).resolve({length!r})."
    )
