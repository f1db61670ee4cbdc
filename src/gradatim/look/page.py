"""The report of a plan: one HTML file with each curve, key points, findings, code and rules."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from gradatim.core import atomic
from gradatim.core.decays import Constant
from gradatim.core.errors import GradatimError
from gradatim.core.pieces import joins
from gradatim.core.run.by_updates import ByUpdates
from gradatim.core.run.clocks import amount
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.core.sketch import path, sample, value
from gradatim.drive import Plan, Target
from gradatim.findings import Finding, check
from gradatim.look.axis import Axis, axis_of_target
from gradatim.look.points import key_points

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --soft: #5a5a5a; --line: #d5d5d5; --page: #fff;
  --curve: #0072b2; --error: #b00020; --warning: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --soft: #a8a8a8; --line: #444;
  --page: #16181b; --curve: #56b4e9; --error: #ff8a80; --warning: #e6b54a; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: var(--soft); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem 1.2rem .3rem 0; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
pre { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; padding: .7rem; }
code, pre { font: .86em/1.45 ui-monospace, monospace; } p code { overflow-wrap: anywhere; }
.soft { color: var(--soft); font-size: .9rem; } .error { color: var(--error); }
.warning { color: var(--warning); } summary { cursor: pointer; margin-top: .6rem; }
details > div { margin-left: 1.2rem; }
"""
_WIDTH, _HEIGHT, _EDGE = 820, 320, 64


def report(
    plan: Plan | Schedule,
    out: str | os.PathLike[str],
    *,
    steps: int | None = None,
    run: Run | None = None,
    title: str = "A learning-rate schedule",
    value: str = "lr",
) -> Path:
    """Write one HTML file about a plan or a schedule, which needs nothing else, not even a network.

    It shows the findings, each target with its curve, key points and code, the rules and the run.

    Args:
        plan: The plan, or one schedule.
        out: The file to write.
        steps: The updates of the run; by default those of the longest schedule.
        run: The run, instead of ``steps``. A plan may have one.
        title: What stands at the top.
        value: What a schedule drives, for the findings. A plan says it itself.

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
    own = plan.run
    run = own or run or Run(steps=axis_of_target("report", {"": plan}, next(iter(plan))).steps)
    plan = plan.replaced(plan.schedules, plan.rules, run)
    atomic.write(out, _page(plan, run, check(plan), title, () if own is None else _run(own)))
    return Path(out)


def _page(
    plan: Plan, run: Run, findings: Sequence[Finding], title: str, about_run: Iterable[str]
) -> str:
    return "\n".join(
        [
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>",
            '<meta name=viewport content="width=device-width, initial-scale=1">',
            f"<style>{_STYLE}</style><h1>{escape(title)}</h1>",
            f"<p class=soft>{_length(run)}</p>",
            "<h2>Findings</h2>",
            _findings(findings),
            *(_target(target, plan) for target in plan),
            *_rules(plan),
            *about_run,
            "</html>\n",
        ]
    )


def _length(run: Run) -> str:
    """How long the run is, in its own measure and in updates."""
    if run.clock == "updates":
        return f"{run.steps:,} optimizer updates. Step k is the value of update k + 1."
    updates = "" if run.steps is None else f", {run.steps:,} optimizer updates"
    if run.clock == "progress":
        return f"The length of the run is not known; its schedules follow its progress{updates}."
    return f"{amount(run.ticks, run.clock)}{updates}."


def _target(target: Target, plan: Plan) -> str:
    """The section of one target."""
    schedule = plan[target]
    axis = axis_of_target("report", {"": plan}, target)
    return "\n".join(
        [
            f"<h2>{escape(str(target))}</h2>",
            f"<p><code>{escape(repr(schedule))}</code></p>",
            *([] if isinstance(schedule, Constant) else _look_at(target, schedule, axis)),
            *(_elsewhere(schedule, axis.steps) if axis.clock == "updates" else ()),
        ]
    )


def _elsewhere(schedule: Schedule, steps: int) -> Iterator[str]:
    """The code of other frameworks, whose schedulers count updates."""
    from gradatim.convert import TARGETS  # only now: a plot needs none of it

    inside = schedule.schedule if isinstance(schedule, ByUpdates) else schedule
    code = "".join(_code(inside, steps, framework) for framework in TARGETS)
    yield f"<details><summary>The same in each framework</summary><div>{code}</div></details>"


def _look_at(target: Target, schedule: Schedule, axis: Axis) -> list[str]:
    """The curve and the key points."""
    updates = axis.clock == "updates"
    rows = [
        (p.name, "" if p.step is None else f"{p.step:,}" if updates else axis.label_of(p.step),
         f"{p.value:.7g}")
        for p in key_points(schedule, axis.steps, axis.clock)
    ]  # fmt: skip
    return [
        _curve(schedule, axis, str(target)),
        "<h3>Key points</h3>",
        _table(("", "step" if updates else "at", "value"), rows),
    ]


def _rules(plan: Plan) -> list[str]:
    """Each rule, with the first sentence of what it does."""
    if not plan.rules:
        return []
    lines = (
        f"<li><b>{escape(value)}</b>: <code>{escape(repr(rule))}</code><br><span class=soft>"
        f"{escape((type(rule).__doc__ or '').partition(chr(10))[0])}</span>"
        for value, rule in plan.rules.items()
    )
    return ["<h2>Rules</h2>", f"<ul>{''.join(lines)}</ul>"]


def _run(run: Run) -> list[str]:
    """The run as its fields, and the updates that follow from them."""
    stored = run.config()["Run"]
    given = {name: entry for name, entry in run.items() if stored.get(name) is not None}
    rows = [(name, _entry(entry)) for name, entry in (given | _follows(run)).items()]
    return ["<h2>Run</h2>", _table(("", ""), rows)]


def _follows(run: Run) -> dict[str, object]:
    """What follows from what was given."""
    steps: dict[str, object] = {} if run.steps is None else {"steps": run.steps}
    if run.clock == "updates":
        return steps
    return {**steps, "clock": run.clock, "ticks": run.ticks}


def _entry(entry: object) -> str:
    plain = isinstance(entry, int | float)
    return f"{entry:,}" if plain else entry if isinstance(entry, str) else repr(entry)


def _curve(schedule: Schedule, axis: Axis, name: str) -> str:
    last = max(axis.steps - (axis.clock == "updates"), 1)
    points = sample(schedule, last, 800)
    low, high = min(0.0, *(p.value for p in points)), max(p.value for p in points)
    high = high if high > low else low + 1.0
    line = path(points, last, low, high, _WIDTH, _HEIGHT, _EDGE)
    across, up = _WIDTH - 2 * _EDGE, _HEIGHT - 2 * _EDGE
    dots = "".join(
        f'<circle cx="{_EDGE + across * step / last:.1f}" r="3.5" fill="var(--curve)" '
        f'cy="{_EDGE + up * (1 - (value(schedule, step) - low) / (high - low)):.1f}">'
        f"<title>{axis.label_of(step)}: {value(schedule, step):.7g}</title></circle>"
        for step in joins(schedule, last)[:100]
    )
    bottom = _HEIGHT - _EDGE
    end = f"{last:,}" if axis.clock == "updates" else axis.label_of(last)
    labels = "".join((
        f'<text x="{_EDGE - 6}" y="{_EDGE + 4}" text-anchor="end">{high:.3g}</text>',
        f'<text x="{_EDGE - 6}" y="{bottom + 4}" text-anchor="end">{low:.3g}</text>',
        f'<text x="{_EDGE}" y="{bottom + 18}">0</text>',
        f'<text x="{_WIDTH - _EDGE}" y="{bottom + 18}" text-anchor="end">{end}</text>',
        f'<text x="{_WIDTH / 2}" y="{bottom + 34}" text-anchor="middle">'
        f"{axis.name}</text>",
    ))  # fmt: skip
    return (
        f'<svg viewBox="0 {_EDGE - 12} {_WIDTH} {up + 52}" role="img" '
        f'aria-label="the curve of {escape(name)}">'
        f'<path d="M{_EDGE} {_EDGE}V{bottom}H{_WIDTH - _EDGE}" fill="none" stroke="var(--line)"/>'
        f'<path d="{line}" fill="none" stroke="var(--curve)" stroke-width="2"/>{dots}{labels}</svg>'
    )


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return "<p>No problems found.</p>"
    lines = (
        f"<li><b class={f.severity}>{f.severity}</b>: "
        f"{escape(', '.join(filter(None, (f.about, f.place))))}: {escape(f.sentence)} "
        f"{escape(f.fix)}"
        for f in findings
    )
    return f"<ul>{''.join(lines)}</ul>"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _code(schedule: Schedule, steps: int, target: str) -> str:
    from gradatim.convert import convert

    try:
        written = convert(schedule, target, steps)
    except GradatimError as error:
        return (
            f"<details><summary>{target}</summary><p class=soft>{escape(str(error))}</p></details>"
        )
    said = "".join(f"<li>{escape(sentence)}" for sentence in written.differences)
    return (
        f"<details><summary>{target}</summary><pre>{escape(written.code)}</pre>"
        f"<ul class=soft>{said}</ul></details>"
    )
