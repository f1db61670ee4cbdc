"""Reading an optimizer's state: how many updates it has counted, and at which rate they ran."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from gradatim.core.errors import GradatimError, refuse
from gradatim.core.schedule import Schedule
from gradatim.jax.rules import RuleScaleState

# The states in which Optax counts for a schedule, by name since not all of them are public.
_COUNTERS = {"ScaleByScheduleState", "WrappedScheduleState"}
_INJECTED = {"InjectHyperparamsState", "InjectStatefulHyperparamsState"}


class _Found(NamedTuple):
    counters: list[Any]
    injected: list[Any]
    scales: list[Any]


def position(opt_state: Any) -> Any:
    """The updates that an optimizer's state has counted for its schedule.

    Updates that ``optax.MultiSteps`` only accumulated, or ``optax.apply_if_finite`` left out, are
    not among them. Inside compiled code it is an array that is not known yet, and for a state that
    was mapped by ``vmap`` an array of counts; so are the rates.

    Args:
        opt_state: The state of an optimizer that was given a schedule, or what holds one as its
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
    return _count(_search(opt_state))


def next_rate(opt_state: Any, schedule: Schedule) -> Any:
    """The rate that the next update uses, unless a rule is shown a new metric before it.

    Args:
        opt_state: The state of the optimizer, as for ``position``.
        schedule: The schedule that the optimizer was given; the state holds only how far it is.

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
    found = _search(opt_state)
    return _scaled(_checked(schedule)(_count(found)), found)


def applied_rate(opt_state: Any, schedule: Schedule | None = None) -> Any:
    """The rate that the last update used; None before the first one, in an array NaN.

    Args:
        opt_state: The state of the optimizer, as for ``position``.
        schedule: The schedule that the optimizer was given. It can be left out for an optimizer
            made by ``optax.inject_hyperparams``, whose state holds the rate.

    Raises:
        GradatimError: If the state holds neither a count nor a rate, or parts of the model have
            rules of their own.
    """
    found = _search(opt_state)
    if schedule is not None:
        count = _count(found)
        return _before_the_first(count, lambda: _scaled(_checked(schedule)(count - 1), found))
    if not found.injected:
        raise GradatimError(
            "applied_rate: this state counts updates but holds no rate. Give the schedule too: "
            "applied_rate(opt_state, schedule)."
        )
    state = found.injected[0]
    rate = state.hyperparams["learning_rate"]
    return _before_the_first(_number(state.count), lambda: _scaled(_number(rate), found))


def _before_the_first(count: Any, rate: Callable[[], Any]) -> Any:
    """The rate, unless no update has been counted yet."""
    if isinstance(count, int):
        return rate() if count else None
    return jnp.where(count == 0, jnp.nan, rate())


def _checked(schedule: Any) -> Schedule:
    if not isinstance(schedule, Schedule):
        raise refuse("reading a rate", "schedule", schedule, "the schedule of the optimizer")
    return schedule


def _count(found: _Found) -> Any:
    if not found.counters:
        raise GradatimError(
            "position: nothing in this state counts updates for a schedule. Give the state of an "
            "optimizer that has one, such as optax.adamw(schedule)."
        )
    return _number(found.counters[0].count)


def _scaled(rate: Any, found: _Found) -> Any:
    for scale in found.scales:
        rate *= _number(scale)
    return rate


def _number(held: Any) -> Any:
    try:
        return held.item()  # half the time of int(held), and a variable of flax has it too
    except (jax.errors.ConcretizationTypeError, ValueError):  # compiled code, or several numbers
        return jnp.asarray(held)


def _search(opt_state: Any) -> _Found:
    if hasattr(opt_state, "opt_state"):  # a TrainState or an nnx.Optimizer
        opt_state = opt_state.opt_state
    elif hasattr(opt_state, "init") and hasattr(opt_state, "update"):
        raise GradatimError(
            "position: this is an optimizer, which counts nothing. Give its state: what its init "
            "and update return."
        )
    return _found_in(opt_state)


def _found_in(state: Any) -> _Found:
    found = _Found([], [], [])
    _walk(state, found)
    return found


def _walk(state: Any, found: _Found) -> None:
    cls = type(state)
    if cls is tuple:
        for part in state:
            _walk(part, found)
        return
    role, inner = _look(cls)
    if role == "counter":
        found.counters.append(state)
    elif role == "rule":
        found.scales.append(state.rule.scale)
    elif role == "injected" and "learning_rate" in state.hyperparams:
        found.injected.append(state)
    elif role == "parts":
        _parts(state, found)
    for i in inner:
        _walk(state[i], found)


def _parts(states: dict[Any, Any], found: _Found) -> None:
    """States by name: of the parts of a model, or of several hyperparameters."""
    each = {name: _found_in(state) for name, state in states.items()}
    if len(each) > 1 and any(one.scales for one in each.values()):
        raise GradatimError(
            f"reading a rate: {', '.join(map(repr, each))} have rules of their own. Give the state "
            "of one, such as opt_state.inner_states[...]."
        )
    for one in each.values():
        for mine, more in zip(found, one, strict=True):
            mine.extend(more)


def _kind(cls: type) -> tuple[str, tuple[int, ...]]:
    """What a kind of state is to us, and which of its fields hold states.

    The other fields are left out: they may hold trees as large as the model.
    """
    if issubclass(cls, dict):
        return "parts", ()
    if cls is RuleScaleState:
        return "rule", ()
    if cls.__name__ in _COUNTERS:
        return "counter", ()
    fields = enumerate(getattr(cls, "_fields", ()))
    inner = tuple(i for i, name in fields if name.endswith(("state", "states")))
    return "injected" if cls.__name__ in _INJECTED else "", inner


_look: Callable[[type], tuple[str, tuple[int, ...]]] = cache(_kind)
