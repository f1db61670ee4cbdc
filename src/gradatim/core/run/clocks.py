"""Clocks: what a tick of a run is, and the units of lengths.

A schedule is evaluated at a tick. The clock of the run defines it: an optimizer update, a sample, a
token, a millisecond of training, a millionth of the progress, or what the user counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from gradatim.core.values.fields import FieldType, HintedError

CLOCKS = ("updates", "samples", "tokens", "time", "progress")
"""The built-in clocks. Any other name is a clock whose ticks the user counts."""

MILLION = 1_000_000
"""The ticks of a run whose clock is its progress."""

UNITS: Mapping[str, tuple[int, str]] = {
    word: (size, unit)
    for words, size, unit in (
        ("%", 1, "%"),
        ("updates update steps step", 1, "updates"),
        ("epochs epoch ep", 1, "epochs"),
        ("samples sample", 1, "samples"),
        ("tokens token tok", 1, "tokens"),
        ("ms milliseconds millisecond", 1, "time"),
        ("s seconds second", 1_000, "time"),
        ("min minutes minute", 60_000, "time"),
        ("h hours hour", 3_600_000, "time"),
    )
    for word in words.split()
}
"""The units that may follow a number: {word: (multiple, unit)}. The unit of time is 1 ms."""

_EXAMPLES = {
    "updates": "500 or '5%'",
    "samples": "'300k samples' or '5%'",
    "tokens": "'1e9 tokens' or '5%'",
    "time": "'90 s' or '5%'",
    "progress": "'5%'",
}
# Common names of a clock, and a unit that is no clock, for hints.
_MEANT = {
    "time": ("wall", "wall_clock", "wallclock", "wall_time", "walltime", "clock"),
    "samples": ("epochs", "epoch", "ep"),
}


def length_example(clock: str) -> str:
    """Examples of lengths for this clock, for errors.

    >>> length_example("time"), length_example("env_steps")
    ("'90 s' or '5%'", "'20k env_steps' or '5%'")
    """
    return _EXAMPLES.get(clock, f"'20k {clock}' or '5%'")


def tick_name(clock: str) -> str:
    """The name of a clock's ticks."""
    return {"time": "milliseconds", "progress": "millionths"}.get(clock, clock)


def format_ticks(ticks: int, clock: str) -> str:
    """A number of ticks in readable units.

    >>> format_ticks(90_500, "time"), format_ticks(250_000, "progress"), format_ticks(9, "tokens")
    ('90.5 s', '25%', '9 tokens')
    """
    if clock == "time":
        return f"{ticks / 1000:,.15g} s"
    return f"{100 * ticks / MILLION:.6g}%" if clock == "progress" else f"{ticks:,} {clock}"


def _clock(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError
    if value in CLOCKS:
        return value
    word = value.lower()
    unit = word if word in CLOCKS else UNITS[word][1] if word in UNITS else None
    unit = next((clock for clock, words in _MEANT.items() if word in words), unit)
    if unit is not None:
        raise HintedError(f"Write clock={unit!r}.")
    if not (value.isidentifier() and value.isascii()) or value in ("position", "tick"):
        raise ValueError
    return value


Clock = Annotated[
    str,
    FieldType(
        "'updates', 'samples', 'tokens', 'time', 'progress', or the name of what is counted, such "
        "as 'env_steps'",
        _clock,
    ),
]
"""The name of a clock."""
