"""Every case on every framework, each in a process of its own, against the same textbook."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import pytest
import torch
from mpmath import mpf

import gradatim
from gradatim import (
    Constant,
    Cosine,
    ExponentialDecay,
    GradatimError,
    Linear,
    Polynomial,
    Schedule,
    Table,
)
from tests.core.cases.case import Case
from tests.core.cases.table import CASES
from tests.core.oracles import UNIT, units_off

ROOT = Path(__file__).parents[2]
# float32 has a smallest number; what lies this far below any rate has no digits left.
NOTHING = 1e-30

Row = dict[str, Any]


def evaluated(framework: str, file: Path, **environment: str) -> list[Row]:
    paths = [str(Path(gradatim.__file__).parents[1]), str(ROOT)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.scripts.evaluate", framework, str(file)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{framework} did not evaluate all cases:\n{done.stderr}"
    return json.loads(file.read_text(encoding="utf-8"))


def wrong_values(row: Row, case: Case) -> list[str]:
    unit = 2.0 ** (1 - row["digits"])
    size = max(case.size, NOTHING) if row["digits"] == 24 else case.size
    return [
        f"step {step}: {value!r}, not {float(case.truth[max(step, 0)])!r}"
        for step, value in zip(row["steps"], row["values"], strict=True)
        if not units_off(value, case.truth[max(step, 0)], size) * UNIT <= case.units * unit
    ]


def wrong_gradients(row: Row, case: Case) -> list[str]:
    found = dict(zip(row["steps"], row["values"], strict=True))
    wrong = [step for step, value in found.items() if not math.isfinite(value)]
    looked = [step for step in row["steps"] if step >= 0][::13]
    sides = {step: slopes(case.schedule, step) for step in looked}
    # In float32 gradients are right to a share of the steepest. A corner has two right ones.
    average = max(map(abs, case.truth.values())) / (case.length or case.until or 1)
    slack = 0.05 * max(average, *(abs(slope) for pair in sides.values() for slope in pair))
    wrong += [
        step
        for step, (left, right) in sides.items()
        if not min(left, right) - slack <= found[step] <= max(left, right) + slack
    ]
    return [f"step {step}: gradient {found[step]}" for step in wrong]


def slopes(schedule: Schedule, step: int) -> tuple[mpf, mpf]:
    """How steep the schedule is left and right of a step; before its start it is level."""
    value, nudge = schedule(mpf(step)), mpf(10) ** -25
    left = (value - schedule(step - nudge)) / nudge if step else mpf(0)
    return left, (schedule(step + nudge) - value) / nudge


@pytest.mark.parametrize(
    ("framework", "digits"),
    [
        ("numpy", {"whole": 53, "double": 53}),
        ("torch", {"whole": 24, "double": 53, "gradient": 24}),
        ("jax", {"whole": 24, "compiled": 24, "gradient": 24}),
        ("jax with x64", {"whole": 53, "compiled": 53}),
        ("tensorflow", {"whole": 24, "compiled": 24, "double": 53, "gradient": 24}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_case_on(framework: str, digits: dict[str, int], tmp_path: Path):
    rows = evaluated(
        framework.split()[0],
        tmp_path / "values.json",
        JAX_ENABLE_X64=str(int(framework.endswith("x64"))),
        TF_CPP_MIN_LOG_LEVEL="3",
    )
    assert [(row["mode"], row["case"]) for row in rows] == [
        (mode, i) for mode in digits for i in range(len(CASES))
    ]
    wrong = []
    for row in rows:
        case = CASES[row["case"]]
        found = (wrong_gradients if row["mode"] == "gradient" else wrong_values)(row, case)
        # A function of one's own has a type of its own.
        if row["digits"] != digits[row["mode"]] and case.name != "Function":
            found.append(f"a float of {row['digits']} bits")
        if found:
            wrong.append(f"{case}, {row['mode']}: {found[0]} and {len(found) - 1} more")
    assert wrong == [], "\n".join(wrong)


TORCH_STEPS = {
    "whole": torch.arange(20, dtype=torch.uint8),
    "half": torch.arange(20).half(),
    "bfloat16": torch.arange(20).bfloat16(),
    "float": torch.arange(20.0),
    "double": torch.arange(20.0).double(),
    "strided": torch.arange(40).reshape(4, 10).T[::2],
    "empty": torch.arange(0).reshape(2, 0),
}


@pytest.mark.parametrize("name", TORCH_STEPS)
def test_torch_steps_of_any_kind(name: str):
    steps, dtype = TORCH_STEPS[name], torch.float64 if name == "double" else torch.float32
    schedule = Table([(0, 1.0), (3, 2.0)], "linear") >> Cosine(1.0, 0.0, 9).repeat(2, factor=0.5)
    values = schedule(steps)
    assert (values.dtype, values.shape) == (dtype, steps.shape)
    single = [schedule(int(step)) for step in steps.flatten()]
    assert values.flatten().tolist() == pytest.approx(single, rel=5e-7, abs=1e-15)


def test_torch_follows_its_default_dtype():
    torch.set_default_dtype(torch.float64)
    try:
        assert Cosine(1.0, 0.0, 9)(torch.arange(10)).dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(
    ("array", "wrong"), [(torch.tensor, True), (torch.tensor, 1j), (jax.numpy.array, True)]
)
def test_arrays_that_are_no_steps(array: Any, wrong: Any):
    with pytest.raises(GradatimError, match="step must be a whole number of updates"):
        Cosine(1.0, 0.0, 9)(array([wrong]))


def test_jax_differentiates_by_the_fields():
    def value(peak, floor, rate, power):
        decay = ExponentialDecay(1.0, rate) * Cosine(peak, floor, 8)
        return (decay * Polynomial(1.0, 0.0, 8, power))(jax.numpy.array(4))

    # (peak + floor) / 2 * rate**4 * 2**-power, at 1, 0, 1/2 and 2
    by_hand = [1 / 128, 1 / 128, 1 / 16, -math.log(2) / 128]
    gradient = jax.jit(jax.grad(value, argnums=(0, 1, 2, 3)))(1.0, 0.0, 0.5, 2.0)
    assert [float(part) for part in gradient] == pytest.approx(by_hand, rel=1e-6)


def test_jax_steps_do_not_wrap_around():
    last = 2**31 - 1
    over = Linear(1.0, 0.0, last).shift(-(2**30))
    assert over(jax.numpy.array([0, 2**30 - 1, 2**30, last])).tolist() == pytest.approx(
        [0.5, 0.0, 0.0, 0.0], abs=1e-9
    )
    edge = Table([(0, 1.0), (last, 2.0)], "hold")
    assert edge(jax.numpy.array([last - 1, last])).tolist() == [1.0, 2.0]


def test_jax_maps_over_schedules_and_steps():
    peaks, steps = jax.numpy.array([1.0, 2.0]), jax.numpy.arange(3)
    rates = jax.vmap(lambda peak: (Linear(0.0, peak, 2) >> Constant(peak))(steps))(peaks)
    assert rates.tolist() == [[0.0, 0.5, 1.0], [0.0, 1.0, 2.0]]
