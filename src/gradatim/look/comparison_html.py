"""A comparison of plans in HTML, the same in a report and in a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradatim.look import html
from gradatim.look.comparison import Comparison, Field, TargetDifference
from gradatim.look.html import Html
from gradatim.look.marks import numbered
from gradatim.look.target_html import target_html

_MOST_FIELDS = 40


def comparison_parts(found: Comparison, heading: str) -> Iterator[Html]:
    """Every target with the curves of all plans and what differs, then the rules and the runs.

    Args:
        found: The comparison.
        heading: The element of a heading: "h2" on a page.
    """
    numbers = {name: i for i, name in enumerate(found.plans)}
    for target, each in found.targets.items():
        yield html.element(heading, str(target))
        shown = [numbers[name] for name in each.schedules]
        yield target_html(str(target), each.schedules, each.axis, shown)
        yield _differences(each, [numbered(numbers[name], name) for name in each.schedules])
        yield html.paragraph(_absent(found.without(target)))
    names = [numbered(i, name) for name, i in numbers.items()]
    rules = [
        _named(name, f"{value}: {rule!r}")
        for name, plan in zip(names, found.plans.values(), strict=True)
        for value, rule in plan.rules.items()
    ]
    if rules:
        yield html.element(heading, "Rules")
        yield html.bullets(rules)
        yield _fields(found.rules, names)
    runs = [
        _named(name, repr(plan.run))
        for name, plan in zip(names, found.plans.values(), strict=True)
        if plan.run is not None
    ]
    if runs:
        yield html.element(heading, "Run")
        yield html.bullets(runs)


def _differences(each: TargetDifference, names: Sequence[str]) -> Html:
    """The fields in which the schedules differ, and how far their values are apart."""
    if not each.gaps:
        return Html()
    if not each.fields:
        return html.paragraph("The same in all.")
    if any(gap.size for gap in each.gaps.values()):
        gaps = [each.sentence(name) for name, gap in each.gaps.items() if gap.size]
    else:
        gaps = ["Their values are the same."]
    return html.lines(_fields(each.fields, names), *map(html.paragraph, gaps))


def _fields(fields: Sequence[Field], names: Sequence[str]) -> Html:
    if not fields:
        return Html()
    more = len(fields) - _MOST_FIELDS
    rows = [
        (field.place, *(html.element("code", entry) for entry in field.entries))
        for field in fields[:_MOST_FIELDS]
    ]
    table = html.table(("differs in", *names), rows, class_="text")
    return html.lines(table, html.note(f"and {more} more fields" if more > 0 else ""))


def _named(name: str, text: str) -> Html:
    return html.inline(html.element("b", name), " ", html.element("code", text))


def _absent(names: Sequence[str]) -> str:
    return f"Not in {', '.join(names)}." if names else ""
