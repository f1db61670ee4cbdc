"""The report of a plan: one HTML file with each curve, key points, findings, code and rules."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from gradatim.core import atomic
from gradatim.core.decays import Constant
from gradatim.core.run.by_updates import ByUpdates
from gradatim.core.run.clocks import format_ticks
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.drive import Plan, Target
from gradatim.errors import GradatimError
from gradatim.findings import Finding, check
from gradatim.look import html
from gradatim.look.axis import Axis, axis_of_target
from gradatim.look.html import Html
from gradatim.look.points import key_points
from gradatim.look.svg import curve_svg


def report(
    plan: Plan | Schedule,
    out: str | os.PathLike[str],
    *,
    steps: int | None = None,
    run: Run | None = None,
    title: str = "A learning-rate schedule",
    value: str = "lr",
) -> Path:
    """Write one HTML file about a plan or a schedule; it loads no other file and no network.

    It shows the findings, each target with its curve, key points and code, the rules and the run.

    Args:
        plan: The plan, or one schedule.
        out: The file to write.
        steps: The updates of the run; by default those of the longest schedule.
        run: The run, instead of ``steps``. A plan may have one.
        title: The heading.
        value: The target of a schedule, for the findings. A plan has its own.

    Raises:
        GradatimError: If a plan has a run, and another one is given.
        OSError: If it cannot be written; an older file is left as it was.

    >>> import tempfile
    >>> from gradatim import wsd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report(wsd(peak=1e-3, steps=1000, warmup=100), f"{folder}/plan.html").name
    'plan.html'
    """
    if isinstance(plan, Schedule):
        plan = Plan({Target.read(value): plan})
    if run is None and steps is not None:
        run = Run(steps=steps)
    if run is not None and plan.run is not None:
        raise GradatimError("report: the plan has a run of its own. Leave run and steps out.")
    own_run = plan.run
    run = own_run or run or Run(steps=axis_of_target("report", {"": plan}, next(iter(plan))).steps)
    plan = plan.replaced(plan.schedules, plan.rules, run)
    atomic.replace_file(out, _page(plan, run, check(plan), title, own_run))
    return Path(out)


def _page(
    plan: Plan, run: Run, findings: Sequence[Finding], title: str, own_run: Run | None
) -> str:
    return html.page(
        title,
        html.note(_length_of(run)),
        html.section("Findings", _findings(findings)),
        *(_target_section(target, plan) for target in plan),
        _rules_section(plan),
        "" if own_run is None else _run_section(own_run),
    )


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
        html.paragraph(html.element("code", repr(schedule))),
        "" if isinstance(schedule, Constant) else _curve(target, schedule, axis),
        _code_of_all(schedule, axis.steps) if axis.clock == "updates" else "",
    )


def _curve(target: Target, schedule: Schedule, axis: Axis) -> Html:
    """The curve and its key points."""
    updates = axis.clock == "updates"

    def place(step: int | None) -> str:
        if step is None:
            return ""
        return f"{step:,}" if updates else axis.label_of(step)

    points = key_points(schedule, axis.steps, axis.clock)
    return html.lines(
        curve_svg(schedule, axis, str(target)),
        html.element("h3", "Key points"),
        html.table(
            ("", "step" if updates else "at", "value"),
            [(point.name, place(point.step), f"{point.value:.7g}") for point in points],
        ),
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
