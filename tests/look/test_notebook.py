"""What a notebook shows for a schedule, a plan and a comparison: the same form, without a style."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from gradatim import Constant, Linear, Plan, Plateau, Run, warmup_cosine, warmup_linear
from gradatim.look import compare
from gradatim.look.axis import axis_of
from gradatim.look.svg import curves_svg
from tests.core.cases.table import CASES

COSINE = warmup_cosine(1.0, steps=1000, warmup=100)
LINE = warmup_linear(1.0, steps=1000, warmup=100)


def drawn(*schedules):
    axis = axis_of("test", {str(i): (each, None) for i, each in enumerate(schedules)})
    return curves_svg(schedules, axis, "lr")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_schedule_has_a_picture(case):
    if case.schedule.length is not None and case.schedule.length > 10**15:
        return
    text = drawn(case.schedule)
    assert ElementTree.fromstring(text).tag == "svg"
    assert "nan" not in text
    assert "inf" not in text


def places(path):
    return [tuple(map(float, spot)) for spot in re.findall(r"([\d.]+) ([\d.]+)", path.get("d"))]


def test_the_picture_is_the_curve():
    picture = ElementTree.fromstring(drawn(LINE))
    frame, curve = picture.findall("path")
    (left, top), bottom, right = (64, 12), 180, 544
    assert frame.get("d") == f"M{left} {top}V{bottom}H{right}"
    # By hand: 0 at step 0, 1 after a tenth of the run, and all but 0 at its end.
    spots = places(curve)
    assert spots[0] == (left, bottom)
    x, y = min(spots, key=lambda spot: spot[1])
    assert (x, y) == (pytest.approx(left + 480 * 100 / 999, abs=0.1), top)
    assert spots[-1] == (right, pytest.approx(bottom - 168 / 900, abs=0.1))
    (dot,) = picture.findall("circle")
    assert (float(dot.get("cx")), float(dot.get("cy"))) == (x, y)
    assert dot.find("title").text == "step 100: 1"


def test_several_curves_differ_in_their_dashes_and_carry_their_numbers():
    picture = ElementTree.fromstring(drawn(COSINE, LINE, Constant(0.25)))
    _, *curves = picture.findall("path")
    assert len({curve.get("stroke-dasharray") for curve in curves}) == 3
    assert len({curve.get("stroke") for curve in curves}) == 3
    marks = [text for text in picture.findall("text") if text.get("dy")]
    assert [mark.text for mark in marks] == ["1", "2", "3"]
    for mark, curve in zip(marks, curves, strict=True):
        x, y = float(mark.get("x")), float(mark.get("y"))
        near = min(places(curve), key=lambda spot: abs(spot[0] - x))
        assert abs(near[1] - y) < 2


def parts_of(shown):
    """How often each element is in what a notebook shows."""
    page = ElementTree.fromstring(shown._repr_html_())
    assert page.tag == "div"
    return {tag: sum(1 for _ in page.iter(tag)) for tag in ("svg", "table", "h4", "style")}


PLAN = Plan(
    {"lr/<head>": Linear(1.0, 0.0, 10), "momentum": 0.9},
    rules=Plateau(mode="min"),
    run=Run(steps=10),
)


def test_a_schedule_a_plan_and_a_comparison_have_the_same_form():
    assert parts_of(COSINE) == {"svg": 1, "table": 1, "h4": 0, "style": 0}
    assert parts_of(PLAN) == {"svg": 1, "table": 1, "h4": 2, "style": 0}  # a constant has no curve
    both = compare({"cosine": COSINE, "line": LINE})
    assert parts_of(both) == {"svg": 1, "table": 2, "h4": 1, "style": 0}
    first, second = COSINE._repr_html_(), Plan({"lr": COSINE})._repr_html_()
    inside = first.removeprefix("<div>").removesuffix("</div>")
    assert inside.replace("the schedule", "lr") in second


def test_a_notebook_shows_all_of_a_plan():
    page = PLAN._repr_html_()
    assert "lr/&lt;head&gt;" in page
    assert "Constant(value=0.9)" in page
    assert "rule of lr: Plateau(mode=&#x27;min&#x27;)" in page
    assert "run: Run(steps=10)" in page
    assert "<td>half-way</td><td>step 5</td><td>0.5</td>" in page


def test_a_notebook_needs_no_other_package():
    program = (
        "import sys\nfrom gradatim import Linear, Plan\n"
        "plan = Plan({'lr': Linear(1.0, 0.0, 9)})\nplan._repr_html_(), plan['lr']._repr_html_()\n"
        "print(*{'numpy', 'matplotlib', 'torch', 'yaml'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
