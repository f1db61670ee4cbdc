"""What the first page says of its picture is what was measured."""

import importlib.util
import re
from itertools import pairwise
from pathlib import Path

import pytest

from gradatim import extend, warmup_cosine

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def draw():
    spec = importlib.util.spec_from_file_location("draw", ROOT / "docs" / "images" / "draw.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_a_longer_run_jumps_with_transformers_and_not_here(draw):
    curves = draw.longer_run()
    assert len(curves.theirs) == len(curves.ours) == 2000
    # The checkpoint's rate is used once more; then the scheduler computes a new one.
    before, after = round(curves.theirs[600], 2), round(curves.theirs[601], 2)
    text = re.sub(r"\s+", " ", (ROOT / "docs" / "index.md").read_text(encoding="utf-8"))
    assert f"the rate jumps from {before} to {after} of the peak" in text
    planned = warmup_cosine(1.0, steps=1000, warmup=100)
    longer = extend(planned, at=600, steps=2000)
    assert curves.ours[:600] == [planned(k) for k in range(600)]
    assert curves.ours[600:] == [longer(k) for k in range(600, 2000)]
    assert max(abs(a - b) for a, b in pairwise(curves.ours)) < 0.011


def test_step_for_each_micro_batch_ends_the_cosine_after_a_quarter_and_not_here(draw):
    curves = draw.accumulation()
    assert curves.theirs[250] == 0.0
    assert curves.ours == [warmup_cosine(1.0, steps=1000, warmup=100)(k) for k in range(1000)]


def test_past_the_end_the_cosine_of_torch_rises_and_ours_stays(draw):
    curves = draw.past_the_end()
    assert curves.theirs[1499] == pytest.approx(0.5, abs=0.01)
    assert curves.ours[1000:] == [0.0] * 500


def test_the_pictures_are_there_in_both_schemes(draw, tmp_path):
    panels = [draw.Curves("a", "b", [0.0, 1.0, 0.5], [0.0, 0.5, 1.0])] * 2
    for name, colours in draw.COLOURS.items():
        draw.draw(panels, colours, tmp_path / "one.svg")
        draw.draw(panels, colours, tmp_path / "two.svg")
        assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
        assert (ROOT / "docs" / "images" / f"silent-{name}.svg").exists()
        page = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
        assert f"images/silent-{name}.svg#only-{name}" in page
