"""The tutorial's function against its golden values, faults and all."""

import json
from pathlib import Path

import numpy as np
import pytest

from gradatim import GradatimError
from gradatim.keras import lr_warmup_cosine_decay

CASES = {
    case["name"]: case
    for case in json.loads((Path(__file__).parent / "golden.json").read_text("utf-8"))["cases"]
}

# Where the tutorial's own numbers are a fault, and what happens here instead.
DIFFERENT = {
    "start_lr_is_ignored": "the warm-up comes from start_lr",
    "past_total": "0 after total_steps, instead of a second rise",
    "negative_steps": "refused, instead of a negative rate",
    "total_equals_warmup_plus_hold": "refused, instead of NaN",
    "total_less_than_warmup_plus_hold": "refused, instead of a cosine that runs backwards",
    "total_less_than_warmup": "refused, instead of a cosine that runs backwards",
}
SAME = sorted(CASES.keys() - DIFFERENT.keys())


def values(name, params=(), steps=None):
    """Ours, one Python number at a time, and the tutorial's."""
    case = CASES[name]
    params = {"start_lr": 0.0, "target_lr": 1e-3, **case["params"], **dict(params)}
    steps = case["steps"] if steps is None else steps
    return np.array([lr_warmup_cosine_decay(step, **params) for step in steps])


def tutorial(name):
    case = CASES[name]
    return np.array([np.nan if value is None else value for value in case["values"]]), case


def test_each_case_is_the_same_or_listed():
    assert len(CASES) == 18
    assert set(DIFFERENT) <= CASES.keys()
    assert len(SAME) == 12


@pytest.mark.parametrize("name", SAME)
def test_the_same_values(name):
    theirs, case = tutorial(name)
    target = case["params"].get("target_lr", 1e-3)
    # Their 1 + cos(...) loses digits near the end: 4 float64 roundings of the target.
    np.testing.assert_allclose(values(name), theirs, rtol=0, atol=4 * 2.0**-53 * target)


@pytest.mark.parametrize("name", SAME)
def test_arrays_and_tensors_are_like_numbers(name):
    import jax.numpy as jnp
    import keras

    theirs, case = tutorial(name)
    params = {"start_lr": 0.0, "target_lr": 1e-3, **case["params"]}
    steps, target = np.array(case["steps"]), params["target_lr"]
    ours = lr_warmup_cosine_decay(steps, **params)
    assert ours.dtype == np.float64
    # An array's sine may round differently from that of a single number.
    np.testing.assert_allclose(ours, values(name), rtol=0, atol=2 * 2.0**-53 * target)
    tensor = lr_warmup_cosine_decay(jnp.asarray(steps), **params)
    np.testing.assert_allclose(np.asarray(tensor), theirs, rtol=0, atol=2 * 2.0**-23 * target)
    one = keras.Variable(3, dtype="int32", trainable=False)
    assert float(lr_warmup_cosine_decay(one, **params)) == pytest.approx(
        lr_warmup_cosine_decay(3, **params), rel=3e-7
    )


def test_start_lr_is_where_the_warm_up_comes_from():
    ours, (theirs, case) = values("start_lr_is_ignored"), tutorial("start_lr_is_ignored")
    assert case["params"]["start_lr"] == 0.25
    assert ours[0] == 0.25
    assert theirs[0] == 0.0
    np.testing.assert_allclose(ours[10:], theirs[10:], rtol=0, atol=2e-16)


def test_zero_after_the_end():
    ours, (theirs, case) = values("past_total"), tutorial("past_total")
    past = np.array(case["steps"]) >= 100
    assert theirs.max() > 0.4  # all the way up again
    assert not ours[past].any()
    np.testing.assert_allclose(ours[~past], theirs[~past], rtol=0, atol=2e-16)


@pytest.mark.parametrize("name", [n for n, why in DIFFERENT.items() if why.startswith("refused")])
def test_refused(name):
    theirs, case = tutorial(name)
    assert len(theirs) == len(case["steps"])
    words = "step must be" if name == "negative_steps" else "must be less than total_steps"
    with pytest.raises(GradatimError, match=words):
        values(name)


def test_no_warm_up_needs_no_numpy_to_work():
    # The tutorial divides by zero for a Python step.
    assert lr_warmup_cosine_decay(0, 0, total_steps=20, target_lr=1.0) == 1.0
