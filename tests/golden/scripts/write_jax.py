"""States of ``scale_by_rule`` and of the whole optimizer, in mid-run."""

import base64
import pickle
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import optax
from plain import METRICS, write

import gradatim as g
from gradatim.jax import RuleScaleState, applied_rate, next_rate, position, scale_by_rule

# Factors that are powers of two: exact in float32, which JAX computes in.
RULES = {
    "plateau": (g.Plateau(mode="min", nan="worse", factor=0.5, patience=1), 1),
    "mean": (g.Plateau(mode="min", nan="ignore", factor=0.5, patience=0, floor=0.125), 2),
    "newbob": (g.NewBob(mode="min", nan="worse", threshold=0.0625, patience=1), 1),
    "greedy": (g.Greedy(mode="max", nan="ignore", factor=0.5, patience=0, ceiling=4.0), 1),
}
SCHEDULE = g.Linear(start=1.0, end=0.0, steps=32)
BEFORE = 11


def main(folder: Path) -> None:
    write(folder, "jax.json", {name: entry(*given) for name, given in RULES.items()})


def entry(rule: g.Rule, average: int) -> dict[str, Any]:
    optimizer = optax.chain(optax.sgd(SCHEDULE), scale_by_rule(rule, average))
    state = optimizer.init(jnp.zeros(()))
    for metric in METRICS[:BEFORE]:
        _, state = optimizer.update(jnp.ones(()), state, value=metric)
    leaves = [[str(leaf.dtype), leaf.item()] for leaf in jax.tree.leaves(state)]
    scaling = next(part for part in state if isinstance(part, RuleScaleState))
    pickled = pickle.dumps(jax.tree.map(lambda leaf: leaf.item(), scaling))
    read = []
    for metric in METRICS[BEFORE:]:
        update, state = optimizer.update(jnp.ones(()), state, value=metric)
        rates = next_rate(state, SCHEDULE), applied_rate(state, SCHEDULE)
        read.append([position(state), *rates, update.item()])
    return {
        "rule": rule.config(),
        "average": average,
        "schedule": SCHEDULE.config(),
        "leaves": leaves,
        "pickle": base64.b64encode(pickled).decode(),
        "read": read,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
