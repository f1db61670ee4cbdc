"""A plugin of pytest that runs the tests on one mutant after another."""

import gc
import json
import os
import resource
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
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


class Judge:
    def __init__(self, verdicts: Verdicts, reach: Path, end: float) -> None:
        self._verdicts = verdicts
        self._path = reach
        # For each test its seconds and the functions it calls: none if it fails unmutated.
        self._reach: dict[str, tuple[float, list[str]]] = (
            json.loads(reach.read_text()) if reach.exists() else {}
        )
        self._end = end

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        writer = session.config.get_terminal_writer()
        self._trace([item for item in session.items if item.nodeid not in self._reach], writer)
        items = {item.nodeid: item for item in session.items}
        tests: dict[str, list[tuple[float, str]]] = {}
        for name in items:
            seconds, functions = self._reach[name]
            for function in functions:
                tests.setdefault(function, []).append((seconds, name))
        # What has killed another mutant of a function comes first.
        kills: Counter[tuple[str, str]] = Counter()
        gc.freeze()  # a collection in a fork would copy every page
        for count, mutant in enumerate(self._verdicts.open()):
            if time.monotonic() > self._end:
                break
            function = mutant.partition("__mutmut_")[0]
            chosen, seconds = [], 0.0
            known = tests.get(function, [])
            for taken, name in sorted(known, key=lambda one: (-kills[function, one[1]], *one)):
                chosen.append(items[name])
                seconds += taken
                if seconds > PATIENCE:
                    break
            code, killer = judge(mutant, chosen, seconds) if chosen else (NO_TESTS, None)
            if killer is not None:
                kills[function, killer] += 1
            self._verdicts[mutant] = code
            if count % 50 == 0:
                writer.line(summary(self._verdicts), flush=True)
        return True

    def _trace(self, items: list[pytest.Item], writer) -> None:
        """Run tests unmutated and record which functions each of them calls."""
        if not items:
            return
        signal.signal(signal.SIGVTALRM, too_long)
        for number, item in enumerate(items):
            start, own = time.process_time(), time.thread_time()
            following = items[number + 1] if number + 1 < len(items) else None
            called = trace()
            signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST)
            reports = runtestprotocol(item, nextitem=following, log=False)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            seconds = time.process_time() - start
            # A fork has no threads but the one that forked.
            has_threads = seconds > time.thread_time() - own + 0.002
            is_usable = all(report.passed for report in reports) and not has_threads
            self._reach[item.nodeid] = (seconds, sorted(called) if is_usable else [])
            if not is_usable:
                writer.line(f"left out, {seconds:.1f} s: {item.nodeid}", flush=True)
            if number % 50 == 0:
                writer.line(f"traced {number} of {len(items)} tests", flush=True)
                self._path.write_text(json.dumps(self._reach))
        self._path.write_text(json.dumps(self._reach))


def judge(mutant: str, items: list[pytest.Item], seconds: float) -> tuple[int, str | None]:
    """Run tests on a mutant in a fork of this process, until one fails: the verdict, and which."""
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
            signal.alarm(20 * limit)
            turn_on(mutant)
            for number, item in enumerate(items):
                following = items[number + 1] if number + 1 < len(items) else None
                if any(r.failed for r in runtestprotocol(item, nextitem=following, log=False)):
                    os.write(writing, str(number).encode())
                    break
            else:
                code = SURVIVED
        finally:
            os._exit(code)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        number = pipe.read()
    killer = items[int(number)].nodeid if number else None
    code = os.waitstatus_to_exitcode(status)
    if code in (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGALRM):
        return TIMEOUT, killer
    return code if code == SURVIVED else KILLED, killer
