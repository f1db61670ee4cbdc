"""Optax' constructors by name: the same numbers as Optax computes in float64."""

import jax
import jax.numpy as jnp
import optax
import pytest

from gradatim import Constant, Cosine, GradatimError, Linear, Plateau, Schedule
from gradatim.jax import from_optax, scale_by_rule
from gradatim.peers import read
from tests.jax.precision import enable_x64

SETTINGS = [
    ("constant_schedule", {"value": 0.3}),
    ("linear_schedule", {"init_value": 1.0, "end_value": 0.1, "transition_steps": 40}),
    (
        "linear_schedule",
        {"init_value": 0.0, "end_value": 0.1, "transition_steps": 40, "transition_begin": 7},
    ),
    (
        "polynomial_schedule",
        {
            "init_value": 1.0,
            "end_value": 0.1,
            "power": 2.5,
            "transition_steps": 40,
            "transition_begin": 3,
        },
    ),
    ("cosine_decay_schedule", {"init_value": 0.3, "decay_steps": 50}),
    ("cosine_decay_schedule", {"init_value": 0.3, "decay_steps": 50, "alpha": 0.1}),
    (
        "cosine_decay_schedule",
        {"init_value": 0.3, "decay_steps": 50, "alpha": 0.1, "exponent": 2.0},
    ),
    ("cosine_decay_schedule", {"init_value": 0.3, "decay_steps": 50, "exponent": 3}),
    ("exponential_decay", {"init_value": 0.3, "transition_steps": 7, "decay_rate": 0.8}),
    (
        "exponential_decay",
        {
            "init_value": 0.3,
            "transition_steps": 7,
            "decay_rate": 0.8,
            "transition_begin": 5,
            "staircase": True,
            "end_value": 0.1,
        },
    ),
    ("warmup_constant_schedule", {"init_value": 0.0, "peak_value": 0.3, "warmup_steps": 9}),
    (
        "warmup_cosine_decay_schedule",
        {
            "init_value": 0.0,
            "peak_value": 0.3,
            "warmup_steps": 9,
            "decay_steps": 50,
            "end_value": 0.01,
        },
    ),
    (
        "warmup_cosine_decay_schedule",
        {
            "init_value": 0.1,
            "peak_value": 0.3,
            "warmup_steps": 0,
            "decay_steps": 50,
            "exponent": 2.0,
        },
    ),
    (
        "warmup_exponential_decay_schedule",
        {
            "init_value": 0.0,
            "peak_value": 0.3,
            "warmup_steps": 9,
            "transition_steps": 10,
            "decay_rate": 0.5,
            "transition_begin": 4,
            "staircase": True,
        },
    ),
    (
        "sgdr_schedule",
        {
            "cosine_kwargs": [
                {"init_value": 0.0, "peak_value": 0.3, "warmup_steps": 3, "decay_steps": 20},
                {
                    "init_value": 0.1,
                    "peak_value": 0.2,
                    "warmup_steps": 2,
                    "decay_steps": 30,
                    "end_value": 0.05,
                },
            ]
        },
    ),
    ("piecewise_constant_schedule", {"init_value": 0.3}),
    (
        "piecewise_constant_schedule",
        {"init_value": 0.3, "boundaries_and_scales": {30: 0.1, 10: 0.5}},
    ),
    (
        "piecewise_interpolate_schedule",
        {
            "interpolate_type": "linear",
            "init_value": 0.3,
            "boundaries_and_scales": {10: 2.0, 30: 0.1},
        },
    ),
    (
        "piecewise_interpolate_schedule",
        {
            "interpolate_type": "cosine",
            "init_value": 0.3,
            "boundaries_and_scales": {10: 2.0, 30: 0.1},
        },
    ),
    ("linear_onecycle_schedule", {"transition_steps": 50, "peak_value": 0.3}),
    ("cosine_onecycle_schedule", {"transition_steps": 50, "peak_value": 0.3, "pct_start": 0.25}),
]


@pytest.mark.parametrize(("name", "arguments"), SETTINGS)
def test_the_same_numbers(name, arguments):
    schedule = from_optax(name, **arguments)
    assert from_optax(getattr(optax, name), **arguments) == schedule
    with enable_x64(True):
        theirs = getattr(optax, name)(**arguments)
        steps = jnp.arange(80)
        values = jax.vmap(lambda step: jnp.asarray(theirs(step), float))(steps).tolist()
    assert isinstance(schedule, Schedule)
    ours = [schedule(step) for step in range(80)]
    assert ours == pytest.approx(values, rel=1e-12, abs=1e-15)


def test_the_text_that_is_recommended_for_what_cannot_be_read():
    ramp, level = "optax.linear_schedule(0., 1., 10)", "optax.constant_schedule(1.)"
    text = f"optax.join_schedules([{ramp}, {level}], [10])"
    assert read(text, "optax").schedule == Linear(0.0, 1.0, 10) >> Constant(1.0)


def test_arguments_as_optax_takes_them():
    assert from_optax("linear_schedule", 1.0, 0.0, 10) == Linear(1.0, 0.0, 10)
    assert from_optax(optax.cosine_decay_schedule, 1.0, decay_steps=10) == Cosine(1.0, 0.0, 10)


def test_a_plateau_counts_as_optax_does():
    rule = from_optax("reduce_on_plateau", factor=0.5, patience=3, cooldown=2, rtol=1e-3)
    assert rule == Plateau(
        mode="min", nan="worse", factor=0.5, patience=2, threshold=1e-3, cooldown=2
    )
    theirs = optax.contrib.reduce_on_plateau(factor=0.5, patience=3, cooldown=2, rtol=1e-3)
    ours = scale_by_rule(rule)
    update_theirs, update_ours = jax.jit(theirs.update), jax.jit(ours.update)
    one, two = theirs.init(jnp.zeros(())), ours.init(jnp.zeros(()))
    for value in (5.0, 4.0, 4.0, 4.1, jnp.nan, 4.0, 4.0, 4.0, 4.0, 3.0, *[3.0] * 9):
        _, one = update_theirs(jnp.ones(()), one, value=value)
        _, two = update_ours(jnp.ones(()), two, value=value)
        assert one.scale == two.rule.scale
    assert one.scale < 0.5


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("cosine_schedule", {}, "unknown schedule 'cosine_schedule'. Did you mean"),
        (
            "join_schedules",
            {"schedules": [], "boundaries": []},
            r"join_schedules takes closures.*>> b.*gradatim.peers.read",
        ),
        (optax.cosine_decay_schedule(1.0, 10), {}, "this is a closure.*gradatim.peers.read"),
        (optax.constant_schedule(1.0), {}, "this is a closure"),
        (optax.warmup_cosine_decay_schedule(0.0, 1.0, 2, 10), {}, "this is a closure"),
        (0.1, {}, "constructor must be a constructor of Optax, or its name, got 0.1"),
        (len, {}, "unknown schedule 'len'"),
        ("linear_schedule", {"init_value": 1.0}, "linear_schedule: end_value is missing"),
        (
            "linear_schedule",
            {"init_value": 1.0, "end_value": 0.0, "transition_steps": 0},
            "steps must be a whole number of updates, 1 or more, got 0",
        ),
        (
            "linear_schedule",
            {"init_value": 1.0, "end_value": 0.0, "transition_steps": 5, "transition_begin": -1},
            "transition_begin must be",
        ),
        (
            "exponential_decay",
            {"init_value": 1.0, "transition_steps": 5, "decay_rate": 1.2},
            "decay_rate must be a number above 0 and at most 1, got 1.2",
        ),
        (
            "cosine_decay_schedule",
            {"init_value": 1.0, "decay_steps": 5, "exponent": 0.5},
            "exponent must be 1, 2, 3 or 4, got 0.5",
        ),
        (
            "piecewise_interpolate_schedule",
            {"interpolate_type": "cubic", "init_value": 1.0},
            "unknown interpolate_type 'cubic'",
        ),
        ("reduce_on_plateau", {"patience": 0}, "patience must be 1 or more, got 0"),
        ("reduce_on_plateau", {"atol": 0.1}, "atol must be 0 where rtol is given"),
        ("reduce_on_plateau", {"accumulation_size": 8}, "accumulation_size must be left out"),
    ],
)
def test_what_has_no_counterpart_is_said(name, arguments, message):
    with pytest.raises(GradatimError, match=message):
        from_optax(name, **arguments)
