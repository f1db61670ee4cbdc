"""The values that each update used: asked for, logged, or written to a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from gradatim.core.warn import warn
from gradatim.drive.history.files import save_history
from gradatim.drive.history.history import History
from gradatim.drive.updates import Updates


class Recorded:
    """Something that keeps a history of its updates."""

    updates: Updates

    _history: History
    _logged: int
    """The number of updates that ``log_history`` has logged."""
    _warned: set[str]

    @property
    def position(self) -> int:
        """The completed optimizer updates."""
        return self.updates.position

    @property
    def applied(self) -> dict[str, float] | None:
        """The values that the last update used; None before the first, and after a load."""
        return self._history.at(self.position - 1)

    def history(self, name: str = "lr") -> Iterator[tuple[int, float]]:
        """The updates since the start, or since the last load, and the value each one used.

        Yields:
            The number of completed updates before it, and the value.
        """
        return self._history.values(name, self.position)

    def save_history(self, path: str | os.PathLike[str]) -> None:
        """Write the history of all values, continuing the file of that name if there is one.

        A table, CSV: position, tick (unless the run is measured in updates) and a column for each
        value. Or, if the name ends in ".jsonl", the full record: the plans in force, and what other
        code wrote, from which ``gradatim history FILE --verify`` computes every value again.

        Updates of the file before the last load stay, later ones were lost with it and are
        replaced. Updates that are in neither are warned of. A kill leaves the old file or the new.

        Raises:
            GradatimError: If the file is something else. It is untouched.
        """
        gap = save_history(path, self._history, self.position)
        if gap is not None:
            self._warn_once("gap", gap)

    def log_history(self, log: Callable[[str, float, int], object]) -> None:
        """Log each update since the last call: ``log_history(writer.add_scalar)``.

        Args:
            log: Takes the name, the value and the position, as ``add_scalar`` of TensorBoard's
                ``SummaryWriter`` and ``mlflow.log_metric`` do.
        """
        while self._logged < self.position:
            for name, value in (self._history.at(self._logged) or {}).items():
                log(name, value, self._logged)
            self._logged += 1

    def _warn_once(self, about: str, message: str) -> None:
        if about not in self._warned:
            self._warned.add(about)
            warn(message)
