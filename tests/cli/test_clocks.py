"""The command on plans whose run is measured in time or in tokens."""

import csv
import io
import json

import pytest

from gradatim import Linear, wsd
from gradatim.cli import main

MINUTES = """format: 1
run: {seconds: 600}
schedules:
  lr: {wsd: {peak: 3e-3, warmup: 30 s}}
  momentum: {by_updates: {schedule: {Linear: {start: 0.85, end: 0.95, steps: 300}}}}
  weight_decay: {Constant: {value: 0.1}}
"""
RATE = wsd(3e-3, steps=600_000, warmup=30_000)


@pytest.fixture
def run(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as stop:
            main(list(arguments))
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return stop.value.code or 0, out, err

    return run


@pytest.fixture
def file(tmp_path):
    def file(text, name="plan.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return file


def test_show_has_its_axis_in_seconds(run, file):
    code, out, err = run("show", file(MINUTES))
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert ["0", "600", "s"] in lines
    assert ["end", "of", "warm-up", "30", "s", "0.003"] in lines
    assert ["end", "600", "s", "0"] in lines
    assert ["last", "update", "step", "299", "0.9496667"] in lines
    assert "run: 600 s, Run(seconds=600.0)" in out


@pytest.mark.parametrize("ending", [".png", ".svg", ".html"])
def test_show_writes_pictures_and_reports(run, file, tmp_path, ending):
    code, _, err = run("show", file(MINUTES), "--out", str(tmp_path / f"plan{ending}"))
    assert (code, err) == (0, "")
    assert (tmp_path / f"plan{ending}").stat().st_size > 1000


def test_check_needs_no_updates(run, file):
    assert run("check", file(MINUTES)) == (0, "No problems found.\n", "")
    short = MINUTES.replace(
        "wsd: {peak: 3e-3, warmup: 30 s}", "Linear: {start: 1e-3, end: 0, steps: 1 min}"
    )
    code, out, _ = run("check", file(short))
    assert code == 1
    assert "error: lr, 60 s of 600 s: The schedule ends there, and the other 540 s run" in out


def test_show_at_a_time(run, file):
    plan = file(MINUTES)
    code, out, err = run("show", plan, "--at", "15 s", "--at", "100%", "--at", "0")
    assert code == 0
    assert err == "show: momentum follows the updates and is left out. --value momentum shows it.\n"
    head, *rows = [line.split() for line in out.splitlines()]
    assert head == ["milliseconds", "lr", "weight_decay"]
    assert rows == [
        ["15000", repr(RATE(15_000)), "0.1"],
        ["600000", "0.0", "0.1"],
        ["0", "0.0", "0.1"],
    ]
    _, out, err = run("show", plan, "--at", "150", "--value", "momentum")
    assert (out, err) == (f"{Linear(0.85, 0.95, 300)(150)!r}\n", "")
    code, out, err = run("show", plan, "--at", "15")
    assert (code, out) == (2, "")
    assert "--at: step=15 has no unit, and the clock of the run is 'time'. Write '90 s'" in err
    assert "--at: step must be a whole number" in run("show", plan, "--at", "soon")[2]


def test_show_for_other_programs(run, file):
    plan = file(MINUTES)
    _, out, err = run("show", plan, "--csv")
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0] == ["milliseconds", "lr", "weight_decay"]
    assert len(rows) == 1002
    assert rows[-1][0] == "599999"
    assert "momentum follows the updates" in err
    found = json.loads(run("show", plan, "--json")[1])
    assert (found["updates"], found["clock"]) == (None, "time")
    assert found["targets"]["lr"]["key_points"][-1] == {
        "name": "end",
        "step": 600_000,
        "value": 0.0,
    }
    clocks = {name: target["clock"] for name, target in found["targets"].items()}
    assert clocks == {"lr": "time", "momentum": "updates", "weight_decay": "time"}
    assert found["targets"]["momentum"]["curve"][-1][0] == 299


def test_show_and_diff_of_two_lengths(run, file):
    one, two = file(MINUTES), file(MINUTES.replace("600", "900"), "longer.yaml")
    code, out, _ = run("show", one, two)
    assert code == 0
    assert "0.003 at 30 s" in out
    assert f"run in {two}: 900 s" in out
    code, out, _ = run("diff", one, two)
    assert code == 1
    assert "Largest gap of lr: 0.003 at 600." in out
    assert "momentum: the same in both." in out
    assert run("diff", one, one)[:2] == (0, "They are the same plan.\n")


@pytest.mark.parametrize("verb", ["show", "diff"])
def test_plans_by_different_clocks_have_nothing_in_common(run, file, verb):
    one = file(MINUTES)
    two = file("format: 1\nrun: {steps: 100}\nschedules: {lr: {wsd: {peak: 1}}}", "steps.yaml")
    code, out, err = run(verb, one, two)
    assert (code, out) == (2, "")
    assert "is measured in time and" in err
    assert "so they have no axis in common" in err


def test_verbs_for_updates_say_so(run, file):
    code, out, err = run("convert", file(MINUTES), "--to", "torch")
    assert (code, out) == (2, "")
    assert "a schedule of the updates is needed, and lr of" in err
    followed = MINUTES.replace(
        "lr: {wsd: {peak: 3e-3, warmup: 30 s}}",
        "lr: {by_updates: {schedule: {wsd: {peak: 3e-3, steps: 100}}}}",
    )
    code, out, _ = run("convert", file(followed), "--to", "torch")
    assert code == 0
    assert "t - 80" in out  # where the cooldown of 100 updates begins
