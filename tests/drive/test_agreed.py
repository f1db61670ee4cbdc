"""Ranks that read one clock: ranks in one process, which exchange numbers with a delay."""

import pickle
from itertools import pairwise

import pytest

from gradatim import Driver, GradatimError, Linear, Plan, Run, wsd
from gradatim.drive.agreed import Points
from tests.drive.steptimes import Trace, caps


class Network:
    """Ranks in one process. A rank that waits before all have begun is an error of the test."""

    def __init__(self, world):
        self.world, self.calls, self.begun = world, {}, [0] * world

    def of(self, rank):
        return lambda: Rank(self, rank)


class Rank:
    def __init__(self, network, rank):
        self.network, self.rank, self.is_first = network, rank, rank == 0

    def start(self, numbers):
        call = self.network.begun[self.rank]
        self.network.begun[self.rank] += 1
        given = self.network.calls.setdefault(call, {})
        given[self.rank] = list(numbers)

        def wait():
            assert len(given) == self.network.world, "would wait for a rank"
            return [max(each) for each in zip(*given.values(), strict=True)]

        return wait


class Watch:
    def __init__(self, time=0.0):
        self.time = time

    def __call__(self):
        return self.time


RUN = Run(seconds=600)


def ranks(world, watches, run=RUN):
    network = Network(world)
    plan = Plan({"lr": wsd(peak=1.0, cooldown="20%", steps=run)}, run=run)
    return [
        Driver(plan, now=watch, exchange=network.of(rank)) for rank, watch in enumerate(watches)
    ], network


@pytest.mark.parametrize(
    ("world", "trace"),
    [(world, trace) for world in (2, 4) for trace, cap in caps().items() if world * cap < 10_000],
)
def test_all_have_the_same_tick_at_every_update_and_stop_at_the_same(world, trace):
    cap = caps()[trace]
    run = Run(seconds=cap)
    watches = [Trace(trace, 1.0), *(Trace(trace, 1.0, time=3600.0 * r) for r in range(1, world))]
    drivers, network = ranks(world, watches, run)
    used = []
    while not drivers[0].done:
        used.append(drivers[0].next["lr"])
        for driver, watch in zip(drivers, watches, strict=True):
            watch.make(driver.position)
            driver.stepped()
        assert len({driver.tick for driver in drivers}) == 1
        assert len({driver.done for driver in drivers}) == 1
    # In scripted time rank 0 was where the others think it is, to within a step and the
    # change of pace since the last point.
    real = (watches[0]() - watches[0].seconds(0)) * 1000
    assert drivers[0].tick == pytest.approx(real, rel=0.001)
    assert used[-1] <= max(0.005, 1.2 * watches[0].seconds(len(used) - 1) / (0.2 * cap))
    assert used == sorted(used, reverse=True)
    assert all(list(d.history("lr")) == list(enumerate(used)) for d in drivers)
    # About once a second, and at first more often.
    assert network.begun[0] <= max(1.2 * cap + 30, len(used))


def test_between_two_points_the_time_follows_the_last_pace_and_never_falls():
    watches = [Watch(), Watch(9e9)]
    drivers, _ = ranks(2, watches)
    ticks = []
    for k in range(400):
        watches[0].time += 0.1 if k < 200 else 0.05  # suddenly twice as fast
        for driver in drivers:
            driver.stepped()
        assert drivers[0].tick == drivers[1].tick
        ticks.append(drivers[0].tick)
    assert ticks == sorted(ticks)
    assert ticks[199] == 19_900  # the pace was measured: 100 ms an update
    assert ticks[-1] == pytest.approx((watches[0].time - 0.1) * 1000, abs=150)


def test_the_clock_of_another_rank_may_run_fast_or_backwards():
    watches = [Watch(), Watch(), Watch()]
    drivers, _ = ranks(3, watches)
    for _ in range(100):
        for watch, seconds in zip(watches, (0.5, 5.0, -0.5), strict=True):
            watch.time += seconds
        for driver in drivers:
            driver.stepped()
    assert [driver.tick for driver in drivers] == [49_500] * 3


def test_a_pause_on_the_first_rank_is_left_out_everywhere():
    watches = [Watch(), Watch()]
    drivers, _ = ranks(2, watches)
    for k in range(100):
        watches[0].time += 0.5
        for driver in drivers:
            driver.stepped()
        if k == 50:
            with drivers[0].paused(), drivers[1].paused():
                watches[0].time += 1000.0
    assert drivers[0].tick == drivers[1].tick == 49_500


def test_after_a_load_all_go_on_from_the_tick_of_the_state():
    watches = [Watch(), Watch()]
    drivers, _ = ranks(2, watches)
    for _ in range(100):
        watches[0].time += 0.5
        for driver in drivers:
            driver.stepped()
    state = drivers[0].state()
    watches = [Watch(7.0), Watch(1.0)]
    drivers, _ = ranks(2, watches)
    for driver in drivers:
        driver.load(state)
    for _ in range(20):
        watches[0].time += 2.0
        for driver in drivers:
            driver.stepped()
        assert drivers[0].tick == drivers[1].tick >= state["tick"]
    assert drivers[0].tick == state["tick"] + 19 * 2000


def test_to_ask_how_much_is_left_makes_no_exchange():
    made = []
    plan = Plan({"lr": wsd(peak=1.0, steps=RUN)}, run=RUN)
    driver = Driver(plan, now=Watch(), exchange=lambda: made.append(1))
    assert (driver.remaining, driver.done, made) == (600.0, False, [])
    driver.stepped()
    assert made == [1]


def no_other():
    return None


def test_alone_nothing_is_exchanged():
    watch = Watch()
    plan = Plan({"lr": wsd(peak=1.0, steps=RUN)}, run=RUN)
    one, other = Driver(plan, now=watch, exchange=no_other), Driver(plan, now=watch)
    for k in range(50):
        watch.time += 0.3 + k % 3
        one.stepped()
        other.stepped()
        assert one.state() == other.state()
    assert pickle.loads(pickle.dumps(one)).state() == one.state()


TOKENS = Run(total_tokens=10**6, clock="tokens")


def test_tokens_that_differ_between_ranks_are_an_error_on_all():
    network = Network(2)
    plan = Plan({"lr": Linear(1.0, 0.0, 10**6)}, run=TOKENS)
    drivers = [Driver(plan, exchange=network.of(rank)) for rank in range(2)]
    refused = [None, None]
    for k in range(200):
        for rank, driver in enumerate(drivers):
            driver.count(tokens=100 if (rank, k) != (1, 3) else 101)
            try:
                driver.stepped()
            except GradatimError as error:
                refused[rank] = (k, str(error))
        if any(refused):
            break
    assert refused[0] == refused[1]
    assert "one rank has counted " in refused[0][1]
    assert "takes the number over all ranks" in refused[0][1]


def test_the_points_are_a_second_apart_by_the_clock_of_the_first():
    watch, network = Watch(), Network(1)
    points = Points(network.of(0), watch, RUN)
    points.begin(1)
    assert not points.is_alone
    begun = []
    for position in range(1, 2000):
        watch.time += 0.01
        before = network.begun[0]
        points.after(position, [])
        if network.begun[0] > before:
            begun.append(position)
    gaps = [later - one for one, later in pairwise(begun)]
    assert gaps[:7] == [1, 2, 4, 8, 16, 32, 64]
    assert set(gaps[7:]) <= {99, 100, 101}
