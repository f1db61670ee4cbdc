"""A core schedule where Optax and Flax expect one of theirs: each trains, each can be read."""

import jax
import jax.numpy as jnp
import optax
import pytest
from flax import nnx
from flax.training.train_state import TrainState

from gradatim import Constant, GradatimError, Linear, Plateau, warmup_cosine
from gradatim.jax import applied_rate, next_rate, position, scale_by_rule

SCHEDULE = warmup_cosine(peak=0.2, steps=60, warmup=6)
TARGET = {"encoder": jnp.asarray([1.0, -2.0]), "head": jnp.asarray(0.5)}


def loss(params):
    pairs = zip(jax.tree.leaves(params), jax.tree.leaves(TARGET), strict=True)
    return sum(((a - b) ** 2).sum() for a, b in pairs)


def train(optimizer, calls):
    params = jax.tree.map(jnp.zeros_like, TARGET)

    @jax.jit
    def step(params, state):
        updates, state = optimizer.update(jax.grad(loss)(params), state, params)
        return optax.apply_updates(params, updates), state

    state = optimizer.init(params)
    before = loss(params)
    for _ in range(calls):
        params, state = step(params, state)
    assert loss(params) < 0.01 * before
    return state


@pytest.mark.parametrize(
    ("optimizer", "calls"),
    [
        (optax.adamw(SCHEDULE), 60),
        (optax.inject_hyperparams(optax.adamw)(learning_rate=SCHEDULE), 60),
        (optax.MultiSteps(optax.adamw(SCHEDULE), 2), 120),
        (optax.apply_if_finite(optax.adamw(SCHEDULE), 3), 60),
        (
            optax.multi_transform(
                {"a": optax.adamw(SCHEDULE), "b": optax.sgd(0.5 * SCHEDULE)},
                {"encoder": "a", "head": "b"},
            ),
            60,
        ),
        (optax.chain(optax.clip_by_global_norm(1.0), optax.adam(SCHEDULE)), 60),
    ],
    ids=[
        "adamw",
        "inject_hyperparams",
        "MultiSteps",
        "apply_if_finite",
        "multi_transform",
        "chain",
    ],
)
def test_trains(optimizer, calls):
    state = train(optimizer, calls)
    assert position(state) == 60
    assert applied_rate(state, SCHEDULE) == SCHEDULE(59)
    assert next_rate(state, SCHEDULE) == SCHEDULE(60) == 0.0


def test_trains_with_flax():
    model = nnx.Linear(2, 1, rngs=nnx.Rngs(0))
    rule = Plateau(mode="min", nan="worse", factor=0.9, patience=0)
    transformation = optax.chain(optax.adamw(2.0 * SCHEDULE), scale_by_rule(rule))
    optimizer = nnx.Optimizer(model, transformation, wrt=nnx.Param)
    x = jnp.asarray([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]])
    y = x @ jnp.asarray([[1.0], [-1.0]]) + 0.5

    @nnx.jit
    def step(model, optimizer):
        value, grads = nnx.value_and_grad(lambda model: ((model(x) - y) ** 2).mean())(model)
        optimizer.update(model, grads, value=value)
        return value

    losses = [float(step(model, optimizer)) for _ in range(60)]
    assert losses[-1] < 0.01 * losses[0]
    assert position(optimizer.opt_state) == position(optimizer) == 60
    scale = optimizer.opt_state[-1].rule.scale.item()
    assert scale < 1.0
    assert applied_rate(optimizer.opt_state, SCHEDULE) == SCHEDULE(59) * scale
    assert applied_rate(optimizer, SCHEDULE) == SCHEDULE(59) * scale
    assert next_rate(optimizer, SCHEDULE) == 0.0
    assert nnx.jit(position)(optimizer) == 60


def test_a_train_state_of_flax_is_read():
    state = TrainState.create(apply_fn=None, params=TARGET, tx=optax.adamw(SCHEDULE))
    assert position(state) == 0
    assert applied_rate(state, SCHEDULE) is None
    state = state.apply_gradients(grads=TARGET).apply_gradients(grads=TARGET)
    assert (position(state), applied_rate(state, SCHEDULE)) == (2, SCHEDULE(1))
    assert next_rate(state, SCHEDULE) == SCHEDULE(2)


@pytest.mark.parametrize(
    "optimizer",
    [
        optax.adamw(SCHEDULE),
        optax.inject_hyperparams(optax.adamw)(learning_rate=SCHEDULE),
        optax.MultiSteps(optax.adamw(SCHEDULE), 1),
        optax.chain(
            optax.adamw(SCHEDULE),
            scale_by_rule(Plateau(mode="min", nan="worse", factor=0.5, patience=0)),
        ),
    ],
    ids=["adamw", "inject_hyperparams", "MultiSteps", "rule"],
)
def test_a_compiled_step_reads_its_own_rate(optimizer):
    @jax.jit
    def step(state):
        _, state = optimizer.update(TARGET, state, TARGET, value=1.0)
        return state, (position(state), applied_rate(state, SCHEDULE), next_rate(state, SCHEDULE))

    state = optimizer.init(TARGET)
    assert jnp.isnan(jax.jit(lambda state: applied_rate(state, SCHEDULE))(state))
    for _ in range(3):
        state, compiled = step(state)
        read = (position(state), applied_rate(state, SCHEDULE), next_rate(state, SCHEDULE))
        assert [float(x) for x in compiled] == pytest.approx(list(read), rel=5e-7)
    assert position(state) == 3


def test_states_of_an_ensemble_are_read_together():
    optimizer = optax.sgd(SCHEDULE)
    states = jax.vmap(optimizer.init)(jnp.zeros((3, 2)))
    assert position(states).tolist() == [0, 0, 0]
    assert jnp.isnan(applied_rate(states, SCHEDULE)).all()
    _, states = jax.vmap(optimizer.update)(jnp.ones((3, 2)), states)
    assert position(states).tolist() == [1, 1, 1]
    assert next_rate(states, SCHEDULE).tolist() == pytest.approx([SCHEDULE(1)] * 3)


def test_each_update_uses_the_value_of_its_step():
    schedule = Linear(start=1.0, end=0.0, steps=4)
    optimizer = optax.sgd(schedule)
    state, used = optimizer.init(jnp.zeros(())), []
    for _ in range(6):
        updates, state = optimizer.update(jnp.ones(()), state)
        used.append(-float(updates))
    assert used == [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]


def test_updates_left_out_do_not_count():
    optimizer = optax.apply_if_finite(optax.sgd(Linear(start=1.0, end=0.0, steps=4)), 10)
    state = optimizer.init(jnp.zeros(()))
    for gradient in (1.0, jnp.nan, jnp.inf, 1.0):
        _, state = optimizer.update(jnp.asarray(gradient), state)
    assert position(state) == 2


def test_a_state_that_holds_its_rate():
    optimizer = optax.inject_hyperparams(optax.sgd)(learning_rate=SCHEDULE)
    state = optimizer.init(jnp.zeros(()))
    assert applied_rate(state) is None
    for _ in range(4):
        _, state = optimizer.update(jnp.ones(()), state, jnp.zeros(()))
    assert applied_rate(state) == pytest.approx(SCHEDULE(3), rel=1e-6)
    assert applied_rate(state, SCHEDULE) == SCHEDULE(3)


def test_several_hyperparameters_are_injected():
    optimizer = optax.inject_hyperparams(optax.adamw)(
        learning_rate=SCHEDULE,
        b1=Linear(start=0.95, end=0.85, steps=60),
        weight_decay=Constant(0.0),
    )
    assert position(train(optimizer, 60)) == 60


def test_rules_of_several_parts_must_be_told_apart():
    def part(factor):
        rule = Plateau(mode="min", nan="worse", factor=factor, patience=0)
        return optax.chain(optax.sgd(SCHEDULE), scale_by_rule(rule))

    optimizer = optax.multi_transform(
        {"a": part(0.5), "b": part(0.25)}, {"encoder": "a", "head": "b"}
    )
    state = optimizer.init(TARGET)
    for value in (1.0, 2.0):
        _, state = optimizer.update(TARGET, state, value=value)
    with pytest.raises(GradatimError, match="'a', 'b' have rules of their own"):
        next_rate(state, SCHEDULE)
    assert next_rate(state.inner_states["a"], SCHEDULE) == 0.5 * SCHEDULE(2)
    assert next_rate(state.inner_states["b"], SCHEDULE) == 0.25 * SCHEDULE(2)


def test_states_without_a_schedule_are_refused():
    state = optax.adamw(1e-3).init(jnp.zeros(()))
    with pytest.raises(GradatimError, match="nothing in this state counts"):
        position(state)
    with pytest.raises(GradatimError, match="holds no rate"):
        applied_rate(state)
    for optimizer in (optax.adamw(SCHEDULE), optax.MultiSteps(optax.adamw(SCHEDULE), 2)):
        with pytest.raises(GradatimError, match=r"this is an optimizer.*Give its state"):
            position(optimizer)
    counted = optax.adamw(SCHEDULE).init(jnp.zeros(()))
    assert applied_rate(counted, SCHEDULE) is None
    with pytest.raises(GradatimError, match="schedule must be the schedule of the optimizer"):
        next_rate(counted, 0.1)
