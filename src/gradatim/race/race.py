"""The race: trains every contestant with every seed, and keeps the finished runs."""

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

from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError
from gradatim.race import arguments, elimination, engines, tasks, trial
from gradatim.race.engines import MapUnordered
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
    """Train with every schedule and every seed, and keep each run as soon as it is finished.

    Starting the same race again continues it; more seeds or more schedules add runs to it.

    Args:
        task: A built-in task, ``"digits"`` or ``"text"``; an import path, ``"mypkg.train:run"``; a
            function ``run(schedule, seed)``; or a ``Task``, whose docstring has the contract.
        schedules: The contestants by name; by default those of the task.
        seeds: The number of seeds, or a list of them.
        updates: The length of a run in updates, for tasks that let the race choose.
        jobs: The number of runs at a time, each in a process with one thread; by default one
            per core.
        engine: Where the runs are made: ``"local"``, on the cores of this machine, or ``"ray"``,
            on a Ray cluster: the one at ``RAY_ADDRESS``, or one of the cores of this machine.
        halving: Compare after 2, 4, 8 and so on seeds, and drop a contestant whose interval is
            entirely behind that of the best; ``race.dropped`` has the names and reasons.
        out: The folder of the race; by default ``races/<task>``.
        retry: Repeat earlier runs that ended in an error.
        progress: Called as ``progress(race, run)`` after each run; before the first one and
            after an interruption as ``progress(race, None)``.

    Returns:
        The runs, a table and the comparisons; ``write_report`` writes a report of them.

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
    the_task = tasks.find_task(task)
    length = arguments.resolve_updates(the_task, updates)
    contestants = arguments.resolve_contestants(the_task, schedules, length)
    numbers = arguments.resolve_seeds(seeds)
    arguments.require_packages("joblib", "scipy", *the_task.needs)
    arguments.check_jobs(jobs)
    open_engine = engines.find_engine(engine)
    folder = Path(out) if out is not None else Path("races") / the_task.name.replace(":", "-")

    rungs = elimination.rungs(numbers) if halving else (numbers,)
    dropped: list[Dropped] = []
    wanted = [Trial(name, s, seed) for seed in numbers for name, s in contestants.items()]
    identity = {"name": the_task.name, "version": the_task.version, "updates": length}
    texts = {name: repr(schedule) for name, schedule in contestants.items()}
    with (
        Ledger(folder, identity, _versions(the_task), contestants=texts, seeds=numbers) as ledger,
        contextlib.ExitStack() as stack,
    ):
        done = {key: run for key, run in ledger.runs.items() if not (retry and run.error)}

        def current() -> Race:
            # A stored run gets the current name of its contestant.
            runs = (replace(done[one.key], name=one.name) for one in wanted if one.key in done)
            made_with = tuple(ledger.made_with)
            return Race(
                the_task,
                length,
                contestants,
                numbers,
                tuple(runs),
                folder,
                made_with,
                elimination.halving_rule(the_task) if halving else "",
                tuple(dropped),
            )

        report = progress or (lambda race, run: None)
        report(current(), None)
        map_unordered: MapUnordered | None = None
        try:
            for rung in rungs:
                asked = (one for one in wanted if one.seed in rung and one.key not in done)
                missing = [one for one in asked if one.name not in {gone.name for gone in dropped}]
                if missing and map_unordered is None:
                    map_unordered = stack.enter_context(open_engine(jobs))
                for run in _runs(map_unordered, the_task, missing, length) if map_unordered else ():
                    ledger.append(run)
                    done[run.key] = run
                    report(current(), run)
                if rung is not rungs[-1]:
                    dropped += elimination.contestants_to_drop(
                        current(), numbers[: numbers.index(rung[-1]) + 1]
                    )
        except KeyboardInterrupt:
            report(current(), None)
            raise
        return current()


def _runs(
    map_unordered: MapUnordered, task: Task, missing: list[Trial], updates: int | None
) -> Iterator[FinishedRun]:
    work = partial(_run_one, task, updates)
    try:
        for one, outcome in map_unordered(work, missing):
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


def _run_one(task: Task, updates: int | None, one: Trial) -> FinishedRun:
    return trial.run_trial(task, one, updates)


def _versions(task: Task) -> dict[str, str]:
    """The versions that a run depends on besides its seed."""
    versions = {"python": platform.python_version(), "machine": platform.machine()}
    for package in ("gradatim", "torch", "jax", "keras", "tensorflow", "scikit-learn", "numpy"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    with contextlib.suppress(OSError, TypeError):  # code typed into a terminal is in no file
        code = Path(inspect.getfile(task.run)).read_bytes()
        versions["code of the task"] = f"{zlib.crc32(code):08x}"
    return versions
