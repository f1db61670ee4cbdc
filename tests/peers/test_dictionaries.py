"""Dictionaries in Python code are settings, and the names in them are followed."""

import pytest

from gradatim import GradatimError
from gradatim.peers import find, read
from gradatim.peers.found import Given
from gradatim.peers.transformers_trainer import read_trainer

DEEPSPEED = """\
import deepspeed

class Settings:
    epochs = 5

def config(lr, warmup, stage=2):
    per_epoch = 10 * 2
    return {
        "train_batch_size": 8,
        "optimizer": {"type": "AdamW", "params": {"lr": lr, "betas": [0.9, 0.95]}},
        "scheduler": {
            "type": "WarmupCosineLR",
            "params": dict(total_num_steps=Settings.epochs * per_epoch, warmup_num_steps=warmup),
        },
        "zero_optimization": {"stage": stage, "pin": torch.cuda.is_available()},
    }
"""
LONG = '{"type": "WarmupCosineLR", "params": {"total_num_steps": 100, "warmup_num_steps": 10}}'


def test_names_and_arithmetic_in_a_dictionary_are_followed():
    (found,) = find(DEEPSPEED, name="train.py")
    assert (found.line, found.project) == (11, "deepspeed")
    given = Given(values={"lr": 0.1, "warmup": 10})
    assert found.read(given).schedule == read(LONG, "deepspeed", lr=0.1).schedule
    with pytest.raises(GradatimError, match="--set warmup=VALUE"):
        found.read(Given())
    assert given.used == {"lr", "warmup"}


def test_the_settings_of_a_trainer_are_read_where_no_call_takes_them():
    text = 'n = 50\nargs = {"learning_rate": 2e-5, "lr_scheduler_type": "cosine", '
    text += '"max_steps": 2 * n}\n'
    (found,) = find(text, name="train.py")
    run = {"learning_rate": 2e-5, "lr_scheduler_type": "cosine", "max_steps": 100}
    assert found.read(Given()).schedule == read_trainer(run, Given()).schedule
    (call,) = find(f"{text}TrainingArguments('out', **args)\n", name="train.py")
    assert call.line == 3


def test_an_excerpt_of_a_dictionary_is_read_with_its_lines():
    text = '    # the engine\n    "scheduler": {\n        "type": "WarmupLR",\n'
    text += '        "params": {"warmup_max_lr": config.lr, "warmup_num_steps": 10},\n    },\n'
    (found,) = find(text, name="part.py")
    assert found.line == 2
    assert found.read(Given(values={"config.lr": 0.5})).schedule(10) == 0.5


def test_a_dictionary_in_a_dictionary_counts_once_and_others_are_left_alone():
    text = f'configs = {{"a": {{"scheduler": {LONG}}}, "b": [1, {{"c": f(x)}}, *more]}}\n'
    text += "d = {**e, 1: 2, [3]: 4}\n"
    assert len(find(text, name="a.py")) == 1
    assert find("a = {'lr': 0.1}\nb = {x: y for x in z}\n", name="a.py") == []
    deep = "{'a': " * 80 + "1" + "}" * 80
    assert find(f"a = {deep}", name="a.py") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "training:\n  learning_rate: 1e-3\n  lr_scheduler: cosine\n",
            "learning_rate (line 2), lr_",
        ),
        ("seed: 1\n", "there is no scheduler that is known in it."),
        ("num_train_epochs: 3\nlearning_rate: 1e-4\nlr_scheduler: cosine\n", "Give that file, or"),
    ],
)
def test_settings_of_single_repositories_point_to_their_code(text: str, said: str):
    with pytest.raises(GradatimError) as error:
        read(text, "transformers")
    assert said in str(error.value)
