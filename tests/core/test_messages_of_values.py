"""What a schedule or a rule takes, in the words of each type of argument."""

import pytest

from tests.core.messages import message

RULES = {
    "Plateau()": "Plateau: mode is missing. Write Plateau(mode=...).",
    "Plateau(mode='avg')": "Plateau: unknown mode 'avg'. Known: max, min.",
    "Plateau(mode=3)": "Plateau: mode must be one of 'min', 'max', got 3.",
    "Plateau(mode='min').update(Plateau(mode='min').init(), 'x')": (
        "Plateau: metric must be a number, got 'x'. Write float(metric)."
    ),
    "Plateau(mode='min').update(Plateau(mode='min').init(), True)": (
        "Plateau: metric must be a number, got True. Write float(metric)."
    ),
    "Plateau(mode='min').update(Plateau(mode='min').init(), math.nan)": (
        "Plateau: metric must be finite, got nan. A diverged run is not a plateau. To continue "
        "anyway, write nan='ignore' (the evaluation is ignored) or nan='worse' (counts as no "
        "improvement)."
    ),
    "Plateau(mode='min').update(Plateau(mode='min').init(), 10**400)": (
        "Plateau: metric must be finite, got inf. A diverged run is not a plateau. To continue "
        "anyway, write nan='ignore' (the evaluation is ignored) or nan='worse' (counts as no "
        "improvement)."
    ),
    "Greedy(mode='min', floor=2.0, ceiling=1.0)": (
        "Greedy: floor must be at most ceiling, 1.0, got 2.0."
    ),
    "Plateau(mode='min', factor=1.5)": (
        "Plateau: factor must be a number above 0 and at most 1, got 1.5."
    ),
    "Plateau(mode='min', patience=-1)": (
        "Plateau: patience must be a whole number, 0 or more, got -1."
    ),
    "Plateau(mode='min', threshold=-1)": (
        "Plateau: threshold must be a finite number, 0 or more, got -1."
    ),
    "Plateau(mode='min', relative=1)": "Plateau: relative must be a bool, got 1.",
    "Greedy(mode='min', factor=1.0)": (
        "Greedy: factor must be a number above 0 and below 1, got 1.0."
    ),
    "Greedy(mode='min', ceiling=0)": "Greedy: ceiling must be a finite number above 0, got 0.",
    "NewBob(mode='min', threshold=math.nan)": "NewBob: threshold must be a finite number, got nan.",
}

FIELDS = {
    "Linear(0,1,5) / Linear(0,1,5)": (
        "Linear(start=0.0, end=1.0, steps=5) / Linear(start=0.0, end=1.0, steps=5): a schedule can "
        "be divided by a number only."
    ),
    "2 / Linear(0,1,5)": (
        "2 / Linear(start=0.0, end=1.0, steps=5): a schedule can be divided by a number only."
    ),
    "Linear(0,1,5) / 'x'": "Scale: the divisor must be a finite number, got 'x'.",
    "Linear(0,1,5) / 0": "Scale: the divisor must be a number that is not 0, got 0.0.",
    "Linear(0,1,5) - 'x'": "Constant: value must be a finite number, got 'x'.",
    "Linear(0,1,5) + 'x'": "Constant: value must be a finite number, got 'x'.",
    "'x' - Linear(0,1,5)": "Constant: value must be a finite number, got 'x'.",
    "by_updates(Linear(0,1,5)) >> Linear(0,1,5)": (
        "Join: ByUpdates(schedule=Linear(start=0.0, end=1.0, steps=5)) cannot be a part of another "
        "schedule. Put by_updates(...) around the whole schedule."
    ),
    "Linear(0,1,5).repeat(gamma=0.5)": "repeat: gamma is called factor here. Write factor=0.5.",
    "Linear(0,1,5).repeat(foo=0.5)": (
        "repeat: unknown argument 'foo'. Known: factor, stretch, times."
    ),
    "Linear(0,1,5).values(-1)": (
        "values: steps must be a Run, or a whole number of updates, 1 or more, got -1."
    ),
    "Linear(0,1,5).stretched(Fraction(1,3))": (
        "Linear: steps must be a whole number of updates, 1 or more, got Fraction(5, 3). Write a "
        "whole number of optimizer updates. To leave a phase out, leave it out of join(...)."
    ),
    "Linear(0,1,5)(-1)": (
        "schedule(step): step must be a whole number of updates, 0 or more, got -1."
    ),
    "Linear(0,1,5)('x')": (
        "schedule(step): step must be a whole number of updates, 0 or more, got str. Write an int, "
        "or an array of whole numbers of NumPy, torch, JAX or TensorFlow."
    ),
    "Linear(0,1,5)(math.nan)": (
        "schedule(step): step must be a whole number of updates, 0 or more, got nan."
    ),
    "Linear(0,1,5)(None)": (
        "schedule(step): step must be a whole number of updates, 0 or more, got none. Write "
        "schedule(0); and for an optimizer of Keras, which calls it without, "
        "Adam(LearningRate(schedule)), from gradatim.keras."
    ),
    "Exponential(1.0, 0.0, 5)": "Exponential: end must be a finite number above 0, got 0.0.",
    "Exponential(-1.0, 1.0, 5)": "Exponential: start must be a finite number above 0, got -1.0.",
    "Linear(0,1,5).__setattr__('steps', 5)": (
        "Linear: steps cannot be set: a Linear is immutable. Build a new one with "
        ".replace(steps=...)."
    ),
    "Linear(0,1,5).__delattr__('steps')": (
        "Linear: steps cannot be set: a Linear is immutable. Build a new one with "
        ".replace(steps=...)."
    ),
    "Linear(0, 1, -3)": (
        "Linear: steps must be a whole number of updates, 1 or more, got -3. Write a whole number "
        "of optimizer updates. To leave a phase out, leave it out of join(...)."
    ),
    "Linear(0,1,5).shift(1.5)": (
        "Shift: by must be a whole number of updates, got 1.5. Write a whole number of optimizer "
        "updates."
    ),
    "Linear(0,1,5).staircase(0)": (
        "Staircase: every must be a whole number of updates, 1 or more, got 0. Write a whole "
        "number of optimizer updates. To leave a phase out, leave it out of join(...)."
    ),
    "Linear(0,1,5).cut(-1)": (
        "Cut: steps must be a whole number of updates, 0 or more, got -1. Write a whole number of "
        "optimizer updates."
    ),
    "Linear(0,1,5).repeat(0)": "Repeat: times must be a whole number, 1 or more, got 0.",
    "Linear(0,1,5).rounded(0)": "Rounded: to must be a whole number, 1 or more, got 0.",
    "Linear(0,1,5).rounded(2, way='sideways')": (
        "Rounded: unknown way 'sideways'. Known: down, nearest, up."
    ),
    "Linear(0,1,5).clip('x')": "Clip: low must be a finite number, got 'x'.",
    "Table('x', 'hold')": "Table: points must be a list, got 'x'.",
    "Table([], 'hold')": "Table: the step of points[0] must be 0, the first update, got None.",
    "Table([(0,)], 'hold')": "Table: points[0] must be a list of 2 entries, got (0,).",
    "Table([(0, 'x')], 'hold')": "Table: points[0][1] must be a finite number, got 'x'.",
    "Function(5)": (
        "Function: function must be importable as 'package.module:name', got 5. A lambda or a "
        "function inside another cannot be found again after a restart: move it to the top of a "
        "module."
    ),
    "Polynomial(1.0, 0.0, 5, power=0)": "Polynomial: power must be a finite number above 0, got 0.",
    "FractionalRamp(1.0, 0.0, 2, 2.5, elapsed=2.5)": (
        "FractionalRamp: elapsed must be below span, 2.5, got 2.5."
    ),
    "FractionalRamp(1.0, 0.0, 1, 2.5)": (
        "FractionalRamp: steps must be what is left of the span, 2.5, or more, got 1. For less of "
        "it, write .cut(steps)."
    ),
    "Tanh(high=1.0, low=0.0, first=1.0, last=1.0, steps=5)": (
        "Tanh: last must be above first, 1.0, got 1.0."
    ),
    "Table([(k, 1.0) for k in range(60000)], 'hold')": (
        "Table: more than 100000 entries, which could not be read back from a checkpoint. Write a "
        "long table as a Function."
    ),
    "100.0 * Exponential(1.0, 1e308, 4)": (
        "100.0 * Exponential(start=1.0, end=1e+308, steps=4): the value at step 4 must be a finite "
        "number, got inf. What grows needs an end: write Exponential(start=..., end=..., "
        "steps=...). Otherwise a number in it is too large, or too close to 0."
    ),
}


@pytest.mark.parametrize("written", RULES | FIELDS)
def test_a_wrong_argument_gets_its_sentence(written: str):
    assert message(written) == (RULES | FIELDS)[written]
