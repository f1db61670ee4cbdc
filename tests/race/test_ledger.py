"""The record on disk: nothing finished is lost, whatever happens to the file or the folder."""

import errno
import json
import os

import pytest

from gradatim import Constant, GradatimError
from gradatim.race.ledger import Ledger
from gradatim.race.trial import FinishedRun

TASK = {"name": "toy", "version": "1", "updates": 3}
VERSIONS = {"python": "3.11"}


def finished(seed):
    config = Constant(value=1.0).config()
    curve = {"steps": (0,), "rates": (1.0,), "losses": (1.5,)}
    return FinishedRun("it", seed, config, metrics={"loss": 1.5}, **curve)


def seeds(folder):
    with Ledger(folder, TASK, VERSIONS) as ledger:
        return sorted(run.seed for run in ledger.runs.values())


def fill(folder, *seeds):
    with Ledger(folder, TASK, VERSIONS) as ledger:
        for seed in seeds:
            ledger.append(finished(seed))


def test_what_was_appended_is_there_after_opening_again(tmp_path):
    fill(tmp_path / "new" / "deep", 0, 1)
    fill(tmp_path / "new" / "deep", 2)
    assert seeds(tmp_path / "new" / "deep") == [0, 1, 2]


def test_a_run_is_on_the_disk_when_append_returns(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with Ledger(tmp_path, TASK, VERSIONS) as ledger:
        synced.clear()
        ledger.append(finished(0))
        assert len(synced) == 1
        assert (tmp_path / "runs.jsonl").read_text() == finished(0).to_json()


def test_a_line_torn_anywhere_is_dropped_and_the_next_one_starts_clean(tmp_path):
    fill(tmp_path, 0, 1)
    whole = (tmp_path / "runs.jsonl").read_bytes()
    first = whole.index(b"\n") + 1
    for length in range(first, len(whole)):
        (tmp_path / "runs.jsonl").write_bytes(whole[:length])
        fill(tmp_path, 2)
        assert seeds(tmp_path) == [0, 2], f"cut after {length} bytes"


def test_zeros_at_the_end_are_a_torn_line(tmp_path):
    fill(tmp_path, 0)
    with open(tmp_path / "runs.jsonl", "ab") as file:
        file.write(bytes(100))
    assert seeds(tmp_path) == [0]


@pytest.mark.parametrize("line", [b"{}\n", b"[]\n", b"7\n", b"no json\n", b'{"steps": 3}\n', b"\n"])
def test_a_broken_line_in_the_middle_is_reported_not_skipped(tmp_path, line):
    fill(tmp_path, 0)
    good = (tmp_path / "runs.jsonl").read_bytes()
    (tmp_path / "runs.jsonl").write_bytes(good + line + good)
    with pytest.raises(GradatimError, match=r"line 2, is not a finished run. Delete the line"):
        seeds(tmp_path)
    assert (tmp_path / "runs.jsonl").read_bytes() == good + line + good


@pytest.mark.parametrize(
    "change",
    [
        {"metrics": {"loss": "low"}},
        {"metrics": {"loss": None}},
        {"metrics": {"loss": float("nan")}},
        {"metrics": {"loss": True}},
        {"metrics": 3},
        {"losses": [1.5, 2.0]},
        {"losses": ["1.5"], "rates": [0.1]},
        {"rates": [float("inf")]},
        {"steps": [-1]},
        {"steps": [10**30]},
        {"steps": [0.5]},
        {"seed": "0"},
        {"seed": True},
        {"name": 5},
        {"failed": 1},
        {"seconds": "long"},
        {"schedule": []},
        {"extra": 1},
    ],
    ids=str,
)
def test_a_line_edited_into_something_else_is_reported_wherever_it_stands(tmp_path, change):
    fill(tmp_path, 0)
    good = (tmp_path / "runs.jsonl").read_text()
    edited = json.dumps(json.loads(good) | change) + "\n"
    for text, line in ((good + edited, 2), (edited + good, 1)):
        (tmp_path / "runs.jsonl").write_text(text)
        with pytest.raises(GradatimError, match=rf"line {line}, is not a finished run. Delete"):
            seeds(tmp_path)
        assert (tmp_path / "runs.jsonl").read_text() == text


@pytest.mark.parametrize("written", [0, 1, 40])
def test_a_full_disk_keeps_every_run_and_leaves_no_half_line(tmp_path, monkeypatch, written):
    class Full:
        """A file on a disk that takes a few more bytes and then no more."""

        def __init__(self, file):
            self.file = file
            self.left = written

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, data):
            if not self.left:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            taken, self.left = self.file.write(data[: self.left]), 0
            return taken

    with Ledger(tmp_path, TASK, VERSIONS) as ledger:
        ledger.append(finished(0))
        monkeypatch.setattr(ledger, "_file", Full(ledger._file))
        with pytest.raises(
            GradatimError, match=r"No space left on device\. 1 finished runs are kept"
        ):
            ledger.append(finished(1))
    assert (tmp_path / "runs.jsonl").read_text() == finished(0).to_json()


def test_a_folder_of_another_race_is_refused_with_the_difference(tmp_path):
    fill(tmp_path, 0)
    for change, says in [
        ({"name": "text"}, "holds another race: its task is 'toy', not 'text'"),
        ({"version": "2"}, "its version of the task is '1', not '2'"),
        ({"updates": None}, "its number of updates is 3, not None"),
    ]:
        with pytest.raises(GradatimError, match=says) as refusal:
            Ledger(tmp_path, TASK | change, VERSIONS)
        assert "Name another folder with out." in str(refusal.value)
    assert seeds(tmp_path) == [0]


NESTED = '{"a":' * 100_000
VERSIONS_TEXT = '{"format": 1, "task": {}, "made_with": "3"}'


@pytest.mark.parametrize(
    "header",
    ["", "[]", "{}", '{"format": 1}', "\0", VERSIONS_TEXT, pytest.param(NESTED, id="deep")],
)
def test_a_header_that_is_none_is_refused(tmp_path, header):
    (tmp_path / "race.json").write_text(header)
    with pytest.raises(GradatimError, match=r"race.json does not describe a race"):
        Ledger(tmp_path, TASK, VERSIONS)


def test_a_later_format_is_refused(tmp_path):
    fill(tmp_path)
    header = json.loads((tmp_path / "race.json").read_text())
    (tmp_path / "race.json").write_text(json.dumps(header | {"format": 9}))
    with pytest.raises(GradatimError, match="has format 9, and this version reads 1"):
        Ledger(tmp_path, TASK, VERSIONS)


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "report.html").write_text("mine")
    with pytest.raises(GradatimError, match="holds other files and no race"):
        Ledger(tmp_path, TASK, VERSIONS)
    assert os.listdir(tmp_path) == ["report.html"]


def test_what_a_kill_leaves_before_the_first_header_is_no_obstacle(tmp_path):
    (tmp_path / ".race.json.x.part").write_text("{")
    fill(tmp_path, 0)
    assert seeds(tmp_path) == [0]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(GradatimError, match="out must be a folder that can be written, got"):
            Ledger(folder, TASK, VERSIONS)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no lock on a folder")
def test_two_races_do_not_share_a_folder(tmp_path):
    with (
        Ledger(tmp_path, TASK, VERSIONS),
        pytest.raises(GradatimError, match="another race is running in"),
    ):
        Ledger(tmp_path, TASK, VERSIONS)
    assert seeds(tmp_path) == []


def test_the_header_tells_with_which_versions_the_runs_were_made(tmp_path):
    for version in ("3.11", "3.12", "3.11"):
        with Ledger(tmp_path, TASK, {"python": version}) as ledger:
            made_with = ledger.made_with
    assert made_with == [{"python": "3.12"}, {"python": "3.11"}]
    assert json.loads((tmp_path / "race.json").read_text())["made_with"] == made_with
