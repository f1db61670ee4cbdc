"""What ranks tell each other of a metric, with a thread for each rank.

`test_agreement.py` has real processes. Here every sentence is compared whole, and the keys are
counted that are left in the store.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
import torch.distributed as dist

from gradatim import Driver, GradatimError, Plan, Plateau
from gradatim.torch import distributed_metric
from gradatim.torch.distributed_metric import (
    DEFAULT_TIMEOUT,
    mean_over_ranks,
    observation_context,
)

EVERY = (
    "Every rank calls observe(metric) after each evaluation; one without a metric gives None. If "
    "an evaluation takes longer on some ranks, write observe(metric, timeout=...)."
)


class Ranks:
    """Threads that take themselves for the ranks of a process group."""

    def __init__(self):
        self.store = dist.HashStore()
        self.this = threading.local()
        self.calls = {}

    def __next__(self):
        """The number of the call, counted on each rank."""
        count = self.calls.get(self.this.rank, 0)
        self.calls[self.this.rank] = count + 1
        return count

    def observe(self, *metrics, contexts=None, world=None, timeout=DEFAULT_TIMEOUT):
        """What each rank gets, an error as its text; ranks from len(metrics) on do not call."""
        self.world = world or len(metrics)

        def call(rank):
            self.this.rank = rank
            context = contexts[rank] if contexts else "loss at position 3"
            try:
                return mean_over_ranks(metrics[rank], context, timeout)
            except GradatimError as error:
                return str(error)

        with ThreadPoolExecutor(len(metrics)) as threads:
            return list(threads.map(call, range(len(metrics))))


@pytest.fixture
def ranks(monkeypatch):
    ranks = Ranks()
    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    monkeypatch.setattr(dist, "get_world_size", lambda: ranks.world)
    monkeypatch.setattr(dist, "get_rank", lambda: ranks.this.rank)
    monkeypatch.setattr(dist.distributed_c10d, "_get_default_store", lambda: ranks.store)
    monkeypatch.setattr(distributed_metric, "_CALLS", ranks)
    return ranks


@pytest.mark.parametrize(
    ("metrics", "mean", "listed"),
    [
        ((1.0, 3.0), 2.0, "1.0, 3.0"),
        ((1.0, None, 3.0), 2.0, "1.0, none, 3.0"),
        ((None, torch.tensor([0.5])), 0.5, "none, 0.5"),
        ((0.1, 0.1, 0.1), 0.1, "0.1, 0.1, 0.1"),  # not 0.10000000000000002
        ((1e308, 1e308, 1e308), 1e308, "1e+308, 1e+308, 1e+308"),
        ((float("inf"), 1.0), float("inf"), "inf, 1.0"),
        ((10**400, 1), float("inf"), "inf, 1.0"),
    ],
)
def test_each_rank_gets_the_mean_and_the_list_of_all(ranks, metrics, mean, listed):
    said = f"The metrics of the ranks, in order: {listed}."
    assert ranks.observe(*metrics) == [(mean, said)] * len(metrics)


def test_the_mean_of_opposite_infinities_is_nan_and_each_rank_is_told(ranks):
    for mean, said in ranks.observe(float("inf"), float("-inf")):
        assert mean != mean
        assert said == "The metrics of the ranks, in order: inf, -inf."


def test_no_metric_at_all_is_an_error_on_each_rank(ranks):
    said = "Scheduler.observe: no rank gave a metric, all gave None."
    assert ranks.observe(None, None) == [said] * 2


def test_ranks_that_observe_different_things_list_them(ranks):
    said = (
        "Scheduler.observe: the ranks observe different things, so one of them has missed a call "
        "or made one too many: rank 0: loss at position 3; rank 1: loss at position 4."
    )
    contexts = ["loss at position 3", "loss at position 4"]
    assert ranks.observe(1.0, 1.0, contexts=contexts) == [said] * 2


def test_an_argument_that_is_wrong_on_one_rank_is_an_error_on_all(ranks):
    own = "Scheduler.observe: metric must be a number, got 'high'. Write float(metric)."
    others = f"Scheduler.observe: on rank 1: {own}"
    assert ranks.observe(1.0, "high", 2.0) == [others, own, others]
    own = "Scheduler.observe: metric must be one number, got tensor([1., 2.])."
    others = f"Scheduler.observe: on rank 0: {own}"
    assert ranks.observe(torch.tensor([1.0, 2.0]), 1.0) == [own, others]


class Impatient:
    """A store whose wait is over when every caller has written."""

    def __init__(self, callers):
        self.store = dist.HashStore()
        self.together = threading.Barrier(callers)

    def __getattr__(self, name):
        return getattr(self.store, name)

    def wait(self, keys, timeout):
        self.together.wait()
        raise RuntimeError("wait timeout")


@pytest.mark.parametrize(("calls", "missing"), [(2, "2"), (1, "1, 2")])
def test_ranks_that_do_not_call_are_named(ranks, calls, missing):
    ranks.store = Impatient(calls)
    said = f"Scheduler.observe: rank {missing} did not observe anything within 0.5 seconds. {EVERY}"
    assert ranks.observe(*[1.0] * calls, world=3, timeout=0.5) == [said] * calls


def test_the_metric_of_an_earlier_call_is_not_taken_for_one_of_this(ranks):
    ranks.observe(1.0, 1.0)
    said = f"Scheduler.observe: rank 1 did not observe anything within 0.5 seconds. {EVERY}"
    assert ranks.observe(3.0, world=2, timeout=0.5) == [said]


def test_what_is_observed_is_named_with_its_position_and_the_state_of_the_rules():
    rules = {"lr": Plateau(mode="min"), "kl": Plateau(mode="max")}
    driver = Driver(Plan({"lr": 1.0, "kl": 1.0}, rules=rules))
    driver.seek(3)
    every, one = observation_context(driver, None), observation_context(driver, "kl")
    assert every.startswith("lr, kl at position 3 with rules in state ")
    assert one.startswith("kl at position 3 with rules in state ")
    driver.observe(1.0)
    assert observation_context(driver, None) != every


def test_a_store_that_is_gone_is_an_error(ranks):
    class Gone:
        def set(self, key, value):
            raise RuntimeError("Connection reset by peer")

    ranks.store = Gone()
    said = f"Scheduler.observe: the ranks could not be reached within 25 seconds. {EVERY}"
    assert ranks.observe(1.0, 1.0) == [said] * 2


@pytest.mark.parametrize("world", [2, 3])
def test_only_the_keys_of_the_last_call_are_left(ranks, world):
    for metric in range(4):
        ranks.observe(*[float(metric)] * world)
        assert ranks.store.num_keys() == world + 1  # one for each rank, and the verdict


@pytest.mark.parametrize("timeout", [0, -1.0, float("inf"), float("nan"), True, "9", None])
def test_a_timeout_is_a_number_of_seconds(timeout):
    with pytest.raises(
        GradatimError,
        match=r"^Scheduler\.observe: timeout must be a number of seconds above 0, got",
    ):
        mean_over_ranks(1.0, "loss", timeout)


def test_without_other_ranks_the_metric_stands_as_it_is():
    assert mean_over_ranks(torch.tensor(0.25), "loss", timeout=0.5) == (0.25, "")
    with pytest.raises(GradatimError, match="None is for a rank without a metric, where others"):
        mean_over_ranks(None, "loss", timeout=0.5)
