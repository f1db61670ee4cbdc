"""Work spread over processes of this machine, any of which may die."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# One thread each: with more, sums and so whole runs would depend on the machine.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)


def cores() -> int:
    """How many cores this process may use."""
    from joblib import cpu_count

    return int(cpu_count())


def spread(
    work: Callable[[Item], Result], items: Iterable[Item], jobs: int
) -> Iterator[tuple[Item, Result | BrokenProcessPool]]:
    """Each item with ``work(item)``, in the order they finish.

    When a process is killed, whatever was in flight is lost, and nobody can tell which item was to
    blame. So each of them is tried once more, alone. An item whose process dies again comes back
    with that error; the others have lost nothing but time.

    Args:
        work: A function of one item, called in another process.
        items: What to work on.
        jobs: How many processes.
    """
    waiting = deque(items)
    while waiting:
        in_flight, _ = yield from _until_a_death(work, waiting, min(jobs, len(waiting)))
        for item in in_flight:
            alone = deque([item])
            again, error = yield from _until_a_death(work, alone, 1)
            if error is not None:
                yield from ((item, error) for item in (*again, *alone))


def _until_a_death(
    work: Callable[[Item], Result], waiting: deque[Item], jobs: int
) -> Generator[tuple[Item, Result], None, tuple[list[Item], BrokenProcessPool | None]]:
    """Work through the queue; returns what was in flight when a process died, and the error."""
    pool = _pool(jobs)
    flying: dict[Future[Result], Item] = {}
    try:
        while waiting or flying:
            # No more than are at work: what is in flight is then just what a death can hit.
            while waiting and len(flying) < jobs:
                item = waiting.popleft()
                try:
                    flying[pool.submit(work, item)] = item
                except BrokenProcessPool:
                    waiting.appendleft(item)
                    raise
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=_died):
                result = future.result()
                yield flying.pop(future), result
    except BrokenProcessPool as error:
        return list(flying.values()), error
    finally:
        _let_begin(flying)
        pool.shutdown(wait=True, kill_workers=True)
    return [], None


def _let_begin(flying: Iterable[Future[Any]]) -> None:
    """Wait a moment until nothing is between the pool and its workers: it trips over that."""
    until = time.monotonic() + 1.0
    while time.monotonic() < until and not all(one.running() or one.done() for one in flying):
        time.sleep(0.001)


def _died(future: Future[Any]) -> bool:
    return isinstance(future.exception(), BrokenProcessPool)


def _pool(jobs: int) -> Any:
    # joblib's, because it also carries functions of a notebook or a script to its processes.
    from joblib.externals.loky import ProcessPoolExecutor

    return ProcessPoolExecutor(
        max_workers=jobs, initializer=_start, initargs=(os.getpid(),), env=ONE_THREAD
    )


def _start(parent: int) -> None:
    """In a new worker: leave Ctrl-C to the parent, print beside its table, end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(2, 1)
    if sys.platform != "win32":
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    # A killed parent cannot say goodbye, and its workers would go on training for nobody.
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
