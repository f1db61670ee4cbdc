"""What holds for every verb: closed and full streams, ``-`` for a plan, non-ASCII names."""

import csv
import io
import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

import gradatim.cli
from gradatim import Driver, Plan, parse
from gradatim.cli import main
from gradatim.core.utf8 import as_utf8

SOURCE = Path(__file__).parents[2] / "src"
PLAN = "warmup_cosine(peak=1e-3, warmup=50, steps=400)"
OTHER = "wsd(peak=1e-3, warmup=50, steps=400)"


class Verb(NamedTuple):
    """A call of a verb, in which NAME is a name of the user's and PLAN is a plan."""

    arguments: tuple[str, ...]
    code: int = 0
    takes_plan: bool = True


VERBS = {
    "audit": Verb(("NAME.csv", "--plan", "PLAN", "--out", "NAME.html")),
    "bound": Verb(("NAME=PLAN", OTHER)),
    "check": Verb(("NAME=PLAN",)),
    "convert": Verb(("NAME=PLAN", "--to", "torch")),
    "diff": Verb(("NAME=PLAN", OTHER), code=1),
    "find-peak": Verb(
        ("tasks:run", "--steps=128", "--budget=2.5", "--jobs=1", "--out", "NAME"),
        code=1,  # no suggestion: the loss of this task does not depend on the rate
        takes_plan=False,
    ),
    "forecast": Verb(
        ("NAME.csv", "fell.csv", "--law", "momentum", "-s", "NAME=PLAN", "--out", "NAME.html")
    ),
    "history": Verb(("NAME.jsonl",), takes_plan=False),
    "list": Verb(("wsd",), takes_plan=False),
    "optimise": Verb(
        ("NAME.csv", "fell.csv", "--law", "multipower", "--steps", "400"), takes_plan=False
    ),
    "race": Verb(
        ("tasks:run", "-s", "NAME=PLAN", "-s", OTHER, "--seeds=2", "--jobs=1", "--out", "NAME")
    ),
    "show": Verb(("NAME=PLAN", OTHER, "--value", "lr")),
}
SERVERS = {"studio": ("NAME=PLAN", "--no-browser")}
"""A verb that ends with Ctrl-C: what is tested here happens before it serves."""


def named(verb, name, plan=PLAN):
    """The command line of a verb, with a name and a plan put in."""
    arguments = SERVERS[verb] if verb in SERVERS else VERBS[verb].arguments
    return [verb, *(text.replace("NAME", name).replace("PLAN", plan) for text in arguments)]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current folder with the logs, the history and the task that the verbs read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tasks.py").write_text(
        "def run(schedule, seed, updates=9):\n"
        "    for k in range(updates):\n        yield k, 1.0 / (k + 1 + seed)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{SOURCE}{os.pathsep}{tmp_path}")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for name in ("run", "größe"):
        _write_log(tmp_path / f"{name}.csv", PLAN)
        driver = Driver(Plan({"lr": parse(PLAN)}))
        driver.stepped(0)
        driver.save_history(tmp_path / f"{name}.jsonl")
    _write_log(tmp_path / "fell.csv", OTHER)
    return tmp_path


def _write_log(path, plan):
    """A log whose loss falls with the sum of the rates, so that a law can be fitted to it."""
    rates = parse(plan)(np.arange(400))
    losses = 2.0 + np.exp(-5.0 * np.cumsum(rates))
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "loss", "lr"])
        writer.writerows((k, losses[k], rates[k]) for k in range(0, 400, 5))


def shell(arguments, streams, **env):
    """Run the command in a shell that redirects its streams."""
    quoted = " ".join(f"'{argument}'" for argument in [sys.executable, "-m", "gradatim"])
    command = f'exec {quoted} "$@" {streams}'
    return subprocess.run(
        ["sh", "-c", command, "sh", *arguments],
        env=os.environ | env,
        capture_output=True,
        check=False,
        timeout=600,
    )


def test_every_verb_is_in_the_table():
    modules = {module.name for module in pkgutil.iter_modules(gradatim.cli.__path__)}
    found = {name.rstrip("_") for name in modules if not name.startswith("_")}
    assert {name.replace("_", "-") for name in found} == {*VERBS, *SERVERS}


needs_shell = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")


@needs_shell
@pytest.mark.parametrize("verb", [*VERBS, *SERVERS])
@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (">/dev/full", "gradatim: the output: No space left on device."),
        (">&-", "gradatim: standard output is closed."),
    ],
)
def test_a_full_or_closed_output_is_one_sentence(here, verb, output, sentence):
    done = shell(named(verb, "run"), output)
    assert done.returncode == 2
    assert done.stderr.decode().splitlines()[-1] == sentence
    assert b"Traceback" not in done.stderr


@needs_shell
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_the_verdict_is_that_of_the_verb_though_nobody_reads_it(unbuffered):
    reading, writing = os.pipe()
    os.close(reading)
    plan = "warmup_cosine(peak=1, warmup=50, steps=100)"
    done = subprocess.run(
        [sys.executable, "-m", "gradatim", "check", plan, "--steps", "10"],
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
        timeout=600,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


# Those that write to stderr, have workers, or only print; the streams are prepared in one place.
@needs_shell
@pytest.mark.parametrize("verb", ["check", "convert", "race"])
def test_a_closed_input_and_a_closed_stderr_stop_no_verb(here, verb):
    done = shell(named(verb, "run"), "<&- 2>&-")
    assert done.returncode == VERBS[verb].code
    assert b"2 of 2" not in done.stdout, "the runs of a race have a stderr, too"
    assert not done.stdout.lstrip().startswith(b"#"), "what is meant for stderr stays out of code"


@needs_shell
@pytest.mark.parametrize("verb", VERBS)
def test_names_that_are_not_ascii_under_any_locale(here, verb):
    # A full stderr as well: a message that cannot be written ends no verb.
    poor = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
    done = shell(named(verb, "größe"), "2>/dev/full", **poor)
    assert done.returncode == VERBS[verb].code
    assert done.stdout.isascii()
    pages = [*here.glob("*.html"), *here.glob("größe/*.html")]
    assert len(pages) == ("--out" in named(verb, "größe"))
    assert verb == "find-peak" or all("größe" in p.read_text(encoding="utf-8") for p in pages)


PLANS = [verb for verb, call in VERBS.items() if call.takes_plan]


@pytest.fixture
def run(capsys):
    def run(arguments):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        out, err = capsys.readouterr()
        return stop.value.code or 0, out, err

    return run


@pytest.mark.parametrize("verb", PLANS)
def test_a_plan_may_come_on_stdin(here, run, monkeypatch, verb):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PLAN}\n"))
    code, from_stdin, _ = run(named(verb, "run", "-"))
    assert code == VERBS[verb].code
    if verb != "race":  # which prints how long its runs took
        assert from_stdin == run(named(verb, "run"))[1]


def test_the_studio_opens_what_is_on_stdin(run, monkeypatch):
    opened = []
    monkeypatch.setattr("gradatim.studio.session.Session.open_text", lambda _, *a: opened.append(a))
    server = SimpleNamespace(address="", run=lambda: None)
    monkeypatch.setattr("gradatim.studio.Studio", lambda *_: server)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PLAN}\n"))
    assert run(named("studio", "mine", "-"))[0] == 0
    assert opened == [("mine", f"{PLAN}\n")]


@pytest.mark.parametrize("verb", [*PLANS, *SERVERS])
def test_a_closed_stdin_is_one_sentence(here, run, monkeypatch, verb):
    monkeypatch.setattr(sys, "stdin", None)
    code, out, err = run(named(verb, "run", "-"))
    assert (code, out) == (2, "")
    assert err.endswith("-: stdin is closed.\n")
    assert len(err.splitlines()) == 1


def test_bytes_that_are_no_utf_8_become_text():
    given = b"gr\xc3\xb6\xdf".decode("ascii", "surrogateescape")
    assert as_utf8(given) == "grö\ufffd"
