"""The built-in tasks, trained for real but briefly."""

import pytest

from gradatim import warmup_cosine
from gradatim.race import race
from gradatim.race.tasks import find_task
from gradatim.race.trial import Trial, run_trial

WITH = warmup_cosine(peak=0.014, warmup=50, steps=150)
WITHOUT = warmup_cosine(peak=0.014, steps=150)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """Half the updates of the real race, three seeds."""
    contestants = {"with": WITH, "without": WITHOUT}
    out = tmp_path_factory.mktemp("race") / "digits"
    return race("digits", contestants, seeds=3, updates=150, jobs=2, out=out)


def test_a_post_norm_transformer_needs_its_warm_up(digits):
    with_it, without = digits.table
    assert (with_it.failed, without.failed) == (0, 3)
    assert with_it.mean > 0.8
    assert without.mean < 0.3
    assert digits.comparisons[0].worse == 3


def test_each_update_used_the_rate_of_its_step(digits):
    for done in digits.runs:
        schedule = digits.contestants[done.name]
        assert done.steps == tuple(range(150))
        assert done.rates == pytest.approx([schedule(k) for k in range(150)], rel=1e-8)


def test_a_seed_is_the_same_net_and_data_under_every_schedule(digits):
    first = {(done.name, done.seed): done.losses[0] for done in digits.runs}
    for seed in range(3):
        assert first["with", seed] == first["without", seed]
    assert len(set(first.values())) == 3


@pytest.mark.parametrize("name", ["digits", "text"])
def test_the_same_seed_is_the_same_run_to_the_last_bit(name, tmp_path):
    # In two races, so that the workers, and what they have run before, are different ones.
    contestants = {"it": WITH}
    once = race(name, contestants, seeds=[4], updates=12, jobs=1, out=tmp_path / "a")
    again = race(name, contestants, seeds=[3, 4], updates=12, jobs=1, out=tmp_path / "b")
    assert once.runs[0].losses == again.runs[1].losses
    assert once.runs[0].metrics == again.runs[1].metrics
    assert once.runs[0].losses != again.runs[0].losses


def test_the_split_is_stratified_and_as_large_as_it_says():
    from gradatim.race.tasks.digits import _data

    train, labels, test, test_labels = _data()
    assert (tuple(train.shape), tuple(test.shape)) == ((1347, 8, 8), (450, 8, 8))
    for digit in range(10):
        share, test_share = (labels == digit).float().mean(), (test_labels == digit).float().mean()
        assert float(share) == pytest.approx(float(test_share), abs=0.002)


def test_the_text_learns_more_than_the_frequency_of_letters():
    schedule = warmup_cosine(peak=0.008, warmup=20, steps=60)
    done = run_trial(find_task("text"), Trial("it", schedule, 0), 60)
    assert done.failed is None, done.error
    assert done.losses[0] > 4.0  # of some hundred letters it knows nothing: log 100 = 4.6
    assert done.metrics["validation loss"] < 3.0


def test_the_text_names_its_wording_in_its_version():
    from gradatim.race.tasks import text

    assert find_task("text").version.startswith("1-")
    assert len(text._prose()) > 100_000
    assert text._prose() == text._prose()
