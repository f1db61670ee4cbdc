"""torchtune: its recipes' schedulers by its published formula."""

import math

import pytest

from gradatim import GradatimError
from gradatim.peers import Found, Given, find

_RECIPE = """
model:
  _component_: torchtune.models.llama3.llama3_8b
optimizer:
  _component_: torch.optim.AdamW
  lr: {lr}
{scheduler}
epochs: 3
max_steps_per_epoch: null
"""
_COSINE = """
lr_scheduler:
  _component_: torchtune.training.lr_schedulers.get_cosine_schedule_with_warmup
  num_warmup_steps: 10
"""


def _found(scheduler: str = _COSINE, lr: str = "2e-5") -> Found:
    (found,) = find(_RECIPE.format(scheduler=scheduler, lr=lr), name="recipe.yaml")
    return found


def _formula(step: int, cycles: float = 0.5, steps: int = 100, up: int = 10) -> float:
    if step < up:
        return 2e-5 * step / up
    done = (step - up) / (steps - up)
    return 2e-5 * max(0.0, 0.5 * (1 + math.cos(math.pi * cycles * 2 * done)))


@pytest.mark.parametrize("cycles", [0.5, 1.5])
def test_the_scheduler_is_that_of_its_formula(cycles: float) -> None:
    scheduler = _COSINE if cycles == 0.5 else f"{_COSINE}  num_cycles: {cycles}\n"
    schedule = _found(scheduler).read(Given(steps=100)).schedule
    for step in range(101):
        assert schedule(step) == pytest.approx(_formula(step, cycles), rel=1e-9, abs=1e-19)


@pytest.mark.parametrize("scheduler", ["", "lr_scheduler: null"])
def test_without_a_scheduler_the_rate_stays(scheduler: str) -> None:
    schedule = _found(scheduler).read(Given()).schedule
    assert schedule(0) == schedule(1000) == 2e-5


def test_the_length_and_the_rate_are_asked_for() -> None:
    with pytest.raises(GradatimError, match="--steps"):
        _found().read(Given())
    with pytest.raises(GradatimError, match="rate"):
        _found(lr="${rate}").read(Given(steps=100))
    assert _found(lr="${rate}").read(Given(steps=100, values={"rate": 0.5})).schedule(10) == 0.5


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("  num_warmup_steps", "  warmup_steps", "warmup_steps"),
        ("get_cosine_schedule_with_warmup", "get_my_schedule", "get_my_schedule is not read"),
        ("torchtune.training", "mine.training", "is not read"),
    ],
)
def test_what_is_not_known_is_refused(before: str, after: str, words: str) -> None:
    with pytest.raises(GradatimError, match=words):
        _found(_COSINE.replace(before, after)).read(Given(steps=100))


def test_a_file_of_another_project_is_not_taken() -> None:
    text = _RECIPE.format(scheduler="", lr="0.1").replace("torchtune.models", "mine.models")
    assert find(text, name="recipe.yaml") == []


def test_an_excerpt_of_a_recipe_is_read() -> None:
    (found,) = find(_COSINE, name="recipe.yaml")
    schedule = found.read(Given(lr=2e-5, steps=100)).schedule
    assert schedule(55) == pytest.approx(_formula(55), rel=1e-9)
