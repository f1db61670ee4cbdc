"""DeepSpeed's configurations, whole: what is read, asked for by name, and refused."""

import json
from typing import Any

import pytest

from gradatim import GradatimError
from gradatim.peers import find
from gradatim.peers.found import Given, Read
from gradatim.peers.settings import read_settings

CONFIG: dict[str, Any] = {
    "train_micro_batch_size_per_gpu": "auto",
    "optimizer": {"type": "AdamW", "params": {"lr": 3e-4, "betas": [0.9, 0.95]}},
    "scheduler": {
        "type": "WarmupCosineLR",
        "params": {"total_num_steps": 100, "warmup_num_steps": 10},
    },
    "zero_optimization": {"stage": 2},
}


def read_config(config: dict[str, Any], given: Given | None = None) -> Read:
    (found,) = find(json.dumps(config, indent=2), name="ds_config.json")
    return found.read(given or Given())


def with_params(name: str, **params: Any) -> dict[str, Any]:
    return CONFIG | {"scheduler": {"type": name, "params": params}}


def test_a_whole_configuration_is_found_with_its_line_and_its_rate():
    (found,) = find(json.dumps(CONFIG, indent=2), name="ds_config.json")
    assert (found.line, found.project) == (13, "deepspeed")
    assert found.text == "WarmupCosineLR(total_num_steps=100, warmup_num_steps=10)"
    schedule = found.read(Given()).schedule
    assert [schedule(k) for k in (0, 9, 10, 100)] == pytest.approx([0.0, 3e-4, 3e-4, 3e-8])
    assert schedule(1) == pytest.approx(3e-4 * 0.30103, rel=1e-5)  # log(2) / log(10)


def test_what_transformers_fills_in_is_asked_for_by_its_name():
    auto = dict.fromkeys(
        ("total_num_steps", "warmup_min_lr", "warmup_max_lr", "warmup_num_steps"), "auto"
    )
    config = with_params("WarmupDecayLR", **auto)
    name = "scheduler.params.warmup_num_steps"
    given = Given(lr=1e-3, steps=100, values={name: 10})
    wanted = {"total_num_steps": 100, "warmup_max_lr": 1e-3, "warmup_num_steps": 10}
    found = read_config(config, given)
    assert found.schedule == read_config(with_params("WarmupDecayLR", **wanted)).schedule
    assert "--lr is not used" not in " ".join(found.differences)
    with pytest.raises(GradatimError) as error:
        read_config(config)
    asked = ("total_num_steps", "warmup_max_lr", "warmup_num_steps")
    assert 'are "auto", which transformers fills in. Write --set' in str(error.value)
    assert all(f"--set scheduler.params.{key}=VALUE" in str(error.value) for key in asked)
    rate = {"optimizer": {"type": "Adam", "params": {"lr": "auto"}}}
    with pytest.raises(GradatimError, match=r"optimizer\.params\.lr is \"auto\""):
        read_config(CONFIG | rate)
    assert read_config(CONFIG | rate, Given(lr=0.5)).schedule(10) == 0.5


def test_another_rate_and_one_that_is_not_used_are_said():
    said = read_config(CONFIG, Given(lr=0.5)).differences
    assert "The optimizer in the file has lr=0.0003, and this is for 0.5." in said
    config = with_params("WarmupLR", warmup_max_lr=0.1, warmup_num_steps=10)
    said = read_config(config, Given(lr=0.5)).differences
    assert "--lr is not used: the scheduler has rates of its own." in said


def test_a_scheduler_of_torch_may_stand_in_its_place():
    found = read_config(with_params("StepLR", step_size=10, gamma=0.5))
    assert found.schedule(10) == pytest.approx(1.5e-4)
    assert find('{"scheduler": {"type": "StepLR", "step_size": 3}}', name="other.json") == []


def test_a_configuration_may_stand_in_another_file():
    tree = read_settings(json.dumps({"strategy": {"config": CONFIG}}), ".json")
    assert len(find(json.dumps({"strategy": {"config": CONFIG}}), name="a.json")) == 1
    assert tree.entries["strategy"].line == 1


def test_one_cycle_by_hand():
    found = read_config(
        with_params(
            "OneCycle",
            cycle_min_lr=0.1,
            cycle_max_lr=0.3,
            cycle_first_step_size=10,
            decay_step_size=5,
            decay_lr_rate=1.0,
        )
    )
    schedule = found.schedule
    rates = [0.1, 0.2, 0.3, 0.2, 0.1, 0.05]
    assert [schedule(k) for k in (0, 5, 10, 15, 20, 25)] == pytest.approx(rates)
    momenta = [found.values["momentum"](k) for k in (5, 10, 15, 20)]
    assert momenta == pytest.approx([0.85, 0.8, 0.85, 0.9])
    said = "The momentum of the first update is 0.8 there, and SGD's stays as it is."
    assert said in found.differences


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (with_params("WarmupLR", warmup_steps=3), "unknown argument 'warmup_steps'"),
        (
            with_params("OneCycle", cycle_min_lr=0.1, cycle_max_lr=1, cycle_first_stair_count=3),
            "stairs",
        ),
        (with_params("OneCycle", cycle_max_lr=1), "cycle_min_lr is missing"),
        (with_params("WarmupDecayLR", total_num_steps=100), "above warmup_num_steps, 1000"),
        (with_params("WarmupLR", warmup_type="cosine"), "unknown warmup_type"),
        (
            with_params("WarmupLR", warmup_max_lr=[0.1, 0.2]),
            "warmup_max_lr must be a finite number",
        ),
        (
            CONFIG | {"scheduler": {"type": "WarmupLR", "params": {}, "warmup_num_steps": 10}},
            "line 16: scheduler: unknown key 'warmup_num_steps'",
        ),
        (CONFIG | {"scheduler": {"type": "WarmupLR", "params": [1]}}, "params must be an object"),
    ],
    ids=range(8),
)
def test_what_is_wrong_is_refused(config: dict[str, Any], said: str):
    with pytest.raises(GradatimError) as error:
        read_config(config)
    assert said in str(error.value)
