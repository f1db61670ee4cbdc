"""``Finding``: a problem, its severity and place, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, get_args

Severity = Literal["error", "warning", "note"]


class Finding(NamedTuple):
    """A problem of a schedule, a rule or a run."""

    severity: Severity
    place: str
    """Where on the run, such as "update 91 of 900"; empty if it has no place."""
    sentence: str
    fix: str
    about: str = ""
    """The subject: a target such as "lr/head", "rule of lr", or "run"."""

    def __str__(self) -> str:
        where = ", ".join(filter(None, (self.about, self.place)))
        return f"{self.severity}: {where}: {self.sentence} {self.fix}"


def worst_first(found: Iterable[Finding]) -> list[Finding]:
    """The findings, errors first and notes last."""
    return sorted(found, key=lambda finding: get_args(Severity).index(finding.severity))
