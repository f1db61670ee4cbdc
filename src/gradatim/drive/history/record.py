"""A history as a full record, a JSONL file, from which every value can be computed again.

Its first line says what it is. A line with a "plan" says from which position on these schedules
and scales were in force, and whether a state was loaded there. Each other line is an update: its
position and tick, the values it used, and the names of those that other code had written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from gradatim.core.values.limits import FARTHEST
from gradatim.drive.history.history import History, Row, check_same_run
from gradatim.errors import GradatimError, shown

FORMAT = 1
_HEADER = {"history": "gradatim", "format": FORMAT}
_ENCODER, _DECODER = json.JSONEncoder(), json.JSONDecoder()


class PlanInForce(NamedTuple):
    """The line from which on a plan was in force."""

    start: int
    loaded: bool
    plan: dict[str, Any]
    """The plan as plain data."""
    scales: dict[str, float]


class Record:
    """A file that is read line by line.

    Args:
        lines: The lines of the file.
        where: Its name, for an error.

    Raises:
        GradatimError: If the file is no such record, now or while it is read.
    """

    def __init__(self, lines: Iterable[str], where: str) -> None:
        self._lines, self._where = iter(lines), where
        self.line = 0
        """The number of the line that was read last."""
        self.text = ""
        """The text of that line."""
        header = self._next()
        if header is None or header.get("history") != "gradatim":
            raise GradatimError(f"{where}: no history of ours: its first line does not say so.")
        if header.get("format") != FORMAT:
            raise GradatimError(
                f"{where}, line 1: format must be {FORMAT}, got {shown(header.get('format'))}. "
                "A larger one was written by a newer version: update gradatim."
            )
        self.clock, self.updates = str(header.get("clock")), header.get("updates")

    def entries(self) -> Iterator[PlanInForce | Row]:
        """Each line after the first."""
        part: PlanInForce | None = None
        position, tick, count = -1, 0, 0
        while (entry := self._next()) is not None:
            if "plan" in entry:
                part = self._part(entry)
                if part.start <= position:
                    raise self.error(f"a plan from position {part.start} comes after {position}")
                tick = 0 if part.loaded else tick
                yield part
                continue
            row = self._row(entry)
            if part is None:
                raise self.error("an update comes before any plan")
            if row.position <= position or row.position < part.start:
                raise self.error(f"position {row.position} comes after {max(position, part.start)}")
            if row.tick < tick:
                raise self.error(f"tick {row.tick} comes after {tick}")
            position, tick, count = row.position, row.tick, count + 1
            yield row
        if count != self.updates:
            raise GradatimError(
                f"{self._where}: it has {count} updates, and line 1 says {self.updates}: the file "
                "was cut off, or changed."
            )

    def error(self, reason: str) -> GradatimError:
        """The error for the line that was read last."""
        return GradatimError(f"{self._where}, line {self.line}: {reason}.")

    def _next(self) -> dict[str, Any] | None:
        try:
            self.text = next(self._lines)
        except StopIteration:
            return None
        self.line += 1
        try:
            entry = _DECODER.decode(self.text)
        except (ValueError, RecursionError) as error:
            raise self.error(f"not JSON: {error}; the file may be cut off") from None
        if not isinstance(entry, dict):
            raise self.error(f"must be a mapping, got {shown(entry)}")
        return entry

    def _part(self, entry: Mapping[str, Any]) -> PlanInForce:
        try:
            part = PlanInForce(entry["from"], entry["loaded"], entry["plan"], entry["scales"])
        except KeyError as error:
            raise self.error(f"{error.args[0]!r} is missing") from None
        if not _is_count(part.start) or type(part.loaded) is not bool:
            raise self.error("'from' must be a position, 'loaded' true or false")
        if not isinstance(part.plan, dict):
            raise self.error("'plan' must be what Plan.config() gives")
        self._check_numbers("scales", part.scales)
        return part

    def _row(self, entry: Mapping[str, Any]) -> Row:
        try:
            row = Row(entry["position"], entry["tick"], entry["values"], entry.get("written", []))
        except KeyError as error:
            raise self.error(f"{error.args[0]!r} is missing") from None
        if not _is_count(row.position) or not _is_count(row.tick):
            raise self.error("'position' and 'tick' must be whole numbers, 0 or more")
        if not isinstance(row.written, list) or not all(type(name) is str for name in row.written):
            raise self.error("'written' must be a list of names")
        self._check_numbers("values", row.values, row.written)
        return row

    def _check_numbers(self, name: str, numbers: Any, written: Sequence[str] = ()) -> None:
        """Refuse what is no number by name; other code may have written one that is not finite."""
        if not isinstance(numbers, dict) or not all(each in numbers for each in written):
            raise self.error(f"{name!r} must be numbers by name, 'written' some of the names")
        for each, number in numbers.items():
            is_number = type(number) is float or (type(number) is int and abs(number) <= FARTHEST)
            if not is_number or (number - number != 0.0 and each not in written):
                raise self.error(f"{each} must be a finite number, got {shown(number)}")


def _is_count(number: object) -> bool:
    return type(number) is int and 0 <= number <= FARTHEST


def record_of(
    history: History, end: int, earlier: Iterable[str] | None, where: str
) -> tuple[str, int | None]:
    """The text of a record, with the lines of a file that it continues.

    Args:
        history: The history.
        end: The completed updates.
        earlier: The lines of the file; None if there is none.
        where: Its name, for an error.

    Returns:
        The text, and the last position that was kept of the file; None if none was.
    """
    lines, last, count = [], None, end - history.start
    if earlier is not None:
        record = Record(earlier, where)
        if record.clock != history.clock:
            raise GradatimError(
                f"{where}: it was written in {shown(record.clock)}, this history is in "
                f"{history.clock}. Give it another name."
            )
        for entry in record.entries():
            if isinstance(entry, PlanInForce):
                is_kept = entry.start < history.start
            else:
                check_same_run(entry.position, history, end, where)
                is_kept = entry.position < history.start
                if is_kept:
                    last, count = entry.position, count + 1
            if is_kept:
                lines.append(f"{record.text.rstrip()}\n")
    loaded = history.loaded
    for segment, rows in history.segments(end):
        part = PlanInForce(segment.start, loaded, segment.plan.config(), dict(segment.scales))
        named = zip(("from", "loaded", "plan", "scales"), part, strict=True)
        lines.append(f"{_ENCODER.encode(dict(named))}\n")
        loaded = False
        lines += map(_line_of, rows)
    header = _ENCODER.encode({**_HEADER, "clock": history.clock, "updates": count})
    return "".join((f"{header}\n", *lines)), last


def _line_of(row: Row) -> str:
    if row.written:
        return f"{_ENCODER.encode(row._asdict())}\n"
    # The same as the encoder writes, in a third of its time.
    values = ", ".join([f"{_quoted(name)}: {value!r}" for name, value in row.values.items()])
    return f'{{"position": {row.position}, "tick": {row.tick}, "values": {{{values}}}}}\n'


_quoted = cache(_ENCODER.encode)
