"""Sample points of a schedule, and the SVG that a notebook shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil
from typing import NamedTuple, get_args

from gradatim.core.pieces import boundaries
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import FieldType, declared_types
from gradatim.errors import GradatimError

_WIDTH, _HEIGHT, _EDGE = 300, 90, 4


class Point(NamedTuple):
    """A step and the value of the update that follows it."""

    step: int
    value: float


def horizon(schedule: Schedule) -> int:
    """The updates to plot: all, or, without an end, ten times the longest length in it.

    >>> from gradatim import noam
    >>> horizon(noam(warmup=100, peak=1.0))
    1000
    """
    if schedule.length:
        return schedule.length
    if not list(_lengths(schedule)):
        return 1000
    return 10 * max(1, *boundaries(schedule, 10**17)[:1000], *_lengths(schedule))


def _lengths(schedule: Schedule) -> Iterator[int]:
    """Every field of a schedule, and of those inside it, that is a length."""
    for name, wanted in declared_types(type(schedule)).items():
        entry = getattr(schedule, name)
        kinds = [part for part in get_args(wanted) if isinstance(part, FieldType)]
        if kinds and kinds[0].is_length and entry is not None:
            yield ceil(entry)
        for part in entry if isinstance(entry, tuple) else (entry,):
            if isinstance(part, Schedule):
                yield from _lengths(part)


def value_at(schedule: Schedule, step: int) -> float:
    """The value at a step.

    Raises:
        GradatimError: If it does not fit a float, as an exponential that grows for too long.
    """
    try:
        return float(schedule(step))
    except ArithmeticError:
        raise GradatimError(
            f"the value at step {step} does not fit a float. Cut the schedule before it."
        ) from None


def sample_points(schedule: Schedule, last: int, points: int = 300) -> list[Point]:
    """Points from step 0 to ``last``: evenly spaced, and both sides of every boundary.

    The number of evaluations depends on the points and boundaries, not on the length of the run.

    Args:
        schedule: The schedule.
        last: The last step.
        points: The number of evenly spaced points.

    >>> from gradatim import Linear
    >>> sample_points(Linear(start=1.0, end=0.0, steps=10**18), last=10**18, points=2)
    [Point(step=0, value=1.0), Point(step=500000000000000000, value=0.5), \
Point(step=1000000000000000000, value=0.0)]
    """
    steps = {last * i // points for i in range(points + 1)}
    steps |= {boundary + by for boundary in boundaries(schedule, last)[:points] for by in (-1, 0)}
    return [Point(step, value_at(schedule, step)) for step in sorted(steps) if step <= last]


def curve_svg(schedule: Schedule) -> str:
    """The curve as a small SVG picture, with its range and length, and the text form under it."""
    last = horizon(schedule)
    curve = sample_points(schedule, last)
    low, high = min(0.0, *(p.value for p in curve)), max(p.value for p in curve)
    line = svg_path(curve, last, low, high, _WIDTH, _HEIGHT, _EDGE)
    title = f"{high:g} at most, {curve[-1].value:g} at step {last}"
    style = 'fill="none" stroke="#0072b2" stroke-width="1.5" stroke-linejoin="round"'
    axis = f"M{_EDGE} {_EDGE}V{_HEIGHT - _EDGE}H{_WIDTH - _EDGE}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"><title>{escape(title)}</title>'
        f'<path d="{axis}" fill="none" stroke="#999" stroke-width="0.7"/>'
        f'<path d="{line}" {style}/></svg>'
    )


def svg_path(
    curve: Sequence[Point], last: int, low: float, high: float, width: int, height: int, edge: int
) -> str:
    """The data of an SVG path along these points."""
    across, up = width - 2 * edge, height - 2 * edge
    spread = (high - low) or 1.0
    spots = (
        f"{edge + across * (p.step / max(last, 1)):.1f} "
        f"{edge + up * (1.0 - (p.value - low) / spread):.1f}"
        for p in curve
    )
    return "M" + "L".join(spots)


def notebook_html(schedule: Schedule) -> str:
    """The HTML that a notebook shows for a schedule."""
    last = horizon(schedule)
    text = repr(schedule)
    text = text if len(text) <= 300 else f"{text[:297]}..."
    first, end = value_at(schedule, 0), value_at(schedule, last)
    return (
        f"<div>{curve_svg(schedule)}"
        f"<div><small>{first:g} at step 0, {end:g} at step {last}</small></div>"
        f"<code>{escape(text)}</code></div>"
    )
