"""One run: what a task may return or yield, and what becomes of one that goes wrong."""

import asyncio
import json
import math

import pytest

from gradatim import Constant, Linear
from gradatim.race import FinishedRun, Task, task
from gradatim.race.task import task_of
from gradatim.race.trial import Trial, run_trial
from tests.race import toys

SCHEDULE = Linear(start=1.0, end=0.0, steps=4)


def finish(function, seed=0, updates=None):
    return run_trial(task_of(function), Trial("it", SCHEDULE, seed), updates)


def test_a_generator_leaves_its_curve_and_its_last_loss():
    done = finish(toys.steady, seed=2)
    assert done.failed is None
    assert done.steps == (0, 1, 2, 3)
    assert done.rates == (1.0, 0.75, 0.5, 0.25)
    assert done.losses == (3.0, 3.75, 4.25, 4.5)
    assert done.metrics == {"loss": 4.5}


def test_the_rate_that_a_task_yields_counts_not_the_one_it_should_have_used():
    def stubborn(schedule, seed):
        yield 0, 1.0, 0.125

    assert finish(stubborn).rates == (0.125,)


@pytest.mark.parametrize("outcome", [2.5, {"loss": 2.5}])
def test_a_function_returns_its_metrics(outcome):
    assert finish(lambda schedule, seed: outcome).metrics == {"loss": 2.5}


def test_a_generator_returns_its_metrics_at_its_end():
    done = finish(toys.scored)
    assert done.metrics == {"accuracy": 1.0}
    assert done.steps == (0, 1, 2)


def test_the_race_sets_the_updates_of_a_task_that_takes_them():
    assert finish(toys.scored, updates=5).steps == (0, 1, 2, 3, 4)


def test_numbers_of_frameworks_become_numbers():
    import numpy

    def framework(schedule, seed):
        yield numpy.int64(0), numpy.float32(0.5)
        return {"loss": numpy.array(0.25)}

    done = finish(framework)
    assert (done.steps, done.losses, done.metrics) == ((0,), (0.5,), {"loss": 0.25})
    json.loads(done.to_json())


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_run_stops_at_the_first_loss_that_is_not_finite(bad):
    closed = []

    def diverges(schedule, seed):
        try:
            yield 0, 1.0
            yield 1, bad
            raise AssertionError("went on")
        finally:
            closed.append(True)

    done = finish(diverges)
    assert done.failed == f"loss became {bad} at step 1"
    assert done.losses == (1.0, None)
    assert done.metrics == {}
    assert done.error is None
    assert closed


def test_a_metric_that_is_not_finite_fails_and_is_not_kept():
    done = finish(lambda schedule, seed: {"loss": math.nan, "accuracy": 0.5})
    assert done.failed == "loss is nan"
    assert done.metrics == {"accuracy": 0.5}


def test_the_task_says_what_failed_means():
    limits = Task("t", lambda schedule, seed: 0.0, failed_below=1.0, failed_above=2.0)
    assert limits.failure(1.0) is None
    assert limits.failure(2.0) is None
    assert limits.failure(0.99) == "loss 0.99 is below 1"
    assert limits.failure(2.01) == "loss 2.01 is above 2"
    zero = Task("t", lambda schedule, seed: 0.0, failed_below=0.0)
    assert zero.failure(-1.0) == "loss -1 is below 0"
    assert zero.rule == "loss below 0 or a loss or metric that is not finite or an error"


def test_an_exception_becomes_part_of_the_record():
    done = finish(toys.raises, seed=1)
    assert done.failed == "RuntimeError: the data set is gone"
    assert "toys.py" in done.error
    assert done.losses == (1.0,)


def test_a_task_that_wants_to_exit_only_ends_its_run():
    def leaves(schedule, seed):
        raise SystemExit("bye")

    assert finish(leaves).failed == "SystemExit: bye"


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no words")


class Broken(Exception):
    def __str__(self):
        return None


@pytest.mark.parametrize(
    ("problem", "failed"),
    [
        (KeyboardInterrupt(), "KeyboardInterrupt: "),
        (asyncio.CancelledError("stop"), "CancelledError: stop"),
        (GeneratorExit(), "GeneratorExit: "),
        (BaseExceptionGroup("two", [KeyboardInterrupt()]), "BaseExceptionGroup: two (1 sub"),
        (Mute(), "Mute: its message cannot be read"),
        (Broken(), "Broken: its message cannot be read"),
        (RuntimeError("\ud800" * 3), "RuntimeError: \ud800"),
    ],
    ids=lambda given: type(given).__name__,
)
def test_whatever_a_task_raises_ends_its_own_run_only(problem, failed):
    def raises(schedule, seed):
        yield 0, 1.0
        raise problem

    done = finish(raises)
    assert done.failed.startswith(failed)
    assert done.losses == (1.0,)
    assert FinishedRun.from_json(done.to_json()) == done


@pytest.mark.parametrize(
    ("step", "rate", "words"),
    [
        (10**30, 0.5, "the step that the task yields must be a whole number of updates"),
        (2**63, 0.5, "the step that the task yields must be"),
        (-1, 0.5, "the step that the task yields must be"),
        (0.5, 0.5, "the step that the task yields must be"),
        (math.nan, 0.5, "cannot convert float NaN"),
        ("one", 0.5, "invalid literal for int"),
        (0, math.nan, "the task yields the rate nan at step 0"),
        (0, -math.inf, "the task yields the rate -inf at step 0"),
        (0, 10**400, "OverflowError"),
    ],
)
def test_numbers_that_cannot_be_recorded_fail_the_run(step, rate, words):
    done = finish(lambda schedule, seed: iter([(step, 1.0, rate)]))
    assert words in done.failed
    assert FinishedRun.from_json(done.to_json()) == done


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda schedule, seed: None, "returned and yielded nothing. A task is a function run("),
        (lambda schedule, seed: iter(()), "returned and yielded nothing"),
        (lambda schedule, seed: {"accuracy": 1.0}, "ended with accuracy, but the race compares"),
        (lambda schedule, seed: {}, "ended with nothing, but the race compares 'loss'"),
        (lambda schedule, seed: "good", "could not convert string to float"),
        (lambda schedule, seed: iter([0.5]), "TypeError"),
    ],
)
def test_a_task_that_breaks_the_contract_is_told_so(function, says):
    done = finish(function)
    assert says in done.failed
    assert done.error is not None


def test_a_function_that_cannot_be_called_is_refused_at_once():
    with pytest.raises(
        ValueError, match=r"missing a required argument: 'c'\. A task is a function"
    ):
        Task("mine", lambda a, b, c: 0.0)
    with pytest.raises(ValueError, match="better must be 'higher' or 'lower', got 'more'"):
        task(better="more")(toys.steady)


def test_a_long_curve_is_thinned_and_keeps_its_first_and_last_points():
    def long(schedule, seed):
        yield from ((step, float(step)) for step in range(70_001))

    done = finish(long)
    assert 500 <= len(done.steps) <= 1000
    assert set(map(lambda a, b: b - a, done.steps[:-1], done.steps[1:-1])) == {128}
    assert (done.steps[0], done.steps[-1]) == (0, 70_000)
    assert done.losses == tuple(float(f"{step:.5g}") for step in done.steps)
    assert done.metrics == {"loss": 70_000.0}


def test_a_line_reads_back_as_the_run():
    for done in (finish(toys.steady), finish(toys.raises, seed=1), finish(toys.diverges, seed=1)):
        line = done.to_json()
        assert line.count("\n") == 1
        assert FinishedRun.from_json(line) == done


def test_the_identity_is_schedule_and_seed_but_not_the_name():
    key = Trial("a", SCHEDULE, 0).key
    assert key == Trial("b", Linear(start=1.0, end=0.0, steps=4), 0).key
    assert key == FinishedRun("c", 0, SCHEDULE.config()).key
    assert len({key, Trial("a", SCHEDULE, 1).key, Trial("a", Constant(value=1.0), 0).key}) == 3
