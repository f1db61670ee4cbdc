"""``on_mismatch="same-past"`` accepts a script whose schedules have had the checkpoint's values."""

import pytest

from gradatim import (
    Constant,
    Driver,
    Function,
    GradatimError,
    Linear,
    Plan,
    Plateau,
    Run,
    Table,
    by_updates,
    cooldown,
    extend,
    rewarm,
    warmup_constant,
    warmup_cosine,
    wsd,
)
from gradatim.drive.resume.past import first_difference

HALVES = Plateau(mode="min", factor=0.5, patience=0, threshold=0.0)


def accepts(theirs, ours, at, **more):
    """None if the state of a run with these schedules is accepted after ``at`` updates, or why not.

    Nothing may have changed where it is not.
    """
    saved = Driver({"lr": theirs}, **more)
    saved.advance(at)
    driver = Driver({"lr": ours}, **more)
    before = driver.state()
    try:
        driver.load(saved.state(), "same-past")
    except GradatimError as error:
        return "changed" if driver.state() != before else str(error)
    expected = Driver({"lr": ours}, **more).plan
    return None if (driver.position, driver.plan) == (at, expected) else "another plan"


def test_it_is_decided_by_the_values_of_the_updates_so_far():
    theirs, ours = (
        wsd(peak=1.0, steps=n, warmup=10, cooldown=20, shape="linear") for n in (100, 200)
    )
    # The cooldown begins with the peak, at step 80. Update 82 is the first one to use less.
    for at in range(101):
        error = accepts(theirs, ours, at)
        if at <= 81:
            assert error is None
        else:
            assert "lr was 0.95 in update 82, and 1.0 here" in error
            assert "on_mismatch='keep'" in error


TRUNK = warmup_constant(peak=1.0, warmup=10)
COSINE = warmup_cosine(peak=1.0, steps=100, warmup=10)


@pytest.mark.parametrize("at", [1, 10, 50, 99, 100])
def test_every_edit_of_a_run_has_its_past(at):
    edits = [cooldown(TRUNK, at=at, updates=30)] if at >= 1 else []
    for edit in edits:
        assert accepts(TRUNK, edit, at) is None
    assert accepts(COSINE, rewarm(COSINE, at=at, steps=200, peak=0.5), at) is None
    if at < 100:
        assert accepts(COSINE, extend(COSINE, at=at, steps=200), at) is None


def test_one_bit_is_a_difference():
    peak = 0.1 + 0.2  # 0.30000000000000004
    error = accepts(Constant(peak), Constant(0.3), 1)
    assert "lr was 0.30000000000000004 in update 1, and 0.3 here" in error
    assert accepts(Constant(peak), Constant(0.3), 0) is None


def test_the_earliest_difference_of_all_values_is_named():
    theirs = Plan({"lr": 1.0, "momentum": Linear(0.0, 1.0, 50)}, external={"kl": 0.5})
    saved = Driver(theirs)
    saved.advance(60)
    ours = Plan(
        {
            "lr": Constant(1.0, 40) >> Constant(0.5),
            "momentum": Linear(0.0, 1.0, 50).cut(20) >> Constant(0.4),
        },
        external={"kl": Constant(0.5)},
    )
    with pytest.raises(GradatimError, match=r"momentum was 0\.42 in update 22, and 0\.4 here"):
        Driver(ours).load(saved.state(), "same-past")


def test_by_a_clock_all_ticks_so_far_are_compared():
    # A run in time: which ticks the updates used is not in the state.
    short, long = Run(seconds=60, start_after=0), Run(seconds=120, start_after=0)
    now = 0.0

    def script(run, schedule, momentum):
        plan = Plan({"lr": schedule, "momentum": by_updates(momentum)}, run=run)
        return Driver(plan, now=lambda: now)

    fall = Linear(0.0, 1.0, 10)
    saved = script(short, Constant(1.0), fall)
    for _ in range(5):
        now += 2.0
        saved.advance()
    assert saved.tick == 10_000
    for step, is_accepted in ((10_000, False), (9_999, False), (1, False), (10_001, True)):
        driver = script(long, Constant(1.0, step) >> Constant(0.5), fall)
        if is_accepted:
            driver.load(saved.state(), "same-past")
            assert (driver.position, driver.tick, driver.remaining) == (5, 10_000, 110.0)
        else:
            with pytest.raises(GradatimError, match=rf"1\.0 in tick {step} in time, and 0\.5"):
                driver.load(saved.state(), "same-past")
    fresh = script(short, Constant(1.0), fall)
    script(long, Constant(0.5), fall).load(fresh.state(), "same-past")  # nothing was used yet
    driver = script(long, Constant(1.0), fall.cut(5) >> Constant(7.0))
    driver.load(saved.state(), "same-past")
    assert driver.next == {"lr": 1.0, "momentum": 7.0}
    with pytest.raises(GradatimError, match=r"momentum was 0\.4 in update 5, and 7\.0 here"):
        script(long, Constant(1.0), fall.cut(4) >> Constant(7.0)).load(saved.state(), "same-past")
    other = Driver(Plan({"lr": by_updates(1.0 * fall), "momentum": fall}, run=long))
    with pytest.raises(GradatimError, match="lr follows the updates on one side and the clock"):
        other.load(saved.state(), "same-past")


def test_after_a_rescale_the_ticks_of_the_schedule_count():
    two, four = (Run(samples=1000, batch=10, epochs=4, processes=n) for n in (2, 4))
    first = Driver({"lr": wsd(1.0, steps=two, warmup=10, cooldown=20)}, run=two)
    first.advance(100)
    second = Driver({"lr": wsd(1.0, steps=four, warmup=10, cooldown=20)}, run=four)
    second.load(first.state(), "rescale")
    assert (second.position, second.tick) == (100, 50)
    longer = wsd(1.0, steps=200, warmup=10, cooldown=20)
    third = Driver({"lr": longer}, run=four)
    third.load(second.state(), "same-past")
    assert (third.position, third.tick, third.next) == (100, 50, {"lr": longer(50)})


def test_it_is_about_the_plan_of_the_script_and_not_about_one_that_was_kept():
    driver, saved = Driver({"lr": Constant(0.5)}), Driver({"lr": Constant(1.0)})
    saved.advance(5)
    driver.load(saved.state(), "keep")
    assert driver.next == {"lr": 1.0}
    with pytest.raises(GradatimError, match="had another past"):
        driver.load(saved.state(), "same-past")


def test_the_scale_of_a_rule_stays():
    saved = Driver({"lr": COSINE}, HALVES)
    saved.advance(20)
    saved.observe(1.0)
    saved.observe(2.0)
    longer = extend(COSINE, at=20, steps=200)
    driver = Driver({"lr": longer}, HALVES)
    driver.load(saved.state(), "same-past")
    assert driver.next == {"lr": 0.5 * longer(20)}
    with pytest.raises(GradatimError, match=r"same-past' is for schedules alone.*rule of lr"):
        Driver({"lr": longer}, HALVES.replace(factor=0.1)).load(saved.state(), "same-past")


@pytest.mark.usefixtures("own_names")
class TestLongRuns:
    def calls(self, theirs, ours, steps):
        """The first difference, and how many values of the first schedule were asked for."""
        count = 0

        class CountedConstant(Constant):
            def at(self, t, xp):
                nonlocal count
                count += 1
                return theirs(t)

            held = at

        return first_difference(CountedConstant(0.0), ours, steps), count

    def test_up_to_100_000_every_value_is_compared(self):
        theirs = Constant(1.0)
        for step in (0, 1, 54_321, 99_999):
            assert self.calls(theirs, lone(step), 100_000)[0] == step
        assert self.calls(theirs, lone(100_000), 100_000)[0] is None

    def test_beyond_it_10_000_and_all_joins_are(self):
        steps = 10**9
        theirs = Constant(1.0)
        found, calls = self.calls(theirs, Constant(1.0, 7 * 10**8 + 1) >> Constant(1.0), steps)
        assert found is None
        assert calls < 10_100
        # One step apart at a join, where the sum of a schedule is the same everywhere else.
        assert self.calls(theirs, lone(123_456_789), steps)[0] == 123_456_789
        # The step at a join, and the one after it.
        single = Linear(0.5, 1.0, 1)
        assert self.calls(theirs, Constant(1.0, 123_456_789) >> single, steps)[0] == 123_456_789
        later = Table([(0, 1.0), (1, 0.5), (2, 1.0)], "hold")
        assert self.calls(theirs, Constant(1.0, 123_456_789) >> later, steps)[0] == 123_456_790
        # Between two of the points, with no join of its own: the exact step is searched for.
        late = Function(function=late_function)
        assert self.calls(theirs, late, steps)[0] == LATE


LATE = 500_012_345


def late_function(step):
    return 1.0 if step < LATE else 0.5


def lone(step):
    """1.0, but 0.5 at one step."""
    before = (Constant(1.0, step),) if step else ()
    one, *others = (*before, Constant(0.5, 1), Constant(1.0))
    return one.then(*others)


def test_far_out_the_first_difference_is_found_between_the_points_that_are_looked_at():
    one = Linear(0.0, 1.0, 400_000)
    for step in (1, 30_001, 123_456, 399_999):
        other = one.clip(high=one(step - 1))  # no boundary, where every step would be looked at
        assert first_difference(one, other, 400_001) == step


def test_in_updates_a_schedule_by_updates_has_the_past_of_the_same_one_by_the_clock():
    line = Linear(1.0, 0.0, 100)
    saved = Driver({"lr": by_updates(line)})
    saved.advance(10)
    driver = Driver({"lr": line})
    driver.load(saved.state(), "same-past")
    assert (driver.position, driver.plan["lr"]) == (10, line)
