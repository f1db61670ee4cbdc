"""What can be said of a plan: findings, key figures, and how several differ."""

from __future__ import annotations

import re
from functools import lru_cache

from gradatim.core.run.durations import parse_duration
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.core.sketch import sample_points
from gradatim.drive import Plan, Target
from gradatim.errors import GradatimError
from gradatim.findings import Finding, check
from gradatim.look.axis import Axis, axis_of_target
from gradatim.look.points import key_points, largest_gap
from gradatim.studio.body import Body, Data
from gradatim.studio.curves import UNITS, axis_in
from gradatim.studio.documents import on_run, read_card, read_run, read_text

_REMEMBERED = 256
_UPDATE = re.compile(r"update (\d+)")
_MOST_CARDS = 40


def judge(body: Body) -> Data:
    """The findings of a card, and the key figures of each of its targets."""
    unit = body.choice("unit", UNITS) if "unit" in body.data else "updates"
    return _judged(read_card(body), unit)


@lru_cache(_REMEMBERED)
def _judged(plan: Plan, unit: str) -> Data:
    axes = {target: axis_of_target("studio", {"": plan}, target) for target in plan}
    longest = max(axes.values(), key=lambda axis: axis.steps)
    run = plan.run or Run(steps=longest.steps)
    found = check(plan.replaced(plan.schedules, plan.rules, run))
    return {
        "findings": [{**one._asdict(), "at": _place(one, plan, unit)} for one in found],
        "figures": [_figures(str(target), plan[target], axis) for target, axis in axes.items()],
    }


def _place(finding: Finding, plan: Plan, unit: str) -> float | None:
    """Where on the axis a finding about a target has its place; None if it has none."""
    if finding.about not in map(str, plan) or not finding.place:
        return None
    axis, drawn = axis_in(plan, Target.read(finding.about), unit)
    amount = finding.place.partition(" of ")[0]
    update = _UPDATE.fullmatch(amount)
    if update is not None:
        return drawn.place(int(update[1]) - 1)
    duration = parse_duration(amount.replace(",", ""), axis.clock)
    return drawn.place(int(duration.amount))


def _figures(name: str, schedule: Schedule, axis: Axis) -> Data:
    """Key points, and the shares of the run that are warm-up and cooldown."""
    points = key_points(schedule, axis.steps, axis.clock)
    last = max(axis.steps - 1, 1)
    warmup = next((point.step for point in points if point.name == "end of warm-up"), 0)
    return {
        "target": name,
        "points": [
            {
                "name": point.name,
                "at": None if point.step is None else axis.label_of(point.step),
                "value": point.value,
            }
            for point in points
        ],
        "warmup": (warmup or 0) / axis.steps,
        "cooldown": 1.0 - _last_peak(schedule, last) / last,
    }


def _last_peak(schedule: Schedule, last: int) -> int:
    """The last step that has the highest value, at most ``last``."""
    points = sample_points(schedule, last, 1_000)
    top = max(point.value for point in points)
    return max(point.step for point in points if point.value >= top)


def compare(body: Body) -> Data:
    """The largest difference of each card to the first, for each target that both have."""
    run = read_run(body)
    plans: list[Plan | None] = []
    for text in body.texts("texts", _MOST_CARDS):
        try:
            plans.append(on_run(read_text(text), run))
        except GradatimError:
            plans.append(None)  # its own card shows what is wrong
    first = plans[0] if plans else None
    return {"differences": [None if first is None else _differences(first, one) for one in plans]}


@lru_cache(_REMEMBERED)
def _differences(first: Plan, other: Plan | None) -> Data:
    if other is None:
        return None
    found: list[Data] = []
    for target in first:
        if target not in other:
            continue
        try:
            axis = axis_of_target("studio", {"first": first, "other": other}, target)
        except GradatimError:
            continue  # of two clocks, no steps can be compared
        step, gap = largest_gap(first[target], other[target], axis.steps)
        found.append({"target": str(target), "at": axis.label_of(step), "gap": gap})
    return found
