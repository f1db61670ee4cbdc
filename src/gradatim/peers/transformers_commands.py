"""transformers: command lines of scripts with a Trainer, and of those that accelerate drives."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from gradatim.core.values.fields import check_argument
from gradatim.errors import GradatimError, unknown_name
from gradatim.peers.arguments import NonNegative, Positive, PositiveInt, PositiveSteps, Steps
from gradatim.peers.found import Found, Given, Missing, Read
from gradatim.peers.shell.command import Command
from gradatim.peers.shell.flags import Flags
from gradatim.peers.transformers import TRANSFORMERS, TYPES
from gradatim.peers.transformers_trainer import KEYS, matters, read_trainer

_OF_A_TRAINER = {"lr_scheduler_type", "num_train_epochs", "per_device_train_batch_size"}
_OF_A_LOOP = {"max_train_steps", "num_warmup_steps"}
_OF_DIFFUSERS = {"lr_scheduler", "lr_warmup_steps"}
_LOOP_KEYS: Mapping[str, Any] = {
    "learning_rate": Positive,
    "lr_scheduler_type": str,
    "lr_scheduler": str,
    "num_warmup_steps": Steps,
    "lr_warmup_steps": Steps,
    "max_train_steps": PositiveSteps,
    "num_train_epochs": Positive,
    "lr_num_cycles": PositiveInt,
    "lr_power": NonNegative,
    "scale_lr": bool,
    "train_batch_size": PositiveInt,
    "gradient_accumulation_steps": PositiveInt,
}
_CLASSES = {
    "sft": "SFTConfig",
    "dpo": "DPOConfig",
    "kto": "KTOConfig",
    "orpo": "ORPOConfig",
    "cpo": "CPOConfig",
    "grpo": "GRPOConfig",
    "rloo": "RLOOConfig",
    "reward": "RewardConfig",
    "reward_modeling": "RewardConfig",
}
"""The classes of trl whose settings its scripts take, by the names of the scripts."""
_PROCESSES = (
    "accelerate steps the scheduler once for each process: a version of this script that does not "
    "multiply the lengths by the processes ends its schedule earlier when there are several."
)


@TRANSFORMERS.finds_in_commands
def find(command: Command) -> Iterator[Found]:
    """The schedule of a command with the flags of a Trainer, or of a loop with accelerate."""
    names = {flag.lstrip("-").replace("-", "_") for flag in command.flags if flag[:2] == "--"}
    reader: Callable[[Command, Given], Read] | None = None
    if "no_trainer" in command.program or names & _OF_A_LOOP or names & {"lr_warmup_steps"}:
        reader = _read_loop if "learning_rate" in names else None
    elif names & _OF_A_TRAINER and len(names & KEYS.keys()) > 1:
        reader = _read_trainer
    if reader is not None:
        yield Found(command.line, "transformers", command.text(), partial(reader, command))


class _Values(Mapping[str, Any]):
    """The values of flags by their names with underscores, found when they are asked for."""

    def __init__(self, command: Command, known: Mapping[str, Any], given: Given) -> None:
        self._known = known
        dashed = {name.replace("_", "-"): name for name in known}
        alike = _alike(command, known)
        self.flags = Flags(command, [*known, *dashed], given=given, alike=alike)
        self._names = {dashed.get(name, name): name for name in self.flags}
        self.others = {name.replace("-", "_"): flag for name, flag in self.flags.others.items()}

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            return self.others[name].words[0].text if self.others[name].words else True
        written, wanted = self._names[name], self._known[name]
        flag = self.flags[written]
        if wanted is bool:
            return not flag.words or self.flags.text(written).lower() in ("true", "1", "yes")
        if wanted is str or wanted is Any:
            return self.flags.text(written)
        number = self.flags.number(written)
        return int(number) if number.is_integer() else number

    def __iter__(self) -> Iterator[str]:
        return iter([*self._names, *self.others])

    def __len__(self) -> int:
        return len(self._names) + len(self.others)


def _alike(command: Command, known: Mapping[str, Any]) -> list[str]:
    """Short names such as ``--lr``, which are flags of the script and no beginning of others."""
    names = {flag.lstrip("-") for flag in command.flags}
    return [name for name in names if name not in known and len(name) < 6]


def _read_trainer(command: Command, given: Given) -> Read:
    command = command.given(given)
    values = _Values(command, KEYS, given)
    kind = _class_of(command)
    needed = [name for name in values.flags if name in ("learning_rate", "lr_scheduler_type")]
    values.flags.require(needed)
    read = read_trainer(_with_deepspeed(values, command), given, kind)
    own = [name for name in values.others if re.search(r"(^|_)lr$", name)]
    said = [f"--{name} gives some parameters another rate." for name in own]
    return replace(read, differences=(*read.differences, *said, *values.flags.said, *command.notes))


def _with_deepspeed(values: _Values, command: Command) -> Mapping[str, Any]:
    """The settings, with the configuration of DeepSpeed that the script writes, if it does."""
    if "deepspeed" not in values:
        return values
    name = str(values["deepspeed"])
    file = command.file(name)
    if file is None:
        return values
    try:
        config = json.loads(file[0])
    except (ValueError, RecursionError):
        raise GradatimError(f"line {file[1]}: {name[:60]} is no JSON.") from None
    return _Merged(values, config)


class _Merged(Mapping[str, Any]):
    """The settings with the configuration of DeepSpeed in place of its file."""

    def __init__(self, values: Mapping[str, Any], deepspeed: Any) -> None:
        self._values, self._deepspeed = values, deepspeed

    def __getitem__(self, name: str) -> Any:
        return self._deepspeed if name == "deepspeed" else self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _class_of(command: Command) -> str:
    """The class whose settings the script takes, which decides their defaults."""
    texts = [word.text for word in command.words[:3]]
    name = texts[1] if texts[:1] == ["trl"] and len(texts) > 1 else command.program
    if texts[:1] == ["swift"] and not {"--learning_rate", "--lr_scheduler_type"} <= command.flags:
        raise GradatimError(
            f"line {command.line}: swift has defaults of its own. Write --learning_rate, "
            "--lr_scheduler_type and --warmup_ratio."
        )
    return _CLASSES.get(name.removesuffix(".py"), "TrainingArguments")


class _Loop(NamedTuple):
    """The flags of a script that makes its scheduler itself and steps it through accelerate."""

    values: _Values
    name: str

    def get(self, key: str, default: Any) -> Any:
        if key not in self.values:
            return default
        return check_argument(self.name, key, _LOOP_KEYS[key], self.values[key])


def _read_loop(command: Command, given: Given) -> Read:
    command = command.given(given)
    values = _Values(command, _LOOP_KEYS, given)
    for name, flag in values.others.items():
        if matters(name):
            known = [*_LOOP_KEYS]
            raise unknown_name(f"line {flag.line}: {command.program}", "flag", name, known)
    diffusers = bool(_OF_DIFFUSERS & values.keys())
    of = _Loop(values, command.program or "transformers")
    kind = of.get("lr_scheduler" if diffusers else "lr_scheduler_type", None)
    kind = kind or ("constant" if diffusers else "linear")
    if kind not in TYPES:
        raise unknown_name(of.name, "scheduler", kind, TYPES)
    values.flags.require(["learning_rate"])
    lr = given.lr if given.lr is not None else _rate(of, given)
    default = 500 if diffusers else 0  # of the scripts of each project
    warm = of.get("lr_warmup_steps" if diffusers else "num_warmup_steps", default)
    arguments: dict[str, Any] = {"name": kind}
    taken = TRANSFORMERS.parameters(TYPES[kind])
    if "num_warmup_steps" in taken:
        arguments["num_warmup_steps"] = warm
    if "num_training_steps" in taken:
        arguments["num_training_steps"] = _steps(of, given)
    if diffusers and kind == "cosine_with_restarts":
        more = {"num_cycles": of.get("lr_num_cycles", 1)}
        arguments["scheduler_specific_kwargs"] = more
    if diffusers and kind == "polynomial":
        arguments["scheduler_specific_kwargs"] = {"power": of.get("lr_power", 1.0)}
    read = TRANSFORMERS.means("get_scheduler", arguments, lr)
    said = [_PROCESSES] if len(arguments) > 1 else []
    if diffusers and "lr_warmup_steps" not in values and "num_warmup_steps" in taken:
        said.append("The default of diffusers' scripts stands in: lr_warmup_steps=500.")
    return replace(read, differences=(*read.differences, *said, *values.flags.said, *command.notes))


def _rate(of: _Loop, given: Given) -> float:
    lr = float(of.get("learning_rate", 5e-5))
    if not of.get("scale_lr", False):
        return lr
    if "world_size" not in given.values:
        raise Missing({"world_size": "is not known, and --scale_lr multiplies the rate by it"})
    world = check_argument(of.name, "world_size", PositiveInt, given.value("world_size"))
    batch = of.get("train_batch_size", None)
    if batch is None:
        raise GradatimError(f"{of.name}: with --scale_lr, write --train_batch_size.")
    return lr * float(of.get("gradient_accumulation_steps", 1) * batch * world)


def _steps(of: _Loop, given: Given) -> int:
    steps = of.get("max_train_steps", given.steps)
    if steps is None:
        raise GradatimError(
            f"{of.name}: max_train_steps is not set, and epochs are counted. Write --steps, the "
            "updates of the run."
        )
    return int(steps)
