"""Keras' own schedules and ours are the same curves, in both directions."""

import random

import jax
import keras
import numpy as np
import pytest
from keras.optimizers import schedules as theirs

import gradatim as g
from gradatim.keras import from_keras, to_keras

KERAS = {
    "cosine": theirs.CosineDecay(0.5, 90),
    "cosine to a floor": theirs.CosineDecay(0.5, 90, alpha=0.1),
    "warm-up and cosine": theirs.CosineDecay(0.1, 80, 0.05, warmup_target=0.5, warmup_steps=10),
    "a target without a warm-up": theirs.CosineDecay(0.1, 80, warmup_target=0.5),
    "a warm-up without a target": theirs.CosineDecay(0.5, 80, warmup_steps=10),
    "restarts": theirs.CosineDecayRestarts(0.5, 10),
    "restarts of one length": theirs.CosineDecayRestarts(0.5, 10, t_mul=1.0, m_mul=0.8),
    "restarts above a floor": theirs.CosineDecayRestarts(0.5, 10, 2.0, 0.7, alpha=0.2),
    "exponential": theirs.ExponentialDecay(0.5, 20, 0.7),
    "exponential stairs": theirs.ExponentialDecay(0.5, 20, 0.7, staircase=True),
    "inverse time": theirs.InverseTimeDecay(0.5, 20, 0.7),
    "inverse time stairs": theirs.InverseTimeDecay(0.5, 20, 0.7, staircase=True),
    "piecewise": theirs.PiecewiseConstantDecay([10, 30], [0.5, 0.1, 0.01]),
    "line": theirs.PolynomialDecay(0.5, 80, 0.1),
    "parabola": theirs.PolynomialDecay(0.5, 80, 0.1, power=2.0),
}
# Keras' logarithm in float32 puts some steps next to a restart into the wrong cycle.
STEPS = np.array([k for k in range(120) if k not in (30, 70)])


def values(schedule):
    """What a schedule of Keras says for STEPS, compiled once: eagerly each call compiles anew."""
    return jax.jit(jax.vmap(schedule))(STEPS)


@pytest.mark.parametrize("name", KERAS)
def test_from_keras(name):
    schedule = from_keras(KERAS[name])
    np.testing.assert_allclose(schedule(STEPS), values(KERAS[name]), rtol=0, atol=0.5 * 2e-6)


@pytest.mark.parametrize("name", KERAS)
def test_a_config_is_as_good(name):
    assert from_keras(theirs.serialize(KERAS[name])) == from_keras(KERAS[name])


@pytest.mark.parametrize("name", KERAS)
def test_and_back(name):
    there = from_keras(KERAS[name])
    again = from_keras(to_keras(there))
    assert type(again) is type(there)
    np.testing.assert_allclose(again(STEPS), there(STEPS), rtol=1e-14)


@pytest.mark.parametrize(
    "schedule",
    [
        g.Constant(0.5),
        g.Linear(0.1, 0.5, 10),
        g.warmup_cosine(peak=0.5, steps=100, warmup=10),
        g.Cosine(0.5, 0.1, 20).repeat(),
    ],
    ids=repr,
)
def test_to_keras(schedule):
    np.testing.assert_allclose(values(to_keras(schedule)), schedule(STEPS), rtol=0, atol=0.5 * 2e-6)


def lowered_by_keras(plateau, metrics):
    """The rate after each epoch, as Keras' own callback writes it."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss="mse")
    plateau.set_model(model)
    plateau.on_train_begin()
    rates = []
    for epoch, metric in enumerate(metrics):
        plateau.on_epoch_end(epoch, {plateau.monitor: metric})
        rates.append(float(model.optimizer.learning_rate))
    return rates


# Keras' own reading of its variables, with NumPy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")
@pytest.mark.parametrize("mode", ["min", "max", "auto"])
@pytest.mark.parametrize("patience", [0, 1, 2, 4])
@pytest.mark.parametrize("cooldown", [0, 1, 3])
def test_a_plateau_lowers_at_the_same_epochs(mode, patience, cooldown):
    draw = random.Random(f"{mode}{patience}{cooldown}")
    sign = -1.0 if mode == "max" else 1.0
    # Eighths, which every float holds, with stretches of no improvement.
    metrics = [sign * round(8 * (3.0 * 0.9**k + draw.gauss(0.0, 0.3))) / 8 for k in range(60)]
    plateau = keras.callbacks.ReduceLROnPlateau(
        factor=0.5, mode=mode, patience=patience, cooldown=cooldown, min_delta=0.0625
    )
    rule = from_keras(plateau)
    scales = rule.replay(metrics)
    assert len(set(scales)) > 2
    assert scales == lowered_by_keras(plateau, metrics)
    assert from_keras(plateau) == rule  # it has been used, and is read the same


def test_a_plateau_without_a_mode_or_with_a_bound_of_the_rate_is_refused():
    plateau = keras.callbacks.ReduceLROnPlateau
    with pytest.raises(
        g.GradatimError, match=r"mode must be 'min' or 'max'.*'val_acc'.* got 'auto'"
    ):
        from_keras(plateau(monitor="val_acc"))
    with pytest.raises(g.GradatimError, match=r"min_lr must be 0, got 1e-06.*floor=min_lr / rate"):
        from_keras(plateau(min_lr=1e-6))
    for word, answer in (
        ("min_delta", "threshold=0.1, relative=False"),
        ("min_lr", "floor=0.1 / rate"),
    ):
        with pytest.raises(g.GradatimError, match=answer):
            g.Plateau(mode="min", **{word: 0.1})


def test_whole_numbers_mean_what_they_say():
    # Keras computes with the integer: a rate of 0 for ever, silently.
    assert from_keras(theirs.ExponentialDecay(1, 100, 0.5))(50) == pytest.approx(0.5**0.5)


def test_the_last_restart_is_not_lost():
    # Keras' float32 logarithm is 0.0 at this restart.
    assert from_keras(theirs.CosineDecayRestarts(1.0, 10))(81910) == 1.0


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (theirs.PolynomialDecay(0.5, 80, cycle=True), "repeat"),
        (theirs.CosineDecayRestarts(0.5, 10, t_mul=1.5), "t_mul must be a whole number, got 1.5"),
        (theirs.CosineDecay(0.5, 12.5), "steps must be a whole number of updates.* got 12.5"),
    ],
)
def test_what_has_no_equal_is_refused(schedule, words):
    with pytest.raises(g.GradatimError, match=words):
        from_keras(schedule)


@pytest.mark.parametrize(
    "schedule",
    [
        g.wsd(peak=0.5, steps=100, warmup=10, cooldown=20),
        g.Cosine(0.0, 0.5, 10),
        g.ExponentialDecay(0.5, 0.7, 20).staircase(10),
        g.Cosine(0.5, 0.1, 20).repeat(factor=0.5),
        g.Linear(0.1, 0.5, 10) >> g.Cosine(0.4, 0.0, 10),
    ],
    ids=repr,
)
def test_what_keras_cannot_say_is_refused(schedule):
    with pytest.raises(g.GradatimError, match="LearningRate"):
        to_keras(schedule)
