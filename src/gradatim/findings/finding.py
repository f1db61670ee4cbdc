"""One finding: how grave it is, what it is about, where, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, get_args

Severity = Literal["error", "warning", "note"]


class Finding(NamedTuple):
    """One thing to know before the run starts."""

    severity: Severity
    place: str
    """Where on the run, such as "update 91 of 900"; empty for what has no place."""
    sentence: str
    fix: str
    about: str = ""
    """What it is about: a target such as "lr/head", "rule of lr", or "run"."""

    def __str__(self) -> str:
        where = ", ".join(filter(None, (self.about, self.place)))
        return f"{self.severity}: {where}: {self.sentence} {self.fix}"


def worst_first(found: Iterable[Finding]) -> list[Finding]:
    """The findings with errors first and notes last."""
    return sorted(found, key=lambda finding: get_args(Severity).index(finding.severity))
