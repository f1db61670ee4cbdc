"""One target in HTML, the same in a report, in a notebook and in a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradatim.core.decays import Constant
from gradatim.core.schedule import Schedule
from gradatim.look import html
from gradatim.look.axis import Axis
from gradatim.look.html import Html
from gradatim.look.marks import numbered
from gradatim.look.points import table_of_points
from gradatim.look.svg import curves_svg

_LONGEST = 2_000
"""The most characters of a schedule that are shown."""

# In the elements themselves, because a notebook has no style sheet of ours.
_BESIDE = "display: flex; flex-wrap: wrap; gap: 0 2rem; align-items: center"


def target_html(
    target: str,
    schedules: Mapping[str, Schedule],
    axis: Axis,
    numbers: Sequence[int] | None = None,
) -> Html:
    """The schedules of a target as text, their curves over each other, and their key points.

    Constants alone have no picture: it would show nothing that their text does not.

    Args:
        target: What they drive.
        schedules: The schedule of each plan, by the name of the plan. The name of the only one is
            not shown.
        axis: What their steps are, and how many of them to draw.
        numbers: The number of each plan, from 0, which marks its curve; by default 0, 1, 2, ...
    """
    numbers = range(len(schedules)) if numbers is None else numbers
    each = list(schedules.values())
    parts = [_texts(schedules, numbers)]
    if not all(isinstance(schedule, Constant) for schedule in each):
        rows = table_of_points(each, axis, numbers)
        header, body = ((), rows) if len(each) == 1 else (rows[0], rows[1:])
        picture = html.element(
            "div", curves_svg(each, axis, target, numbers), style="flex: 1 1 24rem"
        )
        parts.append(html.element("div", picture, html.table(header, body), style=_BESIDE))
    return html.lines(*parts)


def _texts(schedules: Mapping[str, Schedule], numbers: Sequence[int]) -> Html:
    texts = [html.element("code", shortened(repr(schedule))) for schedule in schedules.values()]
    if len(texts) == 1:
        return html.paragraph(*texts)
    named = zip(numbers, schedules, texts, strict=True)
    return html.lines(
        *(
            html.paragraph(html.element("b", numbered(i, name)), " ", text)
            for i, name, text in named
        )
    )


def shortened(text: str) -> str:
    """A text that fits a page, whatever somebody has built."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
