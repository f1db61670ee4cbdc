"""Reads the plans that a verb is given: ``[NAME=]PLAN``, a file, a schedule as text, or stdin."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from gradatim.cli._no_plan import in_place_of, in_place_of_code
from gradatim.core.run.by_updates import ByUpdates, clock_for
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.core.utf8 import as_utf8
from gradatim.drive import Plan, Target
from gradatim.errors import GradatimError, invalid_value, shown, unknown_name

_ENDINGS = (".yaml", ".yml", ".toml", ".json")
STDIN = "-"
"""A plan that is read from stdin."""
_MOST_CHARACTERS = 200_000


class Source(NamedTuple):
    """One ``[NAME=]PLAN`` of the command line, not read yet."""

    name: str
    """The name in front of "=", or else the plan as it was written."""
    plan: str
    """The path of a plan file, the text of a schedule, or "-"."""

    @property
    def has_name(self) -> bool:
        """Whether the name is a name or a path, and not the text of the schedule itself."""
        return self.name != self.plan or is_plan_file(self.plan)


def is_plan_file(plan: str) -> bool:
    """Whether this is the path of a plan file, existing or not."""
    return plan.lower().endswith(_ENDINGS)


def split_name(given: str) -> Source:
    """The name and the plan of ``[NAME=]PLAN``.

    >>> split_name("short=wsd(peak=1.0, steps=10)")
    Source(name='short', plan='wsd(peak=1.0, steps=10)')
    >>> split_name("wsd(peak=1.0, steps=10)").has_name
    False
    """
    before, equals, after = given.partition("=")
    # The first "=" of a schedule is in its parentheses; a path may have one too.
    if not equals or "(" in before or (is_plan_file(given) and os.path.exists(given)):
        return Source(as_utf8(given), given)
    return Source(as_utf8(before.strip()), after.strip())


def sources(verb: str, givens: Sequence[str]) -> list[Source]:
    """Each ``[NAME=]PLAN`` of the command line.

    Raises:
        GradatimError: If two have the same name, or one an empty name.
    """
    found: dict[str, Source] = {}
    for given in givens:
        source = split_name(given)
        if not source.name.strip() or not source.plan.strip():
            missing = "name" if source.plan.strip() else "plan"
            raise GradatimError(f"{verb}: the {missing} in {given!r} is empty. Write NAME=PLAN.")
        if source.name in found:
            raise GradatimError(
                f"{verb}: plans need different names, got {source.name!r} in {given!r}. "
                'Write "another=PLAN" for one of them.'
            )
        found[source.name] = source
    return list(found.values())


def load(source: Source, steps: int | None = None, drives: str = "lr") -> Plan:
    """The plan of a source; a schedule as text becomes the plan of the target that it drives.

    Raises:
        GradatimError: If it cannot be read, or both the plan and --steps define the run.
    """
    if steps is not None and steps < 1:
        raise invalid_value("--steps", "it", steps, "1 or more")
    plan = _load(source.plan, drives)
    if steps is None:
        return plan
    if plan.run is not None:
        raise GradatimError(f"--steps: {source.plan} has a run of its own. Leave it out.")
    return plan.replaced(plan.schedules, plan.rules, Run(steps=steps))


def _load(plan: str, drives: str) -> Plan:
    if is_plan_file(plan):
        from gradatim.plans import load_plan

        return load_plan(plan)
    if plan == STDIN:
        from gradatim.plans.plan import format_of, read_plan

        text = read_stdin()
        ending = format_of(text)
        if ending:
            try:
                return read_plan(text, ending)
            except GradatimError as error:
                raise GradatimError(f"stdin: {error}") from None
        plan = text.strip()
    if "(" not in plan:
        sentence = (
            f"{shown(plan)} is neither a plan file ({', '.join(_ENDINGS)}) nor a schedule such as "
            f'"warmup_cosine(peak=3e-4, warmup=500, steps=10_000)". {in_place_of(plan)}'
        )
        raise GradatimError(sentence.rstrip())
    from gradatim.core.text import parse

    try:
        return Plan({drives: parse(plan)})
    except GradatimError as error:
        raise GradatimError(f"{error} {in_place_of_code(plan)}".rstrip()) from None


def read_stdin() -> str:
    """The text on stdin.

    Raises:
        GradatimError: If there is none, or more than a plan can have.
    """
    if sys.stdin is None:
        raise GradatimError("-: stdin is closed.")
    try:
        text = sys.stdin.read(_MOST_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        raise GradatimError(f"-: stdin is no UTF-8 text, at byte {error.start + 1}.") from None
    if not text.strip():
        raise GradatimError("-: there is nothing on stdin. It can be read only once.")
    if len(text) > _MOST_CHARACTERS:
        raise GradatimError(f"-: stdin has more than {_MOST_CHARACTERS} characters.")
    return text


def only_target(source: Source, plan: Plan, name: str | None) -> Plan:
    """The plan reduced to the target of this name and its rule; unchanged without a name.

    Raises:
        GradatimError: If no target has that name.
    """
    if name is None:
        return plan
    target = Target.read(as_utf8(name))
    if target not in plan:
        raise unknown_name(f"--value: {shown(source.plan)}", "target", str(target), map(str, plan))
    rules = {value: rule for value, rule in plan.rules.items() if value == target.value}
    return plan.replaced({target: plan[target]}, rules, plan.run)


def schedule_in_updates(verb: str, source: Source, plan: Plan, target: Target) -> Schedule:
    """The schedule of a target, for a verb that counts updates.

    Raises:
        GradatimError: If it follows another clock.
    """
    clock = clock_for(plan[target], plan.run)
    if clock != "updates":
        raise GradatimError(
            f"{verb}: a schedule of the updates is needed, and {target} of {source.plan} is "
            f"measured by the clock {clock!r}. Write it in updates, for as many as you expect."
        )
    schedule = plan[target]
    return schedule.schedule if isinstance(schedule, ByUpdates) else schedule


def learning_rate(verb: str, source: Source) -> Schedule:
    """The schedule of the learning rate in the plan of a source.

    The other targets and the rules of the plan are ignored, and named on stderr.

    Raises:
        GradatimError: If the plan cannot be read, or has not exactly one learning rate.
    """
    plan = load(source)
    rates = [target for target in plan if target.value == "lr"]
    if len(rates) != 1:
        targets = ", ".join(map(str, plan))
        raise GradatimError(
            f"{verb}: one schedule for the learning rate is needed, and {source.plan} has "
            f"{targets}. Give the text of one schedule."
        )
    schedule = schedule_in_updates(verb, source, plan, rates[0])
    ignored = [str(target) for target in plan if target not in rates]
    ignored += [f"the rule of {name}" for name in plan.rules]
    if ignored:
        print(
            f"{verb}: only {rates[0]} of {source.plan} is used, not {', '.join(ignored)}.",
            file=sys.stderr,
        )
    return schedule


def learning_rates(verb: str, givens: Sequence[str]) -> dict[str, Schedule]:
    """The schedules of the learning rate, by name.

    Raises:
        GradatimError: If names are not different, or a schedule cannot be read.
    """
    found: dict[str, Schedule] = {}
    for source in sources(verb, givens):
        try:
            found[source.name] = learning_rate(verb, source)
        except GradatimError as error:
            if str(error).startswith(f"{verb}: "):
                raise
            raise GradatimError(f"{verb}: schedule {source.name!r}: {error}") from None
    return found
