"""What version 0.1 let pass without a word, in its smallest form."""

import itertools
import json
import threading
import warnings

import pytest

from gradatim import (
    Constant,
    Driver,
    Function,
    GradatimError,
    Linear,
    Plateau,
    Run,
    Target,
    by_updates,
    warmup_cosine,
    wsd,
)

LINE = Linear(start=0.0, end=1.0, steps=4)
HALVES = Plateau(mode="min", factor=0.5, patience=0, threshold=0.0)


@pytest.mark.parametrize("twice", ['"position": 7, "position": 8', '"states": {}, "states": {}'])
def test_a_state_that_says_a_thing_twice_is_refused(tmp_path, twice):
    driver = Driver({"lr": LINE})
    state = json.dumps(driver.state())
    key = twice.partition(":")[0]
    start = state.index(key)
    end = min(e for e in (state.find(', "', start), state.rfind("}")) if e > start)
    path = tmp_path / "state.json"
    path.write_text(state[:start] + twice + state[end:])
    with pytest.raises(
        GradatimError, match=f"not a saved state: the key {key.strip(chr(34))!r} comes twice"
    ):
        driver.restore(path)
    assert driver.position == 0


def test_an_override_that_leaves_no_update_is_warned_of():
    small, large = (Run(samples=100, batch=batch, epochs=1) for batch in (1, 2))
    done = Driver({"lr": Linear(1.0, 0.5, small.steps)}, run=small)
    done.advance(100)
    driver = Driver({"lr": Linear(1.0, 0.5, large.steps)}, run=large)
    with pytest.warns(UserWarning, match="no update is left") as warned:
        driver.load(done.state(), "override")
    assert str(warned[0].message) == (
        "gradatim: load: no update is left: the state is at 100 updates, and the run of this "
        "script has 50. If the batch size changed, on_mismatch='rescale' goes on at the same "
        "place in the data."
    )
    driver.load(done.state(), "rescale")
    assert (driver.position, driver.tick) == (100, 50)


@pytest.mark.parametrize(
    ("nan", "effect"), [("ignore", "left out"), ("worse", "counted as no improvement")]
)
def test_metrics_that_are_no_numbers_are_counted_and_warned_of_once(nan, effect):
    driver = Driver({"lr": Constant(1.0)}, HALVES.replace(nan=nan))
    driver.observe(1.0)
    with pytest.warns(UserWarning, match="the metric is nan") as warned:
        driver.observe(float("nan"))
    assert str(warned[0].message) == (
        f"gradatim: observe: the metric is nan; it is {effect}. driver.unusable counts these."
    )
    driver.observe(float("inf"))
    driver.observe(0.5)
    assert driver.unusable == {"lr": 2}


def test_evaluations_of_several_threads_all_count():
    driver = Driver({"lr": Constant(1.0)}, Plateau(mode="min", factor=0.999, patience=0))
    driver.observe(0.0)

    def evaluate():
        for _ in range(500):
            driver.observe(1.0)

    threads = [threading.Thread(target=evaluate) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert driver.scales["lr"] == pytest.approx(0.999**4000, rel=1e-12)


def test_past_an_end_at_0_is_said_once_and_no_other_end():
    driver = Driver({"lr/head": Linear(1.0, 0.0, 4), "lr/*": Linear(1.0, 0.0, 6)})
    for _ in range(6):
        driver.stepped()
    with pytest.warns(UserWarning, match="lr has ended at 0") as warned:
        driver.stepped()
    assert str(warned[0].message) == (
        "gradatim: the schedule of lr has ended at 0, after 6 updates, and the run goes on: "
        "update 7 changed nothing, and later ones will not either. To train longer, write "
        "extend(...) or rewarm(...)."
    )
    driver.stepped()
    for lasting in (Linear(1.0, 0.1, 4), Constant(0.0), Linear(1.0, 0.0, 4).repeat()):
        other = Driver({"lr": lasting, "weight_decay": Linear(1.0, 0.0, 2)})
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for _ in range(10):
                other.stepped()


def test_the_end_of_a_rate_by_updates_is_not_looked_for_on_the_clock():
    seconds = itertools.count()
    run = Run(seconds=100)
    driver = Driver({"lr": by_updates(Linear(1.0, 0.0, 6))}, run=run, now=lambda: next(seconds))
    for _ in range(6):
        driver.stepped()  # the clock has passed 6 milliseconds long ago
    assert driver.tick == 5000
    with pytest.warns(UserWarning, match="lr has ended at 0, after 6 updates"):
        driver.stepped()


def test_rates_by_the_clock_and_by_updates_have_both_ended_before_it_is_said():
    seconds = itertools.count()
    rates = {"lr/a": by_updates(Linear(1.0, 0.0, 6)), "lr/b": Linear(1.0, 0.0, 8000)}
    driver = Driver(rates, run=Run(seconds=8), now=lambda: next(seconds))
    for _ in range(9):
        driver.stepped()
    assert driver.tick == 8000
    with pytest.warns(UserWarning, match="lr has ended at 0, after 8000 milliseconds"):
        driver.stepped()


def test_a_rate_that_is_over_long_before_the_run_is_warned_of_when_built():
    with pytest.warns(UserWarning, match="schedule of lr is over") as warned:
        Driver({"lr": Linear(1.0, 0.0, 100)}, run=Run(seconds=100))
    assert str(warned[0].message) == (
        "gradatim: the schedule of lr is over, and 0, after 0.1 s, and the run lasts 100 s. "
        "Lengths of pieces are ticks of the clock; a recipe takes the run: steps=run."
    )


@pytest.mark.parametrize(
    "schedule",
    [
        wsd(peak=1.0, steps=Run(seconds=1)),
        by_updates(wsd(peak=1.0, steps=Run(seconds=1))),
        warmup_cosine(peak=1.0, steps=Run(total_tokens=1000, clock="tokens")),
    ],
)
def test_lengths_that_were_resolved_by_another_clock_are_refused(schedule):
    with pytest.raises(GradatimError, match=r"Driver: the lengths of lr are.*Give that run here"):
        Driver({"lr": schedule})


def table(step):
    return [0.0, 0.5, 0.25][step]


def test_a_function_of_the_users_own_is_not_judged_by_steps_that_never_come():
    driver = Driver({"lr": Function(function=table)})
    assert [driver.next["lr"], driver.stepped()[0], driver.stepped()[0]] == [0.0, 0.5, 0.25]


class TestSeveralOptimizers:
    """Optimizer 0 and optimizer 1 share a plan; an update is both of their steps."""

    def test_both_step_in_each_update(self):
        driver = Driver({"lr": LINE})
        for k in range(4):
            assert driver.due(0) == driver.due(1) == [LINE(k)]
            assert driver.stepped(0) == [LINE(k + 1)]
            assert driver.due(1) == [LINE(k)]  # the second one still makes this update
            driver.stepped(1)
            assert driver.position == k + 1

    def test_a_step_of_one_that_is_left_out_moves_nothing_twice(self):
        driver = Driver({"lr": LINE})
        driver.stepped(0)  # optimizer 1 overflows
        driver.stepped(0)
        driver.stepped(1)
        assert driver.position == 2
        driver.stepped(1)  # optimizer 0 overflows
        assert driver.position == 3
        driver.stepped(0)
        driver.stepped(1)
        assert driver.position == 4

    def test_what_somebody_else_wrote_stands_at_the_update_it_was_used_in(self):
        driver = Driver({"lr": LINE})
        driver.stepped(0)
        driver.stepped(1, {Target("lr", "b"): 7.0})
        driver.stepped(0, {Target("lr"): 9.0})
        assert list(driver.history("lr")) == [(0, 0.0), (1, 9.0)]
        assert list(driver.history("lr/b")) == [(0, 7.0)]
        assert driver.applied == {"lr": 9.0}


def test_an_update_taken_back_is_forgotten():
    driver = Driver({"lr": LINE}, HALVES)
    driver.stepped(0, {Target("lr"): 7.0})
    driver.observe(1.0)
    driver.observe(2.0)
    driver.stepped(0, {Target("lr"): 9.0})
    driver.retract()
    assert (driver.position, driver.next) == (1, {"lr": 0.5 * LINE(1)})
    assert list(driver.history("lr")) == [(0, 7.0)]
    driver.stepped()
    assert driver.applied == {"lr": 0.5 * LINE(1)}
    driver.seek(3)
    with pytest.raises(GradatimError, match="retract: no update has been counted since"):
        driver.retract()
