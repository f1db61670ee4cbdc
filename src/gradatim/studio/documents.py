"""The text of a card: the expression of a schedule, or a plan in YAML, TOML or JSON."""

from __future__ import annotations

import ast
from functools import lru_cache

import yaml

from gradatim.core.build import build
from gradatim.core.run.run import Run
from gradatim.core.syntax_trees import NOT_PYTHON, expression_of
from gradatim.core.text import parse
from gradatim.core.values.value import buildable
from gradatim.drive import Plan, Target
from gradatim.errors import GradatimError
from gradatim.plans.plan import format_of, read_plan
from gradatim.plans.reading import FORMAT
from gradatim.studio.body import Body
from gradatim.studio.calls import calls_in
from gradatim.studio.problems import placed

_REMEMBERED = 256


@lru_cache(_REMEMBERED)
def read_text(text: str) -> Plan:
    """The plan that a text describes; an expression is the plan of "lr". No code in it is run.

    Raises:
        GradatimError: If it is neither.

    >>> read_text("Linear(start=1.0, end=0.0, steps=4)")["lr"](1)
    0.75
    """
    ending = format_of(text)
    if ending:
        return read_plan(text, ending)
    if not text.strip():
        raise GradatimError("Write a schedule, such as warmup_cosine(peak=3e-4, steps=10_000).")
    for call in calls_in(text):
        if getattr(call.make, "imports_code", False):
            raise GradatimError(f"{call.name} runs code, which the studio does not.")
    try:
        return Plan({"lr": parse(text)})
    except GradatimError as error:
        raise GradatimError(f"{error}".removeprefix("parse: ")) from None


def read_run(body: Body) -> Run | None:
    """The run of the page, for the cards whose text has none; None if it has no fields.

    Raises:
        GradatimError: If its fields are not those of a run.
    """
    fields = body.mapping("run")
    run: Run | None = build({"Run": fields}) if fields else None
    return run


def read_card(body: Body) -> Plan:
    """The plan of the text of a request, with the run of the page where it has none of its own."""
    text = body.text("text")
    try:
        plan = read_text(text)
    except GradatimError as error:
        raise placed(text, error) from None
    return on_run(plan, read_run(body))


def on_run(plan: Plan, run: Run | None) -> Plan:
    """The plan, on this run if it has none of its own."""
    if run is None or plan.run is not None:
        return plan
    return plan.replaced(plan.schedules, plan.rules, run)


def learning_rate(plan: Plan) -> Target:
    """The learning rate of a plan, or its first target."""
    return next((target for target in plan if target.value == "lr"), next(iter(plan)))


def plan_as_yaml(plan: Plan, text: str = "") -> str:
    """The plan as a plan file in YAML, which is read back the same.

    Args:
        plan: The plan.
        text: Its text; where that is one call, the file has this call, and no pieces.

    Raises:
        GradatimError: If a plan file cannot hold it.
    """
    stored = plan.config()
    called = _one_call(text)
    if called and list(map(str, plan)) == ["lr"]:
        stored["schedules"]["lr"] = called
    external = {name: stored["schedules"].pop(name) for name in stored["external"]}
    content = {
        "format": FORMAT,
        "run": plan.run and stored["run"]["Run"],
        "schedules": stored["schedules"],
        "external": external,
        "rules": stored["rules"],
    }
    given = {key: entry for key, entry in content.items() if entry}
    written: str = yaml.safe_dump(given, sort_keys=False, allow_unicode=True)
    try:
        same = read_plan(written, ".yaml") == plan
    except GradatimError:
        same = False
    if same:
        return written
    if called:
        return plan_as_yaml(plan)  # in a file its lengths would be others, as those of its run are
    raise GradatimError("studio: a plan file would not be read back as this plan.")


def _one_call(text: str) -> dict[str, dict[str, object]]:
    """The config of a text that is one call with numbers and texts; empty for another one."""
    calls = calls_in(text)
    if len(calls) != 1 or calls[0].name not in buildable() or not text.rstrip().endswith(")"):
        return {}
    try:
        given = {one.name: ast.literal_eval(expression_of(one.text)) for one in calls[0].arguments}
    except NOT_PYTHON:
        return {}
    return {calls[0].name: given}
