"""Settings files of those who train with the Trainer of transformers, and of Axolotl."""

import json
from math import cos, pi
from typing import Any

import pytest

from gradatim import GradatimError
from gradatim.peers import find
from gradatim.peers.found import Given, Read
from gradatim.peers.transformers_trainer import read_trainer

TRL = """\
# SFT
model_name_or_path: gpt2
chat_template: "{% for m in messages %}{{ m }}{% endfor %}"
learning_rate: 2.0e-05
lr_scheduler_type: cosine_with_min_lr
lr_scheduler_kwargs:
  min_lr_rate: 0.1
max_steps: -1
num_train_epochs: 2
per_device_train_batch_size: 4
gradient_accumulation_steps: 2
warmup_ratio: 0.1
report_to: [wandb]
"""
AXOLOTL = """\
base_model: gpt2
micro_batch_size: 2
gradient_accumulation_steps: 4
num_epochs: 3
sample_packing: true
learning_rate: 0.0002
"""


def read(text: str, given: Given | None = None, name: str = "config.yaml") -> Read:
    (found,) = find(text, name=name)
    return found.read(given or Given())


def test_a_file_of_trl_means_what_its_settings_mean():
    (found,) = find(TRL, name="recipes/sft.yaml")
    assert (found.line, found.project) == (4, "transformers")
    assert found.text.startswith("TrainingArguments(lr_scheduler_type=cosine_with_min_lr, learn")
    given = Given(values={"num_examples": 1000, "world_size": 4})
    settings = {
        "learning_rate": 2e-5,
        "lr_scheduler_type": "cosine_with_min_lr",
        "lr_scheduler_kwargs": {"min_lr_rate": 0.1},
        "warmup_steps": 7,
        "max_steps": 64,  # 1000 / (4 * 4) is 63 batches an epoch, and two of them an update
    }
    assert found.read(given).schedule == read_trainer(settings, Given()).schedule
    with pytest.raises(GradatimError, match="or --set num_examples=N --set world_size=N"):
        found.read(Given())


@pytest.mark.parametrize("name", ["a.json", "a.toml", "a.ini"])
def test_other_formats_and_sections_are_searched_too(name: str):
    run = {"learning_rate": 1e-3, "lr_scheduler_type": "linear", "max_steps": 10}
    lines = "\n".join(f"{k} = {v!r}" for k, v in run.items())
    text = json.dumps({"training": run}) if name == "a.json" else f"[training]\n{lines}\n"
    assert read(text, name=name).schedule == read_trainer(run, Given()).schedule


def test_the_default_rate_is_asked_for_where_the_class_is_not_known():
    text = "lr_scheduler_type: linear\nmax_steps: 10\n"
    with pytest.raises(GradatimError, match="learning_rate is not set, and its default differs"):
        read(text)
    assert read(text, Given(lr=0.1)).schedule(0) == 0.1


def test_a_policy_that_samples_its_own_data_is_not_counted_by_examples():
    text = "learning_rate: 1.0e-6\nnum_train_epochs: 1\nnum_generations: 8\n"
    with pytest.raises(GradatimError, match=r"Write --steps, the updates of the run\.$"):
        read(text, Given(values={"num_examples": 1000, "world_size": 4}))


def test_a_reference_is_followed_and_one_to_nothing_is_asked_for():
    text = "learning_rate: ${a.lr}\nlr_scheduler_type: linear\nmax_steps: ${steps}\na: {lr: 0.1}\n"
    assert read(text, Given(values={"steps": 10})).schedule(5) == pytest.approx(0.05)
    with pytest.raises(GradatimError, match="--set steps=VALUE"):
        read(text)


def test_the_log_of_a_trainer_points_to_the_audit():
    log = {"global_step": 5, "log_history": [{"learning_rate": 1e-3, "step": 1}], "max_steps": 10}
    with pytest.raises(GradatimError, match="Write gradatim audit"):
        read(json.dumps(log), name="trainer_state.json")


def axolotl(more: str, steps: int = 400) -> Read:
    return read(AXOLOTL + more, Given(steps=steps))


def rates(formula: Any, steps: int = 400) -> list[float]:
    return [2e-4 * formula(step) for step in range(steps)]


def half_cosine(done: float) -> float:
    return 0.5 * (1 + cos(pi * done))


# Axolotl's formulas (utils/schedulers.py), with a warm-up of 40 in 400 updates.
SHAPES = {
    "": lambda t: t / 12 if t < 12 else half_cosine((t - 12) / 388),  # 3 % of the run
    "warmup_ratio: 0.1": lambda t: t / 40 if t < 40 else half_cosine((t - 40) / 360),
    "warmup_steps: 40\nlr_quadratic_warmup: true": lambda t: (
        (t / 40) ** 2 if t < 40 else half_cosine((t - 40) / 360)
    ),
    "warmup_steps: 40\ncosine_min_lr_ratio: 0.1": lambda t: (
        t / 40 if t < 40 else 0.1 + 0.9 * half_cosine((t - 40) / 360)
    ),
    "warmup_steps: 40\ncosine_min_lr_ratio: 0.1\ncosine_constant_lr_ratio: 0.8": lambda t: (
        t / 40 if t < 40 else 0.1 + 0.9 * half_cosine((min(t, 320) - 40) / 280)
    ),
    "warmup_steps: 1\nlr_scheduler: constant_with_warmup": lambda t: min(t / 2, 1),
    "lr_scheduler: constant": lambda t: 1,
    "warmup_steps: 40\nlr_scheduler: linear": lambda t: t / 40 if t < 40 else (400 - t) / 360,
    # The scheduler is stepped once when it is made.
    "warmup_steps: 40\nlr_scheduler: rex\ncosine_min_lr_ratio: 0.2": lambda t: (
        (t + 1) / 40 if t < 40 else 0.2 + 0.8 * rex((400 - t - 1) / 360)
    ),
}


def rex(left: float) -> float:
    return left / (0.1 + 0.9 * left)


@pytest.mark.parametrize("more", SHAPES)
def test_axolotl_means_its_own_formulas(more: str):
    found = axolotl(more).schedule
    assert [found(t) for t in range(400)] == pytest.approx(rates(SHAPES[more]), rel=1e-12)


def test_axolotl_hands_its_one_cycle_to_torch():
    found = axolotl("warmup_steps: 40\nlr_scheduler: one_cycle\n")
    assert found.schedule(39) == pytest.approx(2e-4)
    assert "momentum" in found.values


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("warmup_step: 3", "Did you mean 'warmup_steps'?"),
        ("cosine_min_lr: 0.1", "Did you mean 'cosine_min_lr_ratio'?"),
        ("lr_scheduler: log_sweep", "unknown lr_scheduler_type 'log_sweep'"),
        ("relora: true", "relora begins again and again"),
        ("warmup_steps: 0.1", "warmup_steps must be a whole number"),
    ],
)
def test_settings_of_axolotl_that_are_not_known_are_refused(more: str, said: str):
    with pytest.raises(GradatimError) as error:
        axolotl(more)
    assert said in str(error.value)


def test_axolotl_asks_for_the_updates_and_says_what_other_rates_there_are():
    with pytest.raises(GradatimError, match="Write --steps, the updates of the run"):
        read(AXOLOTL)
    assert read(AXOLOTL + "max_steps: 100\n").schedule.length == 100
    said = axolotl("embedding_lr: 0.1").differences
    assert "embedding_lr gives some parameters another rate." in said
