"""The logs that were dropped on the page."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, NamedTuple

from gradatim.errors import GradatimError, unknown_name
from gradatim.studio.body import Data

MOST = 16
"""The logs that are kept at a time."""
_ENDINGS = (".csv", ".jsonl", ".ndjson", ".json", ".log", ".txt")


class Incoming(NamedTuple):
    """A log that is arriving."""

    name: str
    """The name of the file on the user's machine; it is shown, and never opened."""
    path: Path
    file: BinaryIO

    def write(self, chunk: bytes) -> None:
        """Add some bytes."""
        self.file.write(chunk)


class DroppedLogs:
    """The dropped logs, in a temporary folder that ``close`` removes."""

    def __init__(self) -> None:
        self._logs: dict[str, Incoming] = {}

    @cached_property
    def _folder(self) -> TemporaryDirectory[str]:
        return TemporaryDirectory(prefix="gradatim-studio-")

    def close(self) -> None:
        """Remove all logs."""
        if "_folder" in vars(self):
            self._folder.cleanup()

    @contextmanager
    def incoming(self, name: str) -> Iterator[Incoming]:
        """A file for the bytes of a log; it is removed unless it is kept."""
        path = Path(self._folder.name, f"{secrets.token_hex(8)}{_ending(name)}")
        with path.open("xb") as file:
            incoming = Incoming(name[:200], path, file)
            try:
                yield incoming
            finally:
                if incoming not in self._logs.values():
                    path.unlink()

    def keep(self, incoming: Incoming) -> Data:
        """Read a log that has arrived, and keep it."""
        if len(self._logs) >= MOST:
            raise GradatimError(f"studio: {MOST} logs are open already. Close one of them.")
        incoming.file.flush()
        self._logs[incoming.path.stem.partition(".")[0]] = incoming
        return {"id": incoming.path.stem.partition(".")[0], "name": incoming.name}

    def copy(self, path: Path) -> None:
        """Keep a copy of a file, so that the log stays as it was read.

        Raises:
            GradatimError: If it cannot be read, or is no log.
        """
        try:
            with path.open("rb") as file, self.incoming(path.name) as incoming:
                while chunk := file.read(2**20):
                    incoming.write(chunk)
                self.keep(incoming)
        except OSError as error:
            raise GradatimError(f"studio: {path} cannot be read: {error.strerror}.") from None

    def path(self, key: str) -> Path:
        """The file of a log."""
        if key not in self._logs:
            raise unknown_name("studio", "log", key, self._logs)
        return self._logs[key].path


def _ending(name: str) -> str:
    """The ending by which the format of a log is known, of a list that is known here."""
    if ".tfevents." in name:
        return ".tfevents.log"
    return next((ending for ending in _ENDINGS if name.lower().endswith(ending)), ".txt")
