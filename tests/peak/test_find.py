"""find_peak through real runs in processes: kept, continued, refused, and as a command."""

import json
from functools import partial
from pathlib import Path

import pytest

from gradatim import GradatimError, warmup_linear
from gradatim.peak import find_peak
from gradatim.peak.schedules import schedule_of

SHAPE = partial(warmup_linear, warmup="5%")
RANGE = {"steps": 160, "low": 1e-4, "high": 10.0, "jobs": 2}


def train(schedule, seed, updates=160):
    """Ten quadratics of different curvature; the steepest diverges above a rate of 2."""
    weights = [1.0 + 0.01 * ((seed * 7 + i) % 5) for i in range(10)]
    for step in range(updates):
        rate = schedule(step)
        weights = [w - rate * w * 4.0**-i for i, w in enumerate(weights)]
        yield step, sum(w * w for w in weights)


def broken(schedule, seed, updates=160):
    raise RuntimeError("no data")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_search_answers_and_goes_on_from_its_runs(here: Path):
    found = find_peak(train, SHAPE, out="it", **RANGE)
    assert found.peak is not None
    assert 0.3 < found.peak < 2.0
    kept = {path: path.read_text() for path in here.glob("it/*/runs.jsonl")}
    assert len(kept) == 3
    assert find_peak(train, SHAPE, out="it", **RANGE) == found
    assert {path: path.read_text() for path in here.glob("it/*/runs.jsonl")} == kept
    # What a stop left out is made, and nothing else.
    longest = max(kept, key=lambda path: int(path.parent.name.split()[0]))
    longest.write_text("".join(kept[longest].splitlines(keepends=True)[:1]))
    assert find_peak(train, SHAPE, out="it", **RANGE) == found
    assert longest.read_text().splitlines()[0] == kept[longest].splitlines()[0]


def test_an_error_of_the_task_is_no_divergence(here: Path):
    with pytest.raises(GradatimError, match=r"9 of 9 runs ended in an error, .*no data"):
        find_peak(broken, SHAPE, out="it", **RANGE)


def test_a_task_of_fixed_length_is_refused():
    with pytest.raises(GradatimError, match=r"Write run\(schedule, seed, updates=300\)"):
        find_peak(lambda schedule, seed: 0.0, SHAPE, steps=160)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3", "must be a recipe without its peak and steps"),
        ("warmup_linear(peak=1.0)", "peak"),
        ("warmup_linear(warmup=0.05)", "warmup"),
        ("no_such(warmup='5%')", "no_such"),
        ("print(1)", "print"),
    ],
)
def test_schedules_that_are_none_are_refused(text: str, said: str):
    with pytest.raises(GradatimError, match=said):
        schedule_of(text)


def test_a_schedule_as_text_has_the_same_shape_at_every_length():
    for steps in (160, 1600):
        assert schedule_of("warmup_linear(warmup='5%')")(peak=0.5, steps=steps) == SHAPE(
            peak=0.5, steps=steps
        )


def test_the_command_prints_an_answer_and_writes_a_page(here: Path, capsys, monkeypatch):
    from gradatim.cli import main

    (here / "mine.py").write_text(Path(__file__).read_text())
    asked = ["find-peak", "mine:train", "--steps", "160", "--low", "1e-4", "--high", "10"]
    asked += ["--schedule", "warmup_linear(warmup='5%')", "--out", "it", "--jobs", "2"]
    with pytest.raises(SystemExit) as ended:
        main(asked)
    out, err = capsys.readouterr()
    assert ended.value.code == 0
    assert out.startswith("Peak ")
    assert "9 runs of 10 updates" in err
    assert "<h2>Runs</h2>" in (here / "it" / "report.html").read_text()
    with pytest.raises(SystemExit):
        main([*asked, "--json"])
    data = json.loads(capsys.readouterr().out)
    assert data["interval"][0] <= data["peak"] <= data["interval"][1]
    assert data["cost"] == pytest.approx(sum(run["updates"] for run in data["runs"]) / 160)
    (here / "it" / "report.html").unlink()
    (here / "it" / "report.html").mkdir()
    with pytest.raises(SystemExit) as ended:
        main(asked)
    out, err = capsys.readouterr()
    assert ended.value.code == 2
    assert out.startswith("Peak ")
    assert "it is a folder, not a regular file" in err


def test_the_command_ends_with_1_without_a_suggestion(here: Path, capsys):
    from gradatim.cli import main

    (here / "flat.py").write_text("def run(schedule, seed, updates=9):\n    return 1.0\n")
    with pytest.raises(SystemExit) as ended:
        main(["find-peak", "flat:run", "--steps", "160", "--out", "it", "--jobs", "2"])
    assert ended.value.code == 1
    assert capsys.readouterr().out.startswith("No suggestion: the loss does not depend")
