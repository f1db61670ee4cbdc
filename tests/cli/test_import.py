"""``--import mypkg.schedules``: the command knows the schedules of the user's own modules."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
BOWL = '''
from gradatim import Schedule
from gradatim.fields import Number, Steps

class Bowl(Schedule):
    """Down along a parabola."""
    height: Number
    steps: Steps

    @property
    def length(self):
        return self.steps

    def _validate(self):
        if self.height > 100.0:
            raise ValueError("height must be at most 100.")

    def at(self, t, xp):
        left = 1.0 - xp.real(t) / self.steps
        return self.height * left * left
'''
PLAN = """
format: 1
run: {updates: 100}
schedules:
  lr: {Bowl: {height: 4.0, steps: 50%}}
"""
TRAIN = """
def run(schedule, seed):
    return {"loss": schedule(50) + seed}
"""
IMPORT = ("--import", "mypkg.schedules")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "mypkg").mkdir()
    (tmp_path / "mypkg" / "schedules.py").write_text(BOWL)
    (tmp_path / "raises.py").write_text("raise KeyError('no such thing')\n")
    (tmp_path / "leaves.py").write_text("raise SystemExit(3)\n")
    (tmp_path / "missing.py").write_text("import a_package_that_is_not_there\n")
    (tmp_path / "other_bowl.py").write_text(BOWL)
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "plan.yaml").write_text(PLAN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def gradatim(*arguments):
    # -P as for the installed command: the current directory is not on the path by itself.
    return subprocess.run(
        [sys.executable, "-P", "-m", "gradatim", *arguments],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )


def printed(*arguments, code=0):
    done = gradatim(*arguments)
    assert done.returncode == code, done.stderr
    return done.stdout


TEXT = "Bowl(height=4.0, steps=100)"
TWICE = "Constant(1.0, 10) >> Bowl(height=4.0, steps=100)"


def test_a_text_may_name_it():
    # By hand: 4 * (1 - 50 / 100)**2 = 1; past the end the last value holds, inside a join too.
    assert printed("show", TEXT, "--at", "50", "--at", "1000", *IMPORT).split() == ["1.0", "0.0"]
    assert printed("show", *IMPORT, TWICE, "--at", "60", "--at", "999").split() == ["1.0", "0.0"]


def test_a_plan_file_may_name_it():
    assert printed("show", "plan.yaml", "--at", "25", *IMPORT).split() == ["1.0"]
    assert "50 updates run at 0" in printed("check", "plan.yaml", *IMPORT, code=1)


def test_diff_and_convert():
    found = json.loads(printed("diff", TEXT, "plan.yaml", "--json", *IMPORT, code=1))
    assert found["targets"]["lr"]["fields"] == [["Bowl.steps", "100", "50"]]
    code = printed("convert", TEXT, "--to", "torch", *IMPORT)
    assert "min(t, 100)" in code


def test_a_race_trains_under_it():
    out = printed(
        "race",
        "train:run",
        "-s",
        f"bowl={TEXT}",
        "-s",
        "flat=Constant(0.5)",
        "--seeds",
        "2",
        "--jobs",
        "2",
        "--out",
        "race",
        *IMPORT,
    )
    assert "bowl" in out
    ledgers = "\n".join(path.read_text() for path in Path("race").rglob("*.json*"))
    assert '"Bowl"' in ledgers


def test_bounds_know_it():
    assert "bowl" in printed("bound", f"bowl={TEXT}", "--updates", "100", *IMPORT)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--import", "nowhere.schedules"], "no module 'nowhere' for nowhere.schedules"),
        (["--import", "mypkg.nothing"], "no module 'mypkg.nothing' for mypkg.nothing"),
        (["--import", "mypkg/schedules.py"], "Write --import mypkg.schedules."),
        (["--import", "raises"], "importing raises raised KeyError: 'no such thing'"),
        (["--import", "leaves"], "importing leaves raised SystemExit: 3"),
        (["--import", "missing"], "No module named 'a_package_that_is_not_there'"),
        ([*IMPORT, "--import", "other_bowl"], "the name 'Bowl' is taken by mypkg.schedules.Bowl"),
        ([], "unknown schedule 'Bowl'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_imported_is_said_in_a_line(arguments, said):
    done = gradatim("show", TEXT, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_it_refuses_has_its_line_in_a_plan(here):
    (here / "plan.yaml").write_text(PLAN.replace("4.0", "400.0"))
    done = gradatim("show", "plan.yaml", *IMPORT)
    assert done.returncode == 2
    assert done.stderr == "gradatim: plan.yaml: line 5: Bowl: height must be at most 100.\n"
