"""Work spread over a Ray cluster, through the backend that Ray registers with joblib."""

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

from gradatim.core.errors import GradatimError, refuse
from gradatim.race.workers import ONE_THREAD

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def joined(jobs: int | None) -> Iterator[int]:
    """Be part of a cluster: how many items it is to work on at a time.

    That is the cluster that this process has joined already, or the one that the environment
    variable ``RAY_ADDRESS`` names, or one of this machine's cores that ends with the block.

    Args:
        jobs: How many; None for one on each core.

    Raises:
        GradatimError: If the cluster cannot be reached or has fewer cores.
    """
    import ray

    ours = not ray.is_initialized()
    try:
        if ours:
            # What tasks print is in the logs of Ray: standard output is for the table.
            ray.init(log_to_driver=False, logging_level=logging.ERROR)
        cores = int(ray.cluster_resources().get("CPU", 0))
    except (OSError, RuntimeError, ValueError) as error:
        raise GradatimError(f"race: the Ray cluster cannot be reached: {error}") from error
    try:
        if cores < 2:
            raise GradatimError(f"race: a Ray cluster needs 2 cores or more, this one has {cores}.")
        if jobs is not None and jobs > cores:
            raise refuse("race", "jobs", jobs, f"at most the cores of the Ray cluster, {cores}")
        yield jobs or cores
    finally:
        if ours:
            ray.shutdown()


def spread(
    work: Callable[[Item], Result], items: Iterable[Item], jobs: int
) -> Iterator[tuple[Item, Result | Exception]]:
    """Each item with ``work(item)``, in the order they finish.

    An item whose process is killed is tried once more. If that one is killed too, or the work
    raises, the item comes back with the error.

    Args:
        work: A function of one item, called in a process of its own.
        items: What to work on.
        jobs: How many at a time.
    """
    from ray.exceptions import RayActorError

    backend = _backend(jobs)
    waiting = deque((item, True) for item in items)
    flying: dict[Future[Any], tuple[Item, bool]] = {}
    try:
        while waiting or flying:
            while waiting and len(flying) < jobs:
                first = waiting.popleft()
                flying[_submit(backend, partial(work, first[0]))] = first
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                item, again = flying.pop(future)
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
    # Where the files of this machine are, or a shared disk, tasks are found as they are here.
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
    # A process for each item: Ray deals items out in turn, to a busy process while another has
    # nothing to do, and a process that dies takes along all that wait for it.
    with parallel_config(
        backend="ray",
        maxtasksperchild=1,
        ray_remote_args={"runtime_env": {"env_vars": {**ONE_THREAD, "PYTHONPATH": paths}}},
    ):
        backend, _ = get_active_backend()
    backend.configure(max(jobs, 2))  # for one job joblib would go on without the cluster
    return backend


def _submit(backend: Any, call: Callable[[], Any]) -> Future[Any]:
    future: Future[Any] = Future()
    try:
        backend.submit(call, callback=future.set_result)
    except TypeError as error:  # what Ray makes of all errors of pickle
        raise pickle.PicklingError(str(error.__cause__ or error)) from error
    return future
