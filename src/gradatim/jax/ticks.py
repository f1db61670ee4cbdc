"""Learning rates by tokens, samples or time, in place of Optax' count of updates."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax

from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value

_MISSING = object()


def scale_by_tick(schedule: Schedule) -> optax.GradientTransformationExtraArgs:
    """Multiplies the updates by the value of a schedule at a tick, which the training loop passes.

    Chain it after an optimizer with the rate 1.0: its rate is then ``schedule(tick)``. The tick is
    an integer: the tokens, samples or milliseconds before this update. Keep it in the state of the
    training loop, so that it is part of the checkpoints.

    Args:
        schedule: The schedule, in ticks.

    Returns:
        A transformation whose ``update`` takes ``tick=``, an integer or an array of one. It has no
        state.

    Raises:
        GradatimError: If it is no schedule, or one that goes on past what JAX's integers count:
            2**31 - 1 unless ``jax_enable_x64`` is set. Then count in a coarser unit, with
            ``schedule.stretched(Fraction(1, 1000))``.

    >>> import jax.numpy as jnp
    >>> import optax
    >>> from gradatim import Linear
    >>> optimizer = optax.chain(optax.sgd(1.0), scale_by_tick(Linear(1.0, 0.0, steps=4096)))
    >>> state = optimizer.init(jnp.zeros(1))
    >>> updates, state = optimizer.update(jnp.ones(1), state, tick=1024)
    >>> float(updates[0])
    -0.75
    """
    if not isinstance(schedule, Schedule):
        raise invalid_value(
            "scale_by_tick",
            "schedule",
            schedule,
            "a schedule",
            "For a constant rate, give it to the optimizer.",
        )
    # Raises if the schedule is longer than JAX's integers count.
    schedule(jnp.zeros((), jnp.result_type(int)))
    return optax.GradientTransformationExtraArgs(
        lambda _: optax.EmptyState(),
        lambda updates, state, params=None, *, tick=_MISSING, **_: (
            _scaled(updates, schedule, tick),
            state,
        ),
    )


def _scaled(updates: Any, schedule: Schedule, tick: Any) -> Any:
    if tick is _MISSING:
        raise GradatimError(
            "scale_by_tick: tick is missing. Write update(grads, state, params, tick=tokens), with "
            "the tokens, samples or milliseconds of the updates so far."
        )
    if jnp.shape(tick) != ():
        raise invalid_value(
            "scale_by_tick", "the shape of tick", jnp.shape(tick), "that of one number"
        )
    rate = schedule(tick)
    return jax.tree.map(lambda g: (rate * g).astype(jnp.asarray(g).dtype), updates)
