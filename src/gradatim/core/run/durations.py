"""Lengths such as "5%", "2 epochs" or "90 s", and values such as "10%" of a peak."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from math import ceil
from numbers import Real
from typing import Annotated, Any, NamedTuple, Protocol

from gradatim.core.run.clocks import CLOCKS, UNITS, length_example, tick_name
from gradatim.core.values.fields import (
    FieldType,
    HintedError,
    Number,
    Steps,
    check_argument,
    whole_number,
)
from gradatim.core.values.foreign_names import percent
from gradatim.errors import GradatimError, invalid_value
from gradatim.xp.dispatch import is_traced, known_true

_WRITTEN = re.compile(
    r"\s*(\d[\d_]*\.?\d*(?:e\+?\d{1,3})?)\s*(%|(?:[kMBT]\s+)?[A-Za-z_]\w*)\s*", re.ASCII
)
_MULTIPLES = {"k": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_EXAMPLES = '500, "5%", "2 epochs", "300k samples", "1e9 tokens" or "90 s"'


class Duration(NamedTuple):
    """An exact amount in one unit: updates, epochs, samples, tokens, time, or % of the run."""

    amount: Fraction
    unit: str
    """One of the units in ``gradatim.core.run.clocks``. For time it is milliseconds."""


def parse_duration(text: str, clock: str = "") -> Duration:
    """Parse a length with a unit.

    Args:
        text: A number, an optional k, M, B or T, and a unit.
        clock: The clock of the run. A user-defined clock is a unit as well.

    >>> parse_duration("300k samples"), parse_duration("20k env_steps", "env_steps").unit
    (Duration(amount=Fraction(300000, 1), unit='samples'), 'env_steps')

    Raises:
        GradatimError: If it cannot be parsed.
    """
    number, word = _number_and_word(text)
    units = UNITS if clock in ("", *CLOCKS) else {clock: (1, clock), **UNITS}
    multiple = 1
    if word not in units and word[0] in _MULTIPLES:
        multiple, word = _MULTIPLES[word[0]], word[1:].lstrip()
    if word not in units:
        raise invalid_value("duration", "a length", text, f"like {_EXAMPLES}")
    size, unit = units[word]
    return Duration(number * multiple * size, unit)


def _number_and_word(text: str) -> tuple[Fraction, str]:
    found = _WRITTEN.fullmatch(text)
    if found is None or len(text) > 40:
        raise invalid_value("duration", "a length", text, f"like {_EXAMPLES}")
    return Fraction(Decimal(found[1])), found[2]


def is_percentage(length: int | str) -> bool:
    """Whether a length is a percentage, such as "5%"."""
    return isinstance(length, str) and length.rstrip().endswith("%")


def _int_or_text(value: Any) -> int | str:
    if isinstance(value, str):
        _number_and_word(value)  # the unit is checked when the run is known
        return value
    if isinstance(value, Real) and not isinstance(value, bool) and 0.0 < float(value) < 1.0:
        raise HintedError(f"For a fraction of the run, write '{percent(value)}'.")
    return whole_number(value, 0)


def _number_or_share(value: Any) -> Any:
    if isinstance(value, str):
        if parse_duration(value).unit != "%":
            raise ValueError
        return value
    return check_argument("", "", Number, value)


Length = Annotated[
    int | str,
    FieldType("a whole number of updates, 0 or more, or a share of the run", _int_or_text),
]
"""The type of a length: a number of updates, or a string such as "5%"."""

Level = Annotated[
    float | str,
    FieldType("a finite number, or a share of the peak such as '10%'", _number_or_share),
]
"""The type of a value next to a peak: a number, or a percentage such as "10%"."""


class RunLike(Protocol):
    """What is needed of a run to resolve lengths."""

    @property
    def clock(self) -> str:
        """The name of the clock."""

    @property
    def ticks(self) -> int:
        """The ticks of the whole run."""

    def tick_after(self, position: int) -> int | None:
        """The tick after this many completed updates; None if the run does not know it."""

    def updates_of_samples(self, samples: Fraction) -> int:
        """The full updates that see this many samples."""

    def updates_of_epochs(self, epochs: Fraction) -> int:
        """The updates of this many epochs."""

    def samples_of_epochs(self, epochs: Fraction) -> int:
        """The samples of this many epochs."""

    def samples_of_tokens(self, tokens: Fraction) -> Fraction:
        """The samples that have this many tokens."""

    def tokens_of_samples(self, samples: Fraction) -> Fraction:
        """The tokens of this many samples."""


def in_ticks(
    where: str, name: str, length: int | str, run: RunLike | int | None, least: int = 0
) -> int:
    """A length in ticks, rounded up.

    Args:
        where: The class or function that the user called, for errors.
        name: The argument, for errors.
        length: Ticks, or a string such as "5%". Numbers without a unit are allowed only if the
            clock is "updates".
        run: The run, or its number of ticks, or None if neither is known.
        least: The fewest ticks allowed.

    >>> in_ticks("wsd", "warmup", "5%", 1000)
    50
    """
    length = check_argument(where, name, Length, length)
    if isinstance(length, int):
        if run is not None and not isinstance(run, int):
            refuse_without_unit(where, name, length, run)
        known = length
    elif is_percentage(length):
        known = _share(where, name, length, run)
    elif run is None or isinstance(run, int):
        known = _without_a_run(where, name, length)
    else:
        known = _of_a_run(where, name, length, run)
    if known < least:
        raise invalid_value(where, name, length, f"{least} or more")
    return int(check_argument(where, name, Steps, known))


def refuse_without_unit(where: str, name: str, length: float, run: RunLike) -> None:
    """Raise for a length without a unit in a run whose clock is not "updates"; 0 needs none."""
    if length and run.clock != "updates":
        raise GradatimError(
            f"{where}: {name}={length!r} has no unit, and the clock of the run is {run.clock!r}. "
            f"Write {length_example(run.clock)}."
        )


def _share(where: str, name: str, length: str, run: RunLike | int | None) -> int:
    amount = parse_duration(length).amount
    if amount > 100:
        raise invalid_value(where, name, length, "at most 100%")
    if run is None:
        raise GradatimError(
            f"{where}: {name}={length!r} is a share of the run, whose length is not known "
            "here. Write a whole number of updates, or give steps."
        )
    return ceil(amount / 100 * (run if isinstance(run, int) else run.ticks))


def _without_a_run(where: str, name: str, length: str) -> int:
    amount, unit = _parsed(where, name, length)
    if unit == "updates":
        return ceil(amount)
    if unit == "time":
        raise GradatimError(
            f"{where}: {name}={length!r} needs a run with the clock 'time'. "
            "Give steps=run, with run = Run(seconds=...)."
        )
    raise GradatimError(
        f"{where}: {name}={length!r} needs to know what an update is. "
        f"Give steps=run, with run = Run(samples=..., batch=..., epochs=...)."
    )


def _of_a_run(where: str, name: str, length: str, run: RunLike) -> int:
    amount, unit = _parsed(where, name, length, run.clock)
    ticks = _converted(amount, unit, run)
    if ticks is None:
        by_updates = ""
        if unit == "updates":
            by_updates = ", or by_updates(...) around a schedule that follows the updates"
        raise GradatimError(
            f"{where}: {name}={length!r} cannot be converted to {tick_name(run.clock)}, the "
            f"ticks of the run. Write {length_example(run.clock)}{by_updates}."
        )
    return ticks


def _parsed(where: str, name: str, length: str, clock: str = "") -> Duration:
    try:
        return parse_duration(length, clock)
    except GradatimError:
        likes = length_example(clock) if clock and clock != "updates" else _EXAMPLES
        raise invalid_value(where, name, length, f"like {likes}") from None


def _converted(amount: Fraction, unit: str, run: RunLike) -> int | None:
    """An amount of some unit in ticks of the run; None if it cannot be converted."""
    if unit == run.clock:
        return ceil(amount)
    if run.clock == "updates":
        if unit == "epochs":
            return run.updates_of_epochs(amount)
        if unit in ("samples", "tokens"):
            return run.updates_of_samples(
                amount if unit == "samples" else run.samples_of_tokens(amount)
            )
    if run.clock in ("samples", "tokens"):
        if unit == "updates":
            return run.tick_after(ceil(amount))
        if unit == "epochs":
            amount, unit = Fraction(run.samples_of_epochs(amount)), "samples"
        if unit == run.clock:
            return ceil(amount)
        if unit == "samples":
            return ceil(run.tokens_of_samples(amount))
        if unit == "tokens":
            return ceil(run.samples_of_tokens(amount))
    return None


def level_of(where: str, name: str, value: float | str, peak: float, called: str = "peak") -> float:
    """A floor or start as a number; a percentage is relative to the peak.

    The percentage is computed in decimal, so that 10% of 3e-4 is 3e-5.

    Raises:
        GradatimError: If it is above the peak.

    >>> level_of("wsd", "floor", "10%", 3e-4)
    3e-05
    """
    value = check_argument(where, name, Level, value)
    if isinstance(value, str):
        share = parse_duration(value).amount / 100
        if share > 1:
            raise invalid_value(where, name, value, "at most 100%")
        if is_traced(peak):
            return peak * float(share)
        return float(Fraction(repr(peak)) * share)
    if known_true(value > peak):
        hint = ""
        if known_true(value > 0.0) and known_true(value <= 1.0):
            hint = f"For a share of it, write {name}='{percent(value)}'."
        raise invalid_value(where, name, value, f"at most {called}, {peak!r}", hint)
    return value
