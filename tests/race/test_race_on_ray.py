"""A race on a real Ray cluster of this machine: the same table, and nothing lost to a kill."""

import contextlib
import gc
import os
import signal
import subprocess
import sys
import time
import warnings

import pytest
import ray

from gradatim import Constant, GradatimError, warmup_cosine
from gradatim.race import FinishedRun, cluster, race
from tests.race import toys

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
PAIR = {"half": Constant(value=0.5), "quarter": Constant(value=0.25)}


@contextlib.contextmanager
def leaks():
    """Ray leaves files and processes to the garbage collector, which older versions warn about.

    It also forks to start its own programs, of which JAX warns where another test has loaded it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
        yield
        gc.collect()


def start_cluster():
    for attempt in range(20):
        try:
            ray.init(
                "local",
                num_cpus=2,
                include_dashboard=False,
                log_to_driver=False,
                logging_level="ERROR",
            )
            return
        except Exception as error:
            # Ray gives a node 30 seconds to start, which are not enough on a busy machine.
            if "timed out during startup" not in str(error) or attempt == 19:
                raise
            ray.shutdown()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A cluster of two cores, and where it can be joined."""
    # Nothing is told to anybody, and no key is written into the home folder.
    environment = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}
    environment |= {"TOYS": str(tmp_path_factory.mktemp("toys")), "OMP_NUM_THREADS": "7"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with leaks():
            start_cluster()
        yield ray.get_runtime_context().gcs_address
        with leaks():
            ray.shutdown()


@pytest.fixture
def out(tmp_path, address):
    for name in ("log", "go on"):
        (toys.folder() / name).unlink(missing_ok=True)
    return tmp_path / "race"


def count(file):
    return file.read_text().count("\n") if file.exists() else 0


def one_waits_for_the_rest(item):
    done = toys.folder() / "done"
    if item == 0:
        wait_until(lambda: count(done) == 3)
    with done.open("a") as file:
        file.write("done\n")
    return os.environ["OMP_NUM_THREADS"], os.getpid()


def test_work_goes_to_whoever_is_free_in_a_process_of_its_own_with_one_thread(out):
    outcomes = list(cluster.map_unordered(one_waits_for_the_rest, range(4), 2))
    items = [item for item, _ in outcomes]
    # While item 0 waits for the rest, all others go to the second worker.
    assert items[0] == 1
    assert sorted(items) == [0, 1, 2, 3]
    threads, processes = zip(*(outcome for _, outcome in outcomes), strict=True)
    assert set(threads) == {"1"}
    assert len({*processes, os.getpid()}) == 5


def test_the_table_is_that_of_the_local_cores(out, tmp_path):
    contestants = {n: warmup_cosine(peak=0.01, warmup=n, steps=12) for n in (0, 4)}
    there = race("digits", contestants, seeds=1, updates=12, engine="ray", out=out)
    here = race("digits", contestants, seeds=1, updates=12, out=tmp_path / "here")
    assert [len(r.losses) for r in there.runs] == [12, 12]
    assert [(r.metrics, r.losses, r.rates) for r in there.runs] == [
        (r.metrics, r.losses, r.rates) for r in here.runs
    ]
    assert [(s.name, s.mean, s.failed) for s in there.table] == [
        (s.name, s.mean, s.failed) for s in here.table
    ]


def test_a_worker_killed_in_the_middle_costs_nothing_but_time(out):
    killed = []

    def kill(race, run):
        if run is None or killed:
            return
        # The first that ended is the one that waits for nobody; the other of the two is at work.
        wait_until(lambda: len(toys.notes()) == 2)
        for pid, rate, seed in toys.notes():
            if (rate, seed) != toys.FREE:
                os.kill(pid, signal.SIGKILL)
                killed.append((rate, seed))
        toys.let_go_on()

    result = race(toys.waits, PAIR, seeds=3, out=out, engine="ray", jobs=2, progress=kill)
    assert [(r.metrics["loss"], r.failed) for r in result.runs] == [
        (rate + seed, None) for seed in range(3) for rate in (0.5, 0.25)
    ]
    assert len(killed) == 1
    begun = [(rate, seed) for _, rate, seed in toys.notes()]
    assert sorted(begun) == sorted([*set(begun), *killed])
    assert len(set(begun)) == len(kept(out)) == 6


def test_a_run_that_always_kills_its_worker_is_reported(out):
    result = race(toys.dies, PAIR, seeds=2, out=out, engine="ray", jobs=2)
    failed = [(r.seed, r.failed) for r in result.runs if r.failed]
    assert failed == [(1, "its process was killed, twice")] * 2
    assert len(result.runs) == 4


SCRIPT = """
import sys
from gradatim import Constant
from gradatim.race import race
from tests.race import toys
pair = {"half": Constant(value=0.5), "quarter": Constant(value=0.25)}
race(toys.waits, pair, seeds=3, out=sys.argv[1], engine="ray", jobs=2)
"""


def test_a_killed_race_goes_on_and_repeats_and_loses_nothing(out, address):
    paths = os.pathsep.join(sys.path)
    environment = os.environ | {"PYTHONPATH": paths, "RAY_ADDRESS": address}
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(out)]
    first = subprocess.Popen(command, env=environment)
    wait_until(lambda: kept(out) or first.poll() is not None)
    assert first.poll() is None, "ended before it was killed"
    first.kill()
    first.wait()
    before = kept(out)
    noted = len(toys.notes())
    assert before == [toys.FREE]
    toys.let_go_on()
    assert subprocess.run(command, env=environment, timeout=600, check=False).returncode == 0
    after = kept(out)
    assert after[: len(before)] == before, "a finished run was lost"
    assert sorted(after) == [(rate, seed) for rate in (0.25, 0.5) for seed in range(3)]
    begun = {(rate, seed) for _, rate, seed in toys.notes()[noted:]}
    assert not begun & set(before), "a finished run was repeated"


def wait_until(condition):
    end = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def kept(out):
    """The runs on the disk, from whole lines only."""
    record = out / "runs.jsonl"
    lines = record.read_bytes().split(b"\n")[:-1] if record.exists() else []
    return [(r.schedule["Constant"]["value"], r.seed) for r in map(FinishedRun.from_json, lines)]


def test_a_task_that_raises_and_one_job_at_a_time(out):
    result = race(toys.raises, PAIR, seeds=2, out=out, engine="ray", jobs=1)
    assert [r.failed for r in result.runs if r.seed] == ["RuntimeError: the data set is gone"] * 2


def test_functions_of_a_notebook_travel_and_locks_do_not(out):
    import threading

    lock = threading.Lock()
    assert race(lambda schedule, seed: 7.0, PAIR, seeds=1, out=out, engine="ray").table[0].mean == 7
    with pytest.raises(GradatimError, match="cannot be sent to another process: cannot pickle"):
        race(lambda schedule, seed: lock, PAIR, seeds=1, out=out.with_name("b"), engine="ray")


def test_more_jobs_than_cores_are_refused(out):
    with pytest.raises(GradatimError, match="at most the cores of the Ray cluster, 2, got 3"):
        race(toys.steady, PAIR, seeds=1, out=out, engine="ray", jobs=3)


def test_a_cluster_that_does_not_start_in_time_is_refused_in_a_sentence(monkeypatch):
    def too_slow(**options):
        raise Exception("The current node timed out during startup.")  # as Ray raises it

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", too_slow)
    with (
        pytest.raises(GradatimError, match="cannot be reached: The current node timed out"),
        cluster.connected(None),
    ):
        pass
