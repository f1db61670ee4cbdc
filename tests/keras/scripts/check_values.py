"""LearningRate has the values of its schedule, eager and compiled."""

import math
import random

import numpy as np
from keras import ops
from probe import BACKEND, close, fit, jitted, moved, probe, steps

import gradatim as g
from gradatim.keras import LearningRate

FLOAT32 = 2.0**-23


def pieces(draw):
    start, end, steps = draw.uniform(1e-3, 1.0), draw.uniform(1e-3, 1.0), draw.randint(1, 40)
    return draw.choice(
        [
            g.Linear(start, end, steps),
            g.Cosine(start, end, steps),
            g.Polynomial(start, end, steps, draw.uniform(0.5, 3.0)),
            g.Exponential(start, end, steps),
            g.OneMinusSqrt(start, end, steps),
            g.Constant(start, steps),
            g.Table([(0, start), (steps, end)], "linear"),
            g.Table([(0, start), (steps, end)], "hold"),
        ]
    )


def composition(draw):
    schedule = g.join(*(pieces(draw) for _ in range(draw.randint(1, 4))))
    wrap = draw.randrange(6)
    if wrap == 0:
        return schedule.repeat(3, stretch=2, factor=0.5)
    if wrap == 1:
        return schedule * pieces(draw)
    if wrap == 2:
        return (schedule + 0.1).clip(0.2, 0.7)
    if wrap == 3:
        return schedule.staircase(3).shift(2)
    if wrap == 4:
        return schedule >> g.InverseSqrtDecay(schedule(10**6), 20)
    return draw.uniform(0.1, 1.0) * schedule


def check_random_schedules_equal_the_core_to_2_ulp_of_the_peak():
    draw, worst = random.Random(4), 0.0
    at = [*range(0, 200), 10**4, 10**6]
    for _ in range(10 if BACKEND != "torch" else 4):
        schedule = composition(draw)
        wanted = np.array([schedule(k) for k in at])
        # One unit in the last place of the peak, in float32.
        unit = FLOAT32 * 2.0 ** math.floor(math.log2(np.abs(wanted).max()))
        rate = LearningRate(schedule)
        for compute in (rate, jitted(rate)):
            got = ops.convert_to_numpy(compute(steps(at)))
            assert got.dtype == "float32", got.dtype
            worst = max(worst, close(float(np.abs(got - wanted).max()) / unit, 0.0, 2.0))
        one = float(ops.convert_to_numpy(rate(steps(at[17]))))
        close(one, wanted[17], 2 * unit)
    return {"worst, in ulp of the peak": round(worst, 3)}


BORDER = 2**24 + 1


def check_a_boundary_past_2_to_the_24_is_exact():
    schedule = g.Constant(1.0, BORDER) >> g.Constant(0.5)
    at = [BORDER - 2, BORDER - 1, BORDER, BORDER + 1]
    for compute in (LearningRate(schedule), jitted(LearningRate(schedule))):
        got = ops.convert_to_numpy(compute(steps(at))).tolist()
        assert got == [1.0, 1.0, 0.5, 0.5], got
    model = probe("sgd")
    model.optimizer.learning_rate = LearningRate(schedule)
    model.optimizer.iterations.assign(BORDER - 2)
    fit(model, batches=4)
    assert moved(model) == 3.0, moved(model)
    return {"values around it": got, "sum of four rates in fit": moved(model)}


def check_a_variable_a_number_and_an_array_are_all_steps():
    import keras

    rate = LearningRate(g.Linear(0.0, 1.0, 4))
    assert float(rate(keras.Variable(2, dtype="int32", trainable=False))) == 0.5
    assert float(rate(2)) == 0.5
    assert ops.convert_to_numpy(rate(np.array([0, 1, 9]))).tolist() == [0.0, 0.25, 1.0]


def check_accumulation_divides_the_batches():
    rate = LearningRate(g.Linear(1.0, 0.0, 16), accumulate=4)
    got = ops.convert_to_numpy(rate(steps([0, 3, 4, 15, 16, 63, 64])))
    assert got.tolist() == [1.0, 1.0, 0.9375, 0.8125, 0.75, 0.0625, 0.0], got
