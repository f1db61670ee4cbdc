"""The record of a race on disk: one line for each finished run, only ever appended."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from gradatim.core import atomic
from gradatim.errors import GradatimError
from gradatim.race.trial import FinishedRun

_FORMAT = 1
_ELSEWHERE = "Name another folder with out."
_WORDS = {"name": "task", "version": "version of the task", "updates": "number of updates"}


class Ledger:
    """The folder of a race: ``race.json`` describes it, ``runs.jsonl`` has the finished runs.

    One process appends the runs one by one and syncs each to disk, so that a finished run is
    neither lost nor repeated, however the race ends.

    Args:
        folder: The folder; created if it does not exist.
        task: What identifies the task, as plain data. A folder holds runs of one task.
        made_with: The versions of packages now; ``self.made_with`` has those of older runs too.
        facts: Further entries of ``race.json``, for its readers.

    Raises:
        GradatimError: If the folder cannot be written, holds something else, or is in use.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        task: Mapping[str, Any],
        made_with: Mapping[str, str],
        **facts: Any,
    ) -> None:
        self.folder = Path(folder)
        self.runs: dict[str, FinishedRun] = {}
        self._header = self.folder / "race.json"
        self._lines = self.folder / "runs.jsonl"
        with contextlib.ExitStack() as stack:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                stack.callback(os.close, _lock(self.folder))
                before = self._check_header(task)
                self.made_with = [*(v for v in before if v != made_with), dict(made_with)]
                header = {"format": _FORMAT, "task": dict(task), **facts}
                header["made_with"] = self.made_with
                atomic.replace_file(self._header, json.dumps(header, indent=2) + "\n")
                # Unbuffered: written data is not lost when this process is killed.
                self._file = stack.enter_context(open(self._lines, "ab", buffering=0))
                self._read_runs()
            except OSError as error:
                raise GradatimError(
                    f"race: out must be a folder that can be written, got {str(folder)!r}: "
                    f"{error.strerror or error}. {_ELSEWHERE}"
                ) from None
            self._open = stack.pop_all()

    def append(self, run: FinishedRun) -> None:
        """Add a finished run; when this returns, the run is on the disk.

        Raises:
            GradatimError: If it cannot be written. The runs before it are kept.
        """
        end = os.fstat(self._file.fileno()).st_size
        data = memoryview(run.to_json().encode())
        try:
            while data:
                data = data[self._file.write(data) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(end)
            raise GradatimError(
                f"race: cannot write {self._lines}: {error.strerror or error}. "
                f"{len(self.runs)} finished runs are kept there. Make room, then start the same "
                "race again; it goes on from them."
            ) from None
        self.runs[run.key] = run

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def _check_header(self, task: Mapping[str, Any]) -> list[dict[str, str]]:
        """Refuse a folder of anything but this race; returns the versions of its runs."""
        if not self._header.exists():
            if any(not path.name.startswith(".") for path in self.folder.iterdir()):
                raise GradatimError(
                    f"race: {self.folder} holds other files and no race. {_ELSEWHERE}"
                )
            return []
        try:
            header = json.loads(self._header.read_bytes())
            written, there = header["format"], dict(header["task"])
            made_with = [dict(versions) for versions in header["made_with"]]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise GradatimError(
                f"race: {self._header} does not describe a race. {_ELSEWHERE}"
            ) from None
        if written != _FORMAT:
            raise GradatimError(
                f"race: {self._header} has format {written!r}, and this version reads {_FORMAT}. "
                f"{_ELSEWHERE}"
            )
        for name in {**there, **task}:
            if there.get(name) != task.get(name):
                raise GradatimError(
                    f"race: {self.folder} holds another race: its {_WORDS.get(name, name)} is "
                    f"{there.get(name)!r}, not {task.get(name)!r}. {_ELSEWHERE}"
                )
        return made_with

    def _read_runs(self) -> None:
        complete = 0
        lines = self._lines.read_bytes().splitlines(keepends=True)
        for number, line in enumerate(lines, 1):
            try:
                if not line.endswith(b"\n"):
                    raise ValueError
                run = FinishedRun.from_json(line)
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                if number == len(lines) and not _is_json(line):
                    break  # incomplete: the race was killed while writing it; the run is repeated
                raise GradatimError(
                    f"race: {self._lines}, line {number}, is not a finished run. Delete the line, "
                    "and that run is repeated."
                ) from None
            self.runs[run.key] = run
            complete += len(line)
        self._file.truncate(complete)


def _is_json(line: bytes) -> bool:
    """Whether a line was written to its end."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return line.endswith(b"\n")


def _lock(folder: Path) -> int:
    """Lock the folder until this process ends; a second race is refused."""
    if sys.platform == "win32":  # cannot lock a folder
        return os.open(os.devnull, os.O_RDONLY)
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise GradatimError(
            f"race: another race is running in {folder}. Wait for its end. {_ELSEWHERE}"
        ) from None
    except OSError:
        pass  # a network disk without locks
    return handle
