"""The race: contestants times seeds, run for real, and what came of it."""

from __future__ import annotations

import contextlib
import inspect
import os
import pickle
import platform
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from gradatim.core.errors import GradatimError
from gradatim.core.schedule import Schedule
from gradatim.race import arguments, elimination, engines, tasks, trial
from gradatim.race.engines import Spread
from gradatim.race.ledger import Ledger
from gradatim.race.result import Dropped, Race
from gradatim.race.task import Task
from gradatim.race.trial import FinishedRun, Trial


def race(
    task: str | Task | Callable[..., Any] = "digits",
    schedules: Mapping[str, Schedule] | None = None,
    *,
    seeds: int | Iterable[int] = 10,
    updates: int | None = None,
    jobs: int | None = None,
    engine: str = "local",
    halving: bool = False,
    out: str | os.PathLike[str] | None = None,
    retry: bool = False,
    progress: Callable[[Race, FinishedRun | None], None] | None = None,
) -> Race:
    """Train under every schedule with every seed, and keep each run as soon as it is finished.

    Starting the same race again goes on where it was stopped; more seeds or more schedules add
    their runs to those that are there.

    Args:
        task: A built-in task, ``"digits"`` or ``"text"``; an import path, ``"mypkg.train:run"``; a
            function ``run(schedule, seed)``; or a ``Task``, whose docstring has the contract.
        schedules: The contestants by name; without any, those of the task.
        seeds: How many seeds, or which.
        updates: The length of a run in updates, for tasks that let the race choose.
        jobs: How many runs at a time, each in a process with one thread; without it, one per core.
        engine: Where the runs are made: ``"local"``, on the cores of this machine, or ``"ray"``,
            on a Ray cluster: the one at ``RAY_ADDRESS``, or one of the cores of this machine.
        halving: Compare after 2, 4, 8 and so on seeds, and run no more of a contestant whose
            interval lies wholly behind that of the best; ``race.dropped`` says which and why.
        out: The folder of the race; without it, ``races/<task>``.
        retry: Repeat those runs of before that ended in an error.
        progress: Called as ``progress(race, run)`` after each run with the race as it stands;
            before the first one and after an interruption with None.

    Returns:
        The runs that were asked for, a table, and the comparisons; ``write_report`` takes it.

    Raises:
        GradatimError: If an argument is wrong, a package is missing, or the folder cannot be used;
            before the first run. Later only if a finished run cannot be written.

    Example::

        from gradatim import warmup_cosine
        from gradatim.race import race

        contestants = {
            f"warm-up {n}": warmup_cosine(peak=0.012, warmup=n, steps=300) for n in (0, 60)
        }
        result = race("digits", contestants, seeds=5)
        for standing in result.table:
            print(standing.name, standing.mean, standing.failed)
    """
    what = tasks.find(task)
    length = arguments.updates(what, updates)
    contestants = arguments.contestants(what, schedules, length)
    numbers = arguments.seeds(seeds)
    arguments.need("joblib", "scipy", *what.needs)
    arguments.jobs(jobs)
    open_engine = engines.find(engine)
    folder = Path(out) if out is not None else Path("races") / what.name.replace(":", "-")

    rungs = elimination.rungs(numbers) if halving else (numbers,)
    dropped: list[Dropped] = []
    wanted = [Trial(name, s, seed) for seed in numbers for name, s in contestants.items()]
    identity = {"name": what.name, "version": what.version, "updates": length}
    texts = {name: repr(schedule) for name, schedule in contestants.items()}
    with (
        Ledger(folder, identity, _versions(what), contestants=texts, seeds=numbers) as ledger,
        contextlib.ExitStack() as stack,
    ):
        done = {key: run for key, run in ledger.runs.items() if not (retry and run.error)}

        def stand() -> Race:
            # A contestant has its name of today, whatever it was called when it ran.
            runs = (replace(done[one.key], name=one.name) for one in wanted if one.key in done)
            made_with = tuple(ledger.made_with)
            return Race(
                what,
                length,
                contestants,
                numbers,
                tuple(runs),
                folder,
                made_with,
                elimination.basis(what) if halving else "",
                tuple(dropped),
            )

        tell = progress or (lambda race, run: None)
        tell(stand(), None)
        spread: Spread | None = None
        try:
            for rung in rungs:
                asked = (one for one in wanted if one.seed in rung and one.key not in done)
                missing = [one for one in asked if one.name not in {gone.name for gone in dropped}]
                if missing and spread is None:
                    spread = stack.enter_context(open_engine(jobs))
                for run in _runs(spread, what, missing, length) if spread else ():
                    ledger.append(run)
                    done[run.key] = run
                    tell(stand(), run)
                if rung is not rungs[-1]:
                    dropped += elimination.ruled_out(
                        stand(), numbers[: numbers.index(rung[-1]) + 1]
                    )
        except KeyboardInterrupt:
            tell(stand(), None)
            raise
        return stand()


def _runs(
    spread: Spread, task: Task, missing: list[Trial], updates: int | None
) -> Iterator[FinishedRun]:
    work = partial(_work, task, updates)
    try:
        for one, outcome in spread(work, missing):
            if isinstance(outcome, FinishedRun):
                yield outcome
            else:
                killed = isinstance(outcome, BrokenProcessPool)
                last_line = str(outcome).strip().rpartition("\n")[2]
                yield FinishedRun(
                    name=one.name,
                    seed=one.seed,
                    schedule=one.schedule.config(),
                    failed="its process was killed, twice" if killed else last_line[:300],
                    error=str(outcome),
                )
    except pickle.PicklingError as error:
        raise GradatimError(
            f"race: task {task.name} cannot be sent to another process: {error}. "
            "Define it in a module of its own and race it as package.module:function."
        ) from error


def _work(task: Task, updates: int | None, one: Trial) -> FinishedRun:
    return trial.run(task, one, updates)


def _versions(task: Task) -> dict[str, str]:
    """What a run depends on beside its seed."""
    versions = {"python": platform.python_version(), "machine": platform.machine()}
    for package in ("gradatim", "torch", "jax", "keras", "tensorflow", "scikit-learn", "numpy"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    with contextlib.suppress(OSError, TypeError):  # code typed into a terminal is in no file
        code = Path(inspect.getfile(task.run)).read_bytes()
        versions["code of the task"] = f"{zlib.crc32(code):08x}"
    return versions
