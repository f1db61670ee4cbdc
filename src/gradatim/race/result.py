"""The result of a race: its settings, its finished runs, and their statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gradatim.core.schedule import Schedule
from gradatim.race.compare import Comparison, Standing, comparisons, standings
from gradatim.race.task import Task
from gradatim.race.trial import FinishedRun


@dataclass(frozen=True)
class Dropped:
    """A contestant dropped by halving: its name, after how many seeds, and why."""

    name: str
    seeds: int
    why: str


@dataclass(frozen=True)
class Race:
    """A race: its settings, and those of its runs that are finished.

    ``updates`` is None if the task sets the length of its runs; ``made_with`` has the versions of
    packages, more than one set if the race was resumed with others. ``halving`` is the rule by
    which contestants were dropped, "" without halving.
    """

    task: Task
    updates: int | None
    contestants: Mapping[str, Schedule]
    seeds: tuple[int, ...]
    runs: tuple[FinishedRun, ...]
    folder: Path
    made_with: tuple[Mapping[str, str], ...]
    halving: str = ""
    dropped: tuple[Dropped, ...] = ()

    @property
    def size(self) -> int:
        """The number of runs, without those that halving saved."""
        saved = sum(len(self.seeds) - max(one.seeds, self._count(one.name)) for one in self.dropped)
        return len(self.contestants) * len(self.seeds) - saved

    def _count(self, name: str) -> int:
        return sum(run.name == name for run in self.runs)

    @cached_property
    def table(self) -> tuple[Standing, ...]:
        """Runs, failures, mean and deviation of each contestant."""
        return standings(self.runs, list(self.contestants), self.task.metric)

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """The differences between contestants, seed by seed, each with its uncertainty."""
        names = list(self.contestants)
        return comparisons(self.runs, names, self.task.metric, self.task.better)
