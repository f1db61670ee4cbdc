"""Lengths and values as people write them: "5%" of a run or of a peak, "2 epochs", "1e9 tokens"."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from math import ceil
from numbers import Real
from typing import Annotated, Any, NamedTuple, Protocol

from gradatim.core._fields import Kind, Number, Phase, Refused, check, whole
from gradatim.core.errors import GradatimError, refuse
from gradatim.core.words import percent
from gradatim.xp.dispatch import known_true, traced

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


def _int_or_text(value: Any) -> int | str:
    if isinstance(value, str):
        read(value)
        return value
    if isinstance(value, Real) and not isinstance(value, bool) and 0.0 < float(value) < 1.0:
        raise Refused(f"For a share of the run, write '{percent(value)}'.")
    return whole(value, 0)


def _number_or_share(value: Any) -> Any:
    if isinstance(value, str):
        if read(value).unit != "%":
            raise ValueError
        return value
    return check("", "", Number, value)


Length = Annotated[
    int | str, Kind("a whole number of updates, 0 or more, or a share of the run", _int_or_text)
]
"""An argument that takes updates, or a text such as "5%"."""

Level = Annotated[
    float | str, Kind("a finite number, or a share of the peak such as '10%'", _number_or_share)
]
"""An argument that takes a value, or a share of the peak such as "10%"."""


class Sized(Protocol):
    """What a length is resolved with: the sizes of a run."""

    @property
    def steps(self) -> int:
        """The updates of the whole run."""

    @property
    def steps_per_epoch(self) -> int:
        """The updates of an epoch."""

    @property
    def samples_per_step(self) -> int:
        """The samples that an update sees."""

    @property
    def tokens_per_step(self) -> int:
        """The tokens that an update sees."""


def updates(
    where: str, name: str, length: int | str, run: Sized | int | None, least: int = 0
) -> int:
    """The updates that a length stands for, rounded up; the one place that resolves lengths.

    Args:
        where: The name that the user called, for an error.
        name: The argument, for an error.
        length: Updates, or a text such as "5%".
        run: The run, or its number of updates, or None where neither is known.
        least: The fewest updates allowed.

    >>> updates("wsd", "warmup", "5%", 1000)
    50
    """
    length = check(where, name, Length, length)
    known = length if isinstance(length, int) else _counted(where, name, length, run)
    if known < least:
        raise refuse(where, name, length, f"{least} or more")
    return known


def _counted(where: str, name: str, length: str, run: Sized | int | None) -> int:
    amount, unit = read(length)
    if unit == "updates":
        return int(check(where, name, Phase, ceil(amount)))
    if unit == "%":
        if amount > 100:
            raise refuse(where, name, length, "at most 100%")
        if run is None:
            raise GradatimError(
                f"{where}: {name}={length!r} is a share of a run, and the run's length is not "
                "known here. Write the updates as a whole number, or give steps."
            )
        return ceil(amount / 100 * (run if isinstance(run, int) else run.steps))
    if run is None or isinstance(run, int):
        raise GradatimError(
            f"{where}: {name}={length!r} needs to know what an update is. "
            f"Give steps=run, with run = Run(samples=..., batch=..., epochs=...)."
        )
    if unit == "epochs":
        return ceil(amount * run.steps_per_epoch)
    if unit == "samples":
        return ceil(amount / run.samples_per_step)
    return ceil(amount / run.tokens_per_step)


def level_of(where: str, name: str, value: float | str, peak: float, called: str = "peak") -> float:
    """The value that a floor or a start stands for, next to its peak.

    A share is taken of the decimal that was written, so that 10% of 3e-4 is 3e-5.

    Raises:
        GradatimError: If it is above the peak.

    >>> level_of("wsd", "floor", "10%", 3e-4)
    3e-05
    """
    value = check(where, name, Level, value)
    if isinstance(value, str):
        share = read(value).amount / 100
        if share > 1:
            raise refuse(where, name, value, "at most 100%")
        if traced(peak):
            return peak * float(share)
        return float(Fraction(repr(peak)) * share)
    if known_true(value > peak):
        hint = ""
        if known_true(value > 0.0) and known_true(value <= 1.0):
            hint = f"For a share of it, write {name}='{percent(value)}'."
        raise refuse(where, name, value, f"at most {called}, {peak!r}", hint)
    return value
