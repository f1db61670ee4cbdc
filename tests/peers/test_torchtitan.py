"""torchtitan's TOML: the rates of its own formula, written out here by hand."""

from math import cos, pi, sqrt
from typing import Any

import pytest

from gradatim import GradatimError
from gradatim.peers import find
from gradatim.peers.found import Given

TOML = """\
[job]
description = "Llama 3"

[optimizer]
name = "AdamW"
lr = 3e-4

[lr_scheduler]
{}

[training]
steps = 50
"""


def theirs(step: int, up: int, down: int, kind: str, floor: float, total: int = 50) -> float:
    """The factor of an update, counted from 0: components/optimizer/lr_scheduler.py, 2026."""
    before = total + 1 - down
    if step < up:
        return (step + 1) / up
    if step < before:
        return 1.0
    done = (step + 1 - before) / down
    left = {"linear": 1 - done, "sqrt": 1 - sqrt(done), "cosine": 0.5 * (1 + cos(pi * done))}
    return floor + (1 - floor) * left[kind]


@pytest.mark.parametrize("up", [0, 1, 2, 10])
@pytest.mark.parametrize("kind", ["linear", "sqrt", "cosine"])
@pytest.mark.parametrize("decay", [None, 0.0, 0.3, 1.0])
def test_the_rates_are_those_of_its_formula(up: int, kind: str, decay: float | None):
    lines = f'warmup_steps = {up}\ndecay_type = "{kind}"\nmin_lr_factor = 0.1\n'
    lines += "" if decay is None else f"decay_ratio = {decay}\n"
    (found,) = find(TOML.format(lines), name="train_configs/llama3.toml")
    assert (found.line, found.project) == (8, "torchtitan")
    schedule = found.read(Given()).schedule
    down = 50 - up if decay is None else min(round(50 * decay), 50 - up)
    wanted = [3e-4 * theirs(step, up, down, kind, 0.1) for step in range(50)]
    assert [schedule(step) for step in range(50)] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(
    ("lines", "given", "length"),
    [
        ("warmup_steps = 5", Given(steps=80), 80),
        ("warmup_steps = 5\ntotal_steps = 70", Given(), 70),
        ("warmup_steps = 500", Given(), None),  # the warm-up is the whole run
    ],
)
def test_the_length_of_the_run_is_found(lines: str, given: Given, length: int | None):
    assert find(TOML.format(lines), name="a.toml")[0].read(given).schedule.length == length


def test_the_older_name_of_the_floor_is_read_and_the_difference_said():
    found = find(TOML.format("warmup_steps = 5\nlr_min = 0.1"), name="a.toml")[0].read(Given())
    assert found.schedule(10**6) == pytest.approx(3e-5)
    assert "Versions before June 2025" in found.differences[0]


@pytest.mark.parametrize(
    ("lines", "change", "said"),
    [
        ("warmup_steps = 5\ndecay_rato = 0.1", {}, "Did you mean 'decay_ratio'?"),
        ("warmup_steps = 5\nlr_min = 0.1\nmin_lr_factor = 0.1", {}, "unknown argument 'lr_min'"),
        ('warmup_steps = 5\ndecay_type = "exp"', {}, "unknown decay_type 'exp'"),
        ("warmup_steps = 5", {"lr = 3e-4": ""}, "Write --lr"),
        ("warmup_steps = 5", {"steps = 50": 'steps = "x"'}, "training.steps is not known"),
    ],
)
def test_what_is_not_known_is_refused(lines: str, change: dict[str, Any], said: str):
    text = TOML.format(lines)
    for old, new in change.items():
        text = text.replace(f"\n{old}\n", f"\n{new}\n")
    with pytest.raises(GradatimError) as error:
        find(text, name="a.toml")[0].read(Given())
    assert said in str(error.value)
