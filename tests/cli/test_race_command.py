"""``gradatim race`` as it is typed: what it prints, what it leaves, how it ends."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradatim.cli import main

TRAIN = """
import time
from gradatim import Schedule
from gradatim.core.values.fields import Number

class Flat(Schedule):
    height: Number
    def at(self, t, xp):
        return xp.constant(self.height, t)

def run(schedule, seed):
    print("noise")
    for step in range(3):
        yield step, schedule(step) + seed

def slow(schedule, seed):
    time.sleep(0.1)
    return {"loss": schedule(0) + seed}

def endless(schedule, seed):
    time.sleep(600 if seed >= 2 else 0)
    return {"loss": schedule(0) + seed}

def counted(schedule, seed, updates=40):
    return schedule(updates)

def raises(schedule, seed):
    raise KeyError("label")
"""
PAIR = ["--schedule", "half=Constant(0.5)", "--schedule", "quarter=Constant(0.25)"]
SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "train.py").write_text(TRAIN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "train", raising=False)
    return tmp_path


def call(*arguments):
    """The exit code of the command, run in this process."""
    with pytest.raises(SystemExit) as end:
        main(["race", *arguments])
    return end.value.code


def start(*arguments, program="from gradatim.cli import main; main()", **options):
    """The command in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LC_"))}
    environment |= {"PYTHONPATH": os.pathsep.join([str(SOURCE), *sys.path])}
    environment |= options.pop("environment", {})
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        **options,
    )


def finish(process):
    out, err = process.communicate(timeout=600)
    return process.returncode, out, err


def test_a_race_of_ones_own_function(here):
    code, out, err = finish(start("race", "train:run", *PAIR, "--seeds", "6"))
    assert code == 0, err
    # Last losses: 0.5 + seed and 0.25 + seed, so means 3.0 and 2.75 and deviations sqrt(3.5).
    assert re.search(r"half +3\.000 +1\.871 +0 of 6", out)
    assert re.search(r"quarter +2\.750 +1\.871 +0 of 6", out)
    assert re.search(r"quarter - half +-0\.250 +-0\.250 to -0\.250 +6 of 6 +0\.031", out)
    assert "Best mean loss: 2.750 (deviation 1.871, 0 of 6 failed) with 'quarter'." in out
    page = Path("races") / "train-run" / "report.html"
    assert out.rstrip().endswith(f"Report: {page}")
    assert page.is_file()
    assert (here / "races" / "train-run" / "rates.png").is_file()
    assert "[12/12]" in err
    assert "noise" not in out, "what a task prints belongs beside the table"


def test_the_second_time_nothing_runs_again(here):
    assert call("train:run", *PAIR, "--seeds", "2") == 0
    record = (here / "races" / "train-run" / "runs.jsonl").read_bytes()
    code, _, err = finish(start("race", "train:run", *PAIR, "--seeds", "2"))
    assert code == 0
    assert err.splitlines()[0].startswith("4 of 4 runs are finished, in races")
    assert (here / "races" / "train-run" / "runs.jsonl").read_bytes() == record


def test_a_schedule_needs_no_name_and_may_be_of_the_users_own_class(here, capsys):
    texts = ["--schedule", "Flat(height=0.125)", "-s", "3e-4 * Constant(value=1)"]
    assert call("train:run", *texts, "--seeds", "1") == 0
    names = json.loads((here / "races" / "train-run" / "race.json").read_text())["contestants"]
    assert list(names) == ["Flat(height=0.125)", "3e-4 * Constant(value=1)"]


def test_a_schedule_that_does_not_fit_the_run_is_mentioned_and_raced(here):
    texts = ["-s", "short=Linear(start=1, end=0, steps=2)", "-s", "right=Constant(0.25)"]
    code, _, err = finish(start("race", "train:counted", *texts, "--seeds", "1"))
    assert code == 0, err
    assert err.startswith("short: The schedule ends there, and the other ")
    assert "right:" not in err


def test_a_task_that_raises_is_reported_and_can_be_retried(here, capsys):
    assert call("train:raises", *PAIR, "--seeds", "4") == 0
    said = capsys.readouterr()
    assert "half, seed 0: KeyError: 'label'" in said.out
    assert "and 3 more errors" in said.out
    assert "--retry repeats the runs that ended in an error" in said.out
    (here / "train.py").write_text(TRAIN.replace('raise KeyError("label")', "return 1.0"))
    code, out, _ = finish(start("race", "train:raises", *PAIR, "--seeds", "4", "--retry"))
    assert (code, "KeyError" in out) == (0, False)


def test_runs_of_other_code_are_kept_but_not_in_silence(here, capsys):
    assert call("train:run", *PAIR, "--seeds", "1") == 0
    assert "another version" not in capsys.readouterr().err
    (here / "train.py").write_text(TRAIN + "\n# changed\n")
    assert call("train:run", *PAIR, "--seeds", "1") == 0
    said = capsys.readouterr().err
    assert "were made with another version of code of the task. They are kept" in said


def test_a_contestant_may_stand_in_a_plan_file(here, capsys):
    plan = here / "plan.toml"
    plan.write_text(
        "format = 1\n[schedules.lr.Constant]\nvalue = 0.25\n[schedules.momentum.Constant]\n"
        'value = 0.9\n[rules.lr.Plateau]\nmode = "min"\n'
    )
    given = ["-s", "half=Constant(0.5)", "-s", f"mine={plan.name}", "-s", "other=Constant(0.75)"]
    assert call("train:run", *given, "--seeds", "2") == 0
    said = capsys.readouterr()
    # The last loss of seed 0 is the rate: 0.25 is the best mean, 0.25 + 1/2.
    assert re.search(r"^ *mine .*0\.75", said.out, re.MULTILINE)
    assert "race: only lr of plan.toml is used, not momentum, the rule of lr." in said.err
    plan.write_text(
        'format = 1\n[schedules."lr/a".Constant]\nvalue = 1\n'
        '[schedules."lr/b".Constant]\nvalue = 2\n'
    )
    assert call("train:run", *given, "--seeds", "2", "--out", "parts") == 2
    assert "plan.toml has lr/a, lr/b. Give the text of one" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nope"], "unknown task 'nope'. Known: digits, text. For your own write package.module"),
        (["train:walk"], "unknown function 'walk'"),
        (["other:run"], "no module 'other' for task 'other:run'"),
        (["digits", "--seeds", "0"], "seeds must be how many, 1 or more"),
        (["digits", "--seeds", "ten"], "--seeds"),
        (["digits", "--jobs", "-1"], "jobs must be a whole number of processes, 1 or more, got -1"),
        (["digits", "--updates", "0"], "updates must be a whole number of updates, 1 or more"),
        (["train:run", *PAIR, "--updates", "9"], "updates must be left out"),
        (["train:run"], "schedules must be given, task train:run has none of its own"),
        (["digits", "-s", "Cosinus(1)"], "unknown schedule 'Cosinus'. Did you mean 'Cosine'?"),
        (["digits", "-s", "a=Cosine(1, 0"], "schedule 'a': parse: "),
        (["digits", "-s", "a=Linear(start=0, end=1, steps=0)"], "steps must be"),
        (["digits", "-s", "a=Constant(1)", "-s", "a=Constant(2)"], "need different names, got 'a'"),
        (["digits", "-s", "=Constant(1)"], "the name in '=Constant(1)' is empty"),
        (["digits", "-s", "a=Constant(1)", "-s", "b=Constant(1)"], "schedules must differ"),
        (["digits", "--out", "train.py"], "out must be a folder that can be written"),
        (["digits", "--out", "."], "holds other files and no race"),
        (
            ["digits", "--engine", "rai"],
            "unknown engine 'rai'. Did you mean 'ray'? Known: local, ray",
        ),
        (["digits", "--faster"], "No such option: --faster"),
        (["digits", "text"], "unexpected extra argument"),
    ],
)
def test_bad_input_is_refused_before_the_first_run(here, capsys, arguments, says):
    assert call(*arguments) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert said.out == ""
    assert 1 <= len(said.err.splitlines()) <= 5
    assert "Traceback" not in said.err
    assert sorted(p.name for p in here.iterdir() if p.name != "__pycache__") == ["train.py"]


def test_another_task_in_the_folder_is_refused(here, capsys):
    assert call("train:run", *PAIR, "--seeds", "1", "--out", "it") == 0
    assert call("train:slow", *PAIR, "--seeds", "1", "--out", "it") == 2
    assert (
        "it holds another race: its task is 'train:run', not 'train:slow'"
        in capsys.readouterr().err
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX limits")
def test_a_full_disk_ends_the_race_in_a_sentence_and_loses_nothing(here):
    # Compiled modules are files too: one that was cut short would break every later import of it.
    limited = (
        "import os, resource, sys\n"
        "sys.dont_write_bytecode, os.environ['PYTHONDONTWRITEBYTECODE'] = True, '1'\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))\n"
        "from gradatim.cli import main; main()"
    )
    asked = ["race", "train:slow", *PAIR, "--seeds", "12", "--out", "it"]
    code, _, err = finish(start(*asked, program=limited))
    assert code == 2
    assert "Traceback" not in err
    last = err.splitlines()[-1]
    kept = int(re.search(r"File too large\. (\d+) finished runs are kept", last)[1])
    assert 0 < kept < 24
    lines = (here / "it" / "runs.jsonl").read_text()
    assert lines.count("\n") == kept
    code, _, err = finish(start(*asked))
    assert code == 0, err
    assert err.startswith(f"{kept} of 24 runs are finished")
    assert (here / "it" / "runs.jsonl").read_text().startswith(lines)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_stops_at_once_and_says_how_to_go_on(here):
    asked = ["race", "train:endless", *PAIR, "--seeds", "30", "--out", "it", "--jobs", "2"]
    # Whatever a shell starts in the background ignores SIGINT, and so do its children.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    program = f"{heard}from gradatim.cli import main; main()"
    process = start(*asked, program=program, start_new_session=True)
    record = here / "it" / "runs.jsonl"
    end = time.monotonic() + 600
    while not (record.exists() and record.read_text().count("\n") >= 3):
        assert time.monotonic() < end
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to the workers as well
    code, _, err = finish(process)
    assert code == 130
    said = re.fullmatch(
        r"Stopped\. (\d+) of 60 runs are finished and kept in it\. The same command continues the "
        r"race\.",
        err.splitlines()[-1],
    )
    assert said, err
    # A run that was being written when the interruption came is there, though it was not counted.
    assert record.read_text().count("\n") - int(said[1]) in (0, 1)
    assert "Traceback" not in err


def test_a_terminal_that_cannot_show_a_name_does_not_end_the_race(here):
    name = "größer=Constant(0.5)"
    code, out, err = finish(
        start(
            "race",
            "train:run",
            "--seeds",
            "1",
            "-s",
            name,
            environment={"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"},
        )
    )
    assert code == 0, err
    assert "gr" in out


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX terminal")
def test_a_terminal_sees_a_bar_for_each_contestant(here):
    terminal, ours = os.openpty()
    names = ["-s", "half=Constant(0.5)", "-s", "[b]bold[/b]=Constant(0.25)"]
    process = start("race", "train:run", *names, "--seeds", "2", stderr=ours)
    os.close(ours)
    shown = b""
    with contextlib.suppress(OSError):  # the way a terminal on Linux says that all is read
        while part := os.read(terminal, 10_000):
            shown += part
    os.close(terminal)
    code, out, _ = finish(process)
    assert code == 0
    for words in ("half", "[b]bold[/b]", "2/2", "4/4", "loss 0.75"):
        assert words in shown.decode(), words
    assert out.count("[b]bold[/b]") == 3  # in both tables and in the verdict


WITHOUT = """
import sys
sys.modules[{!r}] = None
from gradatim.cli import main
main()
"""


@pytest.mark.parametrize(
    ("package", "extra"),
    [
        ("typer", "cli"),
        ("rich", "cli"),
        ("torch", "race"),
        ("sklearn", "race"),
        ("joblib", "race"),
        ("scipy", "race"),
        ("matplotlib", "race"),
    ],
)
def test_a_missing_package_is_one_sentence(here, package, extra):
    code, out, err = finish(start("race", "digits", program=WITHOUT.format(package)))
    assert code == 2
    assert out == ""
    assert len(err.splitlines()) == 1
    assert f'pip install "gradatim[{extra}]"' in err
    assert package in err
    assert not (here / "races").exists()


def test_ray_that_is_not_installed_is_named_when_it_is_asked_for(here):
    asked = ["race", "train:run", *PAIR, "--seeds", "1"]
    code, _, err = finish(start(*asked, "--engine", "ray", program=WITHOUT.format("ray")))
    assert (code, len(err.splitlines())) == (2, 1)
    assert 'the package ray is not installed. Write pip install "gradatim[ray]".' in err
    assert not (here / "races").exists()
    assert finish(start(*asked, program=WITHOUT.format("ray")))[0] == 0


def test_a_race_on_ray_prints_the_table_of_the_local_cores(here):
    pytest.importorskip("ray")
    quiet = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}
    asked = ["race", "train:run", *PAIR, "--seeds", "2", "--out"]
    code, there, err = finish(start(*asked, "a", "--engine", "ray", environment=quiet))
    assert code == 0, err
    _, local, _ = finish(start(*asked, "b"))
    seconds = re.compile(r"(?<=of 2 )( +)\d+\.\d")  # what a run took is no part of its result
    there = there.replace(str(Path("a", "report")), str(Path("b", "report")))
    assert seconds.sub("", there) == seconds.sub("", local)
    assert "[4/4]" in err
    assert "noise" not in there


def test_halving_says_by_what_it_goes_and_whom_it_dropped(here, capsys):
    asked = ["train:slow", "-s", "near=Constant(0.5)", "-s", "far=Constant(99.0)"]
    assert call(*asked, "--seeds", "3", "--halving") == 0
    said = capsys.readouterr()
    assert said.err.startswith("Halving uses the metrics of the finished seeds: a forecast needs ")
    assert re.search(r"Dropped after 2 seeds: far: loss 93\.15 to 105\.9 over the seeds", said.out)
    assert "[5/5]" in said.err


def test_the_help_of_the_verb_explains_the_contract(here, capsys):
    assert call("--help") == 0
    said = " ".join(capsys.readouterr().out.split())
    for words in (
        "--schedule",
        "--seeds",
        "--jobs",
        "--updates",
        "--out",
        "--engine",
        "--halving",
        "--retry",
        "digits, text",
    ):
        assert words in said
    assert "run(schedule, seed)" in said
