"""An audit as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from gradatim.audit.audit import Audit, Found, RateAudit
from gradatim.audit.likeness import Likeness

_MOST_CAUSES = 4


def lines(audit: Audit) -> Iterator[str]:
    """What to print, one sentence a line; what belongs to a line is indented under it."""
    yield from audit.notes
    for one in audit.rates:
        yield heading(one)
        for found in one.found:
            yield from (f"  {line}" for line in of_stretch(found))
        if one.likeness is not None:
            yield from (f"  {line}" for line in of_likeness(one.likeness))
        yield from (f"  Note: {note}" for note in one.notes)


def heading(one: RateAudit) -> str:
    """A rate, and the verdict on it."""
    points = f"{one.series.name}, {len(one.series):,} points"
    if one.likeness is not None:
        return f"{points}:"
    verdict = "as planned" if one.as_planned else "NOT as planned"
    return f"{points}, against {one.target} of the plan: {verdict}."


def of_stretch(found: Found) -> Iterator[str]:
    """A stretch: what it is, what describes it as well, and what may have caused it."""
    first, *others = found.sentences
    yield f"{first[0].upper()}{first[1:]}."
    yield from (f"  {other[0].upper()}{other[1:]}." for other in others)
    for cause in found.causes[:_MOST_CAUSES]:
        known = "  Cause, by what is known: " if cause.matches else "  Possible cause: "
        yield f"{known}{cause.sentence}"


def of_likeness(likeness: Likeness) -> Iterator[str]:
    """The schedule that a log looks like, and what is wrong with it."""
    if likeness.fits:
        yield f"Looks like {likeness.expression}"
    else:
        yield (
            "None of the known schedules fits within the digits of the log. The nearest, off by up "
            f"to {likeness.error:.2%} of the highest rate: {likeness.expression}"
        )
    yield from (str(finding) for finding in likeness.findings)
