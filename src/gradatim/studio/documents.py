"""The text of a card: the expression of a schedule, or a plan in YAML, TOML or JSON."""

from __future__ import annotations

from functools import lru_cache

from gradatim.core.build import build
from gradatim.core.run.run import Run
from gradatim.core.text import parse
from gradatim.drive import Plan
from gradatim.errors import GradatimError
from gradatim.plans.plan import format_of, read_plan
from gradatim.studio.body import Body

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
    return on_run(read_text(body.text("text")), read_run(body))


def on_run(plan: Plan, run: Run | None) -> Plan:
    """The plan, on this run if it has none of its own."""
    if run is None or plan.run is not None:
        return plan
    return plan.replaced(plan.schedules, plan.rules, run)
