"""transformers: the schedule that ``Trainer`` makes of its settings.

``TrainingArguments(...)`` in Python, its keys in a settings file and its flags in a command end in
``read_trainer``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple

from gradatim.core.values.fields import check_argument
from gradatim.errors import GradatimError, invalid_value, unknown_name
from gradatim.peers.arguments import NonNegative, Number, Positive, PositiveInt
from gradatim.peers.deepspeed import DEEPSPEED
from gradatim.peers.found import Given, Read
from gradatim.peers.transformers import TRANSFORMERS, TYPES

TRAINERS: Mapping[str, float | None] = {
    "TrainingArguments": 5e-5,
    "Seq2SeqTrainingArguments": 5e-5,
    "SentenceTransformerTrainingArguments": 5e-5,
    "SFTConfig": 2e-5,
    "DPOConfig": 1e-6,
    "KTOConfig": 1e-6,
    "ORPOConfig": 1e-6,
    "CPOConfig": 1e-6,
    "GRPOConfig": 1e-6,
    "RLOOConfig": 1e-6,
    "RewardConfig": 1e-4,
    "GKDConfig": None,
    "PRMConfig": None,
    "BCOConfig": None,
    "OnlineDPOConfig": None,
    "UnslothTrainingArguments": 5e-5,
}
"""The classes that hold the settings, and their default of ``learning_rate``, if it is one for all
versions."""
_COMPLETIONS = ("GRPOConfig", "RLOOConfig", "OnlineDPOConfig")
KEYS: Mapping[str, Any] = {
    "learning_rate": Positive,
    "lr_scheduler_type": str,
    "lr_scheduler_kwargs": Any,
    "warmup_steps": NonNegative,
    "warmup_ratio": NonNegative,
    "max_steps": Number,
    "num_train_epochs": Number,
    "per_device_train_batch_size": PositiveInt,
    "gradient_accumulation_steps": PositiveInt,
    "dataloader_drop_last": bool,
    "auto_find_batch_size": bool,
    "deepspeed": Any,
}
"""The settings that the schedule depends on, and their types. No other value needs to be known."""
GROUPS = ("embedding_learning_rate", "loraplus_lr_ratio", "vision_learning_rate")
"""Settings of other projects that give some parameters another rate."""
_OF_A_SCHEDULE = re.compile(r"warmup|warm_up|scheduler|max_steps|train_epochs|learning_rate|min_lr")
_OTHERS = ("adam_warmup", "log_learning_rate")
_NONE = ("none", "null", "")


class Updates(NamedTuple):
    """How many updates the run makes, or why that is not known."""

    total: int | None
    missing: str = ""
    said: tuple[str, ...] = ()


def matters(key: str) -> bool:
    """Whether a setting could be one of a schedule, by its name.

    >>> matters("warmup_step"), matters("per_device_eval_batch_size")
    (True, False)
    """
    return bool(_OF_A_SCHEDULE.search(key)) and key not in _OTHERS


def read_trainer(
    settings: Mapping[str, Any], given: Given, name: str = "TrainingArguments"
) -> Read:
    """The schedule that the Trainer makes.

    Args:
        settings: The settings that are written, by their names in ``TrainingArguments``; others
            may be among them. A value is looked up only if the schedule depends on it, so that a
            mapping may find its values when it is asked for them.
        given: What the user adds: the rate, the updates of the run, and under ``num_examples`` and
            ``world_size`` what the updates can be counted from.
        name: The class that holds the settings, one of ``TRAINERS``; any other name where it is not
            known, and with it the default of the rate.

    Raises:
        GradatimError: For a setting that is wrong, missing, or not known and named like one of a
            schedule.

    >>> given = Given(values={"num_examples": 1000, "world_size": 1})
    >>> read_trainer(
    ...     {"learning_rate": 1e-3, "num_train_epochs": 1, "warmup_steps": 25}, given
    ... ).schedule
    Linear(start=0.0, end=0.001, steps=25) >> Linear(start=0.001, end=0.0, steps=100)
    """
    for key in settings:
        if key not in KEYS and key not in GROUPS and matters(key):
            raise unknown_name(name, "setting", key, KEYS)
    of = _Settings(settings, name)
    rate = of.get("learning_rate", TRAINERS.get(name))
    said = [f"{key} gives some parameters another rate." for key in GROUPS if settings.get(key)]
    lr = rate if given.lr is None else given.lr
    if lr is None:
        raise GradatimError(
            f"{name}: learning_rate is not set, and its default differs from version to version. "
            "Write --lr."
        )
    if given.lr is not None and "learning_rate" in settings and given.lr != rate:
        said.append(f"The file has learning_rate={rate!r}, and this is for {given.lr!r}.")
    updates = _updates(of, given)
    found = _schedule(of, lr, updates)
    return replace(found, differences=(*found.differences, *updates.said, *said))


class _Settings(NamedTuple):
    """The settings that are written, each checked when it is looked up."""

    written: Mapping[str, Any]
    name: str

    def get(self, key: str, default: Any) -> Any:
        value = self.written.get(key)
        if value is None or (isinstance(value, str) and value.lower() in _NONE):
            return default
        wanted = KEYS[key]
        return value if wanted is Any else check_argument(self.name, key, wanted, value)


def _updates(of: _Settings, given: Given) -> Updates:
    """The updates of the run: as Trainer.set_initial_training_values counts them."""
    most = of.get("max_steps", -1)
    if most >= 0:
        if most != int(most) or most == 0:
            raise invalid_value(of.name, "max_steps", most, "a whole number above 0, or -1")
        other = given.steps is not None and given.steps != most
        said = f"The file has max_steps={int(most)}, and this is for {given.steps} updates."
        return Updates(given.steps or int(most), "", (said,) if other else ())
    if given.steps is not None:
        return Updates(given.steps)
    epochs = of.get("num_train_epochs", 3.0)
    ask = f"max_steps is not set, and num_train_epochs={epochs:g} counts epochs. Write --steps"
    completions = of.name in _COMPLETIONS or "num_generations" in of.written
    if completions or of.get("auto_find_batch_size", False):
        return Updates(None, f"{ask}, the updates of the run.")
    if not {"num_examples", "world_size"} <= given.values.keys():
        return Updates(
            None,
            f"{ask}, the updates of the run; or --set num_examples=N --set world_size=N, the "
            "length of the data set and the number of processes.",
        )
    return _counted(of, given, epochs)


def _counted(of: _Settings, given: Given, epochs: float) -> Updates:
    batch, accumulation = (
        of.get("per_device_train_batch_size", 8),
        of.get("gradient_accumulation_steps", 1),
    )
    examples, processes = (
        check_argument("convert", key, PositiveInt, given.value(key))
        for key in ("num_examples", "world_size")
    )
    drops = of.get("dataloader_drop_last", False)
    batches = examples // (batch * processes) if drops else -(-examples // (batch * processes))
    if batches == 0:
        raise GradatimError(f"{of.name}: num_examples={examples} is no whole batch.")
    count = ceil(epochs * max(-(-batches // accumulation), 1))
    older = ceil(epochs * max(batches // accumulation, 1))
    said = f"transformers before 4.50 makes {older} updates of the same settings, and not {count}."
    if count < 1:
        raise invalid_value(of.name, "num_train_epochs", epochs, "a number above 0")
    return Updates(count, "", () if older == count else (said,))


def _schedule(of: _Settings, lr: float, updates: Updates) -> Read:
    kind = of.get("lr_scheduler_type", "linear")
    if kind not in TYPES:
        raise unknown_name(of.name, "lr_scheduler_type", kind, TYPES)
    more = _more(of)
    taken = TRANSFORMERS.parameters(TYPES[kind])
    lengths: dict[str, Any] = {}
    if "num_warmup_steps" in taken:
        lengths["num_warmup_steps"] = _warmup(of, updates)
    if "num_training_steps" in taken and "num_stable_steps" not in more:
        lengths["num_training_steps"] = _known(of, updates)
    found = TRANSFORMERS.means(
        "get_scheduler",
        {"name": kind, "scheduler_specific_kwargs": more, **lengths},
        lr,
    )
    beside = of.get("deepspeed", None)
    if isinstance(beside, Mapping):
        return _deepspeed(beside, of, lr, updates) if "scheduler" in beside else found
    if not beside:
        return found
    said = f'A "scheduler" in {beside} takes the place of this one: read that file too.'
    return replace(found, differences=(*found.differences, said))


def _known(of: _Settings, updates: Updates) -> int:
    if updates.total is None:
        raise GradatimError(f"{of.name}: {updates.missing}")
    return updates.total


def _warmup(of: _Settings, updates: Updates) -> int:
    """Its length in updates; below 1 it is a share of the run, as is the older ``warmup_ratio``."""
    steps, ratio = of.get("warmup_steps", 0), of.get("warmup_ratio", 0.0)
    if steps >= 1:
        return int(steps)
    share = steps or ratio
    if share > 1:
        raise invalid_value(of.name, "warmup_ratio", share, "a share of the run, 0 to 1")
    return ceil(share * _known(of, updates)) if share else 0


def _more(of: _Settings) -> Mapping[str, Any]:
    """The arguments of ``lr_scheduler_kwargs``, which a command has as JSON."""
    more = of.get("lr_scheduler_kwargs", {})
    if isinstance(more, str):
        try:
            more = json.loads(more)
        except (ValueError, RecursionError):
            more = None
    if not isinstance(more, Mapping):
        written = of.written["lr_scheduler_kwargs"]
        raise invalid_value(of.name, "lr_scheduler_kwargs", written, "a mapping")
    return more


def _deepspeed(beside: Mapping[str, Any], of: _Settings, lr: float, updates: Updates) -> Read:
    """The scheduler of a DeepSpeed configuration in the settings, which the Trainer takes."""
    entry = beside["scheduler"]
    params = entry.get("params", {}) if isinstance(entry, Mapping) else None
    if not isinstance(params, Mapping) or not isinstance(entry.get("type"), str):
        raise invalid_value(of.name, "deepspeed", entry, 'a "scheduler" with a type and params')
    filled: dict[str, Any] = {}
    for key, value in params.items():
        filled[key] = value if value != "auto" else _filled_in(key, of, lr, updates)
    name = entry["type"]
    return DEEPSPEED.means(name, DEEPSPEED.bind(name, (), filled), lr)


def _filled_in(key: str, of: _Settings, lr: float, updates: Updates) -> float:
    """What the Trainer writes in place of "auto"."""
    if key == "warmup_num_steps":
        return _warmup(of, updates)
    if key == "total_num_steps":
        return _known(of, updates)
    return lr if key == "warmup_max_lr" else 0.0
