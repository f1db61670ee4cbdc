"""Work in processes that are killed: nothing hangs, nothing is lost, the guilty is found."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import ClassVar

import pytest

from gradatim.race import workers
from gradatim.race.workers import map_unordered

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


def square(x):
    return x * x


def slow_or_deadly(x):
    if x < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return x


def threads(_):
    return os.environ["OMP_NUM_THREADS"]


def own_pid(_):
    return os.getpid()


def meets_another(folder):
    """Its process, once two processes are at work in this folder."""
    (Path(folder) / str(os.getpid())).touch()
    wait_until(lambda: len(os.listdir(folder)) == 2)
    return os.getpid()


@pytest.mark.parametrize("jobs", [1, 3])
def test_each_item_comes_back_once(jobs):
    assert sorted(map_unordered(square, range(10), jobs)) == [(x, x * x) for x in range(10)]


def test_no_items_start_no_process():
    assert list(map_unordered(square, [], 2)) == []


def test_functions_of_a_script_or_notebook_travel():
    offset = 7
    assert list(map_unordered(lambda x: x + offset, [1], 1)) == [(1, 8)]


def test_workers_have_one_thread_each(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert [threads for _, threads in map_unordered(threads, [0], 1)] == ["1"]


def test_work_is_really_spread(tmp_path):
    pids = {pid for _, pid in map_unordered(meets_another, [str(tmp_path)] * 2, 2)}
    assert len(pids - {os.getpid()}) == 2


@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_items_that_kill_their_process_are_found_and_the_others_finish(jobs):
    items = [1, 2, -1, 3, 4, 5, -2, 6]
    outcomes = dict(map_unordered(slow_or_deadly, items, jobs))
    assert sorted(outcomes) == sorted(items)
    for item in items:
        if item > 0:
            assert outcomes[item] == item
        else:
            assert "SIGKILL" in str(outcomes[item])


def test_what_finished_beside_a_death_is_not_done_again(monkeypatch):
    class Pool:
        """Everything is done at once; what is below 0 dies, the first one in the list too."""

        submitted: ClassVar[list[int]] = []

        def submit(self, work, item):
            self.submitted.append(item)
            future = Future()
            if item < 0:
                future.set_exception(BrokenProcessPool("killed"))
            else:
                future.set_result(work(item))
            return future

        def shutdown(self, wait, kill_workers):
            pass

    monkeypatch.setattr(workers, "_pool", lambda jobs: Pool())
    outcomes = dict(map_unordered(square, [-1, 2, 3, 4], 4))
    assert {item: outcomes[item] for item in (2, 3, 4)} == {2: 4, 3: 9, 4: 16}
    assert str(outcomes[-1]) == "killed"
    assert sorted(Pool.submitted) == [-1, -1, 2, 3, 4]


def test_ctrl_c_waits_until_new_workers_ignore_it(monkeypatch):
    """A new process that takes Ctrl-C before it can ignore it prints a traceback."""
    pool_of, waiting = workers._pool, []

    def pool(jobs):
        made = pool_of(jobs)
        submit = made.submit

        def submit_during_ctrl_c(*given):
            signal.raise_signal(signal.SIGINT)
            waiting.append(signal.SIGINT in signal.sigpending())
            return submit(*given)

        monkeypatch.setattr(made, "submit", submit_during_ctrl_c)
        return made

    monkeypatch.setattr(workers, "_pool", pool)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            list(map_unordered(square, range(4), 1))
    finally:
        signal.signal(signal.SIGINT, before)
    assert waiting == [True]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


# The tracker of resources of an interpreter is started once, so this one has an interpreter.
STARTS = """
import signal
from gradatim.race import workers
from joblib.externals.loky.backend import fork_exec

def fork(*given, **named):
    print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    return forked(*given, **named)

forked, fork_exec.fork_exec = fork_exec.fork_exec, fork
for _ in workers.map_unordered(abs, [1, 2], 2):
    pass
"""


def test_a_new_worker_is_started_with_ctrl_c_blocked():
    started = subprocess.run(
        [sys.executable, "-c", STARTS],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert started.stdout.split() == ["True", "True"]


def test_ctrl_c_while_its_delay_begins_leaves_no_signal_blocked(monkeypatch):
    block = signal.pthread_sigmask

    def take():
        block(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.raise_signal(signal.SIGINT)

    def block_while_another_thread_takes_it(how, signals):
        before = block(how, signals)
        if how == signal.SIG_BLOCK:
            taker = threading.Thread(target=take)
            taker.start()
            taker.join()
        return before

    monkeypatch.setattr(signal, "pthread_sigmask", block_while_another_thread_takes_it)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), workers._ctrl_c_delayed():
            pass
    finally:
        signal.signal(signal.SIGINT, before)
    assert signal.SIGINT not in block(signal.SIG_BLOCK, ())


def test_ctrl_c_does_not_interrupt_the_start_or_the_end_of_a_pool(monkeypatch):
    """Any thread may take the signal, and the handler runs in the main thread: a pool that is left
    half made, or half shut down, leaves semaphores behind, and a warning of them."""
    reached = []

    def interrupted(name, call):
        def with_ctrl_c(*given, **named):
            taker = threading.Thread(target=signal.raise_signal, args=(signal.SIGINT,))
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # for that thread
            taker.start()
            taker.join()
            time.sleep(0.01)  # here the handler runs
            reached.append(name)
            return call(*given, **named)

        return with_ctrl_c

    def pool(jobs):
        made = pool_of(jobs)
        monkeypatch.setattr(made, "shutdown", interrupted("shutdown", made.shutdown))
        return made

    pool_of = workers._pool
    monkeypatch.setattr(workers, "_pool", interrupted("pool", pool))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            list(map_unordered(square, range(4), 1))
        assert reached == ["pool"]
        monkeypatch.setattr(workers, "_pool", pool)
        with pytest.raises(KeyboardInterrupt):
            list(map_unordered(square, range(4), 1))
    finally:
        signal.signal(signal.SIGINT, before)
    assert reached == ["pool", "shutdown"]


def blocked_signals(_):
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_task_may_use_ctrl_c_for_its_own_processes():
    assert [blocked for _, blocked in map_unordered(blocked_signals, [0], 1)] == [False]


def test_leaving_early_stops_the_workers():
    outcomes = map_unordered(own_pid, range(50), 2)
    _, pid = next(outcomes)
    outcomes.close()
    assert gone(pid)


SCRIPT = """
import os, sys, time
from gradatim.race.workers import map_unordered

def work(path):
    open(path + str(os.getpid()), "w").close()
    time.sleep(60)

list(map_unordered(work, [sys.argv[1] + "/a", sys.argv[1] + "/b"], 2))
"""


def test_workers_of_a_killed_parent_end(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    pids = [int(file.name[1:]) for file in tmp_path.iterdir()]
    parent.kill()
    parent.wait()
    wait_until(lambda: all(gone(pid) for pid in pids))


def gone(pid):
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self").exists():
        # One that has ended but that nobody has asked about yet is still listed, as a zombie.
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def wait_until(condition, seconds=600):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
