"""Inside jit: a schedule against Optax' own, and a training step against a constant rate."""

from time import process_time_ns

import jax
import jax.numpy as jnp
import optax
from interleaved import machine, nanoseconds, show

from gradatim import warmup_cosine
from gradatim.jax import applied_rate, next_rate, position

OURS = warmup_cosine(peak=3e-4, steps=100_000, warmup=2_000)
THEIRS = optax.warmup_cosine_decay_schedule(0.0, 3e-4, 2_000, 100_000)


def values():
    """Many steps at once, so that the schedule is measured and not the call."""
    steps = jnp.arange(0, 200_000, 2)
    blocks = {}
    for name, schedule in (("Optax", THEIRS), ("Gradatim", OURS)):
        run = jax.jit(schedule)
        blocks[name] = lambda run=run: run(steps).block_until_ready()
    return nanoseconds(blocks, len(steps), rounds=101, clock=process_time_ns)


def scan():
    """Steps one after the other inside one compiled loop, as in a training step."""
    blocks = {}
    for name, schedule in (("Optax", THEIRS), ("Gradatim", OURS)):
        loop = jax.jit(
            lambda first, schedule=schedule: jax.lax.fori_loop(
                first, first + 10_000, lambda k, total: total + schedule(k), jnp.float32(0)
            )
        )
        blocks[name] = lambda loop=loop: loop(jnp.int32(5_000)).block_until_ready()
    return nanoseconds(blocks, 10_000, rounds=101, clock=process_time_ns)


def training():
    weights = {"a": jnp.ones((64, 64)), "b": jnp.ones(64)}
    x = jnp.ones((32, 64))

    def loss(weights):
        return ((jnp.tanh(x @ weights["a"] + weights["b"])) ** 2).mean()

    blocks = {}
    for name, rate in (("a constant", 3e-4), ("Optax", THEIRS), ("Gradatim", OURS)):
        optimizer = optax.adamw(rate)

        @jax.jit
        def run(carry, optimizer=optimizer):
            def step(_, carry):
                weights, state = carry
                updates, state = optimizer.update(jax.grad(loss)(weights), state, weights)
                return optax.apply_updates(weights, updates), state

            return jax.lax.fori_loop(0, 100, step, carry)

        start = (weights, optimizer.init(weights))
        blocks[name] = lambda run=run, start=start: jax.block_until_ready(run(start))
    return nanoseconds(blocks, 100, rounds=51, clock=process_time_ns)


def reading():
    optimizer = optax.adamw(OURS)
    weights = {"a": jnp.ones((64, 64)), "b": jnp.ones(64)}
    state = optimizer.init(weights)
    update = jax.jit(optimizer.update)
    states = []
    for _ in range(200):
        _, state = update(weights, state, weights)
        states.append(state)
    jax.block_until_ready(states)
    calls = {
        "position(opt_state)": position,
        "next_rate(opt_state, schedule)": lambda state: next_rate(state, OURS),
        "applied_rate(opt_state, schedule)": lambda state: applied_rate(state, OURS),
        "int(count), the state's own, by hand": lambda state: int(state[2].count),
    }
    blocks = {name: lambda call=call: [call(s) for s in states] for name, call in calls.items()}
    times = nanoseconds(blocks, len(states), rounds=51)
    show("Reading the rate from a state", ("", "ns"), list(times.items()))


if __name__ == "__main__":
    machine("jax", "optax")
    for title, times in (
        ("10^5 values at once, jitted, CPU time", values()),
        ("One value after the other in a compiled loop", scan()),
        ("A small AdamW training step, compiled", training()),
    ):
        against = times.get("a constant", times["Optax"])
        rows = [(name, ns, ns / against) for name, ns in times.items()]
        show(title, ("", "ns", "ratio"), rows)
    reading()
