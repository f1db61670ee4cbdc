"""Pictures and reports of plans by any clock: the axis, its unit, what has no axis in common."""

import pytest

from gradatim import Constant, GradatimError, Linear, Plan, Run, Table, by_updates, wsd
from gradatim.look import panels, plot, report
from gradatim.look.points import key_points

BATCH = Table([(0, 8), (50, 16)], "hold")
TOKENS = Run(batch=BATCH, tokens_per_sample=10, steps=100, clock="tokens")


@pytest.mark.parametrize(
    ("run", "label", "end"),
    [
        (Run(seconds=600), "training time (s)", 600),
        (Run(seconds=3600), "training time (min)", 60),
        (Run(seconds=86_400), "training time (h)", 24),
        (Run(total_tokens=4e6, clock="tokens"), "tokens", 4e6),
        (Run(total_tokens=4e8, clock="tokens"), "tokens (millions)", 400),
        (Run(total_tokens=2e10, clock="tokens"), "tokens (billions)", 20),
        (Run(total_tokens=1.5e13, clock="tokens"), "tokens (trillions)", 15),
        (Run(clock="env_steps", total=9000), "env_steps", 9000),
        (Run(clock="progress"), "progress (%)", 100),
    ],
)
def test_the_axis_is_that_of_the_clock(run, label, end):
    schedule = wsd(1.0, steps=run, warmup="10%")
    axes = plot(schedule, run=run)
    line, marks = axes.get_lines()
    assert axes.get_xlabel() == label
    assert line.get_xdata()[-1] == pytest.approx(end, rel=1e-3)
    assert [*marks.get_xdata()] == pytest.approx([0.1 * end, 0.8 * end])
    assert panels(Plan({"lr": schedule}, run=run)).axes[0].get_xlabel() == label


def test_an_axis_of_updates_where_the_batch_grows():
    run = TOKENS.replace(clock=None)
    for unit, end in (("samples", 50 * 8 + 49 * 16), ("tokens", 11_840), ("updates", 99)):
        assert plot(Linear(1.0, 0.0, 100), run=run, unit=unit).get_lines()[0].get_xdata()[-1] == end
    epochs = Run(samples=100, batch=BATCH, steps=100)
    # 50 updates of 8 are 3 epochs of 13 and 11 updates of the fourth: 88 samples; 49 of 16.
    drawn = plot(Linear(1.0, 0.0, 100), run=epochs, unit="epochs").get_lines()[0].get_xdata()
    assert drawn[-1] == pytest.approx(4 + 6 + 0.96)


def test_a_plan_may_have_two_axes():
    plan = Plan(
        {
            "lr": wsd(1.0, steps=Run(seconds=600)),
            "momentum": by_updates(Linear(0.8, 0.9, 300)),
            "weight_decay": 0.1,
        },
        run=Run(seconds=600),
    )
    drawn = panels(plan).axes
    assert [axes.get_xlabel() for axes in drawn] == [
        "training time (s)",
        "step (completed updates)",
        "training time (s)",
    ]
    assert drawn[1].get_lines()[0].get_xdata()[-1] == 299
    with pytest.raises(GradatimError, match="plot: lr is measured in time and momentum in updates"):
        plot({"lr": plan["lr"], "momentum": plan["momentum"]}, run=plan.run)
    # In a run of updates they are one.
    assert plot({"lr": plan["lr"], "momentum": plan["momentum"]}).get_xlabel().startswith("step")


def test_a_plan_of_tokens_knows_its_updates():
    plan = Plan({"lr": Constant(1.0), "momentum": by_updates(Constant(0.9))}, run=TOKENS)
    ends = [axes.get_lines()[0].get_xdata()[-1] for axes in panels(plan).axes]
    assert ends == [50 * 80 + 50 * 160 - 1, 99]


def test_plans_by_different_clocks_are_not_drawn_over_each_other():
    time = Plan({"lr": Constant(1.0)}, run=Run(seconds=600))
    plans = {"a": time, "b": Plan({"lr": Constant(1.0)}, run=TOKENS)}
    with pytest.raises(GradatimError, match="panels: a is measured in time and b in tokens, so"):
        panels(plans)
    with pytest.raises(GradatimError, match="the clock 'time', and so is the axis"):
        panels(time, unit="epochs")
    with pytest.raises(GradatimError, match="plot: unknown unit 'epoch'"):
        plot(Constant(1.0), run=time.run, unit="epoch")


def test_what_was_used_lies_where_the_tokens_were():
    axes = plot({"lr": Constant(1.0)}, run=TOKENS, history=[(0, 1.0), (1, 0.5), (60, 0.25)])
    assert [*axes.get_lines()[-1].get_xdata()] == [0, 80, 4000 + 1600]
    with pytest.raises(GradatimError, match="the run does not determine their ticks"):
        plot({"lr": Constant(1.0)}, run=Run(seconds=600), history=[(0, 1.0)])


def test_key_points_by_another_clock():
    run = Run(seconds=600)
    points = key_points(wsd(1.0, steps=run, warmup="30 s", floor="10%"), run.ticks, run.clock)
    assert [(p.name, p.step, p.value) for p in points] == [
        ("start", 0, 0.0),
        ("end of warm-up", 30_000, 1.0),
        ("peak", 30_000, 1.0),
        ("half-way", 300_000, 1.0),
        ("end", 600_000, 0.1),
    ]


def test_a_report_by_any_clock(tmp_path):
    schedules = {"lr": wsd(1e-3, steps=600_000), "momentum": by_updates(Linear(0.8, 0.9, 300))}
    for run, length, fields in (
        (Run(seconds=600), ">600 s.</p>", ("clock</td><td>time", "ticks</td><td>600")),
        (
            Run(batch=BATCH, steps=100, clock="samples"),
            ">1,200 samples, 100 optimizer updates.</p>",
            ("Table(points=", ">1,200<"),
        ),
        (Run(clock="progress"), "its schedules follow its progress.", ("clock</td><td>progress",)),
    ):
        text = report(Plan(schedules, run=run), tmp_path / "plan.html").read_text(encoding="utf-8")
        assert length in text
        assert all(field in text for field in fields)
        assert text.count("<svg") == 2
        # Schedulers of other frameworks count updates, so only what follows them has code there.
        assert text.count("The same in each framework") == 1
    assert "training time</text>" in report(
        schedules["lr"], tmp_path / "lr.html", run=Run(seconds=600)
    ).read_text(encoding="utf-8")


def test_values_outside_of_any_optimizer_are_in_the_report(tmp_path):
    plan = Plan({"lr": 1e-3}, external={"kl": Linear(0.0, 0.1, 300)})
    text = report(plan, tmp_path / "plan.html", steps=300).read_text(encoding="utf-8")
    assert "<h2>kl</h2>" in text
    assert "No problems found" in text
