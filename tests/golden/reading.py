"""Compares what is read from the golden files with what the version that wrote them read."""

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.golden.scripts.plain import plain

_NUMBER = re.compile(r"-?0x[\da-f.]+p[+-]\d+|-?inf|nan")


@dataclass(frozen=True)
class Reading:
    """One way to read one entry of a golden file."""

    file: str
    entry: str
    way: str
    stored: Any
    """What that version read, as JSON data."""
    read: Callable[[], Any]
    """Reads the same with the current code."""


def entries(folder: Path, file: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / file).read_text(encoding="utf-8"))
    return found


def compared(readings: list[Reading], ulps: int) -> tuple[int, list[str]]:
    """The count of numbers read, and a line for every difference or error.

    With ``ulps=0`` numbers must be equal bit for bit, including the sign of a zero.
    """
    numbers, wrong = 0, []
    for reading in readings:
        where = f"{reading.file}, {reading.entry}, {reading.way}"
        try:
            found = plain(reading.read())
        except Exception as error:  # reported with the other differences
            wrong.append(f"{where}: {type(error).__name__}: {error}")
            continue
        for place, stored, read in _leaves(reading.stored, found):
            numbers += _is_number(stored)
            if not _agree(stored, read, ulps):
                wrong.append(f"{where}{place}: read then {_shown(stored)}, now {_shown(read)}")
    return numbers, wrong


def _leaves(stored: Any, found: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Pairs of leaves; where the two trees differ in structure, the pair of subtrees."""
    if isinstance(stored, dict) and isinstance(found, dict) and stored.keys() == found.keys():
        for key in stored:
            yield from _leaves(stored[key], found[key], f"{place}.{key}")
    elif isinstance(stored, list) and isinstance(found, list) and len(stored) == len(found):
        for i, pair in enumerate(zip(stored, found, strict=True)):
            yield from _leaves(*pair, f"{place}[{i}]")
    else:
        yield place, stored, found


def _is_number(leaf: Any) -> bool:
    whole = isinstance(leaf, int) and not isinstance(leaf, bool)
    return whole or (isinstance(leaf, str) and _NUMBER.fullmatch(leaf) is not None)


def _agree(stored: Any, found: Any, ulps: int) -> bool:
    if stored == found or not ulps or not (_is_number(stored) and _is_number(found)):
        return stored == found and type(stored) is type(found)
    if isinstance(stored, int) or isinstance(found, int):
        return False
    one, other = float.fromhex(stored), float.fromhex(found)
    return abs(one - other) <= ulps * math.ulp(one)


def _shown(leaf: Any) -> str:
    text = repr(leaf)
    if isinstance(leaf, str) and _is_number(leaf):
        text = f"{leaf} ({float.fromhex(leaf)!r})"
    return text if len(text) <= 120 else f"{text[:117]}..."
