"""Metric-driven rules as a gradient transformation: the decisions of plain Python, compiled."""

import math
import random

import jax
import jax.numpy as jnp
import numpy
import optax
import pytest

from gradatim import GradatimError, Greedy, NewBob, Plateau, warmup_cosine
from gradatim.jax import RuleScaleState, applied_rate, next_rate, scale_by_rule
from tests.jax.precision import enable_x64

RULES = [
    Plateau(mode="min", nan="worse", factor=0.5, patience=0),
    Plateau(mode="max", nan="ignore", factor=0.5, patience=2, cooldown=2, floor=0.1),
    Plateau(mode="min", nan="worse", patience=1, relative=False, threshold=0.25),
    Plateau(mode="min", nan="ignore", factor=0.5, patience=1, reference="previous"),
    NewBob(mode="min", nan="worse", threshold=0.05, patience=1),
    NewBob(mode="max", nan="ignore", threshold=0.05),
    Greedy(mode="min", nan="worse", factor=0.5, patience=1, cooldown=1, warmup=1),
    Greedy(mode="max", nan="ignore", factor=0.5, patience=0, ceiling=4.0),
]


def metrics(seed, offset=0.0):
    """A noisy curve of eighths, which every float holds exactly, with a few that are no numbers."""
    draw = random.Random(seed)
    curve = [offset + round(8 * (4.0 * 0.97**k + draw.gauss(0.0, 0.5))) / 8 for k in range(120)]
    for k, wrong in ((3, math.nan), (50, math.inf), (70, -math.inf)):
        curve[k] = wrong
    return curve


def scanned(rule, values, average=1):
    """The scale after each value, from one compiled scan."""
    transformation = scale_by_rule(rule, average)

    def step(state, value):
        updates, state = transformation.update(jnp.ones(()), state, value=value)
        return state, (updates, state.rule.scale)

    state = transformation.init(jnp.zeros(()))
    _, (updates, scales) = jax.jit(lambda s, v: jax.lax.scan(step, s, v))(
        state, jnp.asarray(values)
    )
    numpy.testing.assert_array_equal(updates, scales, "an update has the scale of its metric")
    return scales.tolist()


@pytest.mark.parametrize("double", [False, True], ids=["float32", "float64"])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_scan_decides_as_plain_python(rule, double):
    with enable_x64(double):
        for seed, offset in ((1, 0.0), (2, -100.0)):
            values = metrics(seed, offset)
            expected = rule.replay(values)
            assert len(set(expected)) > 2
            assert scanned(rule, values) == pytest.approx(expected, rel=1e-14 if double else 1e-5)


def test_patience_0_waits_for_the_first_metric_without_improvement():
    rule = Plateau(mode="min", nan="worse", factor=0.5, patience=0)
    assert scanned(rule, [5.0, 4.0, 3.0, 3.0, 2.0]) == [1.0, 1.0, 1.0, 0.5, 0.5]
    theirs = optax.contrib.reduce_on_plateau(factor=0.5, patience=0)
    state = theirs.init(jnp.zeros(()))
    for value in (5.0, 4.0, 3.0):
        _, state = theirs.update(jnp.ones(()), state, value=value)
    assert state.scale < 1.0, "the surprise that the documents speak of"


def test_negative_metrics_that_get_worse_lower():
    rule = Plateau(mode="min", nan="worse", factor=0.5, patience=1)
    worse = [-10.0 + 1e-4 * k for k in range(6)]
    assert scanned(rule, worse) == [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    theirs = optax.contrib.reduce_on_plateau(factor=0.5, patience=2)
    state = theirs.init(jnp.zeros(()))
    for value in worse:
        _, state = theirs.update(jnp.ones(()), state, value=value)
    assert state.scale == 1.0, "the fault that the documents speak of"


def test_an_update_without_an_evaluation():
    rule = Plateau(mode="min", nan="ignore", factor=0.5, patience=0)
    assert scanned(rule, [3.0, math.nan, math.nan, 2.0, 2.0]) == [1.0, 1.0, 1.0, 1.0, 0.5]
    transformation = scale_by_rule(rule)
    state = transformation.init(jnp.zeros(()))
    for value in (3.0, None, None, 2.0):
        updates, state = transformation.update(jnp.ones(()), state, value=value)
        assert updates == 1.0
    updates, state = transformation.update(jnp.ones(()), state, value=2.0)
    assert updates == 0.5


def test_the_mean_of_several_values():
    rule = Plateau(mode="min", nan="ignore", factor=0.5, patience=0)
    values = [3.0, 5.0, 1.0, math.nan, 0.0, 4.0, math.nan, math.nan]
    assert rule.replay([4.0, 1.0, 2.0, math.nan]) == [1.0, 1.0, 0.5, 0.5]
    assert scanned(rule, values, average=2) == [1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5]
    worse = rule.replace(nan="worse")
    assert scanned(worse, values, average=2) == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.25]


def test_plateau_after_a_warm_up():
    schedule = warmup_cosine(peak=1.0, steps=1000, warmup=4)
    rule = Plateau(mode="min", nan="worse", factor=0.5, patience=0)
    optimizer = optax.chain(optax.adamw(schedule), scale_by_rule(rule))
    weight = jnp.ones(3)
    state = optimizer.init(weight)
    update = jax.jit(optimizer.update)
    applied = []
    for metric in (3.0, 2.0, 1.0, 1.0, 1.0):
        _, state = update(weight, state, weight, value=metric)
        applied.append(applied_rate(state, schedule))
    assert applied == [0.0, 0.25, 0.5, 0.375, 0.25]
    assert next_rate(state, schedule) == 0.25 * schedule(5)


def test_updates_keep_their_type():
    transformation = scale_by_rule(RULES[0])
    tree = {"a": jnp.ones(2, jnp.bfloat16), "b": jnp.ones((), jnp.float32)}
    updates, _ = transformation.update(tree, transformation.init(tree), value=1.0)
    assert jax.tree.map(lambda x: x.dtype, updates) == jax.tree.map(lambda x: x.dtype, tree)


def test_passes_through_what_optax_wraps_around_it():
    inner = optax.chain(optax.sgd(1.0), scale_by_rule(RULES[0]))
    optimizer = optax.MultiSteps(optax.apply_if_finite(inner, 3), 2)
    state = optimizer.init(jnp.zeros(()))
    seen = []
    for value in (3.0, 3.0, 2.0, 2.0, 2.0, 2.0):
        updates, state = optimizer.update(jnp.ones(()), state, jnp.ones(()), value=value)
        seen.append(float(updates))
    assert seen == [0.0, -1.0, 0.0, -1.0, 0.0, -0.5]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.1,), "rule must be a rule such as Plateau, got 0.1"),
        ((RULES[0], 0), "average must be a whole number, 1 or more, got 0"),
        ((RULES[0], 1.5), "average must be a whole number, 1 or more, got 1.5"),
    ],
)
def test_mistakes_are_found_when_it_is_built(arguments, message):
    with pytest.raises(GradatimError, match=message):
        scale_by_rule(*arguments)


def test_the_rule_of_the_readme_is_taken_and_stops_at_a_nan():
    rule = Plateau(mode="min", factor=0.5, patience=0)
    good = [3.0, 2.0, 2.5, 1.0]
    assert scanned(rule, good) == rule.replay(good) == [1.0, 1.0, 0.5, 0.5]
    # Compiled code cannot raise: from the metric on, updates are NaN, and stay so.
    for wrong in (math.nan, math.inf, -math.inf):
        scales = scanned(rule, [3.0, 2.0, wrong, 1.0, 2.0])
        assert scales[:2] == [1.0, 1.0]
        assert all(math.isnan(scale) for scale in scales[2:])
    means = scanned(rule, [3.0, 1.0, 2.0, math.nan, 1.0, 1.0], average=2)
    assert means[:3] == [1.0, 1.0, 1.0]
    assert all(math.isnan(scale) for scale in means[3:])
    # Outside of compiled code it raises, as in plain Python.
    transformation = scale_by_rule(rule)
    state = transformation.init(jnp.zeros(()))
    for wrong in (math.nan, jnp.nan, jnp.asarray(jnp.inf)):
        with pytest.raises(GradatimError, match=r"metric must be finite.*nan='ignore'"):
            transformation.update(jnp.ones(()), state, value=wrong)
    updates, _ = transformation.update(jnp.ones(()), state, value=None)
    assert updates == 1.0


def test_every_micro_batch_counts_outside_of_multi_steps():
    rule = Plateau(mode="min", factor=0.5, patience=0)
    losses = [3.0, 1.0, 4.0, 1.0, 2.0, 2.5]  # means of pairs: 2.0, 2.5, 2.25
    inside = optax.MultiSteps(optax.chain(optax.sgd(1.0), scale_by_rule(rule)), 2)
    outside = optax.chain(
        optax.MultiSteps(optax.sgd(1.0), 2).gradient_transformation(),
        scale_by_rule(rule, average=2),
    )
    used = {}
    for name, optimizer in (("inside", inside), ("outside", outside)):
        update, state = jax.jit(optimizer.update), optimizer.init(jnp.zeros(()))
        used[name] = []
        for loss in losses:
            updates, state = update(jnp.ones(()), state, jnp.zeros(()), value=loss)
            used[name].append(float(updates))
    assert used["outside"] == [0.0, -1.0, 0.0, -0.5, 0.0, -0.25]
    assert used["outside"][1::2] == [-scale for scale in rule.replay([2.0, 2.5, 2.25])]
    assert used["inside"][1::2] == [-scale for scale in rule.replay([1.0, 1.0, 2.5])]


def test_a_metric_that_was_forgotten():
    transformation = scale_by_rule(RULES[0])
    state = transformation.init(jnp.zeros(()))
    with pytest.raises(GradatimError, match="value is missing"):
        transformation.update(jnp.ones(()), state)
    with pytest.raises(GradatimError, match="the shape of value must be that of one number"):
        transformation.update(jnp.ones(()), state, value=jnp.ones(2))


def test_orbax_keeps_a_rule_as_it_is(tmp_path):
    import orbax.checkpoint

    transformation = optax.chain(optax.sgd(1.0), scale_by_rule(RULES[1], average=2))
    update = jax.jit(transformation.update)
    state = transformation.init(jnp.zeros(()))
    values = metrics(3)
    for value in values[:61]:
        _, state = update(jnp.ones(()), state, value=value)
    with orbax.checkpoint.StandardCheckpointer() as checkpointer:
        checkpointer.save(tmp_path / "state", state)
        checkpointer.wait_until_finished()
        like = jax.tree.map(jnp.zeros_like, state)
        restored = checkpointer.restore(tmp_path / "state", like)
    assert isinstance(restored[-1], RuleScaleState)
    assert jax.tree.map(float, restored) == jax.tree.map(float, state)
    assert 0.0 < float(state[-1].rule.scale) < 1.0
    for value in values[61:]:
        going_on, state = update(jnp.ones(()), state, value=value)
        resumed, restored = update(jnp.ones(()), restored, value=value)
        assert going_on == resumed
