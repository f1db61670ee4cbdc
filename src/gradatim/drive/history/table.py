"""A history as a table, a CSV file: one row per update, one column per target.

A cell is empty where the target was not driven, and in the column of a single group wherever that
group used the value of its schedule. Version 0.1 wrote the same, without the ticks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gradatim.drive.history.history import History, Row, check_same_run
from gradatim.errors import GradatimError, shown


class Table(NamedTuple):
    """What a file holds."""

    names: list[str]
    """The names of the values."""
    has_ticks: bool
    rows: Iterator[Row]


def read_table(lines: Iterable[str], where: str, *, ticks: bool | None = None) -> Table:
    """Read a table row by row.

    Args:
        lines: The lines of the file.
        where: Its name, for an error.
        ticks: Whether its second column is the tick; None if its name decides.

    Raises:
        GradatimError: If the file is no such table, now or while its rows are read.
    """
    import csv  # only here: importing gradatim must stay cheap

    cells = csv.reader(lines, strict=True)
    try:
        header = next(cells, [])
    except GradatimError:
        raise  # the lines themselves could not be read
    except (csv.Error, ValueError) as error:
        raise GradatimError(f"{where}, line 1: no table of a history: {error}.") from None
    if header[:1] != ["position"] or len(set(header)) != len(header) or "" in header:
        raise GradatimError(
            f"{where}: no history of ours: its first line must be position and the names of values "
            f"in columns, got {shown(','.join(header))}."
        )
    has_ticks = header[1:2] == ["tick"] if ticks is None else ticks
    if has_ticks and header[1:2] != ["tick"]:
        raise GradatimError(f"{where}: it has no ticks: it was written in updates, not by a clock.")
    names = header[1 + has_ticks :]

    def rows() -> Iterator[Row]:
        before = -1
        try:
            for row in cells:
                before = _check_position(row, len(header), before)
                numbers = zip(names, row[1 + has_ticks :], strict=True)
                values = {name: float(cell) for name, cell in numbers if cell}
                yield Row(before, int(row[1]) if has_ticks else before, values, [])
        except GradatimError:
            raise
        except (csv.Error, ValueError) as error:
            raise GradatimError(f"{where}, line {cells.line_num}: {error}.") from None

    return Table(names, has_ticks, rows())


def _check_position(row: list[str], columns: int, before: int) -> int:
    if len(row) != columns:
        raise ValueError(f"{len(row)} cells, where line 1 has {columns}; the file may be cut off")
    position = int(row[0])
    if position <= before:
        raise ValueError(f"position {position} comes after {before}")
    return position


def kept_rows(rows: Iterable[Row], history: History, end: int, where: str) -> Iterator[Row]:
    """The rows of a file that a history continues."""
    for row in rows:
        check_same_run(row.position, history, end, where)
        if row.position < history.start:
            yield row


def table_of(
    history: History, end: int, earlier: Iterable[str] | None, where: str
) -> tuple[str, int | None]:
    """The text of a table, with the rows of a file that it continues.

    Args:
        history: The history.
        end: The completed updates.
        earlier: The lines of the file; None if there is none.
        where: Its name, for an error.

    Returns:
        The text, and the last position that was kept of the file; None if none was.
    """
    import csv
    import io

    names = [str(target) for target in history.targets()]
    has_ticks = history.clock != "updates"
    kept: Iterator[Row] = iter(())
    if earlier is not None:
        before = read_table(earlier, where, ticks=has_ticks)
        if "tick" in before.names and "tick" not in names:
            raise GradatimError(f"{where}: it was written by a clock, this history is in updates.")
        kept = kept_rows(before.rows, history, end, where)
        names = list(dict.fromkeys((*before.names, *names)))
    text = io.StringIO()
    file = csv.writer(text, lineterminator="\n")
    file.writerow(["position", *(["tick"] if has_ticks else []), *names])

    def write(rows: Iterable[Row]) -> int | None:
        position = None
        for position, tick, values, _ in rows:
            head = [position, tick] if has_ticks else [position]
            file.writerow(head + [values.get(name, "") for name in names])
        return position

    last = write(kept)
    for _, rows in history.segments(end):
        write(rows)
    return text.getvalue(), last
