"""The audit of a log: each logged rate against its plan, or against the known schedules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gradatim.audit import sentences
from gradatim.audit.causes import Cause, Known, Place, causes_of
from gradatim.audit.change import Change
from gradatim.audit.likeness import Likeness, looks_like
from gradatim.audit.matching import match
from gradatim.audit.planned import Planned
from gradatim.audit.segments import Segment, Segmentation
from gradatim.drive import Plan
from gradatim.errors import GradatimError
from gradatim.logs.logged_rates import read_rates
from gradatim.logs.rate_series import RateSeries

if TYPE_CHECKING:
    from gradatim.core.schedule import Schedule


@dataclass(frozen=True)
class Found:
    """One stretch of a log, where it begins, and what can have caused it."""

    segment: Segment
    place: Place
    at: str
    """Where in the file it begins."""
    causes: tuple[Cause, ...]
    fine: bool
    """Whether it is as planned."""
    until: float | None = None
    """Its last logged step; None if it is the rest of the log."""

    @property
    def sentences(self) -> list[str]:
        """The stretch in words: what it is, and what else describes it equally well."""
        change = self.segment.change
        lines = [f"{sentences.where(self.place, self.at, self.until)}: {sentences.what(change)}"]
        lines += [f"equally well: {sentences.what(other)}" for other in self.segment.others]
        return lines


@dataclass(frozen=True)
class RateAudit:
    """One logged rate against its plan; or, without a plan, the schedule that it looks like."""

    series: RateSeries
    target: str
    """What it was compared to, such as "lr/head"; "" without a plan."""
    planned: Planned | None
    found: tuple[Found, ...]
    notes: tuple[str, ...]
    likeness: Likeness | None = None

    @property
    def as_planned(self) -> bool:
        """Whether the run did what was planned; true where there is no plan."""
        return all(one.fine for one in self.found)


@dataclass(frozen=True)
class Audit:
    """What a log says about the rates of a run."""

    log: str
    rates: tuple[RateAudit, ...]
    notes: tuple[str, ...] = ()

    @property
    def as_planned(self) -> bool:
        """Whether every rate is as planned."""
        return all(one.as_planned for one in self.rates)


def audit(
    log: str | Path,
    plan: Plan | Schedule | None = None,
    *,
    column: str | None = None,
    known: Known | None = None,
) -> Audit:
    """What a run really did: the rates in its log, against a plan.

    Args:
        log: The log; see ``gradatim.logs.read_rates``.
        plan: What was meant: a plan, or the schedule of "lr". Without it, the schedule that each
            rate looks like is named.
        column: The rate in the log, if only one of several is meant.
        known: What is known about the run, to tell causes apart.

    Raises:
        GradatimError: If the log cannot be read, or no rate in it belongs to the plan.
    """
    known = known or Known()
    every = [_in_updates(series, known) for series in read_rates(log, column)]
    if plan is None:
        return Audit(
            str(log), tuple(RateAudit(s, "", None, (), (), looks_like(s)) for s, _ in every)
        )
    given = plan if isinstance(plan, Plan) else Plan({"lr": plan})
    counts = {series.name: counts for series, counts in every}
    pairs, notes = match([series for series, _ in every], given)
    audited = []
    for series, target in pairs:
        planned = Planned(given, target, int(series.steps.max()))
        ruled = (f"the plan has a rule for {target.value}",) if target.value in given.rules else ()
        audited.append(_audited(series, planned, counts[series.name], known, ruled))
    return Audit(str(log), tuple(audited), tuple(notes))


def _in_updates(series: RateSeries, known: Known) -> tuple[RateSeries, tuple[int, ...]]:
    """The log with its steps in updates, and what a log of epochs may add to them."""
    if series.unit == "step":
        return series, ()
    if known.updates_per_epoch is None:
        raise GradatimError(
            f"{series.at(0)}: the log of {series.name} counts epochs. "
            "Say how many updates an epoch has: --updates-per-epoch N."
        )
    n = known.updates_per_epoch
    return replace(series, steps=np.rint(series.steps * n)), (n, n - 1, n + 1, -n)


def _audited(
    series: RateSeries, planned: Planned, counts: Sequence[int], known: Known, ruled: Sequence[str]
) -> RateAudit:
    segments = Segmentation(planned, series, tuple(counts)).find()
    found = tuple(_found(segment, series, planned, known) for segment in segments)
    notes = [f"{reason}, which a log of rates alone does not show." for reason in ruled]
    notes += _notes(series, planned, found)
    return RateAudit(series, planned.name, planned, found, tuple(notes))


def _found(segment: Segment, series: RateSeries, planned: Planned, known: Known) -> Found:
    first = segment.first
    place = Place(
        float(series.steps[first]),
        float(series.steps[first - 1]) if first else None,
        any(abs(first - at) <= 1 for at in series.resumed_at),
    )
    changes = (segment.change, *segment.others)
    counted = _counts_micro_batches(segment.change, series, planned, known)
    causes = {
        cause.sentence: cause
        for change in changes
        if change.kind != "same"
        for cause in causes_of(change, place, known)
    }
    ranked = sorted(causes.values(), key=lambda cause: not cause.matches)
    fine = segment.change.kind == "same" or counted
    until = float(series.steps[segment.end - 1]) if segment.end < len(series) else None
    causes_if_wrong = () if fine else tuple(ranked)
    return Found(segment, place, series.at(first), causes_if_wrong, fine, until)


def _counts_micro_batches(
    change: Change, series: RateSeries, planned: Planned, known: Known
) -> bool:
    """Whether the log counts micro-batches: the rate moves with updates, and the steps go on.

    A run that really moved its schedule every n updates would end where the plan ends.
    """
    return (
        change.kind == "stairs"
        and known.accumulate is not None
        and change.scale == Fraction(1, known.accumulate)
        and planned.length is not None
        and float(series.steps.max()) > planned.length * (known.accumulate + 1) / 2
    )


def _notes(series: RateSeries, planned: Planned, found: Sequence[Found]) -> list[str]:
    notes = []
    last = found[-1].segment
    if last.change.kind == "unknown" and last.end - last.first < 3 and last.first:
        notes.append(f"only {last.end - last.first} logged point(s) differ, too few to say how.")
    if len(np.unique(planned.at(series.steps))) == 1:
        notes.append(
            "the planned rate is the same at every logged step, so a scheduler that was never "
            "stepped would look alike."
        )
    if series.resumed_at:
        steps = ", ".join(f"{series.steps[i]:,.10g}" for i in series.resumed_at[:5])
        more = ", ..." if len(series.resumed_at) > 5 else ""
        notes.append(f"the log goes back to step {steps}{more}: the run was resumed there.")
    if found[0].segment.change.kind == "stairs" and found[0].fine:
        notes.append("the log counts micro-batches, and the schedule moves with the updates.")
    return notes
