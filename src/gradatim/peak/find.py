"""Find the peak rate of a task by short complete runs."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from gradatim.core.values.fields import Positive, PositiveSteps, check_argument
from gradatim.errors import GradatimError, invalid_value, shown
from gradatim.peak.answer import PeakAnswer, answer
from gradatim.peak.schedules import DEFAULT, ScheduleOf, shortened
from gradatim.peak.stages import COARSE, coarse_peaks, neighbours, stages, updates_of
from gradatim.peak.surface import Ended, LossSurface
from gradatim.race import arguments, tasks
from gradatim.race.race import race
from gradatim.race.task import Task
from gradatim.race.trial import FinishedRun


class Probe(Protocol):
    """Makes runs of one length and seed, one at each peak, and says how they ended."""

    def __call__(self, peaks: Sequence[float], updates: int, seed: int) -> list[float]:
        """The loss at the end of each run, lower is better; infinite where it diverged."""


def find_peak(
    task: str | Task | Callable[..., Any],
    schedule: ScheduleOf = DEFAULT,
    *,
    steps: int,
    budget: float = 4.0,
    low: float = 1e-6,
    high: float = 10.0,
    jobs: int | None = None,
    engine: str = "local",
    out: str | os.PathLike[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> PeakAnswer:
    """Suggest the peak rate of a run, with an interval, or say why there is no suggestion.

    Trains short complete runs under the schedule itself, with as many updates of warm-up as the
    full run has: many peaks for a 16th of the length, then fewer for a quarter and for half of it.
    Computes from how the best peak moves where it lies at the full length. Starting the same search
    again continues it.

    Args:
        task: What to train, as for ``race``: a function ``run(schedule, seed, updates)``.
        schedule: Makes the schedule of a run: a recipe, or ``partial(wsd, cooldown="20%")``. Other
            lengths than ``steps`` are shares, so that short runs have the same shape.
        steps: The updates of a full run.
        budget: What the search may cost, in full runs; all runs and seeds count.
        low: The lowest peak to try.
        high: The highest peak to try.
        jobs: The number of runs at a time; by default one per core.
        engine: ``"local"`` or ``"ray"``, as for ``race``.
        out: The folder of the runs; by default ``peaks/<task>``.
        progress: Called with a sentence before each stage.

    Raises:
        GradatimError: If an argument is wrong, the budget too small, or the task raises.

    Example::

        from gradatim.peak import find_peak

        found = find_peak("digits", steps=300)
        print(*found.sentences, sep="\\n")
    """
    the_task = tasks.find_task(task)
    if not the_task.takes_updates:
        raise GradatimError(
            f"find_peak: task {the_task.name} must let its length be set. Write "
            "run(schedule, seed, updates=300)."
        )
    folder = folder_of(the_task.name, out)
    sign = 1.0 if the_task.better == "lower" else -1.0

    def probe(peaks: Sequence[float], updates: int, seed: int) -> list[float]:
        contestants = {f"{p:.3g}": shortened(schedule, p, steps, updates) for p in peaks}
        result = race(
            the_task,
            contestants,
            seeds=[seed],
            updates=updates,
            jobs=jobs,
            engine=engine,
            out=folder / f"{updates} updates",
        )
        ended = {run.name: run for run in result.runs}
        _refuse_errors(list(ended.values()))
        return [sign * _loss(ended[name], the_task) for name in contestants]

    arguments.require_packages("joblib", "scipy")
    return search(probe, steps, budget, low, high, progress)


def folder_of(task: str, out: str | os.PathLike[str] | None) -> Path:
    """The folder of a search: as given, or ``peaks/<task>``."""
    return Path(out) if out is not None else Path("peaks") / task.replace(":", "-")


def search(
    probe: Probe,
    steps: int,
    budget: float,
    low: float,
    high: float,
    progress: Callable[[str], None] | None = None,
) -> PeakAnswer:
    """Spend a budget on runs, and answer from them; see ``find_peak`` for the arguments."""
    steps = check_argument("find_peak", "steps", PositiveSteps, steps)
    _check(steps, budget, low, high)
    say = progress or (lambda sentence: None)
    runs: list[Ended] = []

    def make(peaks: Sequence[float], share: float, seed: int) -> None:
        updates = updates_of(share, steps)
        say(f"{len(peaks)} runs of {updates} updates, peaks {peaks[0]:.2g} to {peaks[-1]:.2g}")
        losses = probe(peaks, updates, seed)
        runs.extend(Ended(p, share, loss) for p, loss in zip(peaks, losses, strict=True))

    first = coarse_peaks(low, high)
    following = stages(budget, len(first))
    make(first, COARSE, 0)
    for stage in following:
        if not any(math.isfinite(run.loss) for run in runs):
            break
        surface = LossSurface(runs)
        # Between the best of this length and that of the full one, so that both are bracketed.
        centre = (surface.best_at(stage.share) + surface.best_at(1.0)) / 2
        make(neighbours(centre, stage.runs, 1.0, (low, high)), stage.share, stage.seed)
    return answer(runs, steps, low, high)


def _check(steps: int, budget: float, low: float, high: float) -> None:
    updates_of(COARSE, steps)
    for name, value in (("budget", budget), ("low", low), ("high", high)):
        check_argument("find_peak", name, Positive, value)
    if high < 16 * low:
        raise invalid_value("find_peak", "high", high, f"at least 16 times low, {low:g}")


def _loss(run: FinishedRun, task: Task) -> float:
    return run.metrics.get(task.metric, math.inf if task.better == "lower" else -math.inf)


def _refuse_errors(runs: Sequence[FinishedRun]) -> None:
    """An error in the code of the task is no divergence."""
    errors = [run.failed or "" for run in runs if run.error]
    if errors:
        raise GradatimError(
            f"find_peak: {len(errors)} of {len(runs)} runs ended in an error, the first: "
            f"{shown(errors[0])}. The finished ones are kept."
        )
