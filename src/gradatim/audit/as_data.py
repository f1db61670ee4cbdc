"""An audit as plain data, for JSON."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gradatim.audit import sentences
from gradatim.audit.audit import Audit, Found, RateAudit
from gradatim.audit.change import Change
from gradatim.audit.likeness import Likeness


def as_data(audit: Audit) -> dict[str, Any]:
    """The audit as dictionaries, lists, texts and numbers."""
    return {
        "log": audit.log,
        "as_planned": audit.as_planned if any(one.found for one in audit.rates) else None,
        "notes": list(audit.notes),
        "rates": [_rate(one) for one in audit.rates],
    }


def _rate(one: RateAudit) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": one.series.name,
        "points": len(one.series),
        "steps": [float(one.series.steps.min()), float(one.series.steps.max())],
        "notes": list(one.notes),
    }
    if one.likeness is not None:
        return {**data, "looks_like": _likeness(one.likeness)}
    return {
        **data,
        "target": one.target,
        "as_planned": one.as_planned,
        "stretches": [_found(found) for found in one.found],
    }


def _found(found: Found) -> dict[str, Any]:
    return {
        "from_step": found.place.step,
        "last_step_before": found.place.before,
        "until_step": found.until,
        "at": found.at,
        "resumed": found.place.resumed,
        "as_planned": found.fine,
        **_change(found.segment.change),
        "equally_well": [_change(other) for other in found.segment.others],
        "causes": [
            {"sentence": cause.sentence, "matches": cause.matches} for cause in found.causes
        ],
    }


def _change(change: Change) -> dict[str, Any]:
    """A change with those of its parameters that do something."""
    plain = Change(change.kind)
    fields = {
        name: value
        for name, value in vars(change).items()
        if name not in ("kind", "interval") and value != getattr(plain, name)
    }
    parameters = {
        name: float(value) if isinstance(value, Fraction) else value
        for name, value in fields.items()
    }
    interval = list(change.interval) if change.interval else None
    return {
        "change": change.kind,
        "sentence": sentences.what(change),
        "parameters": parameters,
        "interval": interval,
    }


def _likeness(likeness: Likeness) -> dict[str, Any]:
    return {
        "schedule": likeness.expression,
        "fits": likeness.fits,
        "largest_difference": likeness.error,
        "findings": [finding._asdict() for finding in likeness.findings],
    }
