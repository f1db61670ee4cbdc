"""The logs that were dropped on the page."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from gradatim.errors import GradatimError, unknown_name
from gradatim.studio.body import Data

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST = 16
"""The logs that are kept at a time."""
_DRAWN = 2_000
_ENDINGS = (".csv", ".jsonl", ".ndjson", ".json", ".log", ".txt")


class Incoming(NamedTuple):
    """A log that is arriving."""

    name: str
    """The name of the file on the user's machine; it is shown, and never opened."""
    path: Path
    file: BinaryIO

    @property
    def key(self) -> str:
        """What the page calls it by."""
        return self.path.name.partition(".")[0]

    def sentence(self, error: GradatimError) -> str:
        """An error about this log, by the name that the user knows."""
        return f"{error}".replace(str(self.path), self.name).replace(self.path.stem, self.name)

    def write(self, chunk: bytes) -> None:
        """Add some bytes."""
        self.file.write(chunk)


class DroppedLogs:
    """The dropped logs, in a temporary folder that ``close`` removes."""

    def __init__(self) -> None:
        self._logs: dict[str, Incoming] = {}
        self._described: dict[str, Data] = {}

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
        """Read a log that has arrived, and keep it.

        Raises:
            GradatimError: If it is no log, or too many are open.
        """
        if len(self._logs) >= MOST:
            raise GradatimError(f"studio: {MOST} logs are open already. Close one of them.")
        incoming.file.flush()
        self._described[incoming.key] = describe(incoming)
        self._logs[incoming.key] = incoming
        return self._described[incoming.key]

    def drop(self, key: str) -> None:
        """Forget a log, and remove its file."""
        self[key].path.unlink()
        del self._logs[key], self._described[key]

    def described(self) -> list[Data]:
        """What there is to draw of each log."""
        return list(self._described.values())

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

    def __getitem__(self, key: str) -> Incoming:
        """The log of a key."""
        if key not in self._logs:
            raise unknown_name("studio", "log", key, self._logs)
        return self._logs[key]


def describe(log: Incoming) -> Data:
    """What there is to draw of a log: its losses and its rates.

    Raises:
        GradatimError: If it has neither.
    """
    import numpy as np

    from gradatim.logs import read_log, read_rates  # the page begins without it

    problems: list[str] = []
    rates: list[Data] = []
    losses: Data = None
    try:
        rates = [
            {"name": one.name, **_thinned(one.steps, one.rates)} for one in read_rates(log.path)
        ]
    except GradatimError as error:
        problems.append(log.sentence(error))
    try:
        found = read_log(log.path)
        steps = sorted(found.losses)
        losses = _thinned(np.array(steps), np.array([found.losses[step] for step in steps]))
    except GradatimError as error:
        problems.append(log.sentence(error))
    if not rates and losses is None:
        raise GradatimError(" ".join(problems))
    return {
        "id": log.key,
        "name": log.name,
        "rates": rates,
        "losses": losses,
        "problems": problems,
    }


def _thinned(
    steps: NDArray[np.int64] | NDArray[np.float64], values: NDArray[np.float64]
) -> dict[str, Data]:
    """At most so many of some points, without those that are no numbers."""
    import numpy as np

    fine = np.flatnonzero(np.isfinite(values))
    kept = fine[np.unique(np.linspace(0, max(len(fine) - 1, 0), _DRAWN).astype(int))]
    return {"steps": steps[kept].tolist(), "values": values[kept].tolist()}


def _ending(name: str) -> str:
    """The ending by which the format of a log is known, of a list that is known here."""
    if ".tfevents." in name:
        return ".tfevents.log"
    return next((ending for ending in _ENDINGS if name.lower().endswith(ending)), ".txt")
