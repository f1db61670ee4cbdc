"""The curve of a schedule as an SVG picture of a page, in the page's own colours."""

from __future__ import annotations

from gradatim.core.pieces import boundaries
from gradatim.core.schedule import Schedule
from gradatim.core.sketch import sample_points, svg_path, value_at
from gradatim.look.axis import Axis
from gradatim.look.html import Html, element

_WIDTH, _HEIGHT, _EDGE = 820, 320, 64
_MOST_DOTS = 100


def curve_svg(schedule: Schedule, axis: Axis, name: str) -> Html:
    """The curve over an axis, with a dot where one piece follows another.

    Args:
        schedule: The schedule.
        axis: What its steps are, and how many of them to draw.
        name: What it drives, for readers who cannot see the picture.
    """
    last = max(axis.steps - (axis.clock == "updates"), 1)
    points = sample_points(schedule, last, 800)
    low, high = min(0.0, *(p.value for p in points)), max(p.value for p in points)
    high = high if high > low else low + 1.0
    across, up, bottom = _WIDTH - 2 * _EDGE, _HEIGHT - 2 * _EDGE, _HEIGHT - _EDGE

    def dot(step: int) -> Html:
        here = value_at(schedule, step)
        return element(
            "circle",
            element("title", f"{axis.label_of(step)}: {here:.7g}"),
            cx=f"{_EDGE + across * step / last:.1f}",
            cy=f"{_EDGE + up * (1 - (here - low) / (high - low)):.1f}",
            r="3.5",
            fill="var(--curve)",
        )

    frame = f"M{_EDGE} {_EDGE}V{bottom}H{_WIDTH - _EDGE}"
    line = svg_path(points, last, low, high, _WIDTH, _HEIGHT, _EDGE)
    end = f"{last:,}" if axis.clock == "updates" else axis.label_of(last)
    return element(
        "svg",
        element("path", d=frame, fill="none", stroke="var(--line)"),
        element("path", d=line, fill="none", stroke="var(--curve)", stroke_width="2"),
        *map(dot, boundaries(schedule, last)[:_MOST_DOTS]),
        _label(_EDGE - 6, _EDGE + 4, f"{high:.3g}", "end"),
        _label(_EDGE - 6, bottom + 4, f"{low:.3g}", "end"),
        _label(_EDGE, bottom + 18, "0", "start"),
        _label(_WIDTH - _EDGE, bottom + 18, end, "end"),
        _label(_WIDTH // 2, bottom + 34, axis.name, "middle"),
        viewBox=f"0 {_EDGE - 12} {_WIDTH} {up + 52}",
        role="img",
        aria_label=f"the curve of {name}",
    )


def _label(x: int, y: int, text: str, anchor: str) -> Html:
    return element("text", text, x=f"{x}", y=f"{y}", text_anchor=anchor)
