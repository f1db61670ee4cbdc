"""A race as a value: what was asked for, what has been run, and what that amounts to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gradatim.choose.compare import Comparison, Standing, comparisons, standings
from gradatim.choose.task import Task
from gradatim.choose.trial import FinishedRun
from gradatim.core.schedule import Schedule


@dataclass(frozen=True)
class Race:
    """A race as it stands: what was asked for, and those of its runs that are finished.

    ``updates`` is None if the task alone knows how many it makes; ``made_with`` has the versions,
    more than one set of them if the race was resumed with others.
    """

    task: Task
    updates: int | None
    contestants: Mapping[str, Schedule]
    seeds: tuple[int, ...]
    runs: tuple[FinishedRun, ...]
    folder: Path
    made_with: tuple[Mapping[str, str], ...]

    @property
    def size(self) -> int:
        """How many runs were asked for."""
        return len(self.contestants) * len(self.seeds)

    @cached_property
    def table(self) -> tuple[Standing, ...]:
        """Runs, failures, mean and deviation of each contestant."""
        return standings(self.runs, list(self.contestants), self.task.metric)

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """The differences between contestants, seed by seed, each with its uncertainty."""
        names = list(self.contestants)
        return comparisons(self.runs, names, self.task.metric, self.task.better)
