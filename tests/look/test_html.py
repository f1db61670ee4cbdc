"""Pages escape what they are given, in every function; plots and pages have one palette."""

from html.parser import HTMLParser

import pytest

from gradatim.look import html, palette
from gradatim.look.html import Html

HOSTILE = '<script>alert("&")</script>\'"'


class Seen(HTMLParser):
    """The tags, the texts and the values of attributes that a browser would find."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts, self.values = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.values += [value for _, value in attrs]

    def handle_data(self, data):
        self.texts.append(data)


PLACES = {
    "element": lambda text: html.element("p", text),
    "inline": lambda text: html.inline("a ", text),
    "lines": lambda text: html.lines(text, text),
    "page": html.page,
    "section": html.section,
    "paragraph": html.paragraph,
    "note": html.note,
    "bullets": lambda text: html.bullets([text]),
    "header": lambda text: html.table([text], []),
    "cell": lambda text: html.table([], [[text]]),
    "summary": html.details,
    "details": lambda text: html.details("summary", text),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_text_stays_a_text_wherever_it_stands(place):
    seen = Seen(PLACES[place](HOSTILE))
    assert "script" not in seen.tags
    assert HOSTILE in "".join(seen.texts)


def test_a_text_stays_one_attribute():
    seen = Seen(html.element("p", class_=HOSTILE))
    assert (seen.tags, seen.values) == (["p"], [HOSTILE])
    seen = Seen(html.figure(b"png", HOSTILE))
    assert seen.tags == ["figure", "img"]
    assert HOSTILE in seen.values


def test_markup_is_escaped_once_only():
    assert html.element("p", html.element("b", "1 < 2")) == "<p><b>1 &lt; 2</b></p>"
    assert html.lines("", Html("<br>"), "") == "<br>"


def test_an_empty_part_leaves_no_trace():
    assert html.paragraph("") == html.note("") == ""
    assert "<p" not in html.page("title", html.note(""), "")


def test_light_and_dark_pages_define_the_same_colours():
    assert palette.LIGHT.keys() == palette.DARK.keys()
    page = html.page("title")
    for name in palette.LIGHT:
        assert page.count(f"--{name}:") == 2
        assert name == "page" or f"var(--{name})" in page or name == "curve"


def test_curves_have_the_colours_of_all_plots_with_and_without_our_style_sheet():
    page = html.page("title")
    for i, colour in enumerate(palette.SERIES):
        known = "var(--ink)" if colour == "#000000" else colour
        assert f"--series-{i}: {known};" in page
        fallback = "currentColor" if colour == "#000000" else colour
        assert palette.series_in_css(i) == f"var(--series-{i}, {fallback})"


def test_curves_of_one_plot_differ_in_colour_and_in_line():
    lines = [palette.series_line(i) for i in range(len(palette.SERIES))]
    assert len({(line["color"], line["linestyle"]) for line in lines}) == len(lines)
    assert len({line["color"] for line in lines}) == len(lines)
