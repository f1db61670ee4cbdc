"""Maps a function over processes of this machine, and survives the death of a process."""

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
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# With several threads, sums would depend on the number of cores, and so would runs.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)


def cores() -> int:
    """The number of cores that this process may use."""
    from joblib import cpu_count

    return int(cpu_count())


def map_unordered(
    work: Callable[[Item], Result], items: Iterable[Item], jobs: int
) -> Iterator[tuple[Item, Result | BrokenProcessPool]]:
    """Each item with ``work(item)``, in the order they finish.

    When a process is killed, all pending items are lost, and which of them was the cause is not
    known. So each of them is tried once more, alone. An item whose process dies again is yielded
    with that error.

    Args:
        work: A function of one item, called in another process.
        items: What to work on.
        jobs: How many processes.
    """
    waiting = deque(items)
    while waiting:
        in_flight, _ = yield from _until_a_worker_dies(work, waiting, min(jobs, len(waiting)))
        for item in in_flight:
            alone = deque([item])
            again, error = yield from _until_a_worker_dies(work, alone, 1)
            if error is not None:
                yield from ((item, error) for item in (*again, *alone))


def _until_a_worker_dies(
    work: Callable[[Item], Result], waiting: deque[Item], jobs: int
) -> Generator[tuple[Item, Result], None, tuple[list[Item], BrokenProcessPool | None]]:
    """Work through the queue; returns the items pending when a process died, and the error."""
    with _ctrl_c_delayed():
        pool = _pool(jobs)
    pending: dict[Future[Result], Item] = {}
    try:
        while waiting or pending:
            # At most one item for each process, so that few are pending when one dies.
            while waiting and len(pending) < jobs:
                item = waiting.popleft()
                try:
                    with _ctrl_c_delayed():
                        pending[pool.submit(work, item)] = item
                except BrokenProcessPool:
                    waiting.appendleft(item)
                    raise
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=_worker_died):
                result = future.result()
                yield pending.pop(future), result
    except BrokenProcessPool as error:
        return list(pending.values()), error
    finally:
        with _ctrl_c_delayed():
            _wait_until_started(pending)
            pool.shutdown(wait=True, kill_workers=True)
    return [], None


def _wait_until_started(pending: Iterable[Future[Any]]) -> None:
    """Wait until submitted tasks have started; loky may hang if it is shut down earlier."""
    # On an overloaded machine a process takes seconds to start; otherwise this is over at once.
    until = time.monotonic() + 30.0
    while time.monotonic() < until and not all(one.running() or one.done() for one in pending):
        time.sleep(0.001)


@contextmanager
def _ctrl_c_delayed() -> Iterator[None]:
    """Delay Ctrl-C, here and in the processes started meanwhile, until they ignore it."""
    if sys.platform == "win32":
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    heard: list[int] = []
    # Another thread of this process may take a signal that this one blocks, and then its handler
    # runs in the main thread all the same. So the handler is replaced first, and put back last.
    replaced = callable(before) and threading.current_thread() is threading.main_thread()
    if replaced:
        signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        # Blocked as well, since new processes inherit that and no handler.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    finally:
        if replaced:
            signal.signal(signal.SIGINT, before)
        if heard:
            signal.raise_signal(signal.SIGINT)


def _worker_died(future: Future[Any]) -> bool:
    return isinstance(future.exception(), BrokenProcessPool)


def _pool(jobs: int) -> Any:
    # joblib's pool can also pickle functions defined in a notebook or a script.
    from joblib.externals.loky import ProcessPoolExecutor

    if sys.platform != "win32":
        # Otherwise the first worker starts the tracker of resources, which unblocks Ctrl-C here.
        resource_tracker.ensure_running()
    return ProcessPoolExecutor(
        max_workers=jobs, initializer=_initialise_worker, initargs=(os.getpid(),), env=ONE_THREAD
    )


def _initialise_worker(parent: int) -> None:
    """In a new worker: ignore Ctrl-C, print to stderr, exit when the parent does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.dup2(2, 1)
    if sys.platform != "win32":
        threading.Thread(target=_exit_with_parent, args=(parent,), daemon=True).start()


def _exit_with_parent(parent: int) -> None:
    # A parent that is killed cannot stop its workers, so they watch it.
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
