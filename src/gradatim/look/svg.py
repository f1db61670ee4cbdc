"""The curves of one target as an SVG picture, for pages, notebooks and the gallery of the docs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gradatim.core.pieces import boundaries
from gradatim.core.schedule import Schedule
from gradatim.core.sketch import Point, sample_points, value_at
from gradatim.look.axis import Axis
from gradatim.look.html import Html, element
from gradatim.look.marks import mark_columns, mark_of
from gradatim.look.palette import DASHES, series_in_css

_WIDTH, _HEIGHT, _TOP, _BOTTOM, _LEFT, _RIGHT = 560, 220, 12, 40, 64, 16
_MOST_DOTS = 100
_COLUMNS = 60
"""The places at which a curve may carry its number."""

# The background of the page: ours, that of JupyterLab, of VS Code, or the browser's.
_PAGE = "var(--page, var(--jp-layout-color0, var(--vscode-editor-background, Canvas)))"
_LINE = "var(--line, #999)"
_INK = "var(--soft, currentColor)"


def curves_svg(
    schedules: Sequence[Schedule], axis: Axis, name: str, numbers: Sequence[int] | None = None
) -> Html:
    """The curves over an axis, with a dot where one piece follows another.

    Several differ in their dashes, and each carries its number.

    Args:
        schedules: The schedules.
        axis: What their steps are, and how many of them to draw.
        name: What they drive, for readers who cannot see the picture.
        numbers: The number of each curve, from 0; by default 0, 1, 2 and so on.
    """
    numbers = range(len(schedules)) if numbers is None else numbers
    last = max(axis.steps - (axis.clock == "updates"), 1)
    curves = [sample_points(schedule, last, 800) for schedule in schedules]
    values = [point.value for curve in curves for point in curve]
    low, high = min(0.0, *values), max(values)
    frame = _Frame(last, low, high if high > low else low + 1.0)
    drawn: list[Html] = []
    for number, schedule, curve in zip(numbers, schedules, curves, strict=True):
        drawn += _curve(schedule, curve, number, frame, axis)
    drawn += _marks(schedules, numbers, frame)
    end = f"{last:,}" if axis.clock == "updates" else axis.label_of(last)
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    return element(
        "svg",
        element("path", d=f"M{_LEFT} {_TOP}V{bottom}H{right}", fill="none", stroke=_LINE),
        *drawn,
        _label(_LEFT - 6, _TOP + 4, f"{frame.high:.3g}", "end"),
        _label(_LEFT - 6, bottom + 4, f"{frame.low:.3g}", "end"),
        _label(_LEFT, bottom + 16, "0", "start"),
        _label(right, bottom + 16, end, "end"),
        _label((_LEFT + right) // 2, bottom + 32, axis.name, "middle"),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        width=f"{_WIDTH}",
        role="img",
        aria_label=f"the curve{'s' if len(schedules) > 1 else ''} of {name}",
        style="max-width: 100%; height: auto; font: 12px system-ui, sans-serif",
    )


class _Frame(NamedTuple):
    """The last step and the range of values that the picture shows."""

    last: int
    low: float
    high: float

    def x(self, step: int) -> str:
        return f"{_LEFT + (_WIDTH - _LEFT - _RIGHT) * step / self.last:.1f}"

    def y(self, value: float) -> str:
        share = (value - self.low) / (self.high - self.low)
        return f"{_TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - share):.1f}"


def _curve(
    schedule: Schedule, curve: Sequence[Point], number: int, frame: _Frame, axis: Axis
) -> Iterator[Html]:
    colour = series_in_css(number)
    yield element(
        "path",
        d="M" + "L".join(f"{frame.x(p.step)} {frame.y(p.value)}" for p in curve),
        fill="none",
        stroke=colour,
        stroke_width="2",
        stroke_linejoin="round",
        stroke_dasharray=" ".join(map(str, DASHES[number % len(DASHES)])),
    )
    for step in boundaries(schedule, frame.last)[:_MOST_DOTS]:
        value = value_at(schedule, step)
        title = element("title", f"{axis.label_of(step)}: {value:.7g}")
        yield element("circle", title, cx=frame.x(step), cy=frame.y(value), r="3.5", fill=colour)


def _marks(schedules: Sequence[Schedule], numbers: Sequence[int], frame: _Frame) -> Iterator[Html]:
    """The number of each of several curves, in a circle on it."""
    steps = [frame.last * i // _COLUMNS for i in range(_COLUMNS + 1)]
    values = [[value_at(schedule, step) for step in steps] for schedule in schedules]
    for number, curve, columns in zip(numbers, values, mark_columns(values), strict=True):
        for column in columns:
            x, y = frame.x(steps[column]), frame.y(curve[column])
            colour = series_in_css(number)
            yield element("circle", cx=x, cy=y, r="8", fill=_PAGE, stroke=colour, stroke_width="2")
            yield element(
                "text",
                mark_of(number),
                x=x,
                y=y,
                dy="0.35em",
                text_anchor="middle",
                font_size="11",
                fill=_INK,
            )


def _label(x: int, y: int, text: str, anchor: str) -> Html:
    return element("text", text, x=f"{x}", y=f"{y}", text_anchor=anchor, fill=_INK)
