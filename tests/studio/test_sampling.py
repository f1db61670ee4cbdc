"""The points of a curve: few, all boundaries among them, and no extreme of a column lost."""

import pytest

from gradatim import warmup_cosine
from gradatim.core.pieces import boundaries
from gradatim.core.text import parse
from gradatim.studio.body import Body
from gradatim.studio.gallery import gallery
from gradatim.studio.sampling import curve_points

FINE = (
    "step_decay(peak=1.0, every=3, factor=0.999)",
    "Cosine(start=1.0, end=0.0, steps=20_000).staircase(7)",
    "cyclic(peak=1e-2, start=1e-4, up=5, mode='triangular')",
    "cosine_restarts(peak=1.0, cycle=13)",
    "cosine_restarts(peak=1.0, cycle=17, stretch=2)",
    "Linear(start=0.0, end=1.0, steps=9).repeat() * Linear(start=1.0, end=0.0, steps=20_000)",
    "(Linear(1.0, 0.2, steps=4) >> Linear(0.2, 1.0, steps=5)).repeat().shift(3)",
    "Linear(0, 1, steps=500) >> Linear(1.0, 0.5, steps=6).repeat(1_000) >> Constant(0.5)",
    "Triangle(low=1.0, high=3.0, half_period=2.5)",
    "CosineWave(half_period=4.5, peak_step=2)",
    "Constant(1.0) + 0.1 * CosineWave(half_period=30.0, peak_step=0)",
)
TEXTS = list(dict.fromkeys(entry["text"] for entry in gallery(Body({}))["entries"]))
STEPS, COLUMNS = 20_000, 150


@pytest.mark.parametrize("text", [*TEXTS, *FINE])
@pytest.mark.parametrize("first", [0, 1_234])
def test_every_column_keeps_its_extremes(text, first):
    schedule = parse(text)
    last = first + STEPS - 1
    points = curve_points(schedule, first, last, COLUMNS)
    every = [schedule(step) for step in range(first, last + 1)]
    height = max(every) - min(every)
    assert all(point.value == every[point.step - first] for point in points)
    for column in range(COLUMNS):
        begin = first + (last - first) * column // COLUMNS
        end = first + (last - first) * (column + 1) // COLUMNS
        true = every[begin - first : end - first]
        drawn = [point.value for point in points if begin <= point.step < end]
        # A thousandth of the height is less than a pixel.
        assert max(true) - max(drawn) <= 1e-3 * height
        assert min(drawn) - min(true) <= 1e-3 * height


@pytest.mark.parametrize("text", [*TEXTS, *FINE])
def test_four_points_a_column_and_every_boundary_with_its_neighbours(text):
    schedule = parse(text)
    last = STEPS - 1
    steps = [point.step for point in curve_points(schedule, 0, last, COLUMNS)]
    inside = boundaries(schedule, last)
    if len(inside) <= 2_000:
        near = {step + by for step in inside for by in (-1, 0, 1) if 0 <= step + by <= last}
        assert near <= set(steps)
    else:
        near = set()
    assert len(steps) - len(near) <= 4 * COLUMNS + 1
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, last)


def test_a_short_stretch_has_every_step():
    points = curve_points(parse(FINE[0]), 500, 520, COLUMNS)
    assert [point.step for point in points] == list(range(500, 521))


def test_a_run_of_any_length_takes_as_many_points():
    schedule = warmup_cosine(peak=1.0, warmup="1%", steps=10**18)
    assert len(curve_points(schedule, 0, 10**18, 800)) <= 4 * 800 + 3
