"""A plugin of pytest that runs the tests on one mutant after another."""

import gc
import json
import multiprocessing
import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from _pytest.runner import runtestprotocol
from _pytest.warnings import catch_warnings_for_item
from report import summary
from switches import trace, turn_on
from verdicts import KILLED, NO_TESTS, SURVIVED, TIMEOUT, Verdicts

# Seconds of tests that a mutant must survive. Tests that are quicker and reach less come first.
PATIENCE = float(os.environ.get("PATIENCE", "10"))
# Tests that take longer, in seconds of the processor while calls are recorded, are left out.
LONGEST = 4.0
GIGABYTE = 2**30


class TooLong(BaseException):
    """Raised in a test that takes too long; no Exception, which a test might catch."""


def too_long(signal_number, frame):
    raise TooLong


class Test(NamedTuple):
    """A test that calls a function."""

    item: pytest.Item
    seconds: float
    reach: int
    """How many functions it calls: a test that calls few is about them."""


class Judge:
    """Runs mutants in place of the tests.

    Args:
        verdicts: The verdicts so far; more are added.
        reach: The file that keeps what each test calls.
        end: The time, as ``time.monotonic`` gives it, after which no mutant is begun.
    """

    def __init__(self, verdicts: Verdicts, reach: Path, end: float) -> None:
        self._verdicts = verdicts
        self._path = reach
        # For each test its seconds and the functions it calls: none if it fails unmutated.
        self._reach: dict[str, tuple[float, list[str]]] = {}
        self._end = end
        self._kills: Counter[tuple[str, str]] = Counter()
        self._sound: set[str] = set()
        self._broken: set[str] = set()

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("some tests cannot be collected")
        writer = session.config.get_terminal_writer()
        # In a fork, so that this process runs no test: what a test starts, such as the threads of
        # JAX, would be missing in the forks of this process, and they would wait for it.
        tracer = multiprocessing.get_context("fork").Process(
            target=self._trace, args=(session.items, writer)
        )
        tracer.start()
        tracer.join()
        if tracer.exitcode:
            raise session.Interrupted("the tests could not be traced")
        self._read_reach()
        tests = _tests_by_function(self._reach, session.items)
        gc.freeze()  # a collection in a fork would copy every page
        for count, mutant in enumerate(self._verdicts.open()):
            if time.monotonic() > self._end:
                break
            self._verdicts[mutant] = self._judge(mutant, tests)
            if count % 50 == 0:
                writer.line(summary(self._verdicts), flush=True)
        return True

    def _judge(self, mutant: str, tests: Mapping[str, Sequence[Test]]) -> int:
        function = mutant.partition("__mutmut_")[0]
        while True:
            # What has killed another mutant of the function comes first.
            order = sorted(
                (one for one in tests.get(function, ()) if one.item.nodeid not in self._broken),
                key=lambda one: (
                    -self._kills[function, one.item.nodeid],
                    one.seconds * one.reach,
                ),
            )
            chosen, seconds = [], 0.0
            for test in order:
                chosen.append(test.item)
                seconds += test.seconds
                if seconds > PATIENCE:
                    break
            if not chosen:
                return NO_TESTS
            code, killer = run(mutant, chosen, seconds)
            if killer is None or self._works(killer):
                if killer is not None:
                    self._kills[function, killer.nodeid] += 1
                return code

    def _works(self, item: pytest.Item) -> bool:
        """Whether a test that has failed in a fork passes in a fork without a mutant."""
        name = item.nodeid
        if name not in self._sound:
            code, _ = run(None, [item], self._reach[name][0])
            (self._sound if code == SURVIVED else self._broken).add(name)
        return name in self._sound

    def _read_reach(self) -> None:
        if self._path.exists():
            self._reach = json.loads(self._path.read_text())

    def _trace(self, items: list[pytest.Item], writer) -> None:
        """Run new tests unmutated and record which functions each of them calls."""
        self._read_reach()
        items = [item for item in items if item.nodeid not in self._reach]
        signal.signal(signal.SIGVTALRM, too_long)
        for number, item in enumerate(items):
            start = sum(os.times()[:4])
            following = items[number + 1] if number + 1 < len(items) else None
            called = trace()
            signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST)
            reports = reports_of(item, following)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            # With the processes that it has started, in which no mutant is turned on.
            seconds = sum(os.times()[:4]) - start
            is_usable = seconds < LONGEST and all(report.passed for report in reports)
            self._reach[item.nodeid] = (seconds, sorted(called) if is_usable else [])
            if not is_usable:
                writer.line(f"left out, {seconds:.1f} s: {item.nodeid}", flush=True)
            if number % 50 == 0:
                writer.line(f"traced {number} of {len(items)} tests", flush=True)
                self._path.write_text(json.dumps(self._reach))
        self._path.write_text(json.dumps(self._reach))


def _tests_by_function(
    reach: Mapping[str, tuple[float, list[str]]], items: Iterable[pytest.Item]
) -> dict[str, list[Test]]:
    tests: dict[str, list[Test]] = {}
    for item in items:
        seconds, functions = reach[item.nodeid]
        for function in functions:
            tests.setdefault(function, []).append(Test(item, seconds, len(functions)))
    return tests


def reports_of(item: pytest.Item, following: pytest.Item | None) -> Sequence[pytest.TestReport]:
    """Run a test under the filters of warnings that it is marked with."""
    with catch_warnings_for_item(config=item.config, ihook=item.ihook, when="runtest", item=item):
        return runtestprotocol(item, nextitem=following, log=False)


def run(
    mutant: str | None, items: Sequence[pytest.Item], seconds: float
) -> tuple[int, pytest.Item | None]:
    """Run tests on a mutant in a fork of this process: the verdict, and the test that failed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = KILLED
        try:
            limit = int(10 + 10 * seconds)
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            most = pages * resource.getpagesize() + 4 * GIGABYTE
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
            signal.alarm(60 + 20 * int(seconds))  # a lock of a thread that was not forked
            if mutant is not None:
                turn_on(mutant)
            for number, item in enumerate(items):
                os.write(writing, f" {number}".encode())
                following = items[number + 1] if number + 1 < len(items) else None
                if any(report.failed for report in reports_of(item, following)):
                    break
            else:
                code = SURVIVED
        finally:
            os._exit(code)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        begun = pipe.read().split()
    code = os.waitstatus_to_exitcode(status)
    if code == SURVIVED:
        return SURVIVED, None
    is_late = code in (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGALRM)
    return TIMEOUT if is_late else KILLED, items[int(begun[-1])] if begun else None
