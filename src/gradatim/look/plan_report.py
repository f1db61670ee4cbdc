"""The report of plans: one HTML file with each curve, key points, findings, code and rules."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from gradatim.core import atomic
from gradatim.core.deprecated import renamed_arguments
from gradatim.core.run.by_updates import ByUpdates
from gradatim.core.run.clocks import format_ticks
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.drive import Plan, Target
from gradatim.errors import GradatimError, invalid_value
from gradatim.findings import Finding, check
from gradatim.look import html
from gradatim.look.axis import axis_of_target
from gradatim.look.comparison import Comparison, compared
from gradatim.look.comparison_html import comparison_parts
from gradatim.look.given import PlanLike, plan_from
from gradatim.look.html import Html
from gradatim.look.marks import numbered
from gradatim.look.target_html import target_html


@renamed_arguments(schedule="plan", updates="steps")
def report(
    plan: PlanLike | Mapping[str, PlanLike],
    out: str | os.PathLike[str],
    *,
    steps: int | None = None,
    run: Run | None = None,
    title: str = "",
    value: str = "lr",
) -> Path:
    """Write one HTML file about a plan, a schedule, or several; it loads no other file.

    It shows the findings, each target with its curve, key points and code, the rules and the run.
    Several plans are drawn over each other, with what differs in place of the code.

    Args:
        plan: A plan, the path of its file, or one schedule; or several by name.
        out: The file to write.
        steps: The updates of the run; by default those of the longest schedule.
        run: The run, instead of ``steps``. A plan may have one.
        title: The heading; by default the names of the plans.
        value: The target of a schedule, for the findings. A plan has its own.

    Raises:
        GradatimError: If a plan has a run, and another one is given; if there is nothing to show,
            or several plans are measured by different clocks.
        OSError: If it cannot be written; an older file is left as it was.

    >>> import tempfile
    >>> from gradatim import wsd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report(wsd(peak=1e-3, steps=1000, warmup=100), f"{folder}/plan.html").name
    'plan.html'
    """
    given = plan if isinstance(plan, Mapping) else {"": plan}
    if not given:
        raise invalid_value("report", "plan", plan, "a plan, a schedule, or some of them by name")
    run = Run(steps=steps) if run is None and steps is not None else run
    plans = {name: plan_from("report", name or "plan", each, value) for name, each in given.items()}
    for name, each in plans.items():
        if run is not None and each.run is not None:
            raise GradatimError("report: the plan has a run of its own. Leave run and steps out.")
        if run is not None:
            plans[name] = each.replaced(each.schedules, each.rules, run)
    if len(plans) == 1:
        ((name, each),) = plans.items()
        own_run = run is None and each.run is not None
        page = _page(each, title or name or "A learning-rate schedule", own_run)
    else:
        page = _comparison(compared("report", plans), title or ", ".join(plans))
    atomic.replace_file(out, page)
    return Path(out)


def _page(plan: Plan, title: str, own_run: bool) -> str:
    """The page of one plan; its run is shown if it is ``own_run``, and not made for the report."""
    first = next(iter(plan))
    run = plan.run or Run(steps=axis_of_target("report", {"": plan}, first).steps)
    shown = plan.replaced(plan.schedules, plan.rules, run)
    return html.page(
        title,
        html.note(_length_of(run)),
        html.section("Findings", _findings(check(shown))),
        *(_target_section(target, shown) for target in shown),
        _rules_section(plan),
        _run_section(run) if own_run else "",
    )


def _comparison(found: Comparison, title: str) -> str:
    findings = []
    for i, (name, plan) in enumerate(found.plans.items()):
        findings.append(html.element("h3", numbered(i, name)))
        findings.append(_findings(_findings_of(plan)))
    return html.page(title, *comparison_parts(found, "h2"), html.section("Findings", *findings))


def _findings_of(plan: Plan) -> list[Finding]:
    """The findings of a plan, over the length of its longest schedule if it has no run."""
    steps = axis_of_target("report", {"": plan}, next(iter(plan))).steps
    return check(plan) if plan.ticks else check(plan, steps)


def _length_of(run: Run) -> str:
    """The length of the run, by its clock and in updates."""
    if run.clock == "updates":
        return f"{run.steps:,} optimizer updates. Step k is the value of update k + 1."
    updates = "" if run.steps is None else f", {run.steps:,} optimizer updates"
    if run.clock == "progress":
        return f"The length of the run is not known; its schedules follow its progress{updates}."
    return f"{format_ticks(run.ticks, run.clock)}{updates}."


def _findings(findings: Sequence[Finding]) -> Html:
    if not findings:
        return html.paragraph("No problems found.")
    return html.bullets(
        html.inline(
            html.element("b", f.severity, class_=f.severity),
            f": {', '.join(filter(None, (f.about, f.place)))}: {f.sentence} {f.fix}",
        )
        for f in findings
    )


def _target_section(target: Target, plan: Plan) -> Html:
    schedule = plan[target]
    axis = axis_of_target("report", {"": plan}, target)
    return html.section(
        str(target),
        target_html(str(target), {"": schedule}, axis),
        _code_of_all(schedule, axis.steps) if axis.clock == "updates" else "",
    )


def _code_of_all(schedule: Schedule, steps: int) -> Html:
    """The schedule in the code of other projects, whose schedulers count updates."""
    from gradatim.peers import TARGETS  # only here: it is not needed for a plot

    inside = schedule.schedule if isinstance(schedule, ByUpdates) else schedule
    each = (_code(inside, steps, project) for project in TARGETS)
    return html.details("The same in each framework", *each)


def _code(schedule: Schedule, steps: int, project: str) -> Html:
    from gradatim.peers import convert

    try:
        written = convert(schedule, project, steps)
    except GradatimError as error:
        return html.details(project, html.note(str(error)))
    return html.details(
        project,
        html.element("pre", written.code),
        html.bullets(written.differences, class_="soft"),
    )


def _rules_section(plan: Plan) -> Html:
    """Each rule, with the first sentence of its docstring."""
    if not plan.rules:
        return Html()
    entries = (
        html.inline(
            html.element("b", value),
            ": ",
            html.element("code", repr(rule)),
            html.element("div", (type(rule).__doc__ or "").partition("\n")[0], class_="soft"),
        )
        for value, rule in plan.rules.items()
    )
    return html.section("Rules", html.bullets(entries))


def _run_section(run: Run) -> Html:
    """The fields of the run, and the updates that follow from them."""
    stored = run.config()["Run"]
    rows: dict[str, object] = {k: v for k, v in run.items() if stored.get(k) is not None}
    if run.steps is not None:
        rows["steps"] = run.steps
    if run.clock != "updates":
        rows |= {"clock": run.clock, "ticks": run.ticks}
    return html.section("Run", html.table((), [(k, _entry(v)) for k, v in rows.items()]))


def _entry(entry: object) -> str:
    if isinstance(entry, int | float):
        return f"{entry:,}"
    return entry if isinstance(entry, str) else repr(entry)
