"""What a notebook shows for a schedule, a plan and a comparison: the parts of a report."""

from __future__ import annotations

from gradatim.core.schedule import Schedule
from gradatim.drive import Plan
from gradatim.look import html
from gradatim.look.axis import axis_of, axis_of_target
from gradatim.look.comparison import Comparison
from gradatim.look.comparison_html import comparison_parts
from gradatim.look.target_html import target_html


def schedule_html(schedule: Schedule) -> str:
    """The text, the curve and the key points of a schedule."""
    axis = axis_of("notebook", {"schedule": (schedule, None)})
    return html.element("div", target_html("the schedule", {"": schedule}, axis))


def plan_html(plan: Plan) -> str:
    """Every target of a plan, the rules and the run."""
    parts = []
    for target in plan:
        axis = axis_of_target("notebook", {"plan": plan}, target)
        parts.append(html.element("h4", str(target)))
        parts.append(target_html(str(target), {"": plan[target]}, axis))
    texts = [f"rule of {value}: {rule!r}" for value, rule in plan.rules.items()]
    texts += [] if plan.run is None else [f"run: {plan.run!r}"]
    return html.element("div", *parts, *(html.paragraph(html.element("code", t)) for t in texts))


def comparison_html(found: Comparison) -> str:
    """Every target of some plans, drawn over each other, and what differs."""
    return html.element("div", *comparison_parts(found, "h4"))
