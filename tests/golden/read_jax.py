"""States of ``scale_by_rule``, from their leaves, as Orbax stores them, and from pickles."""

import base64
import pickle
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import optax

from gradatim import build
from gradatim.jax import RuleScaleState, applied_rate, next_rate, position, scale_by_rule
from tests.golden.reading import Reading, entries
from tests.golden.scripts.plain import METRICS


def readings(folder: Path) -> Iterator[Reading]:
    for name, entry in entries(folder, "jax.json").items():
        yield Reading("jax.json", name, "leaves", entry["read"], partial(_went_on, entry, False))


def pickles(folder: Path) -> Iterator[Reading]:
    for name, entry in entries(folder, "jax.json").items():
        yield Reading("jax.json", name, "pickle", entry["read"], partial(_went_on, entry, True))


def _went_on(entry: dict[str, Any], pickled: bool) -> list[Any]:
    schedule = build(entry["schedule"])
    rule_scale = scale_by_rule(build(entry["rule"]), average=entry["average"])
    optimizer = optax.chain(optax.sgd(schedule), rule_scale)
    began = optimizer.init(jnp.zeros(()))
    leaves = [jnp.asarray(number, dtype) for dtype, number in entry["leaves"]]
    state = jax.tree.unflatten(jax.tree.structure(began), leaves)
    if pickled:
        scaling = pickle.loads(base64.b64decode(entry["pickle"]))
        like = next(part for part in began if isinstance(part, RuleScaleState))
        scaling = jax.tree.map(lambda number, to: jnp.asarray(number, to.dtype), scaling, like)
        state = tuple(scaling if isinstance(s, RuleScaleState) else s for s in state)
    read = []
    for metric in METRICS[-len(entry["read"]) :]:
        update, state = optimizer.update(jnp.ones(()), state, value=metric)
        rates = next_rate(state, schedule), applied_rate(state, schedule)
        read.append([position(state), *rates, update.item()])
    return read
