"""``check``: the checks of a schedule on a run, or of a plan with all its targets and rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from os import PathLike
from pathlib import Path

from gradatim.core.run.by_updates import clock_for
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.drive import Plan, Target
from gradatim.drive.plan import as_plan
from gradatim.errors import GradatimError, invalid_value
from gradatim.findings import bounds, rules, runs
from gradatim.findings.curve import (
    Curve,
    NoValue,
    end_of_run,
    highest_at_the_end,
    jumps,
    rebound,
    value_missing,
    zeros,
)
from gradatim.findings.finding import Finding, Severity, worst_first

_MILDER: dict[Severity, Severity] = {"error": "warning", "warning": "note", "note": "note"}


def check(
    schedule: Schedule | Plan | str | PathLike[str], run: Run | int | None = None, value: str = "lr"
) -> list[Finding]:
    """Problems of a schedule on a run, or of a plan, the most severe first.

    Args:
        schedule: The schedule; or the plan, or the path of its file: all of its schedules, its
            rules and its run.
        run: The run, or its number of updates. A plan may contain one; without any, a plan is
            checked over the length of its longest schedule.
        value: What a schedule drives, such as "weight_decay", "betas[0]" or "lr/head". A
            learning rate is expected to rise, fall, and last as long as the run. For other values
            only the range is checked strictly: problems of their shape are less severe. Not for
            plans, which name their values.

    Returns:
        The findings. ``about`` is the target, the rule, or the run. A part of the model whose rate
        is 0 while others are trained is frozen, which is only a note.

    Raises:
        GradatimError: If an argument is invalid, or the length of the run is not known.

    >>> from gradatim import Constant, Plan, warmup_cosine
    >>> schedule = warmup_cosine(peak=3e-4, warmup=5, steps=90)
    >>> for finding in check(schedule, run=9000):
    ...     print(finding)
    error: lr, update 91 of 9000: The schedule ends there, and the other 8910 updates run at 0. \
Write steps=9000.
    >>> for finding in check(Plan({"lr/head": schedule, "lr/*": Constant(0.0)})):
    ...     print(finding)
    note: lr/*, update 1 of 90: The value is 0 at every update: this part of the model \
is frozen. If this is not intended, give a peak above 0.
    """
    if isinstance(schedule, str | PathLike) and Path(schedule).suffix:
        schedule = as_plan("check", schedule)
    if isinstance(schedule, Plan):
        return worst_first(_plan(schedule, _run_for(schedule, run)))
    if not isinstance(schedule, Schedule):
        allowed = "a schedule, a Plan, or the path of a plan file"
        raise invalid_value("check", "schedule", schedule, allowed)
    if run is None:
        raise GradatimError("check: run is missing. Write run=10_000 or run=Run(...).")
    run = run if isinstance(run, Run) else Run(steps=run)
    return worst_first(_plan(Plan({Target.read(value): schedule}), run))


def _run_for(plan: Plan, run: Run | int | None) -> Run:
    if run is not None and plan.run is not None:
        raise GradatimError(f"check: the plan contains a run already, {plan.run!r}. Leave run out.")
    if isinstance(run, Run):
        return run
    known = plan.run or run or plan.ticks
    if known is None:
        raise GradatimError(
            "check: the length of the run is not known, because no schedule has an end. "
            "Write run=10_000, or give the plan a run."
        )
    return known if isinstance(known, Run) else Run(steps=known)


def _plan(plan: Plan, run: Run) -> Iterator[Finding]:
    yield from (finding._replace(about="run") for finding in runs.run_findings(run))
    curves: dict[Target, Curve] = {}
    for target, schedule in plan.schedules.items():
        try:
            curves[target] = Curve(schedule, run, _others_train(plan, target, run))
            found = list(_target(curves[target], target.value.partition("[")[0]))
        except NoValue as error:
            found = [value_missing(error, schedule, run)]
        yield from (finding._replace(about=str(target)) for finding in found)
    for value, rule in plan.rules.items():
        scaled = [curve for target, curve in curves.items() if target.value == value]
        for finding in rules.rule_findings(value, rule, scaled, run):
            yield finding._replace(about=f"rule of {value}")


def _others_train(plan: Plan, target: Target, run: Run) -> Callable[[int], bool]:
    """Whether another part of the model has a rate above 0 at a step."""
    others = [s for t, s in plan.schedules.items() if t.value == target.value and t != target]
    if len({clock_for(one, run) for one in (plan[target], *others)}) > 1:
        return lambda step: True  # steps of different clocks cannot be compared
    if not others:
        # If only one part has a schedule, the other groups keep the rates of their optimizer.
        return lambda step: target.part not in (None, "*")

    def others_train(step: int) -> bool:
        # A warm-up from 0 is 0 for one update only, and counts as training.
        try:
            return any(schedule(at) != 0.0 for schedule in others for at in (step, step + 1))
        except Exception:  # a user's function, which is checked by itself
            return True

    return others_train


def _target(curve: Curve, name: str) -> Iterator[Finding]:
    if name not in bounds.RATES:
        yield from bounds.value_bounds(curve, name)
        for finding in (*end_of_run(curve), *jumps(curve)) if curve.peak > 0.0 else ():
            yield finding._replace(severity=_MILDER[finding.severity])
        return
    yield from bounds.rate_bounds(curve)
    if curve.peak > 0.0:
        late = list(end_of_run(curve))
        yield from late
        yield from zeros(curve)
        yield from jumps(curve)
        yield from rebound(curve)
        if not any(finding.severity == "error" for finding in late):
            yield from highest_at_the_end(curve)
