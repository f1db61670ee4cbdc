"""Another batch, other processes: the run goes on at the same place in the data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim import (
    Constant,
    Driver,
    GradatimError,
    Plateau,
    Run,
    noam,
    warmup_cosine,
    wsd,
)

HALVES = Plateau(mode="min", factor=0.5, patience=0, threshold=0.0)
DATA = {"samples": 1000, "batch": 10, "epochs": 4}
SIZES = [1, 2, 3, 4, 8]


def driven(run, recipe=warmup_cosine, **more):
    more = {"floor": 1e-5} | more
    return Driver({"lr": recipe(peak=1e-3, steps=run.steps, warmup="10%", **more)}, run=run)


@pytest.mark.parametrize("recipe", [warmup_cosine, wsd])
@pytest.mark.parametrize("before", SIZES)
@pytest.mark.parametrize("after", SIZES)
@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_at_the_end_of_an_epoch_the_curve_goes_on_where_it_was(recipe, before, after, epochs):
    old, new = (Run(**DATA, processes=n) for n in (before, after))
    first, second = driven(old, recipe), driven(new, recipe)
    first.advance(epochs * old.steps_per_epoch)
    second.load(first.state(), "rescale")
    assert second.position == epochs * old.steps_per_epoch
    assert second.tick == epochs * new.steps_per_epoch
    assert second.next["lr"] == driven(new, recipe).plan["lr"](second.tick)
    # Warm-ups are rounded up to updates, so two runs have nearly the same curve.
    assert second.next["lr"] == pytest.approx(first.next["lr"], rel=0.03, abs=3e-5)
    second.advance(new.steps - second.tick)
    assert second.next["lr"] == 1e-5


@given(
    samples=st.integers(1, 300),
    batches=st.tuples(*[st.integers(1, 40)] * 2),
    processes=st.tuples(*[st.integers(1, 8)] * 2),
    accumulate=st.tuples(*[st.integers(1, 5)] * 2),
    epochs=st.integers(1, 5),
    share=st.floats(0.0, 1.0),
)
def test_the_updates_that_are_left_see_the_data_that_is_left(
    samples, batches, processes, accumulate, epochs, share
):
    old, new = (
        Run(samples=samples, batch=b, epochs=epochs, processes=p, accumulate=a)
        for b, p, a in zip(batches, processes, accumulate, strict=True)
    )
    position = round(share * old.steps)
    there = new.position_after(position, old)
    assert 0 <= there <= new.steps
    done, rest = divmod(position, old.steps_per_epoch)
    left = new.steps - there
    unseen = samples * (epochs - done) - min(rest * old.samples_per_step, samples)
    whole = (epochs - done - bool(rest)) * new.steps_per_epoch
    in_this_epoch = unseen - samples * (epochs - done - bool(rest)) if rest else 0
    assert left == whole + min(-(-in_this_epoch // new.samples_per_step), new.steps_per_epoch)


@given(
    samples=st.integers(40, 300),
    batch=st.integers(1, 40),
    accumulate=st.integers(1, 3),
    epochs=st.sampled_from([0.15, 0.25, 1, 1.5, 3]),
    drop_last=st.booleans(),
    share=st.floats(0.0, 1.0),
    other=st.integers(1, 40),
)
def test_the_same_run_is_at_the_same_place_and_the_end_is_the_end(
    samples, batch, accumulate, epochs, drop_last, share, other
):
    run = Run(
        samples=samples, batch=batch, epochs=epochs, accumulate=accumulate, drop_last=drop_last
    )
    position = round(share * run.steps)
    assert run.position_after(position, run) == position
    changed = run.replace(batch=other, accumulate=1)
    assert changed.position_after(run.steps, run) == changed.steps
    places = [changed.position_after(k, run) for k in range(run.steps + 1)]
    assert places == sorted(places)
    assert places[0] == 0


def test_restarts_of_the_same_run_stay_where_they_are():
    run = Run(samples=1000, batch=33, epochs=2, drop_last=True)
    driver = driven(run)
    driver.advance(5)
    for _ in range(3):
        again = driven(run)
        again.load(driver.state(), "rescale")
        driver = again
    assert driver.position == driver.tick == 5
    plain = Run(steps=10)
    first, second = driven(plain), driven(plain)
    first.advance(3)
    second.load(first.state(), "rescale")
    assert second.position == second.tick == 3


def test_a_resume_and_back_again():
    two, four = Run(**DATA, processes=2), Run(**DATA, processes=4)
    first = driven(two)
    first.advance(60)
    second = driven(four)
    second.load(first.state(), "rescale")
    second.load(first.state(), "rescale")
    assert (second.position, second.tick) == (60, 30)
    third = driven(two)
    third.load(second.state(), "rescale")
    assert third.state() == first.state()


def test_the_state_of_the_rules_comes_along():
    two, four = Run(**DATA, processes=2), Run(**DATA, processes=4)
    first = Driver({"lr": warmup_cosine(1e-3, steps=two.steps)}, {"lr": HALVES}, two)
    first.observe(1.0)
    first.observe(1.0)
    second = Driver({"lr": warmup_cosine(1e-3, steps=four.steps)}, {"lr": HALVES}, four)
    second.load(first.state(), "rescale")
    assert second.scales == {"lr": 0.5}


def test_strict_names_the_run_and_says_what_can_be_done():
    first, second = driven(Run(**DATA, processes=2)), driven(Run(**DATA, processes=4))
    first.advance(60)
    with pytest.raises(GradatimError) as error:
        second.load(first.state())
    lines = str(error.value).splitlines()
    assert "  run: Run(..., processes=2) -> Run(..., processes=4)" in lines
    assert "at the same place in the data, on_mismatch='rescale'" in lines[-1]
    assert second.position == 0


def test_a_run_that_only_one_of_them_tells_of_is_no_difference():
    schedule, run = warmup_cosine(1e-3, steps=100), Run(steps=100)
    for first, second in ((None, run), (run, None)):
        driver = Driver({"lr": schedule}, run=second)
        driver.load(Driver({"lr": schedule}, run=first).state() | {"position": 7, "tick": 7})
        assert driver.position == driver.tick == 7


def test_keep_takes_the_run_of_the_checkpoint_too():
    first, second = driven(Run(**DATA, processes=2)), driven(Run(**DATA, processes=4))
    first.advance(60)
    second.load(first.state(), "keep")
    assert second.state() == first.state()


def other(**changed):
    run = Run(**DATA | changed)
    return driven(run)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: other(samples=2000), "samples must be 1000 as before, got 2000"),
        (lambda: other(epochs=5), "epochs must be 4.0 as before.*extend the schedule"),
        (lambda: other(tokens_per_sample=5), "tokens_per_sample must be None as before"),
        (
            lambda: Driver({"lr": warmup_cosine(1e-3, steps=100)}),
            "this script does not say what run it is",
        ),
        (
            lambda: Driver({"lr": warmup_cosine(1e-3, steps=100)}, run=Run(steps=100)),
            "samples must be",
        ),
        (
            lambda: Driver({"lr": driven(Run(**DATA)).plan["lr"]}, run=Run(**DATA, processes=2)),
            "lr is the same schedule as before, for 400 updates; "
            "the run has 200 now.*steps=run.steps",
        ),
    ],
)
def test_what_cannot_be_rescaled(make, words):
    first, second = driven(Run(**DATA)), make()
    first.advance(60)
    before = second.state()
    with pytest.raises(GradatimError, match=words):
        second.load(first.state(), "rescale")
    assert second.state() == before


def test_a_state_without_a_run_cannot_be_rescaled():
    first = Driver({"lr": warmup_cosine(1e-3, steps=100)})
    with pytest.raises(GradatimError, match="the state does not say what run it is"):
        driven(Run(**DATA)).load(first.state(), "rescale")


def test_a_curve_without_a_horizon_must_be_given_anew_too():
    one, two = Run(**DATA), Run(**DATA, processes=2)
    first = Driver({"lr": noam(warmup=40, peak=0.1)}, run=one)
    with pytest.raises(GradatimError, match="lr is the same schedule as before"):
        Driver({"lr": noam(warmup=40, peak=0.1)}, run=two).load(first.state(), "rescale")
    second = Driver({"lr": noam(warmup=20, peak=0.1)}, run=two)
    second.load(first.state(), "rescale")
    constant = Driver({"lr": Constant(value=0.1)}, run=two)
    constant.load(Driver({"lr": Constant(value=0.1)}, run=one).state(), "rescale")


@pytest.mark.parametrize("run", [3, {}, "run", Run])
def test_what_is_no_run(run):
    with pytest.raises(GradatimError, match="run must be a Run"):
        Driver({"lr": Constant(value=0.1)}, run=run)
