"""What is driven: a schedule for each target, the rules on top, and the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from os import PathLike
from types import MappingProxyType
from typing import Any, NamedTuple

from gradatim.core.decays import Constant
from gradatim.core.rules import Rule
from gradatim.core.run.by_updates import ByUpdates
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import Number, check_argument
from gradatim.errors import GradatimError, invalid_value, unknown_name


class Target(NamedTuple):
    """What one schedule drives: a value such as "lr", for one part of the model or for all of it.

    As text, in files, states and histories, a target is "lr" or "lr/head".

    >>> Target("lr", "head"), str(Target("lr", "head")), Target.read("lr")
    (Target(value='lr', part='head'), 'lr/head', Target(value='lr', part=None))
    """

    value: str
    """The name of the value: "lr", "weight_decay", "betas[0]"."""
    part: str | None = None
    """The part of the model: the name or index of a parameter group, or a pattern of names."""

    @classmethod
    def read(cls, text: str) -> Target:
        """The target that a text such as "lr/head" names."""
        value, slash, part = text.partition("/")
        return cls(value, part if slash else None)

    def __str__(self) -> str:
        return self.value if self.part is None else f"{self.value}/{self.part}"


class Plan:
    """A schedule for each target, the rules on top, and the run. A plan never changes.

    Plan files load into it, and everything that drives a run takes it: ``Driver(plan)``,
    ``gradatim.torch.Scheduler(optimizer, plan=plan)``, ``gradatim.keras.Scheduler(plan=plan)``.

    Args:
        schedules: A schedule, or a number that stays, for each target: a ``Target``, or its text
            such as "lr", "weight_decay" or "lr/head".
        external: More targets, for values outside of any optimizer: the weight of a KL term, the
            decay of an average, the size of a window.
        rules: A rule for any of the values: the rule of "lr" scales "lr/head" too. A rule alone
            is for "lr".
        run: The length of the run. A resume needs it to keep its place in the data when the batch
            size or the number of processes has changed.

    Raises:
        GradatimError: If something else is given, or a rule is for a value that is not driven.

    >>> from gradatim import Constant, Linear
    >>> plan = Plan({"lr": Linear(start=1.0, end=0.0, steps=4), "weight_decay": 0.1})
    >>> plan["weight_decay"], plan["lr"](1)
    (Constant(value=0.1), 0.75)
    """

    __slots__ = ("external", "rules", "run", "schedules")

    schedules: Mapping[Target, Schedule]
    """All schedules, those of external values included."""
    external: tuple[str, ...]
    """The names of the values outside of any optimizer."""
    rules: Mapping[str, Rule]
    run: Run | None

    def __init__(
        self,
        schedules: Mapping[Any, Schedule | float] = MappingProxyType({}),
        *,
        external: Mapping[str, Schedule | float] | None = None,
        rules: Rule | Mapping[str, Rule] | None = None,
        run: Run | None = None,
    ) -> None:
        self._fill("Plan", schedules, external, rules, run)

    def _fill(
        self, where: str, schedules: object, external: object, rules: object, run: object
    ) -> None:
        """Take what was given to ``where``, or refuse it in that name."""
        given = _checked(where, schedules, external, rules, run)
        for name, value in zip(("schedules", "external", "rules", "run"), given, strict=True):
            object.__setattr__(self, name, value)

    @property
    def values(self) -> tuple[str, ...]:
        """The names of the values that are driven, whichever part of the model they are for."""
        return tuple(dict.fromkeys(target.value for target in self.schedules))

    @property
    def steps(self) -> int | None:
        """The updates of the run, or of the longest schedule; None if neither is known."""
        return self.ticks if self.run is None else self.run.steps

    @property
    def ticks(self) -> int | None:
        """The ticks of the run's clock, or of the longest schedule; None if neither has an end."""
        if self.run is not None:
            return self.run.ticks
        return max((one.length for one in self.schedules.values() if one.length), default=None)

    def is_whole(self, target: Target) -> bool:
        """Whether the values of a target are whole numbers: ``rounded``, and scaled by no rule."""
        return self.schedules[target].is_whole and target.value not in self.rules

    def __getitem__(self, target: str | Target) -> Schedule:
        """The schedule of a target, given as a ``Target`` or as its text."""
        known = Target.read(target) if isinstance(target, str) else target
        if known not in self.schedules:
            raise unknown_name("Plan", "target", str(target), map(str, self.schedules))
        return self.schedules[known]

    def __iter__(self) -> Iterator[Target]:
        return iter(self.schedules)

    def __len__(self) -> int:
        return len(self.schedules)

    def __contains__(self, target: object) -> bool:
        return (Target.read(target) if isinstance(target, str) else target) in self.schedules

    def with_schedules(self, schedules: Mapping[Target, Schedule]) -> Plan:
        """The same plan with these schedules, in place of those of the same targets."""
        return self.replaced({**self.schedules, **schedules}, self.rules, self.run)

    def replaced(
        self, schedules: Mapping[Target, Schedule], rules: Mapping[str, Rule], run: Run | None
    ) -> Plan:
        """A plan with other schedules, rules and run, and the same values outside."""
        outside = {str(t): one for t, one in schedules.items() if t.value in self.external}
        inside = {t: one for t, one in schedules.items() if t.value not in self.external}
        return Plan(inside, external=outside, rules=rules, run=run)

    def with_rates(self, edit: Callable[[Schedule], Schedule]) -> Plan:
        """The same plan with the schedule of each learning rate edited.

        >>> plan = Plan({"lr/head": 1.0, "lr/*": 0.5, "weight_decay": 0.1})
        >>> plan.with_rates(lambda schedule: 0.5 * schedule)["lr/head"](0)
        0.5

        Raises:
            GradatimError: If no target is a learning rate.
        """
        rates = {
            target: edit(one) for target, one in self.schedules.items() if target.value == "lr"
        }
        if not rates:
            raise unknown_name("Plan", "value", "lr", self.values)
        return self.with_schedules(rates)

    def config(self) -> dict[str, Any]:
        """The plan as plain data.

        >>> Plan({"lr": 0.5}).config()  # doctest: +NORMALIZE_WHITESPACE
        {'schedules': {'lr': {'Constant': {'value': 0.5, 'steps': None}}}, 'external': [],
        'rules': {}, 'run': None}
        """
        return {
            "schedules": {str(name): one.config() for name, one in self.schedules.items()},
            "external": sorted(self.external),
            "rules": {name: rule.config() for name, rule in self.rules.items()},
            "run": None if self.run is None else self.run.config(),
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Plan):
            return NotImplemented
        return self._parts() == other._parts()

    def _parts(self) -> tuple[Any, ...]:
        return self.schedules, set(self.external), self.rules, self.run

    def __hash__(self) -> int:
        return hash((frozenset(self.schedules.items()), frozenset(self.rules.items()), self.run))

    def __repr__(self) -> str:
        by_name = {str(name): one for name, one in self.schedules.items()}
        outside = {name: by_name.pop(name) for name in self.external}
        parts = [repr(by_name)]
        if outside:
            parts.append(f"external={outside!r}")
        if self.rules:
            parts.append(f"rules={dict(self.rules)!r}")
        if self.run is not None:
            parts.append(f"run={self.run!r}")
        return f"Plan({', '.join(parts)})"

    def _repr_html_(self) -> str:
        """Every target with its curve, the rules and the run, for a notebook."""
        from gradatim.look.notebook import plan_html

        return plan_html(self)

    def __setattr__(self, name: str, value: object) -> None:
        raise GradatimError(f"Plan: {name} cannot be set, a plan never changes. Build another one.")

    def __reduce__(self) -> tuple[Any, ...]:
        inside = {t: one for t, one in self.schedules.items() if t.value not in self.external}
        outside = {name: self[name] for name in self.external}
        return _rebuilt, (inside, outside, dict(self.rules), self.run)


def _rebuilt(
    schedules: Mapping[Target, Schedule],
    external: Mapping[str, Schedule],
    rules: Mapping[str, Rule],
    run: Run | None,
) -> Plan:
    return Plan(schedules, external=external, rules=rules, run=run)


def _checked(
    where: str, schedules: object, external: object, rules: object, run: object
) -> tuple[Mapping[Target, Schedule], tuple[str, ...], Mapping[str, Rule], Run | None]:
    """What a plan is made of, from what the user gave to ``where``.

    Raises:
        GradatimError: If something is not what a plan takes.
    """
    if not isinstance(schedules, Mapping) or not (schedules or external):
        raise invalid_value(
            where,
            "schedules",
            schedules,
            "a mapping from targets to schedules",
            'Write {"lr": schedule}.',
        )
    by_target = {_target(where, t): _schedule(where, str(t), s) for t, s in schedules.items()}
    outside = _external(where, external, {target.value for target in by_target})
    by_target |= {Target(name): one for name, one in outside.items()}
    if run is not None and not isinstance(run, Run):
        raise invalid_value(where, "run", run, "a Run", "Write Run(samples=..., batch=..., ...).")
    values = list(dict.fromkeys(target.value for target in by_target))
    checked_rules = MappingProxyType(_rules(where, rules, values))
    return MappingProxyType(by_target), tuple(outside), checked_rules, run


def _check_clocks(where: str, plan: Plan) -> None:
    """Refuse a schedule whose lengths were resolved by a run of another clock."""
    clock = "updates" if plan.run is None else plan.run.clock
    for target, schedule in plan.schedules.items():
        expected = clock
        if isinstance(schedule, ByUpdates):
            schedule, expected = schedule.schedule, "updates"
        built_by = getattr(schedule, "_built_by", expected)
        if built_by != expected:
            raise GradatimError(
                f"{where}: the lengths of {target} are those of a run measured in {built_by}, and "
                f"it would be asked for {expected}. Give that run here, too: run=..."
            )


def _external(where: str, external: object, taken: set[str]) -> dict[str, Schedule]:
    """The schedules of the values outside of any optimizer."""
    if external is None:
        return {}
    if not isinstance(external, Mapping):
        raise invalid_value(
            where,
            "external",
            external,
            "a mapping from names to schedules",
            'Write external={"kl": schedule}.',
        )
    for name in external:
        if not isinstance(name, str) or not name or "/" in name:
            raise invalid_value(where, "a name of an external value", name, 'a text without "/"')
        if name in ("position", "tick"):
            raise invalid_value(where, "a name of an external value", name, "another one")
        if name in taken:
            raise GradatimError(
                f"{where}: {name} is driven in the optimizer already; give the external value "
                "another name."
            )
    return {name: _schedule(where, name, one) for name, one in external.items()}


def _target(where: str, given: object) -> Target:
    if isinstance(given, str) and given.partition("/")[0]:
        return Target.read(given)
    if isinstance(given, Target):
        return given
    raise invalid_value(where, "a target", given, 'a text such as "lr" or "lr/head"')


def _schedule(where: str, name: str, given: object) -> Schedule:
    if isinstance(given, Schedule):
        return given
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return Constant(check_argument(where, name, Number, given))
    raise invalid_value(
        where,
        name,
        given,
        "a schedule, or a number that stays",
        "Write for example warmup_cosine(peak=3e-4, warmup=500, steps=10_000).",
    )


def _rules(where: str, rules: object, values: list[str]) -> dict[str, Rule]:
    if isinstance(rules, Rule):
        rules = {"lr": rules}
    if not isinstance(rules, Mapping | None):
        raise invalid_value(
            where,
            "rule",
            rules,
            'a rule, or a mapping from values such as "lr" to rules',
            "Write rule=Plateau(mode='min').",
        )
    for name, rule in (rules or {}).items():
        if not isinstance(rule, Rule):
            raise invalid_value(where, f"the rule for {name!r}", rule, "a rule such as Plateau")
        if name not in values:
            raise unknown_name(where, "value to apply a rule to", name, values)
    return dict(rules or {})


def as_plan(
    where: str, plan: object, rules: object = None, run: object = None, external: object = None
) -> Plan:
    """The plan that was given to ``where`` as a plan, a path of a file, or a mapping.

    Raises:
        GradatimError: If it is none of these, or rules or a run are given beside a plan.
    """
    if isinstance(plan, Mapping):
        made = Plan.__new__(Plan)
        made._fill(where, plan, external, rules, run)
        _check_clocks(where, made)
        return made
    if isinstance(plan, (str, PathLike)):
        from gradatim.plans import load_plan  # files are read only when one is given

        plan = load_plan(plan)
    if not isinstance(plan, Plan):
        raise invalid_value(
            where,
            "plan",
            plan,
            "a Plan, the path of a plan file, or a mapping of schedules",
            'Write {"lr": schedule}.',
        )
    if rules is not None or run is not None or external is not None:
        raise GradatimError(
            f"{where}: a plan has its external values, its rules and its run already. Give them to "
            "the plan: Plan(schedules, external=..., rules=..., run=...)."
        )
    _check_clocks(where, plan)
    return plan
