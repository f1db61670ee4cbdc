"""Metric-driven rules inside compiled code, as a gradient transformation that takes a metric."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from gradatim.core.rules import Rule, RuleState
from gradatim.core.values.fields import PositiveInt, check_argument
from gradatim.errors import GradatimError, invalid_value
from gradatim.xp import dispatch

_MISSING = object()


class RuleScaleState(NamedTuple):
    """What ``scale_by_rule`` remembers: arrays only, so Orbax and pickle keep it as it is."""

    rule: RuleState
    """The state of the rule; ``rule.scale`` is what updates are multiplied with."""
    total: jax.Array
    """The sum of the values that wait to be averaged."""
    values: jax.Array
    """How many values this is the sum of."""
    waiting: jax.Array
    """The updates since the rule was last shown a metric."""


def scale_by_rule(rule: Rule, average: int = 1) -> optax.GradientTransformationExtraArgs:
    """Multiplies the updates by the scale of a rule, which gets the metric ``value``.

    Chain it after the optimizer, whose schedule goes on as before: the rate of an update is the
    value of the schedule times the scale. The rule gets the metric first, so it already
    affects the update that it is passed to. The decisions are those of the rule in plain Python;
    metrics are compared in JAX's default float.

    Under ``optax.MultiSteps`` chain it outside, with ``average`` as many as the micro-batches of an
    update: inside, it gets the value of the last one only.

    Args:
        rule: The rule. Compiled code cannot raise: there a metric that is not finite makes the
            scale NaN, and with it the updates, if the rule has ``nan="error"``.
        average: Values, one an update, whose mean is one metric for the rule: 1 for the metric of
            an evaluation, some hundreds for the loss of single batches. With ``nan="ignore"``
            values that are not finite are left out of the mean.

    Returns:
        A transformation whose ``update`` takes ``value=``, a number. For an update without an
        evaluation give ``value=None`` or, where that must be decided in compiled code and the
        rule has ``nan="ignore"``, ``value=jnp.nan``.

    Raises:
        GradatimError: For something that is no rule, or an average below 1. In ``update``, outside
            of compiled code: for a metric that is not finite, if the rule has ``nan="error"``.

    >>> import jax.numpy as jnp
    >>> import optax
    >>> from gradatim import Plateau
    >>> rule = Plateau(mode="min", nan="worse", factor=0.5, patience=0)
    >>> transformation = optax.chain(optax.sgd(1.0), scale_by_rule(rule))
    >>> state = transformation.init(jnp.zeros(1))
    >>> for loss in (3.0, 2.0, 2.5):
    ...     updates, state = transformation.update(jnp.ones(1), state, value=loss)
    ...     print(updates[0])
    -1.0
    -1.0
    -0.5
    """
    if not isinstance(rule, Rule):
        raise invalid_value("scale_by_rule", "rule", rule, "a rule such as Plateau")
    average = check_argument("scale_by_rule", "average", PositiveInt, average)
    return optax.GradientTransformationExtraArgs(
        lambda _: _initial(rule),
        lambda updates, state, params=None, *, value=_MISSING, **_: _update(
            rule, average, updates, state, value
        ),
    )


def _initial(rule: Rule) -> RuleScaleState:
    number = jnp.result_type(float)
    numbers = (jnp.asarray(x, number if isinstance(x, float) else jnp.int32) for x in rule.init())
    none = jnp.zeros((), jnp.int32)
    return RuleScaleState(RuleState(*numbers), jnp.zeros((), number), none, none)


def _update(
    rule: Rule, average: int, updates: Any, state: RuleScaleState, value: Any
) -> tuple[Any, RuleScaleState]:
    if value is _MISSING:
        raise GradatimError(
            "scale_by_rule: value is missing. Write update(grads, state, params, value=metric), "
            "or value=None where there was no evaluation."
        )
    if value is not None:
        state = _observe(rule, average, state, value)
    scale = state.rule.scale
    return jax.tree.map(lambda g: (scale * g).astype(jnp.asarray(g).dtype), updates), state


def _observe(rule: Rule, average: int, state: RuleScaleState, value: Any) -> RuleScaleState:
    if jnp.shape(value) != ():
        raise invalid_value(
            "scale_by_rule", "the shape of value", jnp.shape(value), "that of one number"
        )
    if rule.nan == "error" and not dispatch.is_traced(value):
        rule.update(rule.init(), float(value))  # raises, as the rule does in plain Python
    metric = jnp.asarray(value, state.total.dtype)
    if average == 1:
        return state._replace(rule=_next(rule, state.rule, metric))
    counts = jnp.isfinite(metric) if rule.nan == "ignore" else jnp.bool_(True)
    total = state.total + jnp.where(counts, metric, 0.0)
    values = state.values + counts
    waiting = state.waiting + 1
    full = waiting >= average
    mean = total / jnp.where(values > 0, values, 1) + jnp.where(values > 0, 0.0, jnp.nan)
    following = _next(rule, state.rule, mean)
    kept = jax.tree.map(lambda new, old: jnp.where(full, new, old), following, state.rule)
    return RuleScaleState(
        kept,
        jnp.where(full, 0.0, total),
        jnp.where(full, 0, values),
        jnp.where(full, 0, waiting),
    )


def _next(rule: Rule, state: RuleState, metric: Any) -> RuleState:
    silent = rule.replace(nan="worse") if rule.nan == "error" else rule
    following = silent.update(state, metric, dispatch.operations_of("jax"))
    if silent is not rule:
        scale = jnp.where(jnp.isfinite(metric), following.scale, jnp.nan)
        following = following._replace(scale=scale)
    # lax.scan needs the same dtypes in every iteration; a rule may return a Python 0.
    pairs = zip(following, state, strict=True)
    return RuleState(*(jnp.asarray(new, old.dtype) for new, old in pairs))
