"""A file that is saved is whole at every moment, whatever happens while it is saved."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gradatim import Driver, GradatimError, Linear, load_plan
from gradatim.core import atomic
from gradatim.drive.history.replay import summary_of
from gradatim.look import report
from tests.counting import LONG, counted

SCRIPTS = Path(__file__).parent / "scripts"


def text(path):
    return path.read_text(encoding="utf-8")


def test_new_and_replaced(tmp_path):
    path = tmp_path / "state.json"
    atomic.replace_file(path, "één")
    assert path.read_bytes() == "één".encode()
    atomic.replace_file(str(path), b"\x00two")
    assert path.read_bytes() == b"\x00two"
    assert os.listdir(tmp_path) == ["state.json"]


class Stop(BaseException):
    """Not an Exception: an interrupt from the keyboard is none either."""


@pytest.mark.parametrize("error", [OSError("no space left"), Stop()])
@pytest.mark.parametrize("point", ["open", "chmod", "write", "flush", "fsync", "replace"])
def test_a_failure_at_any_point_leaves_the_old_file_and_nothing_else(
    tmp_path, monkeypatch, point, error
):
    path = tmp_path / "state.json"
    atomic.replace_file(path, "old")

    def fails(*_, **__):
        raise error

    class Failing:
        """A file of which one method fails, the write after its first half."""

        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def __getattr__(self, name):
            return fails if name == point else getattr(self.file, name)

        def write(self, data):
            if point == "write":
                self.file.write(data[: len(data) // 2])
                self.file.flush()
                raise error
            return self.file.write(data)

    opened = fails if point == "open" else lambda *args: Failing(open(*args))  # noqa: SIM115
    monkeypatch.setattr(atomic, "open", opened, raising=False)
    if point in ("chmod", "fsync", "replace"):
        monkeypatch.setattr(os, point, fails)
    with pytest.raises(type(error)):
        atomic.replace_file(path, "new content")
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["state.json"]
    assert text(path) == "old"
    atomic.replace_file(path, "new content")
    assert text(path) == "new content"


def test_a_driver_that_could_not_be_saved_goes_on(tmp_path, monkeypatch):
    driver = Driver({"lr": Linear(start=0.0, end=1.0, steps=4)})
    driver.save(tmp_path / "state.json")
    driver.advance()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("gone")))
    with pytest.raises(OSError, match="gone"):
        driver.save(tmp_path / "state.json")
    monkeypatch.undo()
    assert json.loads(text(tmp_path / "state.json"))["position"] == 0
    assert driver.position == 1


def test_data_is_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: (done.append("fsync"), fsync(file)))
    monkeypatch.setattr(os, "replace", lambda *names: (done.append("replace"), replace(*names)))
    atomic.replace_file(tmp_path / "state.json", "x")
    assert done == ["fsync", "replace"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o400])
def test_a_file_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "state.json"
    atomic.replace_file(path, "old")
    path.chmod(mode)
    atomic.replace_file(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_has_those_that_the_user_gives_to_new_files(tmp_path, mask):
    before = os.umask(mask)
    try:
        atomic.replace_file(tmp_path / "state.json", "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "state.json").stat().st_mode) == 0o666 & ~mask


def test_a_link_still_points_to_the_file(tmp_path):
    (tmp_path / "runs").mkdir()
    target, link = tmp_path / "runs" / "7.json", tmp_path / "latest.json"
    atomic.replace_file(target, "old")
    link.symlink_to(target)
    atomic.replace_file(link, "new")
    assert link.is_symlink()
    assert text(target) == "new"
    assert os.listdir(target.parent) == ["7.json"]


def test_a_folder_that_is_not_there(tmp_path):
    path = tmp_path / "runs" / "state.json"
    with pytest.raises(FileNotFoundError) as error:
        atomic.replace_file(path, "x")
    assert error.value.filename == str(path)  # what was asked for, and not the file beside it
    assert os.listdir(tmp_path) == []


def test_a_link_to_itself_stays(tmp_path):
    path = tmp_path / "state.json"
    path.symlink_to(path)
    with pytest.raises(OSError, match=r"Too many levels of symbolic links: '.*state\.json'"):
        atomic.replace_file(path, "x")
    assert path.is_symlink()


def test_a_name_may_be_as_long_as_the_system_allows(tmp_path):
    path = tmp_path / ("n" * 255)
    atomic.replace_file(path, "old")
    atomic.replace_file(path, "new")
    assert text(path) == "new"


def test_a_file_that_may_not_be_written_stays(tmp_path, monkeypatch):
    path = tmp_path / "state.json"
    path.write_text("old", encoding="utf-8")
    # Tests may run as root, who may write every file.
    monkeypatch.setattr(os, "access", lambda asked, mode: (asked, mode) != (str(path), os.W_OK))
    with pytest.raises(PermissionError, match=r"Permission denied: '.*state\.json'"):
        atomic.replace_file(path, "new")
    assert text(path) == "old"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (None, "a text or a pathlib.Path, got None"),
        (3, "a text or a pathlib.Path, got 3"),
        (b"state.json", "a text or a pathlib.Path, got b'state.json'"),
        ("", "neither empty nor with a NUL in it, got ''"),
        ("a\0b", r"neither empty nor with a NUL in it, got 'a\x00b'"),
        ("\ud800", r"one that this system can encode, got '\ud800'"),
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        lambda path: atomic.replace_file(path, "x"),
        Driver({"lr": 1.0}).save,
        Driver({"lr": 1.0}).restore,
        Driver({"lr": 1.0}).save_history,
        summary_of,
        load_plan,
        lambda path: report(Linear(0.0, 1.0, 5), path),
    ],
    ids=["replace", "save", "restore", "save_history", "summary_of", "load_plan", "report"],
)
def test_what_is_no_name_of_a_file_is_refused(call, path, said):
    with pytest.raises(GradatimError) as refusal:
        call(path)
    assert str(refusal.value) == f"The name of a file must be {said}."


def run(script, *arguments):
    program = [sys.executable, SCRIPTS / script, *map(str, arguments)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "state.json"
    assert run("save_without_room.py", path) == "File too large ['state.json']"
    assert text(path) == "old" * 100


@pytest.mark.parametrize("kills", [200, pytest.param(LONG["R8"], marks=pytest.mark.long)])
def test_a_kill_at_any_moment_leaves_the_last_state_or_the_new_one(tmp_path, kills):
    # The program looks at the file after each kill. That some fell into a save shows that it
    # looked at what it was to look at.
    assert int(run("kill_savers.py", tmp_path / "state.json", kills, 1)) >= kills // 2
    counted(kills)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe with a name")
def test_a_pipe_a_device_or_a_folder_is_not_replaced(tmp_path):
    pipe, link, folder = tmp_path / "pipe", tmp_path / "state.json", tmp_path / "folder"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    folder.mkdir()
    for path, what in (
        (pipe, "a pipe"),
        (link, "a pipe"),
        (os.devnull, "a pipe"),
        (folder, "a fo"),
    ):
        with pytest.raises(GradatimError, match=f"^{path}: it is {what}.*not a regular file"):
            atomic.replace_file(path, "new")
        with pytest.raises(GradatimError, match="not a regular file"):
            Driver({"lr": 1.0}).save(path)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    assert sorted(os.listdir(tmp_path)) == ["folder", "pipe", "state.json"]
