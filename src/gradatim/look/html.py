"""HTML pages that need no other file: one style, and functions that escape every text they get."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

from gradatim.core.utf8 import as_utf8
from gradatim.look.palette import DARK, LIGHT, css_variables, series_variables

_STYLE = f"""
:root {{ color-scheme: light dark; {css_variables(LIGHT | series_variables())} }}
@media (prefers-color-scheme: dark) {{ :root {{ {css_variables(DARK)} }} }}
body {{ font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; margin-bottom: .3rem; overflow-wrap: anywhere; }}
h2 {{ font-size: 1.15rem; margin-top: 2.2rem; }} h3 {{ font-size: 1rem; margin: 1.2rem 0 .4rem; }}
p, li, td:first-child {{ overflow-wrap: anywhere; }}
.soft {{ color: var(--soft); font-size: .9rem; }}
.error {{ color: var(--error); }} .warning {{ color: var(--warning); }}
.wide {{ overflow-x: auto; max-width: 100%; margin: .8rem 0; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ text-align: right; padding: .3rem 1.2rem .3rem 0; border-bottom: 1px solid var(--line); }}
th:first-child, td:first-child {{ text-align: left; }} th, td + td {{ white-space: nowrap; }}
.text td:first-child {{ white-space: nowrap; overflow-wrap: normal; }}
.text th, .text td + td {{ text-align: left; white-space: normal; vertical-align: top; }}
code, pre {{ font: .86em/1.45 ui-monospace, monospace; }}
pre {{ overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; padding: .7rem; }}
figure {{ margin: 1rem 0; }} figure img {{ width: 100%; background: #fff; border-radius: 6px; }}
summary {{ cursor: pointer; margin-top: .6rem; }} details > div {{ margin-left: 1.2rem; }}
"""


class Html(str):
    """Markup. A string of any other class is text, and is escaped when it becomes part of one."""

    __slots__ = ()


def element(name: str, *content: str, **attributes: str) -> Html:
    """One element; texts in it are escaped.

    Args:
        name: The tag.
        content: Texts, or markup that other functions of this file made.
        attributes: The attributes, with "_" for "-"; ``class_`` is the class. An empty one is
            left out.

    >>> element("p", "1 < 2 ", element("b", "and"), class_="soft")
    '<p class="soft">1 &lt; 2 <b>and</b></p>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value
    )
    return Html(f"<{name}{given}>{inline(*content)}</{name}>")


def inline(*content: str) -> Html:
    """Texts and markup in one line, as the content of one element."""
    return Html("".join(map(_escaped, content)))


def lines(*parts: str) -> Html:
    """Several parts, each on a line of its own; empty ones are left out."""
    return Html("\n".join(_escaped(part) for part in parts if part))


def _escaped(content: str) -> Html:
    return content if isinstance(content, Html) else Html(escape(content))


def page(title: str, *parts: str) -> str:
    """A whole document under a heading; empty parts are left out."""
    head = (
        '<meta charset="utf-8">'
        f"<title>{escape(title)}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style>"
    )
    body = lines(element("h1", title), *parts)
    return as_utf8(f'<!doctype html>\n<html lang="en">{head}\n{body}\n</html>\n')


def section(title: str, *parts: str) -> Html:
    """Parts under a heading."""
    return lines(element("h2", title), *parts)


def paragraph(*content: str) -> Html:
    """A paragraph; nothing if there is no content."""
    return element("p", *content) if any(content) else Html()


def note(*content: str) -> Html:
    """A paragraph in small print; nothing if there is no content."""
    return element("p", *content, class_="soft") if any(content) else Html()


def bullets(entries: Iterable[str], class_: str = "") -> Html:
    """A list."""
    items = [element("li", entry) for entry in entries]
    return element("ul", *items, class_=class_)


def table(header: Sequence[str], rows: Iterable[Sequence[str]], class_: str = "") -> Html:
    """A table that scrolls sideways where it is wider than the page; numbers end at one place.

    Args:
        header: The headers of the columns; none if empty.
        rows: The cells.
        class_: "text" for cells that are text, which begin at one place and are wrapped.

    >>> table(["step", "value"], [["0", "<1"]])
    '<div class="wide"><table><tr><th>step</th><th>value</th></tr>\\n\
<tr><td>0</td><td>&lt;1</td></tr></table></div>'
    """
    head = [element("tr", *(element("th", cell) for cell in header))] if any(header) else []
    body = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    return element("div", element("table", lines(*head, *body), class_=class_), class_="wide")


def details(summary: str, *content: str) -> Html:
    """Content that is shown when its summary is clicked."""
    return element("details", element("summary", summary), element("div", lines(*content)))


def figure(png: bytes, description: str) -> Html:
    """A picture, embedded in the page."""
    data = base64.b64encode(png).decode()
    return Html(
        f'<figure><img alt="{escape(description)}" src="data:image/png;base64,{data}"></figure>'
    )
