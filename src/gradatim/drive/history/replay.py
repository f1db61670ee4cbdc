"""A summary of a history file, and a check that every value in it follows from its plan."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Mapping

from gradatim.core.paths import name_of
from gradatim.drive.history.files import is_record, lines_of
from gradatim.drive.history.history import Row
from gradatim.drive.history.record import PlanInForce, Record
from gradatim.drive.history.table import read_table
from gradatim.drive.plan import Plan
from gradatim.drive.resume.plan_data import plan_in
from gradatim.drive.values import columns_of, values_at
from gradatim.errors import GradatimError

_ROWS = 12
"""At least half as many rows are kept to be shown, if there are as many."""


class ValueRange:
    """What one value was over a run.

    Args:
        value: The first one.
    """

    def __init__(self, value: float) -> None:
        self.lowest = self.highest = value
        self.updates = 0
        """The updates in which it was used."""
        self.written = 0
        """Those in which it was what other code had written."""

    def add(self, value: float) -> None:
        """Take up the value of one more update."""
        if value < self.lowest:
            self.lowest = value
        elif value > self.highest:
            self.highest = value
        self.updates += 1


class Summary:
    """A summary of the updates in a file, which are added one by one.

    Args:
        clock: What the ticks are; "" if a table does not say.
    """

    def __init__(self, clock: str) -> None:
        self.clock = clock
        self.updates = 0
        self.first: Row | None = None
        self.last: Row | None = None
        self.missing = 0
        """Updates between the first and the last that are not in the file."""
        self.loads: list[int] | None = None
        """The positions at which a state was loaded; None if the file does not say."""
        self.values: dict[str, ValueRange] = {}
        self.first_written: int | None = None
        """The position of the first update that used what other code had written."""
        self.difference: str | None = None
        """The first value that does not follow from the plan, if it was looked for."""
        self._rows: list[Row] = []
        self._every = 1

    def add(self, row: Row) -> None:
        """Take up one more update."""
        if self.last is None:
            self.first = row
        else:
            self.missing += row.position - self.last.position - 1
        for name, value in row.values.items():
            known = self.values.get(name)
            if known is None:
                known = self.values[name] = ValueRange(value)
            known.add(value)
        for name in row.written:
            self.values[name].written += 1
            if self.first_written is None:
                self.first_written = row.position
        if self.updates % self._every == 0:
            self._rows.append(row)
            if len(self._rows) > _ROWS:
                self._rows, self._every = self._rows[::2], 2 * self._every
        self.last, self.updates = row, self.updates + 1

    @property
    def rows(self) -> list[Row]:
        """A few updates at equal distances, and the last one."""
        last = [] if self.last in self._rows or self.last is None else [self.last]
        return [*self._rows, *last]


def summary_of(
    path: str | os.PathLike[str], *, verify: bool = False, modules: Iterable[str] = ()
) -> Summary:
    """Read a history that ``save_history`` wrote.

    Args:
        path: The file.
        verify: Compute every value again, from the plan and the tick in the file, and compare it
            to the last bit.
        modules: The modules whose functions a plan in the file may call.

    Raises:
        GradatimError: If it is no such file, or cannot be verified because it is a table.
    """
    where = name_of(path)
    if not os.path.exists(path):
        raise GradatimError(f"{where}: there is no such file.")
    lines = lines_of(path, where)
    if is_record(path):
        return _of_record(Record(lines, where), where, verify, list(modules))
    if verify:
        raise GradatimError(
            f"{where}: a table has no plan to compute its values from. "
            "save_history('run.jsonl') writes a record that has."
        )
    table = read_table(lines, where)
    summary = Summary("" if table.has_ticks else "updates")
    for row in table.rows:
        summary.add(row)
    return summary


def _of_record(record: Record, where: str, verify: bool, modules: list[str]) -> Summary:
    summary, replay = Summary(record.clock), None
    summary.loads = []
    for entry in record.entries():
        if isinstance(entry, PlanInForce):
            if entry.loaded:
                summary.loads.append(entry.start)
            if verify:
                replay = _Replay(_plan(entry, record, modules), entry.scales)
            continue
        summary.add(entry)
        if replay is not None and summary.difference is None and not replay.agrees(entry):
            summary.difference = (
                f"{where}, line {record.line}: update {entry.position + 1}, at tick {entry.tick}: "
                f"{replay.difference(entry)}"
            )
    return summary


def _plan(part: PlanInForce, record: Record, modules: list[str]) -> Plan:
    try:
        return plan_in(part.plan, "plan", modules)
    except GradatimError as error:
        raise record.error(str(error).removesuffix(".")) from None


class _Replay:
    """Computes what updates used under a plan."""

    def __init__(self, plan: Plan, scales: Mapping[str, float]) -> None:
        self._columns, self._names = columns_of(plan, scales), [str(target) for target in plan]

    def agrees(self, row: Row) -> bool:
        """Whether an update used just these values, to the last bit."""
        expected = dict(zip(self._names, self._computed(row), strict=True))
        if row.written:
            expected.update({name: row.values[name] for name in row.written})
        return list(expected) == list(row.values) and _bits(expected) == _bits(row.values)

    def _computed(self, row: Row) -> list[float]:
        return values_at(self._columns, row.tick, row.position)

    def difference(self, row: Row) -> str:
        """The first value that is another one."""
        for name, value in zip(self._names, self._computed(row), strict=True):
            given = row.values.get(name)
            if given is None:
                return f"{name} is missing"
            if name not in row.written and _bits({name: given}) != _bits({name: value}):
                return f"{name} is {given!r} in the file, and {value!r} by the plan"
        return f"it has {', '.join(row.values)}, and the plan {', '.join(self._names)}"


def _bits(values: Mapping[str, float]) -> bytes:
    """The numbers as they are stored: 0.0 is not -0.0."""
    return array("d", values.values()).tobytes()
