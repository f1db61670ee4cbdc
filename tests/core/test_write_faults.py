"""The disk fails at every call that a save makes, one after the other, in every way a disk can.

Each writer of the package saves over an old file. After a failure the old content is there, nothing
lies beside it, and the next save succeeds; a write that is interrupted or takes a part is no
failure.
"""

import errno
import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gradatim import Constant, Driver, Linear, Plan, Plateau
from gradatim.core import atomic
from gradatim.look import report
from gradatim.race.ledger import Ledger
from gradatim.race.trial import FinishedRun
from tests.counting import counted

ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS)
PART = 400
"""Bytes that a write takes at most, so that each save makes several writes."""


class Disk:
    """Counts the calls that change files, and lets one of them fail."""

    def __init__(self, monkeypatch, fails_at: int, error: int) -> None:
        self.calls, self.fails_at, self.error = 0, fails_at, error
        for name in ("fsync", "replace", "chmod", "truncate"):
            monkeypatch.setattr(os, name, self._watched(getattr(os, name)))
        monkeypatch.setattr(atomic, "open", self.open, raising=False)
        monkeypatch.setattr("gradatim.race.ledger.open", self.open, raising=False)

    def call(self) -> None:
        self.calls += 1
        if self.calls == self.fails_at:
            raise OSError(self.error, os.strerror(self.error))

    def _watched(self, function: Callable) -> Callable:
        def watched(*arguments):
            self.call()
            return function(*arguments)

        return watched

    def open(self, path, mode, buffering=-1):
        self.call()
        raw = File(path, mode)
        raw.disk = self
        return raw if buffering == 0 else io.BufferedWriter(raw)


class File(io.FileIO):
    """A file whose writes take a part, as on a disk that is nearly full."""

    disk: Disk

    def write(self, data) -> int:
        self.disk.call()
        return super().write(memoryview(data)[:PART])


def driver(updates: int) -> Driver:
    made = Driver({"lr": Linear(1.0, 0.0, 100)}, {"lr": Plateau(mode="min")})
    made.advance(updates)
    return made


def save_scheduler_of_speechbrain(path: Path, updates: int) -> None:
    from gradatim.speechbrain import NewBobScheduler

    scheduler = NewBobScheduler(initial_value=1.0)
    for _ in range(updates):
        scheduler(1.0)
    scheduler.save(path)


def append_to_race(path: Path, updates: int) -> None:
    task = {"name": "toy", "version": "1", "updates": 3}
    with Ledger(path.parent / "race", task, {"python": "3"}) as ledger:
        config = Constant(1.0).config()
        ledger.append(FinishedRun("it", updates, config, error="x" * 1000))


WRITERS: dict[str, Callable[[Path, int], object]] = {
    "state.json": lambda path, k: driver(k).save(path),
    "run.jsonl": lambda path, k: driver(k).save_history(path),
    "run.csv": lambda path, k: driver(k).save_history(path),
    "report.html": lambda path, k: report(Plan({"lr": Linear(1.0, 0.0, k)}), path),
    "newbob.pt": save_scheduler_of_speechbrain,
}


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def attempt(save) -> str | None:
    """What a save raised."""
    try:
        save()
    except (OSError, ValueError) as error:
        return str(error)
    return None


def every_call(save, prepare, check) -> int:
    """Lets each call of a save fail in each way; returns how many failures that were."""
    injected = 0
    for error in ERRORS:
        fails_at, finished = 0, False
        while not finished:
            fails_at += 1
            prepare()
            with pytest.MonkeyPatch.context() as patch:
                disk = Disk(patch, fails_at, error)
                said = attempt(save)
                finished = disk.calls < fails_at
            assert finished == (said is None)
            if said is not None:
                assert os.strerror(error) in said
                check()
                injected += 1
    return injected


@pytest.mark.parametrize("name", WRITERS)
def test_a_failing_call_leaves_the_old_file_and_the_next_save_succeeds(name, tmp_path):
    save, path = WRITERS[name], tmp_path / name
    save(tmp_path / f"new-{name}", 20)
    wanted = (tmp_path / f"new-{name}").read_bytes()
    (tmp_path / f"new-{name}").unlink()
    save(path, 3)
    before = files_of(tmp_path)

    def check():
        assert files_of(tmp_path) == before

    injected = every_call(lambda: save(path, 20), lambda: path.write_bytes(before[name]), check)
    assert injected >= 4 * len(ERRORS)
    assert path.read_bytes() == wanted  # the last save, without a failure
    assert os.listdir(tmp_path) == [name]
    counted(injected)


def test_a_ledger_keeps_every_finished_run_whatever_call_fails(tmp_path):
    append_to_race(tmp_path / "x", 0)
    kept = (tmp_path / "race" / "runs.jsonl").read_bytes()

    def check():
        lines = (tmp_path / "race" / "runs.jsonl").read_bytes()
        assert lines.startswith(kept)
        assert all(json.loads(line)["seed"] in (0, 1) for line in lines.splitlines())
        assert json.loads((tmp_path / "race" / "race.json").read_bytes())["format"] == 1
        assert sorted(os.listdir(tmp_path / "race")) == ["race.json", "runs.jsonl"]

    def prepare():
        (tmp_path / "race" / "runs.jsonl").write_bytes(kept)

    injected = every_call(lambda: append_to_race(tmp_path / "x", 1), prepare, check)
    assert injected > 4 * len(ERRORS)
    counted(injected)


@pytest.mark.parametrize("name", WRITERS)
def test_an_interrupted_write_is_made_again(name, tmp_path):
    save, path = WRITERS[name], tmp_path / name
    save(path, 20)
    wanted = path.read_bytes()
    path.unlink()
    writes = 0

    class Interrupted(File):
        interrupted = False

        def write(self, data):
            nonlocal writes
            self.interrupted = not self.interrupted
            if self.interrupted:
                writes += 1
                raise InterruptedError(errno.EINTR, "interrupted")
            return super().write(data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{__name__}.File", Interrupted)
        Disk(patch, -1, errno.EIO)
        save(path, 20)
    assert path.read_bytes() == wanted
    assert writes >= 1
    counted(writes)
