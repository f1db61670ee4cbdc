"""What the page offers to download: plan files, expressions, code of other projects, a report."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from gradatim.core.run.by_updates import ByUpdates, clock_for
from gradatim.drive import Plan, Target
from gradatim.errors import GradatimError
from gradatim.look.axis import axis_of_target
from gradatim.plans.plan import format_of, read_plan
from gradatim.studio.body import Body, Data
from gradatim.studio.documents import learning_rate, plan_as_yaml, read_card

_ENDINGS = {"deepspeed": "json", "megatron": "sh", "speechbrain": "yaml", "composer": "yaml"}


def forms(body: Body) -> Data:
    """What a card can be downloaded as, besides pictures, which the page draws itself."""
    from gradatim.peers import TARGETS  # the page begins without it

    return {"forms": ["plan", "expression", "report"], "projects": list(TARGETS)}


def export(body: Body) -> Data:
    """A card in one of the forms: the content of a file, its ending, and what is not in it."""
    from gradatim.peers import TARGETS, convert  # the page begins without it

    plan = read_card(body)
    form = body.choice("form", ("plan", "expression", "report", *TARGETS))
    if form == "plan":
        return _plan_file(plan, body.text("text"))
    if form == "report":
        title = body.text("name", 200) or "A learning-rate schedule"
        return {"content": _report(plan, title), "ending": "html", "differences": []}
    target = Target.read(body.text("target", 200)) if "target" in body.data else learning_rate(plan)
    left_out = [f"{other} of the plan is not in it." for other in plan if other != target]
    left_out += [f"The rule of {value} is not in it." for value in plan.rules]
    schedule = plan[target]
    if form == "expression":
        return {"content": f"{schedule!r}\n", "ending": "py", "differences": left_out}
    if clock_for(schedule, plan.run) != "updates":
        raise GradatimError(f"{form} counts updates, and {target} follows another clock.")
    inside = schedule.schedule if isinstance(schedule, ByUpdates) else schedule
    steps = axis_of_target("studio", {"": plan}, target).steps
    written = convert(inside, form, steps)
    ending = _ENDINGS.get(form, "py")
    differences = [*left_out, *written.differences]
    return {"content": written.code, "ending": ending, "differences": differences}


def _plan_file(plan: Plan, text: str) -> Data:
    """The plan as a file: its own text where that is a plan, else YAML."""
    ending = format_of(text)
    if ending and read_plan(text, ending) == plan:
        return {"content": text, "ending": ending[1:], "differences": []}
    return {"content": plan_as_yaml(plan, text), "ending": "yaml", "differences": []}


def _report(plan: Plan, title: str) -> str:
    """The report of a plan, which is one file without any other."""
    from gradatim.look import report  # the page begins without it

    with TemporaryDirectory() as folder:
        return report(plan, Path(folder, "report.html"), title=title).read_text(encoding="utf-8")
