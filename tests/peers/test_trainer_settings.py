"""Settings of the Trainer of transformers: each type has the rates of a real Trainer."""

import json
from typing import Any

import pytest
import torch
from transformers import Trainer, TrainingArguments

from gradatim import GradatimError
from gradatim.peers import read
from gradatim.peers.found import Given
from gradatim.peers.transformers import TYPES
from gradatim.peers.transformers_trainer import read_trainer

STEPS = 60
MORE: dict[str, dict[str, Any]] = {
    "cosine_with_restarts": {"num_cycles": 3},
    "polynomial": {"power": 2.0, "lr_end": 1e-6},
    "cosine_with_min_lr": {"min_lr_rate": 0.1},
    "cosine_warmup_with_min_lr": {"min_lr": 1e-5},
    "warmup_stable_decay": {"num_decay_steps": 20, "min_lr_ratio": 0.1},
    "inverse_sqrt": {"timescale": 30},
}


def real_rates(tmp_path: Any, **settings: Any) -> list[float]:
    """The rates of a Trainer's own scheduler, used by each of its updates."""
    arguments = TrainingArguments(
        output_dir=str(tmp_path), use_cpu=True, report_to=[], eval_strategy="steps", **settings
    )
    trainer = Trainer(torch.nn.Linear(1, 1), arguments, eval_dataset=[{}])
    optimizer = torch.optim.SGD(torch.nn.Linear(1, 1).parameters(), arguments.learning_rate)
    trainer.optimizer = optimizer
    scheduler = trainer.create_scheduler(STEPS)
    used = []
    for _ in range(STEPS):
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if "Plateau" not in type(scheduler).__name__ and "Greedy" not in type(scheduler).__name__:
            scheduler.step()
    return used


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("warmup", [0, 7, 0.11])
@pytest.mark.filterwarnings("ignore")
def test_a_type_has_the_rates_of_a_real_trainer(kind: str, warmup: float, tmp_path: Any):
    settings = {
        "learning_rate": 3e-4,
        "lr_scheduler_type": kind,
        "warmup_steps": warmup,
        "max_steps": STEPS,
        "lr_scheduler_kwargs": MORE.get(kind, {}),
    }
    found = read_trainer(settings, Given())
    real = real_rates(tmp_path, **settings)
    assert [found.schedule(k) for k in range(STEPS)] == pytest.approx(real, rel=1e-12, abs=1e-18)


class Examples(torch.utils.data.Dataset):  # type: ignore[type-arg]
    def __init__(self, length: int) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, int]:
        return {"labels": index}


@pytest.mark.parametrize("examples", [5, 37, 64, 1000])
@pytest.mark.parametrize("accumulation", [1, 3])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("epochs", [1, 2.5])
@pytest.mark.filterwarnings("ignore")
def test_epochs_are_counted_in_updates_as_a_real_trainer_counts_them(
    examples: int, accumulation: int, drop_last: bool, epochs: float, tmp_path: Any
):
    settings: dict[str, Any] = {
        "num_train_epochs": epochs,
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": accumulation,
        "dataloader_drop_last": drop_last,
    }
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True, report_to=[], **settings)
    trainer = Trainer(torch.nn.Linear(1, 1), arguments, train_dataset=Examples(examples))
    trainer._train_batch_size = 4
    real = trainer.set_initial_training_values(arguments, trainer.get_train_dataloader())[-1]
    given = Given(values={"num_examples": examples, "world_size": 1})
    assert read_trainer(settings, given).schedule.length == real
    assert read_trainer(settings | {"max_steps": 9}, Given()).schedule.length == 9


def test_a_ratio_is_a_share_of_the_run_unless_there_are_steps():
    run: dict[str, Any] = {"max_steps": 100, "warmup_ratio": 0.035}
    assert read_trainer(run, Given()).schedule(4) == 5e-5
    assert read_trainer(run | {"warmup_steps": 10}, Given()).schedule(10) == 5e-5
    same = read_trainer({"max_steps": 100, "warmup_steps": 0.035}, Given()).schedule
    assert read_trainer(run, Given()).schedule == same


def test_values_are_looked_up_only_where_the_schedule_depends_on_them():
    class Asked(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            assert key not in ("per_device_train_batch_size", "num_train_epochs")
            return super().get(key, default)

    settings = Asked(max_steps=10, num_train_epochs=1, per_device_train_batch_size=8)
    assert read_trainer(settings, Given()).schedule.length == 10


def test_what_is_not_for_all_groups_and_what_the_user_changes_is_said():
    found = read_trainer({"max_steps": 10, "loraplus_lr_ratio": 16}, Given())
    assert found.differences == ("loraplus_lr_ratio gives some parameters another rate.",)
    found = read_trainer({"max_steps": 10, "learning_rate": 1e-3}, Given(lr=0.1, steps=20))
    assert found.schedule(0) == 0.1
    assert found.schedule.length == 20
    assert found.differences == (
        "The file has max_steps=10, and this is for 20 updates.",
        "The file has learning_rate=0.001, and this is for 0.1.",
    )


def test_a_scheduler_of_deepspeed_takes_the_place_of_the_trainers():
    auto = dict.fromkeys(("warmup_min_lr", "warmup_max_lr", "warmup_num_steps"), "auto")
    entry = {"type": "WarmupDecayLR", "params": {**auto, "total_num_steps": "auto"}}
    run = {"max_steps": 100, "warmup_ratio": 0.1, "learning_rate": 1e-3}
    found = read_trainer({**run, "deepspeed": {"scheduler": entry}}, Given())
    wanted = {"warmup_max_lr": 1e-3, "warmup_num_steps": 10, "total_num_steps": 100}
    assert found == read(json.dumps({"type": "WarmupDecayLR", "params": wanted}), "deepspeed")
    without = read_trainer({**run, "deepspeed": {"zero_optimization": {"stage": 2}}}, Given())
    assert without == read_trainer(run, Given())
    beside = read_trainer({**run, "deepspeed": "ds.json"}, Given())
    assert beside.schedule == without.schedule
    assert 'A "scheduler" in ds.json takes the place of this one' in beside.differences[0]


def test_the_default_rate_is_that_of_the_class():
    assert read_trainer({"max_steps": 10}, Given(), "SFTConfig").schedule(0) == 2e-5
    assert read_trainer({"max_steps": 10}, Given(), "DPOConfig").schedule(0) == 1e-6


def test_a_data_set_of_less_than_a_batch_has_no_updates():
    few = Given(values={"num_examples": 7, "world_size": 1})
    with pytest.raises(GradatimError, match="num_examples=7 is no whole batch"):
        read_trainer({"dataloader_drop_last": True}, few)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"warmup_step": 3}, "Did you mean 'warmup_steps'?"),
        ({"lr_scheduler": "cosine"}, "unknown setting 'lr_scheduler'"),
        ({"lr_scheduler_type": "cosin", "max_steps": 3}, "Did you mean 'cosine'?"),
        ({}, "Write --steps, the updates of the run; or --set num_examples=N --set world_size=N"),
        ({"auto_find_batch_size": True}, "Write --steps, the updates of the run."),
        ({"max_steps": 0}, "max_steps must be a whole number above 0, or -1, got 0"),
        ({"max_steps": 10, "warmup_ratio": 3}, "warmup_ratio must be a share of the run"),
        ({"max_steps": 10, "lr_scheduler_kwargs": "{"}, "lr_scheduler_kwargs must be a mapping"),
        ({"max_steps": 10, "warmup_steps": "auto"}, "warmup_steps must be"),
        ({"max_steps": 10, "deepspeed": {"scheduler": {}}}, 'a "scheduler" with a type'),
        (
            {
                "max_steps": 10,
                "lr_scheduler_type": "cosine_with_min_lr",
                "lr_scheduler_kwargs": {"min_rate": 0.1},
            },
            "unknown argument 'min_rate'",
        ),
    ],
)
def test_settings_that_are_missing_or_not_known_are_named(settings: dict[str, Any], said: str):
    with pytest.raises(GradatimError) as error:
        read_trainer(settings, Given())
    assert said in str(error.value)
