"""Seesaw, checkpoint weights, AdamW memory: exact, so checked by carrying them out."""

import re

import numpy as np
import pytest

from gradatim import Constant, Linear, warmup_cosine
from gradatim.errors import GradatimError
from gradatim.recipes import scale_with_batch
from gradatim.theory.adamw_memory import adamw_memory, adamw_window, merge_weights
from gradatim.theory.seesaw import seesaw

X = np.arange(20_000) / 20_000


@pytest.mark.parametrize(
    ("shape", "saved"),
    [
        (np.cos(np.pi * X / 2), 1 - 2 / np.pi),
        ((1 + np.cos(np.pi * X)) / 2, 0.5),
        (1 - X, 0.5),
        (np.minimum(1, (1 - X) / 0.2), 0.1),
    ],
)
def test_updates_that_seesaw_saves(shape, saved):
    assert seesaw(0.3 * shape).saved == pytest.approx(saved, abs=1e-4)


def test_seesaw_keeps_tokens_and_noise_a_token():
    traded = seesaw(warmup_cosine(peak=0.1, steps=1000, warmup=100))
    rates = warmup_cosine(peak=0.1, steps=1000, warmup=100)(np.arange(1000))
    assert (traded.batches[:101] == 1).all()
    assert traded.rates[:101] == pytest.approx(rates[:101])
    assert (np.diff(traded.batches) >= 0).all()
    # Noise enters as rate^2 / batch an update, 1 / batch updates a token: as before.
    noise = traded.rates**2 / traded.batches / traded.batches
    assert noise[101:] == pytest.approx(rates[101:] ** 2 * (rates[101:] / 0.1))
    assert traded.updates == pytest.approx((1 / traded.batches).sum())


def test_seesaw_below_the_critical_batch():
    traded = seesaw(Linear(1.0, 0.0, 100), largest=4.0)
    assert traded.batches.max() == 4.0
    assert traded.rates[50] == pytest.approx(np.sqrt(0.5))
    assert traded.rates[90] == pytest.approx(0.1 * 2)  # batch 4: the old rate times sqrt(4)


@pytest.mark.parametrize("to", [1, 32])
def test_the_run_of_seesaw_sees_the_same_samples_at_the_traded_rates(to):
    schedule = warmup_cosine(peak=0.1, steps=1000, warmup=100, floor=0.01)
    traded = seesaw(schedule)
    run = traded.run(batch=64, to=to)
    rate = scale_with_batch(schedule.stretched(64), run=run)
    assert 64_000 <= run.ticks < 64_000 + run.batch_at(run.steps)
    assert run.steps == pytest.approx(traded.updates, rel=0.02 if to == 1 else 0.12)
    for k in range(0, run.steps, 7):
        seen = run.samples_after(k)
        assert run.batch_at(k) % to == 0
        # Rounded down to a multiple, and asked where the update begins.
        wanted = 64 * traded.batches[seen // 64]
        assert wanted - to - 0.001 <= run.batch_at(k) <= wanted + 0.001
        share = run.batch_at(k) / 64
        assert rate(seen) == pytest.approx(schedule.stretched(64)(seen) * share**0.5)
        # So the decay is made up by the batch: rate^2 / batch falls with the old rate squared.
        assert rate(seen) ** 2 / share == pytest.approx(schedule.stretched(64)(seen) ** 2)


def test_an_update_at_rate_0_keeps_its_batch():
    run = seesaw(Linear(1.0, 0.0, 4) >> Constant(0.0), steps=8).run(batch=12)
    assert [run.batch_at(k) for k in range(run.steps)] == [12, 16, 24, 24, 24]


def test_merged_checkpoints_are_the_decayed_run():
    # A run whose updates do not depend on the weights: there the identity is exact.
    draw = np.random.default_rng(0)
    updates, w = draw.normal(size=(6, 5)), np.sort(draw.uniform(size=6))[::-1]
    checkpoints = np.concatenate([np.zeros((1, 5)), np.cumsum(updates, axis=0)])
    weights = merge_weights(w)
    assert weights.sum() == pytest.approx(1.0)
    assert weights @ checkpoints == pytest.approx((w[:, None] * updates).sum(axis=0))


def test_adamw_memory_is_what_a_run_remembers():
    rates = np.array([0.1, 0.4, 0.3, 0.2])
    for i in range(4):
        weight = 0.0
        for j, rate in enumerate(rates):
            weight = (1 - rate * 0.5) * weight + rate * (i == j)
        assert adamw_memory(rates, 0.5)[i] == pytest.approx(weight, rel=1e-14)
    assert adamw_memory(Constant(0.1), 0.0, 3) == pytest.approx([0.1] * 3)
    assert adamw_window(Constant(0.1), 0.0, 10, share=0.5) == 5
    assert adamw_window([1.0], 0.5, share=1.0) == 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: seesaw([1.0, 0.5, 0.7]), "the rate rises at step 2, after its peak"),
        (lambda: seesaw([1.0], largest=0.5), "largest must be 1 or more"),
        (lambda: merge_weights([0.5, 0.6]), "falling, from at most 1"),
        (lambda: merge_weights([]), "one multiplier of the rate per checkpoint"),
        (lambda: adamw_memory([2.0], 0.5), "below 1 / rate, 0.5"),
        (lambda: adamw_window([0.1], 0.1, share=0.0), "share must be above 0"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(GradatimError, match=re.escape(words)):
        call()
