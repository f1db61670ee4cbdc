"""What one start of the studio holds: the texts it began with, and the logs that were dropped."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gradatim.plans.plan import read_plan_text
from gradatim.studio.dropped import DroppedLogs


class Opened(NamedTuple):
    """A text that the studio was started with, and its name."""

    name: str
    text: str


class Session:
    """The texts of the cards that the page begins with, and the logs."""

    def __init__(self) -> None:
        self.opened: list[Opened] = []
        self.logs = DroppedLogs()

    def open_text(self, name: str, text: str) -> None:
        """Begin with a card of this text."""
        self.opened.append(Opened(name, text))

    def open_plan(self, name: str, path: Path) -> None:
        """Begin with a card of the text of a plan file.

        Raises:
            GradatimError: If it cannot be read. What is wrong with the plan, the page says.
        """
        self.open_text(name, read_plan_text(path))

    def open_log(self, path: Path) -> None:
        """Begin with a log.

        Raises:
            GradatimError: If it cannot be read.
        """
        self.logs.copy(path)
