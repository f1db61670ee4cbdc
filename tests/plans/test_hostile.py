"""No file and no text makes a reader of plans do anything but refuse it, soon and in few words."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plans.hostile import PAYLOADS

WITNESS = Path(__file__).parent / "scripts" / "witness.py"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    for i, (_, ending, text) in enumerate(PAYLOADS):
        (folder / f"{i}{ending or '.txt'}").write_text(text, encoding="utf-8")
    names = [f"{i}{ending or '.txt'}" for i, (_, ending, _) in enumerate(PAYLOADS)]
    run = subprocess.run(
        [sys.executable, str(WITNESS), str(folder), *names],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=folder,
    )
    assert run.returncode == 0, run.stderr
    assert not (folder / "sentinel").exists()
    return json.loads(run.stdout)


def test_there_are_forty_and_more():
    assert len(PAYLOADS) >= 40


@pytest.mark.parametrize("i", range(len(PAYLOADS)), ids=[f"{n}{e}" for n, e, _ in PAYLOADS])
def test_a_payload_is_refused_without_any_effect(report, i):
    seen = report[f"{i}{PAYLOADS[i][1] or '.txt'}"]
    assert seen["events"] == []
    assert seen["said"] != "accepted"
    assert len(seen["said"]) < 1500
    assert seen["said"].count("\n") < 5
    assert seen["kib"] < 100 * 1024
    # Of the process alone: other work on the machine may not make this fail.
    assert seen["seconds"] < 5.0


def test_the_witness_would_see_it(tmp_path):
    text = WITNESS.read_text(encoding="utf-8").replace(
        "load_plan(watched)", "yaml.unsafe_load(text)"
    )
    (tmp_path / "broken.py").write_text(text, encoding="utf-8")
    (tmp_path / "0.yaml").write_text("!!python/object/apply:os.system ['true']", encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "broken.py", ".", "0.yaml"],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
        cwd=tmp_path,
    )
    assert any("os.system" in event for event in json.loads(run.stdout)["0.yaml"]["events"])
