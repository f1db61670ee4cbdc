"""``gradatim forecast``, ``bound`` and ``optimise`` as they are typed."""

import json
import re

import numpy as np
import pytest

from gradatim import forecast, parse, warmup_constant, warmup_linear
from gradatim.cli import main
from gradatim.forecast import fits, laws
from gradatim.logs import LossCurve

HELD = warmup_constant(peak=1e-3, warmup=50)
FELL = warmup_linear(peak=1e-3, warmup=50, hold=1500, steps=2000)


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Two logs of a world in which the momentum law is true: it is quick to fit."""
    folder = tmp_path_factory.mktemp("logs")
    law = fits.Fit(laws.Momentum(), np.array([3.0, 0.5, 0.5, 400.0, 0.01]), 1.0, 0.0)
    any_run = LossCurve([100], [3.0], HELD)
    steps = np.arange(100, 2000, 20)
    for name, schedule in (("held", HELD), ("fell", FELL)):
        truth = forecast.Forecast((any_run,), (law,)).predict(schedule, 2000, at=steps)
        rows = [
            f"{k},{loss!r},{schedule(int(k))!r}"
            for k, loss in zip(steps, truth.mean.tolist(), strict=True)
        ]
        text = "\n".join(["step,val_loss,lr", *rows])
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def run(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as stop:
            main([str(a) for a in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return stop.value.code or 0, out, err

    return run


WSD = "long=warmup_linear(peak=1e-3, warmup=50, hold=3000, steps=4000)"
WILD = "wild=warmup_constant(peak=2e-3, warmup=50, steps=4000)"


def test_forecast(logs, run, tmp_path):
    given = (logs / "held.csv", logs / "fell.csv", "--law", "momentum")
    page = tmp_path / "report.html"
    code, out, err = run("forecast", *given, "-s", WSD, "-s", WILD, "--out", page)
    assert (code, err) == (0, "")
    (long,) = re.findall(r"^long +(\d\.\d{4}) \((\d\.\d{4}) to (\d\.\d{4})\)", out, re.MULTILINE)
    mean, low, high = map(float, long)
    law = fits.Fit(laws.Momentum(), np.array([3.0, 0.5, 0.5, 400.0, 0.01]), 1.0, 0.0)
    rates = parse(WSD.removeprefix("long="))(np.arange(4000))
    assert mean == pytest.approx(law.loss(rates, 0.0, np.array([3999]))[0], abs=5e-3)
    assert low < mean < high
    assert out.index("long") < out.index("wild")  # the better one first
    assert "more than 1.5 times the highest one seen" in out
    html = page.read_text(encoding="utf-8")
    assert html.count("data:image/png;base64,") == 3
    assert "http" not in html.replace("http-equiv", "")
    # The same with schedules instead of logged rates.
    code, again, _ = run("forecast", *given, "--run", repr(HELD), "--run", repr(FELL), "-s", WSD)
    (same,) = re.findall(r"^long +(\d\.\d{4})", again, re.MULTILINE)
    assert float(same) == pytest.approx(mean, abs=5e-3)


def test_optimise(logs, run, tmp_path):
    given = (logs / "held.csv", logs / "fell.csv", "--law", "multipower", "--updates", 1000)
    page = tmp_path / "report.html"
    code, out, err = run("optimise", *given, "--warmup", 50, "--floor", 1e-5, "--out", page)
    assert (code, err) == (0, "")
    first, verdict, text, where = out.splitlines()
    assert first.startswith("Predicted final loss: ")
    assert "over plain WSD" in verdict
    schedule = parse(text)
    rates = schedule(np.arange(1000))
    assert rates.max() == pytest.approx(1e-3)
    assert rates[50:].min() >= 1e-5
    assert where == str(page)
    assert page.is_file()


def test_bound(run):
    cosine = "cosine=Cosine(start=1.0, end=0.0, steps=4000)"
    linear = "linear=Linear(start=1.0, end=0.0, steps=4000)"
    code, out, err = run("bound", cosine, linear, "--lr", "1e-3")
    assert (code, err) == (0, "")
    assert re.search(r"^cosine +4,000 +1\.0000 +1\.0000 +0\.001$", out, re.MULTILINE)
    # sqrt(T) times the bound is 2.0018 and 2.0609: 0.9713. The rates 0.01579 and 0.01534: 1.0295.
    assert re.search(r"^linear +4,000 +0\.9713 +1\.0295 +0\.00103$", out, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["forecast", "none.csv"], "no schedule is given to predict"),
        (["forecast", "none.csv", "-s", WSD], "cannot read none.csv"),
        (["forecast", "a.csv", "b.csv", "--run", repr(HELD), "-s", WSD], "2 logs and 1 --run"),
        (["forecast", "a.csv", "-s", WSD, "-s", WSD], "plans need different names"),
        (["optimise", "none.csv"], "Missing option '--steps'"),
        (["bound", "Constant(value=1.0)"], "has no end"),
        (["bound", "Cosin(1, 0, 10)"], "Did you mean 'Cosine'"),
    ],
)
def test_wrong_usage(run, arguments, words):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert words in err


def test_a_report_that_cannot_be_written(logs, run, tmp_path):
    given = (logs / "held.csv", logs / "fell.csv", "--law", "momentum")
    code, _, err = run("forecast", *given, "-s", WSD, "--out", tmp_path / "no" / "r.html")
    assert code == 2
    assert "cannot be written" in err


def test_a_plan_file_stands_for_its_rate(logs, run, tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "format: 1\nschedules:\n"
        "  weight_decay: {Constant: {value: 0.1}}\n"
        "  lr: {warmup_linear: {peak: 1e-3, warmup: 50, hold: 3000, steps: 4000}}\n"
    )
    given = (logs / "held.csv", logs / "fell.csv", "--law", "momentum")
    code, out, err = run("forecast", *given, "-s", WSD, "-s", f"file={plan}")
    assert code == 0
    rows = {line.split()[0]: line.split()[1:4] for line in out.splitlines()[:3]}
    assert rows["file"] == rows["long"]
    assert err == f"forecast: only lr of {plan} is used, not weight_decay.\n"
    code, out, _ = run("bound", WSD, f"file={plan}")
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines()[:3]}
    assert rows["file"] == rows["long"]


def race_folder(folder, logs):
    """A race of the two logged runs with two seeds each, and a schedule that failed once."""
    folder.mkdir()
    (folder / "race.json").write_text("{}", encoding="utf-8")
    lines = []
    for name in ("held", "fell", "wild"):
        rows = (logs / f"{'held' if name == 'wild' else name}.csv").read_text().splitlines()[1:]
        cells = [[float(cell) for cell in row.split(",")] for row in rows]
        for seed in (0, 1):
            run = {
                "name": name,
                "seed": seed,
                "failed": "loss became nan" if name == "wild" and seed else None,
                "steps": [int(step) for step, _, _ in cells],
                "rates": [rate for _, _, rate in cells],
                "losses": [loss + 0.002 * seed for _, loss, _ in cells],
            }
            lines.append(json.dumps(run))
    (folder / "runs.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_forecast_from_the_folder_of_a_race(logs, run, tmp_path):
    folder = race_folder(tmp_path / "mine", logs)
    code, out, err = run("forecast", folder, "--law", "momentum", "-s", WSD)
    assert (code, err) == (0, "'wild' is left out: its run with seed 1 failed.\n")
    assert "held (2 seeds)" in out
    assert "fell (2 seeds)" in out


def test_the_weight_decay_is_asked_for(logs, run):
    code, _, err = run("forecast", logs / "held.csv", logs / "fell.csv", "-s", WSD)
    assert code == 2
    assert "'effective' needs the weight decay of the optimizer" in err
    assert "--weight-decay" in err
    assert len(err.splitlines()) <= 3
