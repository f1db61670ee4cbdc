"""Rates by tokens and by time: the tick is given to each update, and the schedule sees it."""

import math
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy
import optax
import pytest
from flax import nnx

from gradatim import (
    Constant,
    Cosine,
    Driver,
    ExponentialDecay,
    GradatimError,
    InverseSqrtDecay,
    Linear,
    Plateau,
    Run,
    Table,
    warmup_cosine,
    wsd,
)
from gradatim.closed_forms import Noam
from gradatim.jax import scale_by_rule, scale_by_tick
from tests.jax.precision import enable_x64

RUN = Run(total_tokens=4000, clock="tokens")
CURVE = wsd(peak=0.5, steps=RUN, warmup="10%", cooldown="20%")
LENGTHS = [100, 700, 50, 1000, 0, 900, 250, 600, 400, 300]  # tokens of each batch


def test_a_compiled_loop_runs_by_tokens():
    optimizer = optax.chain(optax.sgd(1.0), scale_by_tick(CURVE))

    def step(carry, length):
        weight, state, tokens = carry
        updates, state = optimizer.update(jnp.ones(()), state, weight, tick=tokens)
        return (optax.apply_updates(weight, updates), state, tokens + length), -updates

    start = (jnp.zeros(()), optimizer.init(jnp.zeros(())), jnp.zeros((), jnp.int32))
    (_, _, tokens), rates = jax.jit(lambda s, n: jax.lax.scan(step, s, n))(
        start, jnp.asarray(LENGTHS)
    )
    seen = [sum(LENGTHS[:k]) for k in range(len(LENGTHS))]
    assert rates.tolist() == pytest.approx([CURVE(tick) for tick in seen], rel=5e-7)
    assert int(tokens) == sum(LENGTHS)


def test_the_ticks_of_a_driver_are_those_of_the_loop():
    seconds = 0.0
    driver = Driver({"lr": Linear(1.0, 0.0, 6000)}, run=Run(seconds=6), now=lambda: seconds)
    optimizer = optax.chain(optax.sgd(1.0), scale_by_tick(driver.plan["lr"]))
    traces = []

    @jax.jit
    def step(weight, state, tick):
        traces.append(tick)
        updates, state = optimizer.update(jnp.ones(()), state, weight, tick=tick)
        return optax.apply_updates(weight, updates), state, -updates

    weight, state, rates = jnp.zeros(()), optimizer.init(jnp.zeros(())), []
    while not driver.done:
        weight, state, rate = step(weight, state, driver.tick)
        rates.append(float(rate))
        seconds += 1.0
        driver.stepped()
    assert rates == pytest.approx([value for _, value in driver.history("lr")], rel=5e-7)
    # The clock starts after the first update, and shows a second more at each later one.
    assert rates == pytest.approx([1.0, 1.0, *(1.0 - k / 6 for k in range(1, 6))])
    assert len(traces) == 1


def test_it_goes_with_what_optax_and_flax_have():
    model = nnx.Linear(2, 1, rngs=nnx.Rngs(0))
    rule = Plateau(mode="min", factor=0.5, patience=0)
    inner = optax.chain(optax.adamw(1.0), scale_by_tick(CURVE), scale_by_rule(rule))
    optimizer = nnx.Optimizer(model, inner, wrt=nnx.Param)
    x = jnp.asarray([[1.0, 2.0], [3.0, -1.0]])

    @nnx.jit
    def step(model, optimizer, tokens):
        value, grads = nnx.value_and_grad(lambda model: ((model(x) - 1.0) ** 2).mean())(model)
        optimizer.update(model, grads, value=value, tick=tokens)
        return value

    losses = [float(step(model, optimizer, tokens)) for tokens in range(0, 4000, 40)]
    assert losses[-1] < 0.5 * losses[0]
    # adamw scales the weight decay with the rate too: the same as with the rate inside.
    for tick in (0, 300, 3900):
        plain = optax.adamw(CURVE(tick), weight_decay=0.1)
        ours = optax.chain(optax.adamw(1.0, weight_decay=0.1), scale_by_tick(CURVE))
        weight = jnp.asarray([1.0, -2.0])
        one, _ = plain.update(weight, plain.init(weight), weight)
        two, _ = ours.update(weight, ours.init(weight), weight, tick=tick)
        numpy.testing.assert_allclose(one, two, rtol=1e-6)


def test_updates_keep_their_type():
    transformation = scale_by_tick(CURVE)
    tree = {"a": jnp.ones(2, jnp.bfloat16), "b": jnp.ones((), jnp.float32)}
    updates, state = transformation.update(tree, transformation.init(tree), tick=jnp.asarray(9))
    assert jax.tree.map(lambda x: x.dtype, updates) == jax.tree.map(lambda x: x.dtype, tree)
    assert jax.tree.leaves(state) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.1,), "schedule must be a schedule, got 0.1"),
        ((Linear(1.0, 0.0, 3 * 10**9),), r"goes on to step 3000000000.*Fraction\(1, 1000\)"),
        ((Constant(1.0, 2**31) >> Constant(0.5),), "counter of type int32 only to 2147483647"),
    ],
)
def test_mistakes_are_found_when_it_is_built(arguments, message):
    with pytest.raises(GradatimError, match=message):
        scale_by_tick(*arguments)


def test_what_is_longer_needs_64_bits_or_a_coarser_unit():
    long = warmup_cosine(peak=1.0, steps=3 * 10**12, warmup=10**11)
    with enable_x64(True):
        transformation = scale_by_tick(long)
        updates, _ = transformation.update(jnp.ones(()), (), tick=jnp.asarray(2 * 10**12))
        assert updates == pytest.approx(long(2 * 10**12), rel=1e-14)
    with pytest.raises(GradatimError, match="coarser unit"):
        scale_by_tick(long)
    coarse = long.stretched(Fraction(1, 10_000))
    updates, _ = scale_by_tick(coarse).update(jnp.ones(()), (), tick=jnp.asarray(2 * 10**8))
    assert updates == pytest.approx(long(2 * 10**12), rel=5e-7)


@pytest.mark.parametrize(
    "schedule",
    [
        warmup_cosine(peak=1.0, steps=9000, warmup=3000, floor=0.1),
        wsd(peak=1.0, steps=9000, warmup=2000, cooldown=3000).shift(1000).clip(low=0.1),
        ExponentialDecay(1.0, 0.5, every=2000).staircase(2000) * InverseSqrtDecay(1.0, 1000),
        Cosine(1.0, 0.0, 2000).repeat(3, stretch=2, factor=0.5),
        Table([(0, 1.0), (3000, 0.5)], "hold") + 0.5 * Linear(1.0, 0.0, 8000).cut(5000),
        Noam(warmup=4000, model_size=64.0),
    ],
    ids=repr,
)
def test_a_coarser_unit_is_the_same_curve(schedule):
    coarse = schedule.stretched(Fraction(1, 1000))
    assert coarse.stretched(1000) == schedule
    assert coarse.values(12) == pytest.approx([schedule(1000 * k) for k in range(12)], rel=1e-12)
    if schedule.length is not None:
        assert coarse.length * 1000 == schedule.length


@pytest.mark.parametrize("factor", [Fraction(1, 7), Fraction(-1, 10), Fraction(0)])
def test_a_unit_that_does_not_fit_is_refused(factor):
    with pytest.raises(GradatimError, match="must be a whole number"):
        Linear(1.0, 0.0, 100).stretched(factor)


def test_a_tick_that_was_forgotten():
    optimizer = optax.chain(optax.adamw(1.0), scale_by_tick(CURVE))
    state = optimizer.init(jnp.zeros(2))
    with pytest.raises(GradatimError, match=r"tick is missing.*tick=tokens"):
        optimizer.update(jnp.ones(2), state, jnp.zeros(2))
    with pytest.raises(GradatimError, match="the shape of tick must be that of one number"):
        optimizer.update(jnp.ones(2), state, jnp.zeros(2), tick=jnp.zeros(2, jnp.int32))
    with pytest.raises(GradatimError, match="step must be a whole number"):
        optimizer.update(jnp.ones(2), state, jnp.zeros(2), tick=math.nan)
