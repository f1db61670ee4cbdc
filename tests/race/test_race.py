"""The race as a whole: what runs, what is kept, what goes on after a kill, what is refused."""

import math
import os
import subprocess
import sys
import time

import pytest

from gradatim import Constant, GradatimError, Linear
from gradatim.race import Task, race
from gradatim.race.tasks import built_in, find_task
from tests.race import toys

HALF, QUARTER = Constant(value=0.5), Constant(value=0.25)
PAIR = {"half": HALF, "quarter": QUARTER}


@pytest.fixture(autouse=True)
def toy_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TOYS", str(tmp_path))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "race"


def test_every_contestant_runs_with_every_seed(out):
    result = race(toys.scored, PAIR, seeds=[0, 3], out=out, jobs=2)
    ends = [(r.name, r.seed, r.metrics["accuracy"], r.failed) for r in result.runs]
    assert ends == [
        ("half", 0, 0.5, None),
        ("quarter", 0, 0.25, "accuracy 0.25 is below 0.5"),
        ("half", 3, 0.53, None),
        ("quarter", 3, 0.28, "accuracy 0.28 is below 0.5"),
    ]
    half, quarter = result.table
    assert (half.name, half.runs, half.failed) == ("half", 2, 0)
    assert half.mean == pytest.approx(0.515)
    assert half.deviation == pytest.approx(0.03 / math.sqrt(2))
    assert (quarter.failed, quarter.mean) == (2, pytest.approx(0.265))
    (difference,) = result.comparisons
    assert (difference.name, difference.other) == ("quarter", "half")
    assert difference.difference == pytest.approx(-0.25)


def test_the_number_of_processes_changes_nothing(tmp_path):
    one = race(toys.steady, PAIR, seeds=3, out=tmp_path / "a", jobs=1)
    four = race(toys.steady, PAIR, seeds=3, out=tmp_path / "b", jobs=4)
    assert [r.metrics for r in one.runs] == [r.metrics for r in four.runs]


def test_more_seeds_and_schedules_add_runs_and_repeat_none(out):
    race(toys.logged, {"half": HALF}, seeds=2, out=out)
    race(toys.logged, PAIR, seeds=2, out=out)
    race(toys.logged, PAIR, seeds=3, out=out)
    begun = [(rate, seed) for _, rate, seed in toys.notes()]
    assert sorted(begun) == [(rate, seed) for rate in (0.25, 0.5) for seed in range(3)]


def test_the_result_is_what_was_asked_for_not_all_that_is_there(out):
    race(toys.logged, PAIR, seeds=3, out=out)
    again = race(toys.logged, {"other name": HALF}, seeds=[2], out=out)
    assert [(r.name, r.seed) for r in again.runs] == [("other name", 2)]
    assert len(toys.notes()) == 6


def test_progress_sees_the_race_as_it_stands(out):
    race(toys.logged, {"half": HALF}, seeds=1, out=out)
    seen = []
    race(toys.logged, PAIR, seeds=1, out=out, progress=lambda r, run: seen.append((r, run)))
    (before, nothing), (after, run) = seen
    assert (nothing, run.name) == (None, "quarter")
    assert (len(before.runs), len(after.runs), after.size) == (1, 2, 2)


def test_a_task_that_raises_fails_its_run_and_the_race_goes_on(out):
    result = race(toys.raises, PAIR, seeds=3, out=out)
    failed = [(r.seed, r.failed) for r in result.runs if r.failed]
    assert failed == [(1, "RuntimeError: the data set is gone")] * 2
    assert all("RuntimeError" in r.error for r in result.runs if r.failed)
    assert [s.counted for s in result.table] == [2, 2]


def test_a_failed_run_is_kept_until_it_is_retried(out):
    def picky(schedule, seed):
        if not os.path.exists(os.environ["TOYS"] + "/data"):
            raise FileNotFoundError("data")
        return float(seed)

    task = Task("picky", picky)
    assert [r.failed for r in race(task, PAIR, seeds=1, out=out).runs] == [
        "FileNotFoundError: data"
    ] * 2
    (out.parent / "data").touch()
    assert all(r.failed for r in race(task, PAIR, seeds=1, out=out).runs)
    assert not any(r.failed for r in race(task, PAIR, seeds=1, out=out, retry=True).runs)
    assert not any(r.failed for r in race(task, PAIR, seeds=1, out=out).runs)
    assert (out / "runs.jsonl").read_text().count("\n") == 4


def test_a_run_that_failed_by_its_metric_is_a_result_and_not_retried(out):
    race(toys.scored, {"quarter": QUARTER}, seeds=2, out=out)
    race(toys.scored, {"quarter": QUARTER}, seeds=2, out=out, retry=True)
    assert (out / "runs.jsonl").read_text().count("\n") == 2


def test_a_loss_that_is_no_number_fails_the_run(out):
    result = race(toys.diverges, PAIR, seeds=2, out=out)
    assert [r.failed for r in result.runs if r.seed == 1] == ["loss became nan at step 3"] * 2
    assert all(r.losses[-1] is None for r in result.runs if r.seed == 1)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_killed_worker_costs_nothing_but_time(out):
    result = race(toys.dies_once, PAIR, seeds=6, out=out, jobs=3)
    assert [r.failed for r in result.runs] == [None] * 12
    begun = [(rate, seed) for _, rate, seed in toys.notes()]
    # What was in flight beside the killed one may have begun twice; nothing else.
    assert len(set(begun)) == 12
    assert len(begun) <= 12 + 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_run_that_always_kills_its_worker_is_reported(out):
    result = race(toys.dies, PAIR, seeds=4, out=out, jobs=2)
    for run in result.runs:
        if run.seed == 1:
            assert run.failed == "its process was killed, twice"
            assert "SIGKILL" in run.error
        else:
            assert run.failed is None


SCRIPT = """
import sys
from gradatim import Constant
from gradatim.race import race
from tests.race import toys
pair = {"half": Constant(value=0.5), "quarter": Constant(value=0.25)}
race(toys.endless, pair, seeds=30, out=sys.argv[1], jobs=2)
"""


def start(out):
    paths = os.pathsep.join(sys.path)
    command = [sys.executable, "-c", SCRIPT, str(out)]
    return subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": paths}, stderr=subprocess.DEVNULL
    )


def finished(out):
    """The runs on the disk, from whole lines only."""
    from gradatim.race import FinishedRun

    lines = out.read_bytes().split(b"\n")[:-1] if out.exists() else []
    return [(r.schedule["Constant"]["value"], r.seed) for r in map(FinishedRun.from_json, lines)]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_race_killed_again_and_again_repeats_and_loses_nothing(out):
    record = out / "runs.jsonl"
    kept: list[tuple[float, int]] = []
    for kill_at in (1, 9, 25, 26):
        noted = len(toys.notes()) if kept else 0
        parent = start(out)
        while len(finished(record)) < kill_at:
            assert parent.poll() is None, "ended before it was killed"
            time.sleep(0.005)
        parent.kill()
        parent.wait()
        now = finished(record)
        assert now[: len(kept)] == kept, "a finished run was lost"
        begun = {(rate, seed) for _, rate, seed in toys.notes()[noted:]}
        assert not begun & set(kept), "a finished run was repeated"
        kept = now
    assert 0 < len(kept) < 60
    noted = len(toys.notes())
    toys.let_go_on()
    assert start(out).wait() == 0
    last = finished(record)
    assert last[: len(kept)] == kept
    assert sorted(last) == [(rate, seed) for rate in (0.25, 0.5) for seed in range(30)]
    begun = [(rate, seed) for _, rate, seed in toys.notes()[noted:]]
    assert not set(begun) & set(kept)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"task": "digit"}, r"unknown task 'digit'. Did you mean 'digits'\? Known: digits, text."),
        ({"task": 7}, "task must be a name, an import path or a function, got 7"),
        ({"task": "os:"}, "task must be an import path, got 'os:'"),
        ({"task": "no such:thing"}, "task must be an import path"),
        ({"task": "nowhere.at.all:run"}, "no module 'nowhere' for task 'nowhere.at.all:run'"),
        ({"task": "tests.race.toys:stedy"}, "unknown function 'stedy'. Did you mean 'steady'"),
        ({"task": "tests.race.toys:__name__"}, "must be a function, got 'tests.race.toys'"),
        ({"task": "os:getcwd"}, r"task os:getcwd: .*A task is a function run\(schedule, seed\)"),
        ({"seeds": 0}, "seeds must be how many, 1 or more, or a list .*, got 0"),
        ({"seeds": -1}, "got -1"),
        ({"seeds": True}, "got True"),
        ({"seeds": 2.5}, "got 2.5"),
        ({"seeds": []}, r"got \[\]"),
        ({"seeds": [1, 1]}, r"got \[1, 1\]"),
        ({"seeds": [0, -1]}, r"got \[0, -1\]"),
        ({"seeds": "10"}, "got '10'"),
        ({"jobs": 0}, "jobs must be a whole number of processes, 1 or more, got 0"),
        ({"jobs": -2}, "got -2"),
        ({"jobs": 1.5}, "got 1.5"),
        ({"updates": 0}, "updates must be a whole number of updates, 1 or more, got 0"),
        ({"updates": 2.0}, "got 2.0"),
        ({"task": toys.steady, "updates": 5}, "updates must be left out"),
        ({"task": toys.steady, "schedules": None}, "schedules must be given"),
        ({"task": toys.steady, "schedules": {}}, "schedules must be given"),
        ({"schedules": {"a": 0.1}}, "schedule 'a' must be a Schedule, got 0.1"),
        (
            {"schedules": {"a": HALF, "b": Constant(value=0.5)}},
            r"schedules must differ, 'a' and 'b' are both Constant\(value=0.5",
        ),
        ({"out": __file__}, "out must be a folder that can be written, got"),
        ({"out": os.path.dirname(__file__)}, "holds other files and no race"),
    ],
)
def test_what_is_wrong_is_refused_before_the_first_run(tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    asked = {"task": toys.scored, "schedules": PAIR, "seeds": 2} | arguments
    with pytest.raises(GradatimError, match=says):
        race(**asked)
    assert not (tmp_path / "races").exists(), "refused, and left a folder behind"


def test_a_missing_package_is_named_with_what_to_install(out, monkeypatch):
    needy = Task("needy", toys.steady, needs=("no_such_package",))
    with pytest.raises(
        GradatimError, match=r'no_such_package is not installed. .*"gradatim\[race\]"'
    ):
        race(needy, PAIR, seeds=1, out=out)


def test_a_task_that_asks_for_updates_needs_them(out):
    def asks(schedule, seed, updates):
        return float(updates)

    with pytest.raises(GradatimError, match="updates must be a number"):
        race(asks, PAIR, seeds=1, out=out)
    assert race(asks, PAIR, seeds=1, updates=9, out=out).runs[0].metrics == {"loss": 9.0}


def test_other_updates_are_another_race(out):
    race(toys.scored, PAIR, seeds=1, out=out)
    with pytest.raises(
        GradatimError, match="holds another race: its number of updates is 3, not 4"
    ):
        race(toys.scored, PAIR, seeds=1, updates=4, out=out)


def test_a_task_that_cannot_travel_is_refused(out):
    import threading

    lock = threading.Lock()

    def held(schedule, seed):
        with lock:
            return 1.0

    with pytest.raises(GradatimError, match="cannot be sent to another process"):
        race(held, PAIR, seeds=1, out=out)


def test_a_module_of_the_current_directory_can_be_a_task(tmp_path, monkeypatch):
    (tmp_path / "mine_here.py").write_text("def run(schedule, seed):\n    return schedule(0)\n")
    monkeypatch.chdir(tmp_path)
    result = race("mine_here:run", PAIR, seeds=1)
    assert [r.metrics["loss"] for r in result.runs] == [0.5, 0.25]
    assert (tmp_path / "races" / "mine_here-run" / "runs.jsonl").exists()


def test_a_module_that_breaks_while_it_loads_is_named(tmp_path, monkeypatch):
    (tmp_path / "broken_here.py").write_text("import no_such_package\n")
    (tmp_path / "leaving_here.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GradatimError, match="importing broken_here raised ModuleNotFoundError"):
        race("broken_here:run", PAIR)
    with pytest.raises(GradatimError, match="importing leaving_here raised SystemExit: 3"):
        race("leaving_here:run", PAIR)


def test_every_built_in_task_brings_schedules_of_its_length():
    for name in built_in():
        task = find_task(name)
        assert task.name == name
        for updates in (1, 7, 300):
            assert {s.length for s in task.contestants(updates).values()} == {updates}


def test_one_contestant_runs_alone(out):
    result = race(toys.steady, {"line": Linear(start=1.0, end=0.0, steps=4)}, seeds=1, out=out)
    assert result.comparisons == ()
    assert result.runs[0].rates == (1.0, 0.75, 0.5, 0.25)
