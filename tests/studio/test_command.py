"""``gradatim studio``: what it opens, where it listens, and how it ends."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gradatim.cli import main
from gradatim.studio.guard import TOKEN
from gradatim.studio.server import Studio
from gradatim.studio.session import Session
from tests.studio.served import TIMEOUT, running, send

SOURCE = Path(__file__).parents[2] / "src"
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/#token=([\w-]{32})")
COSINE = "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)"
ROWS = "step,lr,loss\n0,0.0,3.0\n10,0.1,2.0\n20,0.2,1.0\n"


@pytest.fixture
def started(tmp_path):
    """Starts the command in a folder of its own; Ctrl-C ends it, at the latest here."""
    processes = []

    def start(*arguments):
        known = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        process = subprocess.Popen(
            [sys.executable, "-m", "gradatim", "studio", "--no-browser", *arguments],
            cwd=tmp_path,
            env=known | {"PYTHONPATH": str(SOURCE), "TMPDIR": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


class Answering:
    """The address that a command printed."""

    def __init__(self, line):
        port, self.token = ADDRESS.fullmatch(line.strip()).groups()
        self.port = int(port)

    def start(self):
        return json.loads(send(self, "GET", "/api/start")[2])


def test_it_prints_its_address_answers_and_ctrl_c_ends_it_quietly(started, tmp_path):
    process = started(COSINE)
    studio = Answering(process.stdout.readline())
    assert studio.start()["cards"] == [{"name": "", "text": COSINE}]
    assert send(studio, "GET", "/api/start", **{TOKEN: "another"})[0] == 403
    assert process.stdout.readline() == "Ctrl-C ends it.\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=TIMEOUT) == ("", "")
    assert process.returncode == 0
    assert os.listdir(tmp_path) == []


def test_plans_texts_and_logs_are_opened(started, tmp_path):
    (tmp_path / "plan.yaml").write_text("format: 1\nschedules: {lr: {Constant: {value: 1}}}\n")
    (tmp_path / "log.csv").write_text(ROWS)
    state = {"log_history": [{"step": k, "learning_rate": 0.1, "loss": 3.0} for k in range(4)]}
    (tmp_path / "trainer_state.json").write_text(json.dumps(state))
    process = started("plan.yaml", f"mine={COSINE}", "log.csv", "trainer_state.json")
    begin = Answering(process.stdout.readline()).start()
    assert [card["name"] for card in begin["cards"]] == ["plan", "mine"]
    assert begin["cards"][0]["text"].startswith("format: 1")
    assert [log["name"] for log in begin["logs"]] == ["log.csv", "trainer_state.json"]
    assert begin["logs"][0]["losses"] == {"steps": [0, 10, 20], "values": [3.0, 2.0, 1.0]}
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=TIMEOUT)
    assert sorted(os.listdir(tmp_path)) == ["log.csv", "plan.yaml", "trainer_state.json"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["missing.yaml"], "missing.yaml: cannot be read"),
        (["missing.csv"], "missing.csv cannot be read"),
        (["empty.csv"], "empty.csv"),
        (["--port", "0"], "--port"),
    ],
)
def test_what_cannot_be_opened_is_refused_in_a_sentence(given, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(SystemExit) as end:
        main(["studio", "--no-browser", *given])
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert said in error
    assert "gradatim-studio-" not in error
    assert len(error.splitlines()) == 1


def test_a_port_in_use_is_refused_or_another_is_taken(capsys):
    with running() as studio:
        with pytest.raises(SystemExit) as end:
            main(["studio", "--no-browser", "--port", str(studio.port)])
        assert end.value.code == 2
        assert "Write another --port, or none." in capsys.readouterr().err
    first, second = Studio(Session()), Studio(Session())
    try:
        assert first.port != second.port
        assert first.token != second.token
    finally:
        first.socket.close()
        second.socket.close()


def test_handlers_of_logs_are_not_closed():
    closed = []

    class Handler(logging.Handler):
        def close(self):
            closed.append(self)

    handler = Handler()
    Studio(Session()).socket.close()
    assert closed == []
    logging.Handler.close(handler)


def test_the_browser_is_opened_at_the_address(monkeypatch, capsys):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr(Studio, "run", lambda self: self.socket.close())
    for arguments in ([], ["--no-browser"]):
        with pytest.raises(SystemExit) as end:
            main(["studio", *arguments])
        assert not end.value.code
    printed = [line for line in capsys.readouterr().out.splitlines() if ADDRESS.fullmatch(line)]
    assert opened == printed[:1]
