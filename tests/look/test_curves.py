"""Plots hold what they claim: the curve, the joins, the units, the history."""

import sys
import time

import pytest

from gradatim import Constant, GradatimError, Run, Table, warmup_cosine, wsd
from gradatim.look import plot, report

RUN = Run(samples=1000, batch=10, epochs=10, tokens=100)
SCHEDULE = warmup_cosine(1.0, steps=1000, warmup=100)


def test_the_curve_and_its_joins():
    line, marks = plot({"lr": SCHEDULE}).get_lines()
    assert {100: 1.0, 0: 0.0}.items() <= dict(zip(*line.get_data(), strict=True)).items()
    assert [x for x, _ in zip(*marks.get_data(), strict=True)] == [100]
    for step, value in zip(*line.get_data(), strict=True):
        assert value == SCHEDULE(int(step))


@pytest.mark.parametrize(
    ("unit", "end", "label"),
    [("updates", 999, "step (completed updates)"), ("epochs", 9.99, "epochs"),
     ("samples", 9990, "samples"), ("tokens", 999_000, "tokens")],
)  # fmt: skip
def test_the_axis_counts_in_any_unit(unit, end, label):
    axes = plot(SCHEDULE, run=RUN, unit=unit)
    assert axes.get_lines()[0].get_xdata()[-1] == pytest.approx(end)
    assert axes.get_xlabel() == label


def test_a_history_lies_over_the_plan():
    axes = plot({"lr": SCHEDULE}, history=[(0, 0.5), (1, 0.25)])
    assert [*axes.get_lines()[-1].get_ydata()] == [0.5, 0.25]
    assert "lr, used" in [text.get_text() for text in axes.get_legend().get_texts()]


def test_several_values_and_a_logarithmic_axis():
    axes = plot([SCHEDULE, Constant(0.1)], steps=1000, log=True)
    assert axes.get_yscale() == "log"
    assert len(axes.get_legend().get_texts()) == 2
    again = plot(SCHEDULE, axes=axes)
    assert again is axes


def test_a_plan_for_10_to_the_18_updates_is_drawn_by_sampling(tmp_path):
    begun = time.process_time()
    axes = plot({"lr": wsd(3e-4, steps=10**18, warmup="1%")})
    axes.figure.savefig(tmp_path / "plan.png")
    assert time.process_time() - begun < 2.0 * 3  # 2 s is the claim; matplotlib may load its fonts
    assert axes.get_lines()[0].get_xdata()[-1] == 10**18 - 1


def test_negative_values_are_on_the_plot():
    axes = plot(Table([(0, -1.0), (10, 1.0)], "linear"))
    assert axes.get_ylim()[0] < -1.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"schedules": []}, "a schedule, some of them"),
        ({"schedules": {"lr": 0.1}}, "lr must be a schedule, got 0.1"),
        ({"schedules": SCHEDULE, "unit": "epoch"}, "Did you mean 'epochs'?"),
        ({"schedules": SCHEDULE, "unit": "epochs"}, "needs the run"),
        ({"schedules": SCHEDULE, "run": RUN, "steps": 9}, "not both"),
        ({"schedules": [SCHEDULE, SCHEDULE], "history": [(0, 1.0)]}, "is a mapping"),
    ],
)
def test_what_cannot_be_drawn_is_said(arguments, said):
    with pytest.raises(GradatimError) as error:
        plot(**arguments)
    assert said in str(error.value)


def test_a_report_needs_nothing_else(tmp_path):
    page = report(SCHEDULE, tmp_path / "plan.html", run=RUN, title="<b>plan</b>")
    text = page.read_text(encoding="utf-8")
    assert "&lt;b&gt;plan" in text
    assert not [
        word for word in ("http://", "https://", "<script", "<link", "src=") if word in text
    ]
    for part in ("Findings", "Key points", "end of warm-up", "torch", "deepspeed", "<svg"):
        assert part in text


def test_a_schedule_plots_itself():
    axes = SCHEDULE.plot(steps=100, log=True)
    assert axes.get_yscale() == "log"
    assert axes.get_lines()[0].get_xdata()[-1] == 99


def test_without_matplotlib_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(GradatimError, match=r'pip install "gradatim\[look\]"'):
        SCHEDULE.plot()
