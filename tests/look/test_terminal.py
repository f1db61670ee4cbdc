"""Curves in characters, key points, the catalogue."""

import math
import re

import pytest

from gradatim import (
    Constant,
    Function,
    GradatimError,
    Linear,
    warmup_cosine,
    warmup_linear,
    wsd,
)
from gradatim.core.sketch import horizon, sample_points
from gradatim.core.values.value import buildable
from gradatim.look.blocks import can_draw, chart, sparkline
from gradatim.look.catalogue import entries
from gradatim.look.formula import latex
from gradatim.look.marks import mark_columns
from gradatim.look.points import area, key_points


@pytest.mark.parametrize("ascii", [True, False])
def test_a_chart_fits_and_rises_where_the_curve_does(ascii):
    lines = chart([Linear(0.0, 1.0, 99)], 100, width=40, height=8, ascii=ascii)
    assert len(lines) == 9
    assert max(map(len, lines)) <= 40
    blank = " " if ascii else "\u2800 "
    ends = [len(line.rstrip(blank)) for line in lines[:7]]
    assert ends[0] == max(ends)
    assert ends == sorted(ends, reverse=True)
    assert not ascii or "".join(lines).isascii()


def test_each_curve_after_the_first_has_a_colour_of_its_own():
    both = [Linear(0.0, 1.0, 99), Linear(1.0, 0.0, 99)]
    lines = chart(both, 100, width=40, height=8, colours=True)
    assert any("\x1b[36m" in line for line in lines)
    plain = [line.replace("\x1b[36m", "").replace("\x1b[39m", "") for line in lines]
    assert plain == chart(both, 100, width=40, height=8)
    assert chart(both[:1], 100, colours=True) == chart(both[:1], 100)


CURVES = (
    warmup_cosine(1.0, steps=1000, warmup=100),
    warmup_linear(1.0, steps=1000, warmup=100),
    wsd(1.0, steps=1000, warmup=100),
)


@pytest.mark.parametrize("ascii", [True, False])
@pytest.mark.parametrize("curves", [CURVES, CURVES[::-1], CURVES[:1] * 3], ids=range(3))
def test_each_curve_carries_its_mark_where_it_passes(curves, ascii):
    width, height = 80, 12
    lines = chart(curves, 1000, width=width, height=height, ascii=ascii)[: height - 1]
    left = lines[0].index("|" if ascii else "│") + 1
    for mark, curve in zip("123", curves, strict=True):
        drawn = [line[left:] for line in lines]
        places = [(y, x) for y, line in enumerate(drawn) for x, c in enumerate(line) if c == mark]
        assert places
        for y, x in places:
            # By hand: the top line is 1, the bottom line 0, the last of 69 columns step 999.
            at = [curve(max(0, round(999 * (x + by) / 68))) for by in (-1, 0, 1)]
            rows = [10 - 10 * value for value in at]
            assert min(rows) - 0.75 <= y <= max(rows) + 0.75
    assert "1" not in "".join(chart(curves[:1], 1000, ascii=ascii)[1:-1])


def test_marks_of_equal_curves_are_beside_each_other():
    same = [[1.0 - x / 60 for x in range(60)]] * 3
    (a,), (b,), (c,) = mark_columns(same)
    assert min(abs(a - b), abs(b - c), abs(a - c)) >= 5


def test_a_mark_is_where_its_curve_is_away_from_the_others():
    # By hand: they are the same but for columns 40 to 59.
    one, other = [0.5] * 60, [0.5] * 40 + [0.0] * 20
    assert all(40 <= column < 60 for (column,) in mark_columns([one, other]))
    two_parts = mark_columns([one, other], windows=3)
    assert [len(columns) for columns in two_parts] == [1, 1], "only the last third tells them apart"


def test_a_plan_keeps_its_mark_and_colour_in_every_chart():
    lines = chart(CURVES[:2], 1000, colours=True, numbers=[0, 2])
    drawn = "".join(lines[1:-3])
    assert "\x1b[33m" in drawn
    assert "\x1b[36m" not in drawn
    assert set(re.sub(r"\x1b\[\d+m", "", drawn)) & set("123") == {"1", "3"}


def test_a_sparkline_has_the_highest_block_at_the_peak():
    line = sparkline(warmup_cosine(1.0, steps=100, warmup=50), 100, width=10)
    assert line.index("█") in (4, 5)
    assert sparkline(Constant(0.0), 10, width=4, ascii=True) == "    "


@pytest.mark.parametrize(
    ("encoding", "can"),
    [("utf-8", True), ("ascii", False), ("latin-1", False), (None, False), ("no such", False)],
)
def test_what_an_encoding_can_hold(encoding, can):
    assert can_draw(encoding) is can


@pytest.mark.parametrize("steps", [20_001, 10**6, 10**9])
def test_the_area_of_a_long_run_is_its_sum(steps):
    # A line from 1 to 0: the sum of (1 - k / n) over k < n is (n + 1) / 2.
    assert area(Linear(1.0, 0.0, steps), steps) == pytest.approx((steps + 1) / 2, rel=1e-9)
    schedule = warmup_cosine(1.0, steps=steps, warmup=steps // 10)
    assert area(schedule, steps) == pytest.approx(steps / 2, rel=1e-5)


def test_key_points_of_10_to_the_18_updates():
    points = {p.name: p for p in key_points(wsd(1.0, steps=10**18, warmup="1%"), 10**18)}
    assert points["end of warm-up"].step == 10**16
    assert points["area"].value == pytest.approx(10**18 * (0.005 + 0.79 + 0.2 / 3), rel=1e-4)


def grows(step):
    return math.exp(step)


def test_a_value_that_does_not_fit_is_said():
    # Only a function of the user's own: what else grows so far is refused when it is built.
    with pytest.raises(GradatimError, match="the value at step 1000 does not fit a float"):
        sample_points(Function(grows), 10**6, points=1000)


def test_the_horizon_of_a_schedule_without_end():
    assert horizon(Constant(1.0)) == 1000
    assert horizon(Linear(0.0, 1.0, 100) >> Constant(1.0)) == 1000


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_the_catalogue_knows_each_name(entry):
    assert entry.line.endswith(".")
    assert entry.example()
    missing = [name for name, _, meaning in entry.arguments() if not meaning]
    assert not missing or "arguments are the same" in entry.text
    if entry.kind != "rule" and entry.name != "Function":
        assert entry.specimen() is not None


def test_the_catalogue_is_complete():
    ours = {n for n, make in buildable().items() if make.__module__.startswith("gradatim.core")}
    assert {entry.name for entry in entries()} >= ours - {"Run"}


def test_formulas_are_latex():
    assert latex(Linear(1.0, 0.0, 4)) == r"1 - \frac{t}{4}"
    assert r"\cos" in latex(warmup_cosine(1.0, steps=100)) or r"\sin" in latex(
        warmup_cosine(1.0, steps=100)
    )
