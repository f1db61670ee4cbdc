"""Clocks: what schedules are asked for when a run is measured in time, tokens, or anything else."""

import json
import pickle

import pytest

from gradatim import Driver, GradatimError, Linear, Plan, Run, by_updates, wsd

MINUTE = Run(seconds=60)
FALL = Linear(start=1.0, end=0.0, steps=60_000)


class Watch:
    """A clock in seconds that only moves when it is told to."""

    def __init__(self):
        self.time = 1000.0

    def __call__(self):
        return self.time


THERE = Watch()


class Other(Watch):
    """The clock of another process."""

    def __call__(self):
        return THERE.time


def timed(run=MINUTE, **schedules):
    watch = Watch()
    driver = Driver(Plan({"lr": FALL, **schedules}, run=run), now=watch)
    return watch, driver


def go(watch, driver, *seconds):
    for each in seconds:
        watch.time += each
        driver.advance()


class TestTime:
    def test_it_starts_after_the_first_update_and_counts_milliseconds(self):
        watch, driver = timed()
        go(watch, driver, 100.0)  # compiling
        assert (driver.position, driver.tick) == (1, 0)
        go(watch, driver, 2.0, 0.5, 0.0004)
        assert (driver.position, driver.tick) == (4, 2500)
        assert driver.next == {"lr": FALL(2500)}
        assert list(driver.history("lr")) == [(0, 1.0), (1, 1.0), (2, FALL(2000)), (3, FALL(2500))]

    @pytest.mark.parametrize("updates", [0, 1, 3])
    def test_how_many_updates_come_before_it(self, updates):
        watch, driver = timed(Run(seconds=60, start_after=updates))
        go(watch, driver, *[1.0] * 5)
        assert driver.tick == (5 - updates) * 1000

    def test_a_pause_is_left_out(self):
        watch, driver = timed()
        go(watch, driver, 5.0, 1.0)
        with driver.paused():
            watch.time += 300.0
        go(watch, driver, 1.0)
        assert driver.tick == 2000

    def test_a_pause_before_it_starts_changes_nothing(self):
        watch, driver = timed()
        with driver.paused():
            watch.time += 300.0
        go(watch, driver, 5.0, 1.0)
        assert driver.tick == 1000

    def test_pauses_may_be_nested_begin_before_the_time_and_hold_a_load(self):
        watch, driver = timed(Run(seconds=60, start_after=0))
        with driver.paused():
            watch.time += 50.0
            with driver.paused():
                watch.time += 50.0
            driver.load(driver.state())
            watch.time += 50.0
        go(watch, driver, 2.0)
        assert driver.tick == 2000
        watch, driver = timed()
        with driver.paused():
            go(watch, driver, 5.0)  # the time begins in the pause
            watch.time += 9.0
        go(watch, driver, 2.0)
        assert driver.tick == 2000

    def test_a_pickled_driver_goes_on_by_the_clock_of_another_process(self):
        watch, driver = timed()
        go(watch, driver, 1.0, 2.0)
        stored = pickle.dumps(driver)
        THERE.time = 7.0  # as time.monotonic is after the machine has started again
        try:
            driver = pickle.loads(stored.replace(b"Watch", b"Other"))
        finally:
            THERE.time = 9.0
        driver.advance()
        assert driver.tick == 4000

    def test_done_and_remaining(self):
        watch, driver = timed(Run(seconds=60, reserve=10))
        go(watch, driver, 1.0, 20.0)
        assert (driver.remaining, driver.done) == (30.0, False)
        go(watch, driver, 29.999)
        assert not driver.done
        go(watch, driver, 5.0)
        assert (driver.remaining, driver.done) == (0.0, True)

    def test_after_a_load_the_tick_is_that_of_the_state_and_the_time_starts_again(self):
        watch, driver = timed()
        go(watch, driver, 1.0, 20.0)
        state = json.loads(json.dumps(driver.state()))
        assert (state["position"], state["tick"]) == (2, 20_000)
        watch, resumed = timed()
        resumed.load(state)
        go(watch, resumed, 500.0)  # the first update after a load compiles again
        assert (resumed.position, resumed.tick) == (3, 20_000)
        go(watch, resumed, 1.5)
        assert (resumed.position, resumed.tick) == (4, 21_500)

    def test_a_clock_that_runs_backwards_is_refused_with_the_update_counted(self):
        watch, driver = timed()
        go(watch, driver, 1.0, 5.0)
        with pytest.raises(GradatimError, match="the clock ran backwards, by 2 seconds"):
            go(watch, driver, -2.0)
        assert (driver.position, driver.tick) == (3, 5000)
        go(watch, driver, 3.0)
        assert (driver.position, driver.tick) == (4, 6000)

    def test_a_value_by_updates_follows_the_updates(self):
        momentum = Linear(start=0.0, end=1.0, steps=4)
        watch, driver = timed(momentum=by_updates(momentum))
        for k in range(4):
            assert driver.next["momentum"] == momentum(k)
            go(watch, driver, 7.0)
        assert [value for _, value in driver.history("momentum")] == [0.0, 0.25, 0.5, 0.75]

    def test_retract_keeps_the_time_that_has_passed(self):
        watch, driver = timed()
        go(watch, driver, 1.0, 5.0, 5.0)
        driver.retract()
        assert (driver.position, driver.tick) == (2, 10_000)
        go(watch, driver, 1.0)
        assert list(driver.history("lr")) == [(0, 1.0), (1, 1.0), (2, FALL(10_000))]

    def test_seek_needs_to_be_told_the_time(self):
        _, driver = timed()
        with pytest.raises(GradatimError, match=r"clock of this run is in time.*seek\(5, tick="):
            driver.seek(5)
        driver.seek(5, 30_000)
        assert (driver.position, driver.tick) == (5, 30_000)

    def test_updates_counted_together_used_one_value(self):
        watch, driver = timed()
        go(watch, driver, 1.0)
        watch.time += 10.0
        driver.advance(3)
        assert [value for _, value in driver.history("lr")] == [1.0, 1.0, 1.0, 1.0]
        assert driver.next == {"lr": FALL(10_000)}


TOKENS = Run(total_tokens=1000, clock="tokens")


class TestCounted:
    def driver(self, run=TOKENS):
        return Driver({"lr": Linear(start=1.0, end=0.0, steps=1000)}, run=run)

    def test_what_was_counted_is_seen_by_the_next_update(self):
        driver = self.driver()
        used = []
        for tokens in (100, 300, 50):
            driver.count(tokens=tokens)
            used.append(driver.next["lr"])
            driver.advance()
        assert used == [1.0, 0.9, 0.6]
        assert (driver.tick, driver.remaining) == (450, 550)
        assert [value for _, value in driver.history("lr")] == used

    def test_what_a_skipped_update_saw_counts(self):
        driver = self.driver()
        driver.count(tokens=100)
        driver.advance()
        driver.count(tokens=100)  # overflow: no update
        driver.count(tokens=100)
        driver.advance()
        assert driver.tick == 300

    def test_an_update_for_which_nothing_was_counted_is_refused(self):
        driver = self.driver()
        for _ in range(2):
            with pytest.raises(
                GradatimError, match=r"in tokens, and nothing has been counted.*count"
            ):
                driver.advance()
            driver.count(tokens=1)
            driver.advance()
        assert driver.position == 2

    def test_progress_is_a_share_of_the_run(self):
        driver = Driver({"lr": Linear(1.0, 0.0, 1_000_000)}, run=Run(clock="progress"))
        used = []
        for share in (0.0, 0.25, 0.25, 1.0):
            driver.count(progress=share)
            used.append(driver.next["lr"])
            driver.advance()
        assert driver.tick == 1_000_000
        assert driver.done
        assert used == [1.0, 0.75, 0.75, 0.0]
        assert [value for _, value in driver.history("lr")] == used

    def test_a_unit_of_ones_own(self):
        driver = self.driver(Run(clock="env_steps", total=1000))
        driver.count(env_steps=250)
        driver.advance()
        assert (driver.next, driver.remaining) == ({"lr": 0.75}, 750)

    @pytest.mark.parametrize(
        ("amount", "words"),
        [
            ({"tokens": -1}, "tokens must be a whole number, 0 or more, got -1"),
            ({"tokens": 0.5}, "tokens must be"),
            ({"tokens": True}, "tokens must be"),
            ({"samples": 5}, r"in tokens; write count\(tokens=...\)"),
            ({}, "give one argument by its name: tokens=n"),
            ({"tokens": 1, "samples": 1}, "give one argument"),
        ],
    )
    def test_what_cannot_be_counted(self, amount, words):
        driver = self.driver()
        with pytest.raises(GradatimError, match=words):
            driver.count(**amount)
        assert driver.state() == self.driver().state()

    @pytest.mark.parametrize("share", [-0.1, 1.1, float("nan"), "0.5", True, 0.2])
    def test_a_progress_that_is_none_or_falls_is_refused(self, share):
        driver = Driver({"lr": Linear(1.0, 0.0, 1_000_000)}, run=Run(clock="progress"))
        driver.count(progress=0.3)
        with pytest.raises(GradatimError, match="progress must be"):
            driver.count(progress=share)

    def test_a_clock_in_updates_takes_no_count(self):
        driver = Driver({"lr": FALL})
        with pytest.raises(GradatimError, match=r'tokens cannot be counted.*clock="tokens"'):
            driver.count(tokens=5)

    def test_a_clock_known_from_the_run_takes_none_either(self):
        run = Run(samples=100, batch=10, epochs=2, clock="samples")
        driver = Driver({"lr": wsd(peak=1.0, steps=run)}, run=run)
        with pytest.raises(GradatimError, match="in samples, known from the run"):
            driver.count(samples=10)


def test_samples_and_tokens_of_a_known_run_follow_from_the_position():
    run = Run(samples=25, batch=10, epochs=4, tokens_per_sample=8, clock="tokens")
    driver = Driver({"lr": Linear(start=1.0, end=0.0, steps=run.ticks)}, run=run)
    ticks = []
    while not driver.done:
        ticks.append(driver.tick)
        driver.advance()
    assert ticks == [0, 80, 160, 200, 280, 360, 400, 480, 560, 600, 680, 760]
    driver.retract()
    assert driver.tick == 760
    driver.seek(3)
    assert driver.tick == 200


CLOCKS = {
    "updates": Run(steps=100),
    "samples": Run(samples=25, batch=10, epochs=40, clock="samples"),
    "tokens": Run(total_tokens=1000, clock="tokens"),
    "time": Run(seconds=12),
    "progress": Run(clock="progress"),
    "env_steps": Run(clock="env_steps", total=1000),
}


def driven(clock, watch=None):
    run = CLOCKS[clock]
    return Driver(
        Plan(
            {
                "lr": wsd(peak=1.0, warmup="10%", cooldown="20%", steps=run),
                "momentum": by_updates(Linear(start=0.5, end=0.9, steps=30)),
            },
            external={"kl": Linear(start=0.0, end=1.0, steps=run.ticks)},
            run=run,
        ),
        now=watch,
    )


def update(driver, watch, k):
    unit = driver.clock.unit
    if driver.clock.waits_for_count:
        driver.count(**{unit: k / 50 if unit == "progress" else 7 * k % 11})
    watch.time += 0.125 * (1 + k % 3)
    driver.advance()


@pytest.mark.parametrize("clock", CLOCKS)
def test_stopped_at_any_update_it_goes_on_bitwise(clock):
    watch = Watch()
    whole = driven(clock, watch)
    rows, states = [], []
    for k in range(40):
        states.append(json.loads(json.dumps(whole.state())))
        update(whole, watch, k)
        rows.append((whole.tick, whole.applied))
    for k in range(40):
        watch = Watch()
        resumed = driven(clock, watch)
        resumed.load(states[k])
        if clock == "time" and k:
            # The time begins again after one update: what it lost is in no state.
            resumed.clock._started = watch()
        for j in range(k, 40):
            update(resumed, watch, j)
            assert (resumed.tick, resumed.applied) == rows[j]


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("other", CLOCKS)
@pytest.mark.parametrize("policy", ["strict", "keep", "override", "rescale"])
def test_a_state_of_another_clock_is_refused_whatever_the_policy(clock, other, policy):
    if clock == other:
        return
    driver, state = driven(clock), driven(other).state()
    before = driver.state()
    with pytest.raises(
        GradatimError, match=f"measured in {other}, this plan is measured in {clock}"
    ):
        driver.load(state, policy)
    assert driver.state() == before


def test_rescaling_changes_nothing_under_another_clock_than_updates():
    two, four = (
        Run(samples=1000, batch=10, epochs=2, processes=n, clock="samples") for n in (2, 4)
    )
    first, second = (Driver({"lr": wsd(peak=1.0, steps=run)}, run=run) for run in (two, four))
    first.advance(37)
    second.load(first.state(), "rescale")
    assert (second.position, second.tick) == (37, 740)
    second.advance()
    assert second.tick == 780


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_driver_can_be_pickled_under_every_clock(clock):
    watch = Watch()
    driver = driven(clock, watch)
    update(driver, watch, 3)
    copy = pickle.loads(pickle.dumps(driver))
    assert copy.state() == driver.state()
    assert list(copy.history("lr")) == list(driver.history("lr"))


def test_without_a_length_nothing_is_done():
    driver = Driver({"lr": 0.1})
    with pytest.raises(GradatimError, match=r"length of the run is not known.*Run\(steps="):
        _ = driver.done
