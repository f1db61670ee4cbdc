"""How many updates a run has: worked out by hand, and counted on torch's own loaders."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader, DistributedSampler

from gradatim import GradatimError, Run, build


@pytest.mark.parametrize(
    ("fields", "steps"),
    [
        # 1000 samples in batches of 10: 100 updates an epoch.
        ({"samples": 1000, "batch": 10, "epochs": 1}, 100),
        ({"samples": 1000, "batch": 10, "epochs": 3}, 300),
        # The last batch is smaller, and is an update all the same.
        ({"samples": 1001, "batch": 10, "epochs": 2}, 202),
        ({"samples": 1009, "batch": 10, "epochs": 2, "drop_last": True}, 200),
        # 4 batches an update: 25 updates; 101 batches: the last update of an epoch has 1 batch.
        ({"samples": 1000, "batch": 10, "epochs": 2, "accumulate": 4}, 50),
        ({"samples": 1001, "batch": 10, "epochs": 2, "accumulate": 4}, 52),
        # 8 processes: 125 samples each, 13 batches, or 12 whole ones.
        ({"samples": 1000, "batch": 10, "epochs": 1, "processes": 8}, 13),
        ({"samples": 1000, "batch": 10, "epochs": 1, "processes": 8, "drop_last": True}, 12),
        # 7 processes: 142.9 samples each, so 143 with the padding, 15 batches, 8 updates.
        ({"samples": 1000, "batch": 10, "epochs": 1, "processes": 7, "accumulate": 2}, 8),
        # Parts of an epoch: the update that a part ends in counts.
        ({"samples": 1000, "batch": 10, "epochs": 0.5}, 50),
        ({"samples": 1000, "batch": 10, "epochs": 2.5, "accumulate": 8}, 33),  # 13 an epoch: 32.5
        ({"samples": 1000, "batch": 10, "epochs": 0.001}, 1),
        # As decimals: 0.1 is a tenth, although the nearest float64 is a little more.
        ({"samples": 1000, "batch": 1, "epochs": 0.1}, 100),
        ({"samples": 1000, "batch": 1, "epochs": 1.1}, 1100),
        ({"samples": 10, "batch": 1000, "epochs": 4}, 4),
        ({"samples": 1_281_167, "batch": 256, "epochs": 90}, 450_450),  # ImageNet: 5005 an epoch
        ({"steps": 12_345}, 12_345),
    ],
)
def test_the_updates_of_a_run(fields, steps):
    run = Run(**fields)
    assert run.steps == steps
    assert type(run.steps) is int


@given(
    samples=st.integers(1, 300),
    batch=st.integers(1, 40),
    accumulate=st.integers(1, 5),
    processes=st.integers(1, 5),
    drop_last=st.booleans(),
)
def test_as_many_as_torchs_loaders_give(samples, batch, accumulate, processes, drop_last):
    data = range(samples)
    sampler = DistributedSampler(data, num_replicas=processes, rank=0)
    loader = DataLoader(data, batch_size=batch, sampler=sampler, drop_last=drop_last)
    updates = 0
    for n, _ in enumerate(loader, start=1):
        updates += n % accumulate == 0 or n == len(loader)
    fields = {"accumulate": accumulate, "processes": processes, "drop_last": drop_last}
    if updates == 0:
        with pytest.raises(GradatimError, match="an epoch would have no batch"):
            Run(samples=samples, batch=batch, epochs=1, **fields)
    else:
        run = Run(samples=samples, batch=batch, epochs=3, **fields)
        assert (run.steps, run.steps_per_epoch) == (3 * updates, updates)


# 100 updates an epoch, 300 in all; an update sees 10 * 2 * 5 = 100 samples, 51200 tokens.
RUN = Run(samples=10_000, batch=10, epochs=3, accumulate=2, processes=5, tokens_per_sample=512)


@pytest.mark.parametrize(
    ("length", "updates"),
    [
        (0, 0),
        (7, 7),
        ("7 updates", 7),
        ("1 update", 1),
        ("7 steps", 7),
        ("1 step", 1),
        ("0%", 0),
        ("5%", 15),
        ("100%", 300),
        ("0.1%", 1),  # 0.3, and a part counts as one
        ("0.5 %", 2),
        ("1 epoch", 100),
        ("1.5 epochs", 150),
        ("2ep", 200),
        ("1 sample", 1),
        ("100 samples", 1),
        ("101 samples", 2),
        ("2k samples", 20),
        ("1 token", 1),
        ("51200 tokens", 1),
        ("51_201 tokens", 2),
        ("5.12M tokens", 100),
        ("1e9 tokens", 19_532),  # 19531.25
        ("1B tok", 19_532),
        ("0.001T tokens", 19_532),
    ],
)
def test_every_unit_of_length(length, updates):
    assert RUN.resolve(length) == updates
    assert type(RUN.resolve(length)) is int


@given(st.integers(1, 10**12), st.integers(1, 1000))
def test_shares_are_exact_and_rounded_up(steps, percent):
    run = Run(steps=steps)
    assert run.resolve(f"{percent / 10}%") == -(-percent * steps // 1000)


def test_what_an_update_sees():
    assert RUN.samples_per_step == 100
    assert (RUN.steps_per_epoch, RUN.steps) == (100, 300)


def test_a_run_is_a_value():
    assert build(RUN.config()) == RUN
    assert RUN.replace(epochs=1).steps == 100
    assert RUN.steps == 300


GIVE = "give either steps, or samples, batch and epochs"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, GIVE),
        ({"samples": 10}, GIVE),
        ({"samples": 10, "batch": 1}, GIVE),
        (
            {"steps": 5, "samples": 10, "batch": 1, "epochs": 1},
            "epochs and steps are each a length of",
        ),
        (
            {"steps": 5, "samples": 10},
            "From samples without batch the samples of an update are not known",
        ),
        ({"steps": 0}, "steps must be a whole number, 1 or more, got 0"),
        ({"steps": 1.5}, "steps"),
        ({"steps": True}, "steps"),
        ({"steps": "1000"}, "steps"),
        ({"samples": 0, "batch": 1, "epochs": 1}, "samples"),
        ({"samples": 10, "batch": 0, "epochs": 1}, "batch"),
        ({"samples": 10, "batch": 1, "epochs": 0}, "epochs"),
        ({"samples": 10, "batch": 1, "epochs": -1}, "epochs"),
        ({"samples": 10, "batch": 1, "epochs": nan}, "epochs"),
        ({"samples": 10, "batch": 1, "epochs": inf}, "epochs"),
        ({"samples": 10, "batch": 1, "epochs": 1, "accumulate": 0}, "accumulate"),
        ({"samples": 10, "batch": 1, "epochs": 1, "processes": 2.5}, "processes"),
        ({"samples": 10, "batch": 1, "epochs": 1, "drop_last": 1}, "drop_last"),
        ({"samples": 10, "batch": 1, "epochs": 1, "tokens_per_sample": -1}, "tokens_per_sample"),
        (
            {"samples": 9, "batch": 10, "epochs": 1, "drop_last": True},
            "an epoch would have no batch",
        ),
        (
            {"sample": 9, "batch": 10, "epochs": 1},
            "unknown argument 'sample'. Did you mean 'samples'",
        ),
    ],
)
def test_what_is_no_run(fields, words):
    with pytest.raises(GradatimError, match=words) as error:
        Run(**fields)
    assert str(error.value).startswith("Run: ")


@pytest.mark.parametrize(
    "length",
    [
        -1,
        1.5,
        True,
        None,
        nan,
        [5],
        "",
        "5",
        "five epochs",
        "-5%",
        "5 %%",
        "5 parsecs",
        "1e9",
        "%",
        "1e9999 tokens",
        "0x10 steps",
        "١ epoch",
        "nan%",
        "5% of it",
        "9" * 50 + " steps",
    ],
)
def test_what_is_no_length(length):
    with pytest.raises(GradatimError, match="length"):
        RUN.resolve(length)


@pytest.mark.parametrize(
    ("run", "length", "words"),
    [
        (Run(steps=100), "1 epoch", "samples of an epoch are not known"),
        (Run(steps=100), "1k samples", "the samples of an update are not known"),
        (Run(samples=100, batch=1, epochs=1), "1e6 tokens", "tokens of a sample"),
    ],
)
def test_a_length_that_needs_more_than_the_run_says(run, length, words):
    with pytest.raises(GradatimError, match=words):
        run.resolve(length)
