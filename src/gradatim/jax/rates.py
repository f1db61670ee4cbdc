"""Reads the update count and the learning rate from the state of an Optax optimizer."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value
from gradatim.jax.rules import RuleScaleState

# The states with the update count of a schedule, by class name since not all are public.
_COUNTERS = {"ScaleByScheduleState", "WrappedScheduleState"}
_INJECTED = {"InjectHyperparamsState", "InjectStatefulHyperparamsState"}

Count = int | jax.Array
Rate = float | jax.Array


class _RateStates(NamedTuple):
    """The parts of an optimizer's state that determine its learning rate."""

    counters: list[Any]
    injected: list[Any]
    scales: list[jax.Array]


def position(opt_state: Any) -> Count:
    """The number of updates that an optimizer's state has counted for its schedule.

    Micro-batches of ``optax.MultiSteps`` and updates that ``optax.apply_if_finite`` skipped are not
    counted. The answer is an int; inside ``jit`` it is a tracer, and for a state made under
    ``vmap`` an array of counts. The same holds for the rates.

    Args:
        opt_state: The state of an optimizer that was given a schedule, or an object with such an
            ``opt_state``: a ``TrainState``, an ``nnx.Optimizer``.

    Raises:
        GradatimError: If nothing in the state counts for a schedule.

    >>> import jax.numpy as jnp
    >>> import optax
    >>> from gradatim import Linear
    >>> optimizer = optax.adamw(Linear(start=0.0, end=1.0, steps=4))
    >>> position(optimizer.init(jnp.zeros(1)))
    0
    """
    return _count(_rate_states(opt_state))


def next_rate(opt_state: Any, schedule: Schedule) -> Rate:
    """The learning rate that the next update uses, unless a rule gets a new metric before.

    Args:
        opt_state: The state of the optimizer, as for ``position``.
        schedule: The schedule that the optimizer was given; the state holds the count only.

    Raises:
        GradatimError: If nothing in the state counts for a schedule, or parts of the model have
            rules of their own.

    >>> import jax.numpy as jnp
    >>> import optax
    >>> from gradatim import Linear
    >>> schedule = Linear(start=0.0, end=1.0, steps=4)
    >>> optimizer = optax.adamw(schedule)
    >>> state = optimizer.init(jnp.zeros(1))
    >>> _, state = optimizer.update(jnp.ones(1), state, jnp.zeros(1))
    >>> next_rate(state, schedule), applied_rate(state, schedule)
    (0.25, 0.0)
    """
    found = _rate_states(opt_state)
    return _scaled(_checked(schedule)(_count(found)), found)


def applied_rate(opt_state: Any, schedule: Schedule | None = None) -> Rate | None:
    """The learning rate that the last update used; before the first one None, in an array NaN.

    Args:
        opt_state: The state of the optimizer, as for ``position``.
        schedule: The schedule that the optimizer was given. It can be left out for an optimizer
            made by ``optax.inject_hyperparams``, whose state holds the rate.

    Raises:
        GradatimError: If the state holds neither a count nor a rate, or parts of the model have
            rules of their own.
    """
    found = _rate_states(opt_state)
    if schedule is not None:
        count = _count(found)
        return _if_any_update(count, lambda: _scaled(_checked(schedule)(count - 1), found))
    if not found.injected:
        raise GradatimError(
            "applied_rate: this state counts updates but holds no rate. Give the schedule too: "
            "applied_rate(opt_state, schedule)."
        )
    state = found.injected[0]
    rate = state.hyperparams["learning_rate"]
    return _if_any_update(_number(state.count), lambda: _scaled(_number(rate), found))


def _if_any_update(count: Count, rate: Callable[[], Rate]) -> Rate | None:
    """The rate; None or NaN if no update has been counted yet."""
    if isinstance(count, int):
        return rate() if count else None
    return jnp.where(count == 0, jnp.nan, rate())


def _checked(schedule: Schedule) -> Schedule:
    if not isinstance(schedule, Schedule):
        raise invalid_value("reading a rate", "schedule", schedule, "the schedule of the optimizer")
    return schedule


def _count(found: _RateStates) -> Count:
    if not found.counters:
        raise GradatimError(
            "position: nothing in this state counts updates for a schedule. Give the state of an "
            "optimizer that has one, such as optax.adamw(schedule)."
        )
    count: Count = _number(found.counters[0].count)
    return count


def _scaled(rate: Rate, found: _RateStates) -> Rate:
    for scale in found.scales:
        rate *= _number(scale)
    return rate


def _number(held: Any) -> Any:
    try:
        return held.item()  # twice as fast as int(), and Flax variables have it too
    except (jax.errors.ConcretizationTypeError, ValueError):  # a tracer, or several numbers
        return jnp.asarray(held)


def _rate_states(opt_state: Any) -> _RateStates:
    if hasattr(opt_state, "opt_state"):  # a TrainState or an nnx.Optimizer
        opt_state = opt_state.opt_state
    elif hasattr(opt_state, "init") and hasattr(opt_state, "update"):
        raise GradatimError(
            "position: this is an optimizer, which counts nothing. Give its state: what its init "
            "and update return."
        )
    return _collect(opt_state)


def _collect(state: Any) -> _RateStates:
    found = _RateStates([], [], [])
    _visit(state, found)
    return found


def _visit(state: Any, found: _RateStates) -> None:
    cls = type(state)
    if cls is tuple:
        for part in state:
            _visit(part, found)
        return
    role, inner = _role_of(cls)
    if role == "counter":
        found.counters.append(state)
    elif role == "rule":
        found.scales.append(state.rule.scale)
    elif role == "injected" and "learning_rate" in state.hyperparams:
        found.injected.append(state)
    elif role == "mapping":
        _collect_named(state, found)
    for i in inner:
        _visit(state[i], found)


def _collect_named(states: dict[Any, Any], found: _RateStates) -> None:
    """Collect from states by name: of parts of a model, or of several hyperparameters."""
    each = {name: _collect(state) for name, state in states.items()}
    if len(each) > 1 and any(one.scales for one in each.values()):
        raise GradatimError(
            f"reading a rate: {', '.join(map(repr, each))} have rules of their own. Give the state "
            "of one, such as opt_state.inner_states[...]."
        )
    for one in each.values():
        for all_states, states_of_one in zip(found, one, strict=True):
            all_states.extend(states_of_one)


def _find_role(cls: type) -> tuple[str, tuple[int, ...]]:
    """The role of a class of states, and the indices of its fields that hold states.

    Other fields are not searched: they may hold trees as large as the model.
    """
    if issubclass(cls, dict):
        return "mapping", ()
    if cls is RuleScaleState:
        return "rule", ()
    if cls.__name__ in _COUNTERS:
        return "counter", ()
    fields = enumerate(getattr(cls, "_fields", ()))
    inner = tuple(i for i, name in fields if name.endswith(("state", "states")))
    return "injected" if cls.__name__ in _INJECTED else "", inner


_role_of: Callable[[type], tuple[str, tuple[int, ...]]] = cache(_find_role)
