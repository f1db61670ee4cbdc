"""Where plans differ: in their schedules and the values of these, in their rules and runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from gradatim.core.build import build
from gradatim.core.schedule import Schedule
from gradatim.core.sketch import value_at
from gradatim.drive import Plan, Target
from gradatim.errors import invalid_value, unknown_name
from gradatim.look.axis import Axis, axis_of_target
from gradatim.look.given import PlanLike, plan_from
from gradatim.look.points import Gap, largest_gap

EXTERNAL = "external"
"""The place of the field that says whether a value is outside of any optimizer."""


class Field(NamedTuple):
    """A place in a config, such as "Cosine.end", and its entry in each plan; "-" for none."""

    place: str
    entries: tuple[str, ...]


class TargetDifference(NamedTuple):
    """How the schedules of one target differ."""

    target: Target
    schedules: Mapping[str, Schedule]
    """The schedule of each plan that has the target, by the name of the plan."""
    axis: Axis
    fields: list[Field]
    gaps: Mapping[str, Gap]
    """The largest gap of each schedule but the first to the first one."""

    def sentence(self, name: str) -> str:
        """Where a plan is farthest from the first one.

        >>> from gradatim import Constant, Linear
        >>> found = compare({"line": Linear(start=1.0, end=0.0, steps=4), "half": Constant(0.5)})
        >>> found.targets[Target("lr")].sentence("half")
        'Largest gap of lr: 0.5 at step 0, where line has 1 and half has 0.5.'
        """
        first, gap = next(iter(self.schedules)), self.gaps[name]
        values = (
            f"{each} has {value_at(self.schedules[each], gap.step):.7g}" for each in (first, name)
        )
        where = f"{abs(gap.size):.7g} at {self.axis.label_of(gap.step)}"
        return f"Largest gap of {self.target}: {where}, where {' and '.join(values)}."


class Comparison(NamedTuple):
    """Several plans, and where they differ. A notebook shows it as it shows a plan."""

    plans: Mapping[str, Plan]
    """The plans by their names."""
    targets: Mapping[Target, TargetDifference]
    """Every target of any plan."""
    rules: list[Field]
    run: list[Field]

    def without(self, target: Target) -> list[str]:
        """The names of the plans that do not have a target."""
        return [name for name, plan in self.plans.items() if target not in plan]

    @property
    def differ(self) -> bool:
        """Whether a value, a rule, a target or a run differs.

        A run in only some of the plans is no difference, as it changes no value.
        """
        gaps = any(gap.size for each in self.targets.values() for gap in each.gaps.values())
        runs = all(plan.run is not None for plan in self.plans.values()) and self.run
        outside = any(f.place == EXTERNAL for each in self.targets.values() for f in each.fields)
        return bool(gaps or outside or self.rules or runs or any(map(self.without, self.targets)))

    @property
    def all_equal(self) -> bool:
        """Whether the plans are equal to the last field, the runs included."""
        return not (self.differ or self.run or any(t.fields for t in self.targets.values()))

    def __repr__(self) -> str:
        return f"compare({dict(self.plans)!r})"

    def _repr_html_(self) -> str:
        from gradatim.look.notebook import comparison_html

        return comparison_html(self)


def compare(
    plans: Mapping[str, PlanLike],
    *more: PlanLike,
    target: Target | str | None = None,
) -> Comparison:
    """Compare plans or schedules: every target, the rules and the runs.

    A notebook draws the curves of each target over each other, with their key points, the fields
    that differ, and the largest gap. ``gradatim diff`` prints the same.

    Args:
        plans: Two or more plans by name: a plan, the path of its file, or a schedule of the
            learning rate.
        target: Only this target, such as "lr/head". By default all.

    Raises:
        GradatimError: If there are fewer than two, one of them is none of these, no plan has the
            target, or the plans are measured by different clocks.

    >>> from gradatim import warmup_cosine, warmup_linear
    >>> found = compare(
    ...     {
    ...         "cosine": warmup_cosine(peak=1e-3, warmup=10, steps=100),
    ...         "line": warmup_linear(peak=1e-3, warmup=10, steps=100),
    ...     }
    ... )
    >>> found.differ, found.targets[Target("lr")].fields[0].place
    (True, 'Join.pieces[1]')
    """
    if not isinstance(plans, Mapping) or len(plans) < 2 or more:
        hint = 'Write compare({"a": a, "b": b}).'
        raise invalid_value("compare", "plans", plans, "a mapping with two plans or more", hint)
    named = {str(name): plan_from("compare", str(name), plan) for name, plan in plans.items()}
    return compared("compare", named, Target.read(target) if isinstance(target, str) else target)


def compared(where: str, plans: Mapping[str, Plan], only: Target | None = None) -> Comparison:
    """The comparison of plans, or of one target of them, in the name of what the user called.

    Raises:
        GradatimError: If no plan has that target, or they are measured by different clocks.
    """
    targets = list(dict.fromkeys(target for plan in plans.values() for target in plan))
    if only is not None and only not in targets:
        raise unknown_name(where, "target", str(only), map(str, targets))
    targets = targets if only is None else [only]
    rules = [
        field
        for value in dict.fromkeys(target.value for target in targets)
        for field in _fields([_rule(plan, value) for plan in plans.values()], value)
    ]
    differences = {target: _target(where, plans, target) for target in targets}
    return Comparison(dict(plans), differences, rules, [] if only else _run_fields(plans))


def _target(where: str, plans: Mapping[str, Plan], target: Target) -> TargetDifference:
    having = {name: plan[target] for name, plan in plans.items() if target in plan}
    axis = axis_of_target(where, plans, target)
    # To the end of the run, or of a schedule that has one.
    longest = max(schedule.length or 0 for schedule in having.values())
    axis = axis._replace(steps=max(axis.steps, longest))
    first, *others = having
    gaps = {name: largest_gap(having[first], having[name], axis.steps) for name in others}
    outside = [target.value in plans[name].external for name in having]
    fields = [*_fields(outside, EXTERNAL), *_fields([s.config() for s in having.values()], "")]
    return TargetDifference(target, having, axis, fields, gaps)


def _rule(plan: Plan, value: str) -> dict[str, Any] | None:
    return plan.rules[value].config() if value in plan.rules else None


def _run_fields(plans: Mapping[str, Plan]) -> list[Field]:
    """The fields in which the runs differ, or the runs themselves if some plans have none."""
    runs = [plan.run for plan in plans.values()]
    given = [run for run in runs if run is not None]
    if len(given) < len(runs):
        return [Field("all", tuple(map(_as_text, runs)))] if given else []
    return list(_fields([dict(run.items()) for run in given], ""))


def _fields(entries: Sequence[Any], place: str) -> Iterator[Field]:
    """The places at which the configs differ."""
    if all(entry == entries[0] for entry in entries):
        return
    if all(isinstance(entry, dict) for entry in entries):
        names = list(dict.fromkeys(name for entry in entries for name in entry))
        # Schedules of different classes have no fields in common.
        if len(names) == 1 or not all(len(entry) == 1 for entry in entries):
            for name in names:
                inside = f"{place}.{name}" if place else str(name)
                yield from _fields([entry.get(name) for entry in entries], inside)
            return
    elif all(isinstance(entry, list) for entry in entries):
        for i, each in enumerate(zip_longest(*entries)):
            yield from _fields(each, f"{place}[{i}]")
        return
    yield Field(place or "all", tuple(map(_as_text, entries)))


def _as_text(entry: Any) -> str:
    if isinstance(entry, dict):
        return repr(build(entry))
    return "-" if entry is None else repr(entry)
