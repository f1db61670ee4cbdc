"""Training longer: ``on_mismatch="extend"`` continues what the checkpoint was driven by."""

import json

import pytest

from gradatim import (
    Constant,
    Cosine,
    Driver,
    GradatimError,
    Linear,
    Plan,
    Plateau,
    Run,
    Schedule,
    by_updates,
    extend,
    multistep,
    one_cycle,
    rewarm,
    warmup_constant,
    warmup_cosine,
    warmup_linear,
    warmup_polynomial,
    wsd,
)
from gradatim.fields import Number, PositiveSteps
from gradatim.pieces import FractionalRamp
from tests.core.fitting import fitting

HALVES = Plateau(mode="min", factor=0.5, patience=0, threshold=0.0)


def resumed(theirs, ours, at, **more):
    """A script with these schedules that goes on from a checkpoint at a position."""
    saved = Driver({"lr": theirs})
    saved.advance(at)
    driver = Driver({"lr": ours}, **more)
    driver.load(json.loads(json.dumps(saved.state())), "extend")
    assert (driver.position, driver.tick) == (at, at)
    return driver


WRAPPED = {
    "scaled": lambda s: 0.1 * s,
    "clipped": lambda s: s.clip(low=0.25),
    "rounded": lambda s: s.rounded(2),
    "in stairs": lambda s: s.staircase(7),
    "a sum": lambda s: s + 0.5,
    "a product": lambda s: s * Linear(1.0, 0.5, 30),
}


class TestOneSchedule:
    @pytest.mark.parametrize("at", [100, 250, 400, 999])
    @pytest.mark.parametrize(
        ("recipe", "shape"), [(warmup_cosine, "cosine"), (warmup_linear, "linear")]
    )
    def test_a_decay_goes_on_as_extend_writes_it(self, recipe, shape, at):
        theirs, ours = (recipe(peak=1.0, steps=n, warmup="10%", floor=0.125) for n in (1000, 2000))
        schedule = resumed(theirs, ours, at).plan["lr"]
        oracle = extend(theirs, at=at, steps=2000, shape=shape)
        assert schedule == oracle
        assert schedule.values(2100) == oracle.values(2100)

    @pytest.mark.parametrize("shape", ["1-sqrt", "linear", "cosine", "sqrt-cube", "exponential"])
    @pytest.mark.parametrize("at", [0, 50, 100, 500, 799, 800, 900])
    def test_a_level_is_kept_for_as_long_as_the_scripts(self, shape, at):
        # In percent, so that the two have no warm-up in common.
        theirs, ours = (
            wsd(peak=1.0, steps=n, warmup="10%", cooldown="20%", shape=shape, floor="1%")
            for n in (1000, 2000)
        )
        schedule = resumed(theirs, ours, at).plan["lr"]
        if at == 0:  # nothing has been used yet
            assert schedule == ours
            return
        begin = max(at, 800)
        assert schedule.values(2000) == extend(
            theirs, at=begin, steps=2000, hold=1600 - begin, shape=shape
        ).values(2000)

    def test_by_hand(self):
        theirs, ours = (Linear(0.0, 1.0, n) >> Linear(1.0, 0.0, 4 * n) for n in (2, 4))
        driver = resumed(theirs, ours, 6)
        # Two updates up, eight down to 0 at 10; at 6 the rate is 0.5, and the end is at 20.
        used = []
        for _ in range(14):
            used.append(driver.next["lr"])
            driver.advance()
        assert used == [0.5 * (14 - k) / 14 for k in range(14)]
        assert driver.next["lr"] == 0.0

    @pytest.mark.parametrize("at", [1, 99, 100, 500, 799, 800])
    def test_where_the_past_is_the_same_the_scripts_schedule_is_taken_as_it_is(self, at):
        theirs, ours = (wsd(peak=1.0, steps=n, warmup=100, cooldown=200) for n in (1000, 2000))
        assert resumed(theirs, ours, at).plan["lr"] == ours

    def test_in_the_warm_up_the_checkpoints_warm_up_comes_to_its_end(self):
        theirs, ours = (warmup_cosine(peak=1.0, steps=n, warmup="10%") for n in (100, 200))
        schedule = resumed(theirs, ours, 5).plan["lr"]
        assert schedule == Linear(0.0, 1.0, 10) >> Cosine(1.0, 0.0, 190)

    def test_loading_again_changes_nothing(self):
        theirs, ours = (warmup_cosine(peak=1.0, steps=n, warmup="10%") for n in (100, 200))
        driver = resumed(theirs, ours, 60)
        plan = driver.plan
        driver.advance(20)
        state = driver.state()
        driver.load(state, "extend")
        assert driver.plan == plan
        again = Driver({"lr": ours})
        for _ in range(2):
            again.load(json.loads(json.dumps(state)), "extend")
            assert (again.plan, again.position) == (plan, 80)

    def test_an_earlier_checkpoint_is_continued_from_where_it_is(self):
        theirs, ours = (warmup_cosine(peak=1.0, steps=n, warmup="10%") for n in (100, 200))
        driver, saved = resumed(theirs, ours, 60), Driver({"lr": theirs})
        saved.advance(30)
        driver.load(saved.state(), "extend")
        assert driver.plan["lr"] == extend(theirs, at=30, steps=200, shape="cosine")
        driver.load(saved.state(), "keep")
        driver.load(saved.state(), "extend")
        assert driver.plan["lr"] == extend(theirs, at=30, steps=200, shape="cosine")

    def test_a_part_that_is_frozen_at_first_is_not_held_longer_when_it_has_begun(self):
        theirs, ours = (Constant(0.0, n) >> Linear(1.0, 0.0, 4 * n) for n in (20, 40))
        for at in (30, 60):
            schedule = resumed(theirs, ours, at).plan["lr"]
            assert schedule == extend(theirs, at=at, steps=200)

    def test_a_run_that_is_extended_twice(self):
        scripts = [warmup_cosine(peak=1.0, steps=n, warmup="10%") for n in (100, 200, 400)]
        first = resumed(scripts[0], scripts[1], 60)
        first.advance(60)
        second = Driver({"lr": scripts[2]})
        second.load(first.state(), "extend")
        once = extend(scripts[0], at=60, steps=200, shape="cosine")
        assert second.plan["lr"] == extend(once, at=120, steps=400, shape="cosine")
        assert second.plan["lr"].values(120) == once.values(120)

    def test_what_was_extended_by_hand_is_the_same_recipe(self):
        by_hand = extend(warmup_cosine(1.0, steps=100, warmup=10), at=50, steps=150, shape="cosine")
        schedule = resumed(by_hand, warmup_cosine(1.0, steps=300, warmup=10), 80).plan["lr"]
        assert schedule == extend(by_hand, at=80, steps=300, shape="cosine")

    @pytest.mark.parametrize("made", WRAPPED)
    @pytest.mark.parametrize("at", [3, 40, 99])
    def test_what_is_made_of_it_has_the_past_of_the_checkpoint(self, made, at):
        wrap = WRAPPED[made]
        theirs, ours = (warmup_cosine(peak=8.0, steps=n, warmup="10%") for n in (100, 200))
        schedule = resumed(wrap(theirs), wrap(ours), at).plan["lr"]
        assert schedule.values(at + 1) == wrap(theirs).values(at + 1)
        begin = max(at, 10)
        oracle = wrap(extend(theirs, at=begin, steps=200, shape="cosine"))
        assert schedule.values(220) == oracle.values(220)


def loads(driver, state):
    """Whether a state is accepted; if not, nothing may have changed."""
    before = driver.state()
    try:
        driver.load(state, "extend")
    except GradatimError as error:
        return not str(error).startswith("load: on_mismatch='extend' cannot continue lr: ") or (
            driver.state() != before
        )
    return True


def test_a_warm_up_that_is_a_factor_may_be_over():
    theirs, ours = (Linear(0.0, 1.0, n // 10) * Cosine(1.0, 0.0, n) for n in (100, 200))
    schedule = resumed(theirs, ours, 60).plan["lr"]
    oracle = Linear(0.0, 1.0, 10) * extend(Cosine(1.0, 0.0, 100), at=60, steps=200, shape="cosine")
    assert schedule == oracle
    with pytest.raises(GradatimError, match=r"cannot continue lr: it has come to its end, 0\.0"):
        resumed(theirs, ours, 100)


@pytest.mark.parametrize("name", sorted(fitting(40)))
def test_every_recipe_is_continued_or_refused_at_every_update(name):
    theirs, ours = fitting(40)[name], fitting(80)[name]
    continued = 0
    for at in range(41):
        saved = Driver({"lr": theirs})
        saved.advance(at)
        driver = Driver({"lr": ours})
        if not loads(driver, saved.state()):
            continue
        continued += 1
        schedule = driver.plan["lr"]
        known = range(at if schedule == ours else at + 1)
        assert [schedule(k) for k in known] == [theirs(k) for k in known]
        if schedule != theirs:
            assert (schedule.length, schedule(10**6)) == (ours.length, ours(10**6))
        driver.advance(3)
        again = Driver({"lr": ours})
        again.load(driver.state(), "extend")
        assert again.plan == driver.plan
    assert continued or name in {
        # A curve without an end, or one that no longer run can be seen in.
        "inverse_sqrt_t5",
        "linear_noam",
        "noam",
        "noam_interval",
        "warmup_constant",
        "warmup_inverse_sqrt",
        "cosine_restarts",
        "cyclic",
        "multistep",
        "piecewise_constant",
        "step_decay",
        "warm_cool_decay",
        "batch_stages",
        "scale_with_batch",
    }


class TestPlans:
    def scripts(self, n, **more):
        schedules = {
            "lr/muon": warmup_cosine(peak=1.0, steps=n, warmup="10%"),
            "lr/adamw": 0.1 * warmup_cosine(peak=1.0, steps=n, warmup="10%"),
            "lr/frozen": 0.0,
            "momentum": Linear(0.85, 0.95, n // 10),
            "weight_decay": Cosine(0.04, 0.4, n),
        }
        outside = {"kl": Linear(0.0, 1.0, n), "window": Linear(128.0, 1024.0, n).rounded(128)}
        return Plan(schedules, external=outside, rules=HALVES, **more)

    def test_each_value_is_continued(self):
        saved = Driver(self.scripts(100))
        saved.advance(60)
        saved.observe(1.0)
        saved.observe(2.0)
        before = saved.next
        driver = Driver(self.scripts(200))
        driver.load(saved.state(), "extend")
        assert driver.scales == {"lr": 0.5}
        assert driver.next == before
        plan, past = driver.plan, saved.plan
        assert plan["lr/muon"] == extend(past["lr/muon"], at=60, steps=200, shape="cosine")
        assert plan["lr/adamw"] == 0.1 * plan["lr/muon"]
        assert plan["lr/frozen"] == Constant(0.0)
        # It has come to its end, and stays: it is no learning rate.
        assert plan["momentum"] == past["momentum"]
        assert plan["weight_decay"] == extend(
            past["weight_decay"], at=60, steps=200, shape="cosine"
        )
        assert plan["kl"] == extend(past["kl"], at=60, steps=200)
        assert plan["window"](200) == 1024.0
        assert plan.external == ("kl", "window")

    def test_the_run_is_the_scripts(self):
        saved = Driver(self.scripts(100, run=Run(steps=100)))
        saved.advance(60)
        driver = Driver(self.scripts(200, run=Run(steps=200)))
        driver.load(saved.state(), "extend")
        assert driver.remaining == 140

    def test_stopped_at_any_update_after_it_goes_on_bitwise(self):
        saved = Driver(self.scripts(40))
        saved.advance(25)
        whole = Driver(self.scripts(80))
        whole.load(saved.state(), "extend")
        rows, states = [], []
        while whole.position < 80:
            states.append(json.loads(json.dumps(whole.state())))
            rows.append(whole.next)
            whole.advance()
        for k, state in enumerate(states):
            driver = Driver(self.scripts(80))
            driver.load(state, "extend")
            for row in rows[k:]:
                assert driver.next == row
                driver.advance()


CLOCKS = {
    "samples": lambda n: Run(samples=25, batch=10, epochs=2 * n, clock="samples"),
    "tokens": lambda n: Run(total_tokens=1000 * n, clock="tokens"),
    "time": lambda n: Run(seconds=6 * n, start_after=0),
    "env_steps": lambda n: Run(clock="env_steps", total=500 * n),
}


@pytest.mark.parametrize("clock", CLOCKS)
def test_by_any_clock_its_ticks_are_continued(clock):
    def script(n):
        run = CLOCKS[clock](n)
        rate = warmup_cosine(peak=1.0, steps=run, warmup="10%")
        momentum = by_updates(warmup_cosine(peak=1.0, steps=10 * n, warmup="10%"))
        return Driver(Plan({"lr": rate, "momentum": momentum}, run=run), now=lambda: now)

    now = 0.0
    saved = script(10)
    for _ in range(40):
        if saved.clock.waits_for_count:
            saved.count(**{clock: 111})
        now += 0.5
        saved.advance()
    tick = saved.tick
    assert tick == {"samples": 335, "tokens": 4440, "time": 20_000, "env_steps": 4440}[clock]
    driver = script(20)
    driver.load(saved.state(), "extend")
    assert (driver.position, driver.tick) == (40, tick)
    ours, past = script(20).plan, saved.plan
    begin = max(tick, past["lr"].starts[1])
    assert driver.plan["lr"] == extend(past["lr"], at=begin, steps=ours.run.ticks, shape="cosine")
    momentum = driver.plan["momentum"]
    assert momentum == by_updates(
        extend(past["momentum"].schedule, at=40, steps=200, shape="cosine")
    )
    assert driver.next == saved.next


class TestTheEnd:
    theirs = warmup_cosine(peak=1.0, steps=100, warmup="10%")
    ours = warmup_cosine(peak=1.0, steps=200, warmup="10%")

    def test_a_rate_that_has_come_to_its_end_needs_a_second_warm_up(self):
        with pytest.raises(
            GradatimError,
            match=r"cannot continue lr: it has come to its end, 0\.0, .*rewarm\(schedule, at=100, "
            r"steps=\.\.\., peak=\.\.\.\).*on_mismatch='same-past'",
        ):
            resumed(self.theirs, self.ours, 100)

    def test_as_the_error_says_that_works(self):
        saved = Driver({"lr": self.theirs})
        saved.advance(100)
        again = rewarm(self.theirs, at=100, steps=200, peak=0.5)
        driver = Driver({"lr": again})
        driver.load(saved.state(), "same-past")
        assert driver.plan["lr"] == again


def scheduled(schedule, at=60, **more):
    driver = Driver({"lr": schedule}, **more)
    driver.advance(at)
    return driver


def on(**more):
    run = Run(**{"samples": 1000, "batch": 10, "epochs": 1} | more)
    return warmup_cosine(1.0, steps=run), {"run": run}


class Late(Schedule):
    """Half of ``start``, then 0."""

    start: Number
    end: Number
    steps: PositiveSteps

    @property
    def length(self):
        return self.steps

    def at(self, t, xp):
        done, _ = xp.progress(t, self.steps)
        return self.start * 0.5 * (1.0 - done)


COSINE = warmup_cosine(1.0, steps=100)
LONGER = warmup_cosine(1.0, steps=200)
UP = Linear(0.0, 1.0, 10)
BAD = {
    "another peak": (
        (COSINE, {}),
        (warmup_cosine(2.0, steps=200), {}),
        r"another recipe, with other values \(Cosine\(.*start=1\.0.* -> .*2\.0",
    ),
    "another floor": (
        (COSINE, {}),
        (warmup_cosine(1.0, steps=200, floor=0.5), {}),
        r"other values \(Cosine\(.*end=0\.0",
    ),
    "another shape": ((COSINE, {}), (warmup_linear(1.0, steps=200), {}), "Cosine.* -> Linear"),
    "a warm-up more": ((COSINE, {}), (warmup_cosine(1.0, steps=200, warmup=9), {}), "other values"),
    "another factor": ((0.5 * COSINE, {}), (0.1 * LONGER, {}), r"another value.*0\.5 -> 0\.1"),
    "a shorter run": (
        (COSINE, {}),
        (warmup_cosine(1.0, steps=80), {}),
        r"ends after 80, the checkpoint's after 100.*cooldown\(schedule, at=60",
    ),
    "other boundaries": (
        (multistep(1.0, boundaries=[50]), {}),
        (multistep(1.0, boundaries=[99]), {}),
        r"another recipe.*extend\(schedule, at=60",
    ),
    "no end": (
        (warmup_constant(1.0, warmup=10), {}),
        (warmup_constant(1.0, warmup=20), {}),
        "no end that could be later",
    ),
    "a last phase that is no curve between two values": (
        (Linear(0, 1, 10) >> 0.5 * COSINE, {}),
        (Linear(0, 1, 20) >> 0.5 * LONGER, {}),
        "its last phase is no curve from one value to another",
    ),
    "a ramp with two lengths": (
        (FractionalRamp(1.0, 0.0, 90, 89.5), {}),
        (FractionalRamp(1.0, 0.0, 190, 189.5), {}),
        "its last phase is no curve from one value to another",
    ),
    "a curve that does not begin at its start": (
        (Late(1.0, 0.0, 90), {}),
        (Late(1.0, 0.0, 190), {}),
        "its last phase is no curve from one value to another",
    ),
    "a jump": ((UP >> Constant(0.5, 20) >> Cosine(0.5, 0.0, 70), {}), (UP >> COSINE, {}), "other"),
    "another phase between": (
        (UP >> Linear(1.0, 0.5, 20) >> Cosine(0.5, 0.0, 70), {}),
        (UP >> LONGER, {}),
        "other",
    ),
    "no last phase": (
        (UP >> COSINE.cut(50) >> Constant(COSINE(50), 40), {}),
        (UP >> LONGER, {}),
        "other values",
    ),
    "a phase more in the script": (
        (UP >> Linear(1.0, 0.5, 90), {}),
        (UP >> Linear(1.0, 0.5, 90) >> Linear(0.5, 0.5, 90), {}),
        "other values",
    ),
    "another rule": (
        (COSINE, {"rules": HALVES}),
        (LONGER, {}),
        r"schedules alone.*rule of lr: Plateau\(.*\) -> nothing.*'override'",
    ),
    "another batch": (
        on(),
        on(batch=5, epochs=2),
        r"sees another share of the data now \(batch: 10 -> 5\).*'rescale'",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_continued_is_refused_and_nothing_changed(name):
    (theirs, more), (ours, other), words = BAD[name]
    saved, driver = scheduled(theirs, **more), scheduled(ours, 7, **other)
    before = driver.state()
    with pytest.raises(GradatimError, match=words):
        driver.load(saved.state(), "extend")
    assert driver.state() == before


def test_other_targets_are_refused():
    saved = Driver({"lr": COSINE, "momentum": 0.9})
    with pytest.raises(GradatimError, match="the targets of the state"):
        Driver({"lr": LONGER}).load(saved.state(), "extend")


def test_a_longer_run_by_time_may_have_another_batch():
    short, long = (Run(seconds=s, batch=b) for s, b in ((60, 8), (120, 16)))
    saved = Driver({"lr": wsd(1.0, steps=short)}, run=short)
    driver = Driver({"lr": wsd(1.0, steps=long)}, run=long)
    driver.load(saved.state(), "extend")
    assert driver.plan.run == long


@pytest.mark.parametrize("recipe", [one_cycle, warmup_polynomial])
def test_nothing_is_continued_where_nothing_differs(recipe):
    more = {"power": 2.0, "warmup": 5} if recipe is warmup_polynomial else {}
    schedule = recipe(peak=1.0, steps=100, **more)
    assert resumed(schedule, schedule, 30).plan["lr"] == schedule
