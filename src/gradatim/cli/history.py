"""``gradatim history``: the values that a run used, and whether they are those of its plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from gradatim.cli import _terminal
from gradatim.cli._arguments import Import
from gradatim.core.run.clocks import tick_name
from gradatim.drive.history.history import Row
from gradatim.drive.history.replay import Summary, summary_of

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        show_default=False,
        help="A file of scheduler.save_history(FILE): a record, .jsonl, or a table.",
    ),
]
Verify = Annotated[
    bool,
    typer.Option("--verify", help="Recompute every value from the plan and tick in a record."),
]
Json = Annotated[bool, typer.Option("--json", help="The summary as JSON.")]


def history(
    file: File, verify: Verify = False, as_json: Json = False, modules: Import = None
) -> None:
    """Summarise the history of a run: its updates, loads and clock, and the range of each value.

    With --verify every value is recomputed from the plan and the tick in the file and compared bit
    for bit. Exits with 1 if one differs, and names the first.
    """
    summary = summary_of(file, verify=verify, modules=modules or ())
    if as_json:
        print(json.dumps(_as_data(summary, verify)))
    else:
        _print(summary)
        if summary.difference is not None:
            print(_terminal.wrapped(f"\n{summary.difference}."))
        elif verify:
            written = " that no other code wrote" if summary.first_written is not None else ""
            print(
                f"\nThe plan gives every value{written} of all {summary.updates:,} updates, "
                "bit for bit."
            )
    if summary.difference is not None:
        raise typer.Exit(1)


def _as_data(summary: Summary, verify: bool) -> dict[str, Any]:
    first, last = summary.first, summary.last
    data = {
        "updates": summary.updates,
        "positions": None if first is None or last is None else [first.position, last.position],
        "missing": summary.missing,
        "loads": summary.loads,
        "clock": summary.clock or None,
        "ticks": None if first is None or last is None else [first.tick, last.tick],
        "values": {name: vars(one) for name, one in summary.values.items()},
    }
    return data | ({"difference": summary.difference} if verify else {})


def _print(summary: Summary) -> None:
    _terminal.print_table(_about(summary))
    if summary.first is None:
        return
    print()
    has_written = summary.first_written is not None
    head = ["value", "lowest", "highest", *(["by other code"] if has_written else [])]
    rows = [
        (name, _terminal.format_number(one.lowest), _terminal.format_number(one.highest))
        + ((f"{one.written:,}" if one.written else "",) if has_written else ())
        for name, one in summary.values.items()
    ]
    _terminal.print_table([head, *rows], right=range(1, len(head)))
    print()
    _print_updates(summary)
    if has_written:
        print("* by other code")


def _about(summary: Summary) -> list[tuple[str, str]]:
    first, last = summary.first, summary.last
    if first is None or last is None:
        return [("updates", "none")]
    lines = [
        ("updates", f"{summary.updates:,}, positions {first.position:,} to {last.position:,}"),
        ("loads", "not in a table" if summary.loads is None else _loads(summary.loads)),
        ("clock", _clock(summary, first, last)),
    ]
    if summary.missing:
        lines.insert(1, ("missing", f"{summary.missing:,} between them"))
    if summary.first_written is not None:
        lines.append(
            ("other code", f"wrote a value first for update {summary.first_written + 1:,}")
        )
    return lines


def _clock(summary: Summary, first: Row, last: Row) -> str:
    if summary.clock == "updates":
        return "updates"
    unit = tick_name(summary.clock)
    behind = "" if unit == summary.clock else f" {unit}"
    return f"{summary.clock or 'ticks'}, {first.tick:,} to {last.tick:,}{behind}"


def _loads(loads: list[int]) -> str:
    if not loads:
        return "none"
    shown = ", ".join(f"{position:,}" for position in loads[:10])
    return f"{len(loads):,}, at {shown}{', ...' if len(loads) > 10 else ''}"


def _print_updates(summary: Summary) -> None:
    """A few of the updates; a value that other code had written has a star."""
    ticks = ["tick"] if summary.clock != "updates" else []
    names = list(summary.values)
    rows = [
        (
            f"{row.position:,}",
            *([f"{row.tick:,}"] if ticks else []),
            *(
                f"{_terminal.format_number(row.values[name])}{'*' if name in row.written else ''}"
                if name in row.values
                else ""
                for name in names
            ),
        )
        for row in summary.rows
    ]
    head = ["position", *ticks, *names]
    _terminal.print_table([head, *rows], right=range(len(head)))
