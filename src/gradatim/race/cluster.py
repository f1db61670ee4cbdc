"""Maps a function over a Ray cluster, through the backend that Ray registers with joblib."""

from __future__ import annotations

import logging
import os
import pickle
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from gradatim.errors import GradatimError, invalid_value
from gradatim.race.workers import ONE_THREAD

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def connected(jobs: int | None) -> Iterator[int]:
    """Connect to a cluster; yields the number of items to work on at a time.

    It is the cluster that this process is connected to already, the one named by the environment
    variable ``RAY_ADDRESS``, or a new one of this machine's cores that is shut down at the end.

    Args:
        jobs: The number of items at a time; None for one on each core.

    Raises:
        GradatimError: If the cluster cannot be reached or has fewer cores.
    """
    import ray

    ours = not ray.is_initialized()
    try:
        if ours:
            # Output of tasks goes to the logs of Ray, because stdout is for the table.
            ray.init(log_to_driver=False, logging_level=logging.ERROR)
        cores = int(ray.cluster_resources().get("CPU", 0))
    except Exception as error:  # a node that does not start in time raises no class of its own
        raise GradatimError(f"race: the Ray cluster cannot be reached: {error}") from error
    try:
        if cores < 2:
            raise GradatimError(f"race: a Ray cluster needs 2 cores or more, this one has {cores}.")
        if jobs is not None and jobs > cores:
            raise invalid_value(
                "race", "jobs", jobs, f"at most the cores of the Ray cluster, {cores}"
            )
        yield jobs or cores
    finally:
        if ours:
            ray.shutdown()


def map_unordered(
    work: Callable[[Item], Result], items: Iterable[Item], jobs: int
) -> Iterator[tuple[Item, Result | Exception]]:
    """Each item with ``work(item)``, in the order they finish.

    An item whose process is killed is tried once more. If it is killed again, or the work
    raises, the item is yielded with the error.

    Args:
        work: A function of one item, called in a process of its own.
        items: What to work on.
        jobs: How many at a time.
    """
    from ray.exceptions import RayActorError

    backend = _backend(jobs)
    waiting = deque((item, True) for item in items)
    pending: dict[Future[Any], tuple[Item, bool]] = {}
    try:
        while waiting or pending:
            while waiting and len(pending) < jobs:
                first = waiting.popleft()
                pending[_submit(backend, partial(work, first[0]))] = first
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                item, again = pending.pop(future)
                result: Result | Exception
                try:
                    result = backend.retrieve_result_callback(future.result())
                except RayActorError as error:
                    if again:
                        waiting.appendleft((item, False))
                        continue
                    result = BrokenProcessPool(str(error))
                except Exception as error:
                    result = error
                yield item, result
    finally:
        backend.terminate()


def _backend(jobs: int) -> Any:
    from joblib.parallel import get_active_backend, parallel_config
    from ray.util.joblib import register_ray

    register_ray()
    # Workers on this machine, or with a shared disk, import tasks from the same paths.
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
    # A process for each item: Ray assigns items round-robin, even to a busy process while another
    # is idle, and all items assigned to a process are lost when it dies.
    with parallel_config(
        backend="ray",
        maxtasksperchild=1,
        ray_remote_args={"runtime_env": {"env_vars": {**ONE_THREAD, "PYTHONPATH": paths}}},
    ):
        backend, _ = get_active_backend()
    backend.configure(max(jobs, 2))  # with one job, joblib would not use the cluster
    return backend


def _submit(backend: Any, call: Callable[[], Any]) -> Future[Any]:
    future: Future[Any] = Future()
    try:
        backend.submit(call, callback=future.set_result)
    except TypeError as error:  # Ray raises it for every error of pickle
        raise pickle.PicklingError(str(error.__cause__ or error)) from error
    return future
