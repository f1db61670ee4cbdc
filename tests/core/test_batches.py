"""Runs whose batch grows: every sample counted, against a plain loop over the data."""

import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from math import ceil
from typing import NamedTuple

import pytest

from gradatim import Constant, Cosine, GradatimError, Linear, Run, Table, build, join

SEEDS = [range(start, start + 100) for start in (0, 100, 200)]


class Update(NamedTuple):
    """What one update of a plain loop leaves behind it."""

    samples: int
    """Samples that all processes have seen."""
    epoch: int
    offset: int
    """Samples of this epoch that one process has seen."""


def trained(run: Run) -> Iterator[Update]:
    """A plain training loop: epochs of a loader, batches, gradients that are added up."""
    size = run.batch if isinstance(run.batch, int) else None
    count = run.accumulate if isinstance(run.accumulate, int) else None

    def batch(k: int) -> int:
        return size or int(run.batch(k))

    def accumulate(k: int) -> int:
        return count or int(run.accumulate(k))

    share = None if run.samples is None else -(-run.samples // run.processes)
    seen = epoch = offset = k = 0
    while True:
        of_this = 0
        for _ in range(accumulate(k)):
            n = batch(k)
            if share is not None:
                left = share - offset - of_this
                n = (n if n <= left else 0) if run.drop_last else min(n, left)
            of_this += n
            if n < batch(k):
                break
        if share is not None and of_this == 0:  # a smaller batch is dropped: the epoch is over
            epoch, offset = epoch + 1, 0
            continue
        seen, offset, k = seen + of_this, offset + of_this, k + 1
        left = None if share is None else share - offset
        if left == 0 or (left is not None and run.drop_last and left < batch(k - 1)):
            epoch, offset = epoch + 1, 0
        yield Update(seen * run.processes, epoch, offset)


def stages(pick: random.Random, most: int) -> Table:
    starts = sorted({0, *(pick.randint(1, 120) for _ in range(pick.randint(0, 5)))})
    return Table([(start, float(pick.randint(1, most))) for start in starts], "hold")


def random_run(seed: int) -> Run:
    pick = random.Random(seed)
    data = pick.random() < 0.7
    samples = pick.randint(60, 2000) if data else None
    batch = stages(pick, 20) if pick.random() < 0.8 else pick.randint(1, 20)
    return Run(
        samples=samples,
        batch=batch,
        accumulate=stages(pick, 5) if pick.random() < 0.4 else pick.randint(1, 4),
        processes=pick.choice([1, 1, 2, 3]),
        drop_last=data and pick.random() < 0.5,
        tokens_per_sample=pick.randint(1, 4096),
        steps=pick.randint(1, 400),
        clock=pick.choice(["updates", "samples", "tokens"]),
    )


def test_every_sample_of_a_thousand_runs_is_counted():
    for seed in range(1000):
        counts_every_sample(random_run(seed))


def counts_every_sample(run: Run) -> None:
    per_tick = {"samples": 1, "tokens": run.tokens_per_sample}.get(run.clock)
    assert run.tick_after(0) == run.samples_after(0) == 0
    for position, update in enumerate(islice(trained(run), 400), start=1):
        assert run.samples_after(position) == update.samples
        assert run.tokens_after(position) == update.samples * run.tokens_per_sample
        assert run.tick_after(position) == (per_tick * update.samples if per_tick else position)
        if run.samples:
            assert run.epoch_after(position) == (update.epoch, update.offset)
    assert run.ticks == run.tick_after(run.steps)


@pytest.mark.parametrize("seeds", SEEDS)
def test_ticks_do_not_depend_on_what_was_asked_before(seeds):
    for seed in seeds:
        run = random_run(seed)
        pick = random.Random(seed)
        asked = [pick.randint(0, 400) for _ in range(20)]
        assert [run.tick_after(k) for k in asked] == [random_run(seed).tick_after(k) for k in asked]


@pytest.mark.parametrize("seeds", SEEDS)
def test_epochs_are_as_many_updates_as_the_loop_makes(seeds):
    for seed in seeds:
        pick = random.Random(seed)
        run = random_run(seed)
        if run.samples is None:
            run = run.replace(samples=pick.randint(60, 2000))
        epochs = pick.randint(1, 5)
        run = run.replace(steps=None, epochs=epochs, clock=None)
        made = next(k for k, update in enumerate(trained(run), 1) if update.epoch >= epochs)
        assert run.steps == made
        if run.tokens_per_sample:
            assert run.replace(clock="tokens").ticks == run.tokens_after(made)


@pytest.mark.parametrize("seeds", SEEDS)
def test_a_budget_in_tokens_ends_with_the_update_that_reaches_it(seeds):
    for seed in seeds:
        run = random_run(seed).replace(samples=None, drop_last=False, clock=None)
        tokens = run.tokens_after(run.steps) - random.Random(seed).randint(0, 5)
        budget = run.replace(steps=None, total_tokens=max(tokens, 1))
        updates = enumerate(trained(budget), 1)
        made = next(k for k, u in updates if u.samples * run.tokens_per_sample >= tokens)
        assert budget.steps == made
        assert budget.replace(clock="tokens").ticks == max(tokens, 1)


def test_a_million_updates_and_more():
    sizes = [(0, 8), (10**5, 16), (2 * 10**5, 32), (9 * 10**5, 48)]
    run = Run(
        samples=1_281_167,
        batch=Table(sizes, "hold"),
        accumulate=3,
        processes=4,
        steps=10**6,
        drop_last=True,
    )
    at, seen, left = [0], 0, 320_292  # of 1,281,167 samples each of 4 processes has as many
    for start, end, size in ((0, 10**5, 8), (10**5, 2 * 10**5, 16), (2 * 10**5, 9 * 10**5, 32)):
        for _ in range(start, end):
            if left < size:
                left = 320_292
            batches = min(3, left // size)
            left -= batches * size
            seen += batches * size
            at.append(4 * seen)
    for position in (1, 10**5 - 1, 10**5, 10**5 + 1, 345_678, 9 * 10**5):
        assert run.samples_after(position) == at[position]
    assert run.samples_after(10**15) > 10**16  # and as fast


# A curve, rounded, against the same curve asked at every step.
CURVES = [
    Linear(8.0, 64.0, 1000).rounded(),
    Linear(8.0, 64.0, 1000).rounded(to=8),
    Cosine(512.0, 64.0, 777).rounded(to=32, way="up"),
    Linear(3.0, 5.0, 2).rounded(way="down"),
    Constant(8.0, 50) >> Linear(8.0, 100.0, 300).rounded() >> Constant(100.0),
    Linear(8.0, 64.0, 100).rounded().staircase(25),
    Linear(8.0, 64.0, 100).staircase(25).rounded(to=2),
    (Linear(8.0, 64.0, 100) + Constant(3.0)).rounded(),
    (64.0 - 0.5 * Linear(8.0, 64.0, 1000)).clip(low=40.0).rounded(),
    (Linear(8.0, 64.0, 100) + Linear(70.0, 8.0, 90)).rounded(),
    (Linear(8.0, 64.0, 100) * Linear(2.0, 1.0, 90)).rounded(),
    (Table([(0, 8.0), (90, 64.0)], "linear")).rounded(),
    2.0 * Table([(0, 8.0), (90, 64.0)], "hold"),
    Table([(0, 8.0), (90, 64.0)], "hold").shift(7),
    Table([(0, 8.0), (90, 64.0)], "hold").shift(-7).cut(60) >> Constant(7.0),
    Linear(8.0, 64.0, 10).rounded().repeat(3),
    Table([(0, 8.0), (90, 64.0)], "hold") * Table([(0, 1.0), (40, 3.0)], "hold"),
    Table([(0, 8.0), (90, 64.0)], "hold").clip(low=16.0),
    join(Constant(4.0, 3), Table([(0, 8.0), (9, 64.0)], "hold").cut(5), Constant(1.0)),
]


@pytest.mark.parametrize("curve", CURVES, ids=repr)
def test_a_schedule_of_whole_numbers_is_a_batch(curve):
    run = Run(batch=curve, steps=2000)
    total = 0
    for k in range(1500):
        assert run.batch_at(k) == curve(k)
        total += int(curve(k))
        assert run.samples_after(k + 1) == total
    assert build(run.config()) == run


@pytest.mark.parametrize(
    ("curve", "words"),
    [
        (Linear(8.0, 64.0, 1000), "batch at step 1 must be a whole number.*got 8.056.*rounded"),
        (
            Linear(0.0, 64.0, 1000).rounded(),
            "batch at step 0 must be a whole number, 1 or more, got 0",
        ),
        (Table([(0, 8.0), (90, 0.0)], "hold"), "batch at step 90 must be"),
        (
            Linear(8.0, 10.0, 5).repeat(),
            "may change at more than 100,000 steps. Write it in stages",
        ),
        ((Linear(8.0, 1e9, 10**7) * Linear(1.0, 2.0, 9)).rounded(), "more than 100,000 steps"),
        (Linear(1.0, 1e9, 10**9).rounded(), "more than 100,000 steps.*rounded\\(to=64\\)"),
    ],
)
def test_what_is_no_batch(curve, words):
    with pytest.raises(GradatimError, match=f"^Run: .*{words}"):
        Run(batch=curve, steps=100)


def test_a_batch_that_no_epoch_can_fill():
    with pytest.raises(GradatimError, match="batch must be at most 50 samples a process, got 64"):
        Run(
            samples=100,
            processes=2,
            batch=Table([(0, 8), (9, 64)], "hold"),
            epochs=3,
            drop_last=True,
        )


def growing(run: Run) -> Run:
    return run.replace(batch=Table([(0, 4), (30, 8), (70, 16)], "hold"))


@pytest.mark.parametrize("seeds", SEEDS)
def test_another_batch_goes_on_at_the_same_place(seeds):
    """What is left of the epoch is what the updates that are left see, of both kinds of run."""
    for seed in seeds:
        pick = random.Random(seed)
        one, two = random_run(seed), random_run(seed + 10_000)
        samples = pick.randint(60, 2000)
        data = {"samples": samples, "epochs": pick.randint(1, 4), "steps": None, "clock": None}
        data |= {"tokens_per_sample": 7, "drop_last": False}
        one, two = one.replace(**data), two.replace(**data)
        for position in sorted(pick.randint(0, one.steps) for _ in range(10)):
            there = two.position_after(position, one)
            assert 0 <= there <= two.steps
            epoch, offset = one.epoch_after(position)
            if offset == 0:
                assert there == two.replace(epochs=epoch).steps if epoch else there == 0
                continue
            unseen = Fraction(samples - offset * one.processes, two.processes)
            end = two.replace(epochs=epoch + 1).steps
            begin = two.replace(epochs=epoch).steps if epoch else 0
            full = [two.batch_at(k) * _count(two, k) for k in range(begin, end)]
            # The fewest last updates of the epoch that could see all that is left.
            fewest = next(
                (n for n in range(len(full) + 1) if sum(full[len(full) - n :]) >= unseen), 0
            )
            assert end - there == fewest


def _count(run: Run, k: int) -> int:
    return run.accumulate if isinstance(run.accumulate, int) else int(run.accumulate(k))


def test_data_without_end_goes_on_at_the_same_sample():
    one = Run(batch=Table([(0, 4), (30, 8)], "hold"), steps=100)
    two = Run(batch=16, steps=100)
    assert one.samples_after(50) == 30 * 4 + 20 * 8 == 280
    assert two.position_after(50, one) == 17  # 272 samples, and the next one sees the 280th
    assert one.position_after(17, two) == 49
    assert one.position_after(50, one) == 50
    assert one.position_after(90, two) == 100  # 1,440 samples are more than its 680
    assert two.position_after(100, one) == 100  # the end, though it saw 680 of 1,600


def test_the_end_is_the_end_where_the_last_updates_see_more_than_what_is_left():
    # Updates of 20 see the 999 samples in 50, updates of 12 in 84; the 50th ended after 1,000.
    one = Run(batch=10, accumulate=2, tokens_per_sample=1, total_tokens=999)
    two = Run(batch=1, accumulate=3, processes=4, tokens_per_sample=1, total_tokens=999)
    assert (one.steps, two.steps) == (50, 84)
    assert two.position_after(50, one) == 84


def test_lengths_beside_a_growing_batch():
    run = Run(batch=Table([(0, 4), (30, 8)], "hold"), tokens_per_sample=10, steps=100)
    assert run.resolve("120 samples") == 30
    assert run.resolve("121 samples") == 31
    assert run.resolve("2k tokens") == 40
    assert run.resolve("10%") == 10
    tokens = run.replace(clock="tokens")
    assert tokens.resolve("30 updates") == 1200
    assert tokens.resolve("100 samples") == 1000
    assert tokens.resolve("10%") == ceil(tokens.ticks / 10)
    epochs = Run(samples=100, batch=Table([(0, 4), (30, 8)], "hold"), epochs=3)
    assert epochs.steps == 25 + (5 + 10) + 13
    assert epochs.resolve("1 epoch") == 25
    assert epochs.resolve("1.5 epochs") == 34  # 5 updates of 4 samples, and 4 of 8
    with pytest.raises(GradatimError, match="the batch size changes during the run"):
        _ = epochs.steps_per_epoch
