"""Halving: drops contestants that are clearly behind, after 2, 4, 8 and so on seeds."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from gradatim.race.compare import interval
from gradatim.race.result import Dropped

if TYPE_CHECKING:
    from gradatim.race.result import Race
    from gradatim.race.task import Task

_FIRST = 2
"""Seeds before the first decision; one alone gives no variance."""


def rungs(seeds: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """The seeds between two decisions; each decision doubles their number.

    >>> rungs(range(10))
    ((0, 1), (2, 3), (4, 5, 6, 7), (8, 9))
    """
    ends = [0, *(_FIRST * 2**n for n in range(len(seeds)) if _FIRST * 2**n < len(seeds))]
    return tuple(tuple(seeds[a:b]) for a, b in zip(ends, [*ends[1:], len(seeds)], strict=True))


def halving_rule(task: Task) -> str:
    """The rule by which a race of this task drops contestants, as a sentence."""
    if forecastable(task):
        return (
            "Halving uses the forecast from the losses of the other contestants if there is one, "
            "and otherwise the metrics of the finished seeds."
        )
    return (
        f"Halving uses the metrics of the finished seeds: a forecast needs a loss that the task "
        f"yields at each update, and this race compares what {task.name} returns as {task.metric}."
    )


def forecastable(task: Task) -> bool:
    """Whether the task yields losses, and its race compares the last one."""
    yields = inspect.isgeneratorfunction(task.run)
    return yields and task.metric == "loss" and task.better == "lower"


class _Range(NamedTuple):
    """An interval for the mean of a contestant, and how it was computed."""

    low: float
    high: float
    by: str = "over the seeds"

    def behind(self, best: _Range, higher: bool) -> bool:
        """Whether this interval is entirely worse than that of the best contestant."""
        return self.high < best.low if higher else self.low > best.high

    def __str__(self) -> str:
        return f"{self.low:.4g} to {self.high:.4g} {self.by}"


def contestants_to_drop(race: Race, seeds: Sequence[int]) -> list[Dropped]:
    """The contestants that are behind the best after these seeds.

    Each has an interval for its mean: Student's t over the seeds or, where there is one, the
    forecast from the other contestants, widened to include the measured mean. A contestant stays if
    its interval overlaps that of the best, or if only some of its seeds failed.
    """
    out = {one.name for one in race.dropped}
    ends = {name: _final_metrics(race, name, seeds) for name in race.contestants if name not in out}
    means = {name: fmean(each) for name, each in ends.items() if len(each) == len(seeds)}
    if not means:
        return []
    higher = race.task.better == "higher"
    best = max(means, key=lambda name: means[name] if higher else -means[name])
    ranges = {name: _Range(*interval(ends[name])[1:]) for name in means}
    if forecastable(race.task):
        ranges.update(_forecasts(race, seeds, means))
    dropped = []
    for name, each in ends.items():
        if not each and not _has_error(race, name, seeds):
            why = f"none of its {len(seeds)} runs ended with a number"
            dropped.append(Dropped(name, len(seeds), why))
        elif name in means and ranges[name].behind(ranges[best], higher):
            why = f"{race.task.metric} {ranges[name]}, and that of {best!r} {ranges[best]}"
            dropped.append(Dropped(name, len(seeds), why))
    return dropped


def _final_metrics(race: Race, name: str, seeds: Sequence[int]) -> list[float]:
    runs = (run for run in race.runs if run.name == name and run.seed in seeds)
    return [run.metrics[race.task.metric] for run in runs if race.task.metric in run.metrics]


def _has_error(race: Race, name: str, seeds: Sequence[int]) -> bool:
    """Whether a run ended in an error, which is no evidence against the schedule."""
    return any(run.error for run in race.runs if run.name == name and run.seed in seeds)


def _forecasts(
    race: Race, seeds: Sequence[int], means: Mapping[str, float]
) -> Iterator[tuple[str, _Range]]:
    from gradatim.race.hindsight import forecast_each  # needs numpy, unlike the rest of a race

    runs = tuple(run for run in race.runs if run.seed in seeds)
    for seen in forecast_each(replace(race, runs=runs)):
        if seen.forecast and seen.name in means:
            low = min(seen.forecast.low, means[seen.name])
            high = max(seen.forecast.high, means[seen.name])
            yield seen.name, _Range(low, high, "by forecast")
