"""Renders the table and the notes of ``docs/reliability.md`` from the results."""

from __future__ import annotations

import re

from tests.reliability.measure import ROOT, Result, results
from tests.reliability.rows import ROWS, Row

PAGE = ROOT / "docs" / "reliability.md"
_REGION = re.compile(r"(<!-- (\w+) begins -->\n).*?(<!-- \2 ends -->)", re.DOTALL)


def rendered() -> str:
    """The page with its generated regions filled in anew."""
    known = results()
    regions = {"table": table(known), "notes": notes(known)}
    text = PAGE.read_text(encoding="utf-8")
    return _REGION.sub(lambda match: f"{match[1]}\n{regions[match[2]]}\n\n{match[3]}", text)


def table(known: dict[str, Result]) -> str:
    """One line for each row."""
    lines = [
        "| row | claim | goal | measured | date |",
        "|---|---|---|---|---|",
        *(_line(row, known.get(row.name)) for row in ROWS),
    ]
    return "\n".join(lines)


def _line(row: Row, result: Result | None) -> str:
    measured = "**not measured yet**" if result is None else _measured(row, result)
    date = "" if result is None else result.date
    return f"| {row.name} | {row.claim} | {row.goal:,} {row.unit} | {measured} | {date} |"


def _measured(row: Row, result: Result) -> str:
    figure = f"{result.figure(row):,}"
    if row.each and len(result.counts) > 1:
        figure += f" each, {sum(result.counts):,} in all"
    if not result.held:
        return f"**failed**, of {figure}"
    return figure if result.reaches(row) else f"{figure}, **short of the goal**"


def notes(known: dict[str, Result]) -> str:
    """How each row is measured, what it leaves out, its command, and why it falls short."""
    return "\n\n".join(_note(row, known.get(row.name)) for row in ROWS)


def _note(row: Row, result: Result | None) -> str:
    parts = [f"**{row.name}.** {row.how}", f"Not covered: {row.not_covered}"]
    if row.short and (result is None or not result.reaches(row)):
        parts.append(f"Short of the goal: {row.short}")
    took = "" if result is None else f" ({_duration(result.seconds)}; {_versions(result)})"
    return " ".join(parts) + f"  \n`{row.command}`{took}"


def _duration(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _versions(result: Result) -> str:
    return ", ".join(f"{name} {number}" for name, number in result.versions.items())
