"""Several threads use the same values at once, and are switched as often as Python can."""

import sys
import threading
from collections.abc import Callable

import numpy
import pytest

from gradatim import Constant, Driver, Plateau, parse
from tests.core.cases.table import CASES
from tests.counting import LONG, counted

THREADS = 8
MANY = [1_000, pytest.param(LONG["R15"], marks=pytest.mark.long)]
SCHEDULES = list({case.name: case.schedule for case in CASES if case.name != "Function"}.values())


@pytest.fixture(autouse=True)
def switched_every_microsecond():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(work: Callable[[int], None]) -> None:
    """Calls it in each thread with the number of the thread; raises what any of them raised."""
    raised: list[BaseException] = []
    begin = threading.Barrier(THREADS)

    def run(number: int) -> None:
        begin.wait()
        try:
            work(number)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in raised:
        raise error


@pytest.mark.parametrize("many", MANY)
def test_threads_that_evaluate_one_schedule_get_the_values_of_one_thread(many):
    steps = range(0, 4_000, 37)
    alone = {id(one): [one(step) for step in steps] for one in SCHEDULES}
    done = [0] * THREADS

    def evaluate(number: int) -> None:
        while done[number] < many:
            for schedule in SCHEDULES[number::3]:  # each by several threads, in several orders
                assert [schedule(step) for step in steps] == alone[id(schedule)]
                done[number] += len(steps)

    in_threads(evaluate)
    assert min(done) >= many
    counted(sum(done))


@pytest.mark.parametrize("many", MANY)
def test_a_value_that_is_computed_once_is_the_same_for_all_who_ask_first(many):
    """Lengths, boundaries and compiled formulas are kept when they are first asked for."""
    for _ in range(many // 1_000):
        fresh = [parse(repr(schedule), imports=True) for schedule in SCHEDULES[::5]]
        found = [[] for _ in range(THREADS)]

        def ask(number: int, fresh=fresh, found=found) -> None:
            found[number] = [
                (one.length, hash(one), repr(one), one(numpy.arange(5)).tolist()) for one in fresh
            ]

        in_threads(ask)
        assert all(each == found[0] for each in found)
    counted(many // 1_000 * THREADS * len(fresh))


@pytest.mark.parametrize("many", MANY)
def test_no_metric_of_any_thread_is_lost(many):
    many //= 10
    rule = Plateau(mode="min", factor=0.999, patience=0, cooldown=0)
    driver = Driver({"lr": Constant(1.0)}, rule)
    driver.observe(0.0)

    def observe(number: int) -> None:
        for _ in range(many):
            driver.observe(1.0)

    in_threads(observe)
    metrics = [0.0, *[1.0] * (THREADS * many)]
    assert driver.scales["lr"] == rule.replay(metrics)[-1]
    counted(THREADS * many)
