"""A plot of plans: one panel for each target, with the curves of all plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradatim.drive import Plan, Target
from gradatim.errors import GradatimError, invalid_value
from gradatim.look.axis import Unit, axis_of_target, scale
from gradatim.look.curves import draw_lines, set_labels_and_range
from gradatim.look.figures import add_figure_legend, new_figure
from gradatim.look.given import PlanLike, plan_from
from gradatim.look.marks import numbered
from gradatim.look.palette import series_colour, series_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LONGEST_NAME = 60


def panels(
    plans: PlanLike | Mapping[str, PlanLike], *, unit: Unit | None = None, log: bool = False
) -> Figure:
    """Draw plans: a panel for each target, one above the other, over the same run.

    Args:
        plans: A plan, the path of its file, or a schedule of the learning rate; or several by name,
            which are drawn over each other.
        unit: What the axis of a run that is measured in updates counts: "updates", or with the run
            of one plan, "epochs", "samples" or "tokens".
        log: Use a logarithmic axis for the values.

    Returns:
        The matplotlib figure; ``figure.savefig("plan.png")`` writes it.

    Raises:
        GradatimError: If there is nothing to draw, the run does not know the unit, or the plans
            are measured by different clocks.

    >>> from gradatim import wsd
    >>> plan = Plan({"lr": wsd(peak=1e-3, steps=1000, warmup=100), "weight_decay": 0.1})
    >>> [axes.get_ylabel() for axes in panels(plan).axes]
    ['lr', 'weight_decay']
    """
    given = plans if isinstance(plans, Mapping) else {"plan": plans}
    if not given:
        raise invalid_value("panels", "plans", plans, "a plan, or a mapping from names to plans")
    named = {name: plan_from("panels", name, each) for name, each in given.items()}
    runs = [plan.run for plan in named.values() if plan.run is not None]
    if unit not in (None, "updates") and (len(named) > 1 or not runs):
        raise GradatimError(f"panels: an axis in {unit} needs one plan, with its run.")
    rows = targets_of(named)
    figure, every = new_figure(4.0 if len(rows) == 1 else 2.4, len(rows))
    numbers = {name: i for i, name in enumerate(named)}
    before = None
    for target, axes in zip(rows, every, strict=True):
        having = {name: plan[target] for name, plan in named.items() if target in plan}
        shown = [numbers[name] for name in having]
        curves = having if len(named) > 1 else {str(target): next(iter(having.values()))}
        # A plan has the same colour in every panel.
        axes.set_prop_cycle(color=map(series_colour, shown))
        axis = axis_of_target("panels", named, target)
        drawn = scale("panels", axis, unit, runs[0] if runs else None)
        draw_lines(axes, curves, axis, drawn, log, shown if len(named) > 1 else None)
        set_labels_and_range(axes, str(target), drawn, log)
        if before is not None and before.get_xlabel() == axes.get_xlabel():
            before.set_xlabel("")  # the panel below has the same label
        before = axes
    if len(named) > 1:
        from matplotlib.lines import Line2D

        lines = [
            Line2D([], [], **series_line(i), label=numbered(i, _short(name)))
            for name, i in numbers.items()
        ]
        add_figure_legend(figure, lines)
    figure.align_ylabels()
    return figure


def targets_of(plans: Mapping[str, Plan]) -> list[Target]:
    """The targets of all plans, each once, in the order of the plans."""
    return list(dict.fromkeys(target for plan in plans.values() for target in plan))


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."
