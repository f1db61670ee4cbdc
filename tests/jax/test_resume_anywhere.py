"""Stopped after any update, a run of Optax goes on bitwise, eager and compiled."""

import pickle

import jax
import jax.numpy as jnp
import numpy
import optax
import pytest

from gradatim.core.sketch import horizon
from tests.core.cases.table import CASES
from tests.counting import counted

UPDATES = 60
# One of each that a counter of 32 bits can follow; a function of the user's cannot be compiled.
SCHEDULES = {
    case.name: case.schedule
    for case in CASES
    if case.name != "Function" and horizon(case.schedule) < 2**31
}


def through_a_file(state):
    return jax.tree.map(jnp.asarray, pickle.loads(pickle.dumps(jax.tree.map(numpy.asarray, state))))


def same(a, b):
    return all(map(numpy.array_equal, jax.tree.leaves(a), jax.tree.leaves(b)))


@pytest.mark.long
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_stopped_after_any_update_a_run_goes_on_bitwise(compiled):
    tried = 0
    for name, schedule in SCHEDULES.items():
        optimizer = optax.chain(optax.trace(0.9), optax.scale_by_learning_rate(schedule))

        def update(weight, state, optimizer=optimizer):
            updates, state = optimizer.update(jnp.cos(weight), state, weight)
            return optax.apply_updates(weight, updates), state

        update = jax.jit(update) if compiled else update
        weight = jnp.arange(3.0)
        saves = [(weight, optimizer.init(weight))]
        for _ in range(UPDATES):
            saves.append(update(*saves[-1]))
        for k in range(UPDATES):
            # From each save one update: what follows from an equal state is equal.
            assert same(update(*through_a_file(saves[k])), saves[k + 1]), f"{name} at {k}"
            tried += 1
    counted(tried)
