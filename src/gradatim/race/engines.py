"""Where the runs of a race are made: on the cores of this machine, or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

from gradatim.errors import unknown_name
from gradatim.race import arguments, cluster, workers

MapUnordered = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[tuple[Any, Any]]]
"""Calls a function with each item; yields each item with its result or an error."""
Engine = Callable[[int | None], AbstractContextManager[MapUnordered]]
"""Takes the number of runs at a time, None for one on each core."""


def find_engine(name: str) -> Engine:
    """The engine of this name.

    Raises:
        GradatimError: If there is none, or its package is not installed.
    """
    if name not in _ENGINES:
        raise unknown_name("race", "engine", name, _ENGINES)
    if name != "local":
        arguments.require_packages(name, extra=name)
    return _ENGINES[name]


@contextmanager
def _local(jobs: int | None) -> Iterator[MapUnordered]:
    yield partial(workers.map_unordered, jobs=workers.cores() if jobs is None else jobs)


@contextmanager
def _ray(jobs: int | None) -> Iterator[MapUnordered]:
    with cluster.connected(jobs) as cores:
        yield partial(cluster.map_unordered, jobs=cores)


_ENGINES: dict[str, Engine] = {"local": _local, "ray": _ray}
