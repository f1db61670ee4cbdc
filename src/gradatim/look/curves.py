"""Plots of schedules over a run, and of the values that a run used."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from gradatim.core.deprecated import renamed_arguments
from gradatim.core.pieces import boundaries
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.core.sketch import sample_points, value_at
from gradatim.core.values.fields import PositiveInt, check_argument
from gradatim.drive import Plan, Target
from gradatim.errors import GradatimError, invalid_value, shown
from gradatim.look.axis import Axis, Scale, Unit, axis_of, scale
from gradatim.look.figures import add_legend_above, draw_mark, new_figure
from gradatim.look.marks import mark_columns, mark_of, numbered
from gradatim.look.palette import USED, series_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Schedules = Schedule | Sequence[Schedule] | Mapping[str, Schedule] | Mapping[Target, Schedule]
Used = Iterable[tuple[int, float]]
_MARKED = 60
"""The most dots on a curve."""
_COLUMNS = 60
"""The places at which a curve may carry its number."""


@renamed_arguments(updates="steps")
def plot(
    schedules: Schedules,
    *,
    steps: int | None = None,
    run: Run | None = None,
    unit: Unit | None = None,
    log: bool = False,
    history: Used | Mapping[str, Used] | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Draw schedules over a run, with a dot where one piece follows another.

    A long run is sampled: 10**18 updates take no longer than 1,000.

    Args:
        schedules: One schedule, a list of them, or a mapping from names to them, such as the
            ``schedules`` of a plan.
        steps: The length of the run; by default that of the longest schedule.
        run: The run, instead of ``steps``; needed for a ``unit``, and for an axis in time or in
            whatever else the run is measured in.
        unit: What the axis of a run that is measured in updates counts: "updates", "epochs",
            "samples" or "tokens".
        log: Use a logarithmic axis for the values. Those of 0 and below are not on it.
        history: The value that each update used, as ``scheduler.history("lr")`` gives it: drawn as
            points over the planned curve. A mapping where there are several.
        axes: The matplotlib axes to draw on; by default those of a new figure.

    Returns:
        The matplotlib axes; ``axes.figure.savefig("plan.png")`` writes the picture.

    Raises:
        GradatimError: If there is nothing to draw, the run does not know the unit, or some of the
            schedules follow the updates and others another clock.

    >>> from gradatim import wsd
    >>> axes = plot({"lr": wsd(peak=1.0, steps=1000, warmup=100)})
    >>> axes.get_xlabel(), len(axes.get_lines())
    ('step (completed updates)', 2)
    """
    curves = _by_name(schedules)
    if run is not None and steps is not None:
        raise GradatimError("plot: give run or steps, not both.")
    axis = axis_of("plot", {name: (schedule, run) for name, schedule in curves.items()})
    if steps is not None:
        axis = axis._replace(steps=check_argument("plot", "steps", PositiveInt, steps))
    axes = new_figure(4.0)[1][0] if axes is None else axes
    drawn = scale("plot", axis, unit, run)
    draw_lines(axes, curves, axis, drawn, log)
    for name in curves:
        used = _used_values(history, name, len(curves))
        if used:
            _draw_used(axes, used, _place_of_updates("plot", axis, drawn, run), name)
    set_labels_and_range(axes, next(iter(curves)) if len(curves) == 1 else "value", drawn, log)
    if len(curves) > 1 or history is not None:
        add_legend_above(axes)
    return axes


def draw_lines(
    axes: Axes,
    curves: Mapping[str, Schedule],
    axis: Axis,
    scale: Scale,
    log: bool,
    numbers: Sequence[int] | None = None,
) -> None:
    """Draw schedules on axes, with a dot where one piece follows another.

    Several curves differ in their dashes, and each carries its number, for readers who see no
    colours.

    Args:
        axes: The matplotlib axes.
        curves: The schedules, by their labels.
        axis: What their steps are, and how many of them to draw.
        scale: Where each step is.
        log: Whether the axis of the values is logarithmic.
        numbers: The number of each curve, from 0, where a plan has the same in several panels. By
            default they follow those of the curves that are on the axes already.
    """
    before = sum(not str(line.get_label()).startswith("_") for line in axes.get_lines())
    several = numbers is not None or before + len(curves) > 1
    numbers = range(before, before + len(curves)) if numbers is None else numbers
    last = max(axis.steps - 1, 1)
    colours = []
    for number, (name, schedule) in zip(numbers, curves.items(), strict=True):
        points = sample_points(schedule, last, 1000)
        (line,) = axes.plot(
            scale.places(p.step for p in points),
            [p.value for p in points],
            label=numbered(number, name) if several else name,
            linewidth=1.6,
            linestyle=series_line(number)["linestyle"],
        )
        colours.append(line.get_color())
        joins = boundaries(schedule, axis.steps - 1)[:_MARKED]
        if joins:
            heights = [value_at(schedule, step) for step in joins]
            axes.plot(scale.places(joins), heights, "o", markersize=4, color=line.get_color())
    steps = [last * i // _COLUMNS for i in range(_COLUMNS + 1)]
    values = [[value_at(schedule, step) for step in steps] for schedule in curves.values()]
    logarithms = [[math.log10(max(v, 1e-300)) for v in each] for each in values]
    for i, columns in enumerate(mark_columns(logarithms if log else values)):
        for column in columns:
            place = (scale.place(steps[column]), values[i][column])
            draw_mark(axes, mark_of(numbers[i]), place, colours[i])


def set_labels_and_range(axes: Axes, name: str, scale: Scale, log: bool) -> None:
    """Set the labels, the grid and the range of values of axes."""
    axes.set_xlabel(scale.label)
    axes.set_ylabel(name, parse_math=False)
    axes.grid(True, alpha=0.25, linewidth=0.6)
    if log:
        axes.set_yscale("log")
    elif axes.get_yscale() == "linear" and all(
        p >= 0 for line in axes.get_lines() for p in _heights(line)
    ):
        axes.set_ylim(bottom=0)


def _by_name(schedules: Any) -> dict[str, Schedule]:
    if isinstance(schedules, Schedule):
        schedules = {"value": schedules}
    elif isinstance(schedules, Sequence) and not isinstance(schedules, str):
        named: dict[str, Schedule] = {}
        for schedule in schedules:
            text = shown(schedule)
            named[f"{text} ({len(named) + 1})" if text in named else text] = schedule
        schedules = named
    if not isinstance(schedules, Mapping) or not schedules:
        is_plan = isinstance(schedules, Plan | str | PathLike)
        hint = "For a plan or its file, write gradatim.look.panels(...)." if is_plan else ""
        allowed = "a schedule, some of them, or a mapping"
        raise invalid_value("plot", "schedules", schedules, allowed, hint)
    for name, schedule in schedules.items():
        if not isinstance(schedule, Schedule):
            raise invalid_value("plot", f"{name}", schedule, "a schedule")
    return {str(name): schedule for name, schedule in schedules.items()}


def _place_of_updates(
    where: str, axis: Axis, scale: Scale, run: Run | None
) -> Callable[[int], float]:
    """The coordinate of an update on an axis."""
    if run is None or axis.clock == "updates":
        return scale.place
    if run.tick_after(0) is None:
        raise GradatimError(
            f"{where}: a history counts updates, and the run does not determine their ticks. Leave "
            "history out, or draw it by itself."
        )
    after = run.tick_function
    return lambda update: scale.place(after(update) or 0)


def _used_values(history: Any, name: str, curves: int) -> list[tuple[int, float]]:
    if isinstance(history, str | PathLike):
        allowed = "pairs of an update and a value"
        raise invalid_value("plot", "history", history, allowed, "Write scheduler.history('lr').")
    if isinstance(history, Mapping):
        return list(history.get(name, ()))
    if history is not None and curves > 1:
        raise GradatimError("plot: with several schedules, history is a mapping from their names.")
    return [] if history is None else list(history)


def _draw_used(
    axes: Axes, used: list[tuple[int, float]], place: Callable[[int], float], name: str
) -> None:
    some = used[:: max(1, len(used) // 400)]
    places, rates = [place(update) for update, _ in some], [rate for _, rate in some]
    axes.plot(places, rates, ".", markersize=3.5, color=USED, alpha=0.7, label=f"{name}, used")


def _heights(line: Any) -> Iterable[float]:
    heights: Iterable[float] = line.get_ydata()
    return heights
