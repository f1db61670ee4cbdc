"""Batches that grow as Megatron-LM's do: against its formulas, update by update.

``megatron/core/num_microbatches_calculator.py``: before each update the samples seen so far choose
the batch.
"""

import random

import pytest

from gradatim import GradatimError, Run
from gradatim.recipes import batch_rampup, batch_stages


def rampup(consumed, start, increment, ramp, final):
    """``RampupBatchsizeNumMicroBatchesCalculator.update``."""
    each = ramp / ((final - start) // increment)
    if consumed > ramp:
        return final
    return start + int(consumed / each) * increment


def stepped(consumed, stages, sequence):
    """``StepBatchsizeNumMicroBatchesCalculator._get_batch_size_for_samples``."""
    schedule = [(tokens // sequence, batch) for tokens, batch in stages]
    batch = schedule[0][1]
    for threshold, one in schedule:
        if consumed >= threshold:
            batch = one
    return batch


def follows(schedule, batch_of, updates):
    consumed = 0
    run = Run(batch=schedule, steps=updates)
    for k in range(updates):
        assert run.samples_after(k) == consumed
        batch = batch_of(consumed)
        assert run.batch_at(k) == schedule(k) == batch
        consumed += batch


@pytest.mark.parametrize("seed", range(200))
def test_a_rampup_is_megatrons(seed):
    pick = random.Random(seed)
    start, increment = pick.randint(1, 40), pick.randint(1, 40)
    final = start + increment * pick.randint(1, 12)
    ramp = pick.randint(1, 20_000)
    schedule = batch_rampup(final, start=start, increment=increment, samples=ramp)
    follows(schedule, lambda seen: rampup(seen, start, increment, ramp, final), 1500)


@pytest.mark.parametrize(
    ("final", "start", "increment", "ramp"),
    [(36, 6, 1, 648), (29, 1, 1, 2682), (39, 3, 1, 44), (45, 1, 1, 3618), (92, 2, 2, 2030)],
)
def test_a_rampup_is_megatrons_where_its_floats_round_across_a_boundary(
    final, start, increment, ramp
):
    schedule = batch_rampup(final, start=start, increment=increment, samples=ramp)
    follows(schedule, lambda seen: rampup(seen, start, increment, ramp, final), 500)


@pytest.mark.parametrize("seed", range(200))
def test_a_schedule_in_steps_is_megatrons(seed):
    pick = random.Random(seed)
    sequence = pick.choice([1, 7, 128, 4096])
    starts = sorted(pick.sample(range(1, 20_000), pick.randint(0, 6)))
    stages = [(start * sequence, pick.randint(1, 60)) for start in (0, *starts)]
    text = " ".join(f"{tokens}:{batch}" for tokens, batch in stages)
    schedule = batch_stages(text, tokens_per_sample=sequence)
    follows(schedule, lambda seen: stepped(seen, stages, sequence), 1500)


def test_the_example_of_its_documentation():
    text = "0:768 250B:1536 500B:3072 750B:6144"
    run = Run(
        batch=batch_stages(text, tokens_per_sample=4096),
        tokens_per_sample=4096,
        total_tokens=1e12,
    )
    # 250e9 tokens are 61,035,156 samples: 79,473 updates of 768, which see 108 more than that.
    # 61,035,048 are left up to 500e9 tokens: 39,737 updates of 1536; then 19,868 of 3072.
    starts = [stage.start for stage in run.batches.stages]
    assert starts == [0, 79_473, 79_473 + 39_737, 79_473 + 39_737 + 19_868]
    assert run.tokens_after(79_472) < 250e9 <= run.tokens_after(79_473) + 4096
    assert run.tokens_after(run.steps - 1) < 1e12 <= run.tokens_after(run.steps)
    assert run.replace(clock="tokens").ticks == 10**12
    same = batch_stages("0:768, 250b:1.536K 0.5T:3072,750B:6144", tokens_per_sample=4096)
    assert same == batch_stages(text, tokens_per_sample=4096)


def test_the_batches_that_are_accumulated():
    text, micro, processes = "0:768 250B:1536", 4, 96
    count = batch_stages(text, tokens_per_sample=4096, per=micro * processes)
    assert [count(k) for k in (0, 10**5)] == [2.0, 4.0]
    whole = Run(batch=batch_stages(text, tokens_per_sample=4096), steps=10**5)
    split = Run(batch=micro, processes=processes, accumulate=count, steps=10**5)
    assert [whole.samples_after(k) for k in (1, 79_473, 10**5)] == [
        split.samples_after(k) for k in (1, 79_473, 10**5)
    ]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: batch_stages(""), 'stages must be pairs that begin with "0:batch"'),
        (lambda: batch_stages("5:768"), "pairs that begin with"),
        (lambda: batch_stages("768"), 'pairs like "0:768 250B:1536"'),
        (lambda: batch_stages("0:768 x:1536"), "pairs like"),
        (lambda: batch_stages("0:768 -5:1536"), "pairs like.*-5"),
        (lambda: batch_stages("0:768 250B:1536 250B:3072"), "pairs with rising thresholds"),
        (lambda: batch_stages("0:768 250B:1536 100B:3072"), "rising thresholds"),
        (lambda: batch_stages("0:0"), "a batch must be a whole number, 1 or more, got '0:0'"),
        (lambda: batch_stages("0:1.5"), "a batch must be a whole number"),
        (lambda: batch_stages("0:768", per=5), "per must be a divisor of every batch, such as 768"),
        (lambda: batch_stages("0:768", tokens_per_sample=0), "tokens_per_sample"),
        (
            lambda: batch_rampup(64, start=128, increment=8, samples=9),
            "start must be at most peak, 64",
        ),
        (
            lambda: batch_rampup(64, start=8, increment=9, samples=9),
            "a divisor of peak - start, 56",
        ),
        (
            lambda: batch_rampup(64, start=8, increment=8, samples=-1),
            "samples must be a whole number",
        ),
        (
            lambda: batch_rampup(64, start=8, increment=8, samples=9, per=3),
            "a divisor of every batch",
        ),
    ],
)
def test_what_is_no_growing_batch(make, words):
    with pytest.raises(GradatimError, match=rf"^batch_(stages|rampup): .*{words}"):
        make()


def test_a_rampup_over_no_samples_is_over_at_once():
    assert batch_rampup(64, start=8, increment=8, samples=0)(0) == 64.0
    assert batch_rampup(64, start=64, increment=8, samples=900)(0) == 64.0
