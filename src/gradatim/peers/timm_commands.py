"""timm: the options of its ``train.py``, in command lines and in settings files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath
from typing import Any

from gradatim.core.values.fields import check_argument
from gradatim.errors import GradatimError, unknown_name
from gradatim.peers.arguments import NonNegative, Number, Positive, PositiveInt, Steps
from gradatim.peers.found import Found, Given, Missing, Read
from gradatim.peers.settings import References, Setting, sections
from gradatim.peers.shell.command import Command
from gradatim.peers.shell.flags import Flags
from gradatim.peers.timm import TIMM

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "sched": (str, "cosine"),
    "epochs": (PositiveInt, 300),
    "lr": (Number, None),
    "lr_base": (Number, 0.1),
    "lr_base_size": (PositiveInt, 256),
    "lr_base_scale": (str, ""),
    "opt": (str, "sgd"),
    "batch_size": (PositiveInt, 128),
    "grad_accum_steps": (PositiveInt, 1),
    "min_lr": (NonNegative, 0.0),
    "warmup_lr": (NonNegative, 1e-5),
    "warmup_epochs": (NonNegative, 5),
    "warmup_prefix": (bool, False),
    "decay_epochs": (Positive, 90),
    "decay_milestones": (Any, [90, 180, 270]),
    "decay_rate": (Number, 0.1),
    "patience_epochs": (Steps, 10),
    "eval_metric": (str, "top1"),
    "lr_cycle_mul": (Number, 1.0),
    "lr_cycle_decay": (Positive, 0.5),
    "lr_cycle_limit": (Steps, 1),
    "lr_k_decay": (Positive, 1.0),
    "lr_noise": (Any, None),
    "sched_on_updates": (bool, False),
}
"""The options that the schedule depends on, with the defaults of ``train.py``."""
_IGNORED = {"cooldown_epochs", "epoch_repeats", "lr_noise_pct", "lr_noise_std", "start_epoch"}
_FLAGS = {name.replace("_", "-"): name for name in [*_OPTIONS, *sorted(_IGNORED)]}
_SWITCHES = {"warmup_prefix", "sched_on_updates"}
_OWN = re.compile(
    r"--(sched$|sched-on-updates|lr-base|warmup-lr$|(decay|cooldown)-epochs|lr-cycle-|lr-k-decay)"
)
_NAMED_ALIKE = re.compile(r"sched|(lr|warmup|decay|cooldown|min_lr|epochs?)([-_]|$)")
_OTHERS = {"lr_noise_seed", "decay", "sched_kwargs"}


@dataclass(frozen=True)
class Options:
    """The options that are written; each is looked up only if the schedule depends on it."""

    written: Mapping[str, Callable[[], Any]]
    used: dict[str, Any]
    """The defaults that stood in."""

    def get(self, name: str) -> Any:
        """The value of an option, or the default of train.py."""
        wanted, default = _OPTIONS[name]
        value = self.written[name]() if name in self.written else None
        if value is None:
            if default is not None and name not in _SWITCHES:
                self.used[name] = default
            return default
        return value if wanted is Any else check_argument("timm", name, wanted, value)


def schedule_of(options: Options, given: Given, processes: int | None = None) -> Read:
    """What ``create_scheduler_v2`` makes of the options of ``train.py``.

    Args:
        options: The options.
        given: What the user adds; for a schedule of updates those of an epoch, and for a rate
            that is scaled by the batch the number of processes, under ``world_size``.
        processes: The number of processes, if the command says it.

    Raises:
        GradatimError: For an option that is wrong or missing.
    """
    kind = options.get("sched")
    lr = given.lr if given.lr is not None else _rate(options, given, processes)
    by_updates = options.get("sched_on_updates")
    every = _every(given) if by_updates else 1
    epochs = options.get("epochs")
    arguments: dict[str, Any] = {
        "warmup_t": options.get("warmup_epochs") * every,
        "t_in_epochs": not by_updates,
        "noise_range_t": options.get("lr_noise"),
    }
    if arguments["warmup_t"]:
        arguments["warmup_lr_init"] = options.get("warmup_lr")
        arguments["warmup_prefix"] = options.get("warmup_prefix")
    if kind in ("cosine", "tanh", "poly"):
        arguments |= {"t_initial": epochs * every, "lr_min": options.get("min_lr")}
        arguments["cycle_limit"] = options.get("lr_cycle_limit")
        if arguments["cycle_limit"] != 1:
            arguments["cycle_mul"] = options.get("lr_cycle_mul")
            arguments["cycle_decay"] = options.get("lr_cycle_decay")
    if kind in ("cosine", "poly"):
        arguments["k_decay"] = options.get("lr_k_decay")
    if kind in ("poly", "step", "multistep", "plateau"):
        arguments["power" if kind == "poly" else "decay_rate"] = options.get("decay_rate")
    match kind:
        case "cosine" | "tanh" | "poly":
            name = {"cosine": "Cosine", "tanh": "Tanh", "poly": "Poly"}[kind]
        case "step":
            name = "Step"
            arguments["decay_t"] = options.get("decay_epochs") * every
        case "constant":
            name = "Step"
            arguments |= {"decay_t": 1, "decay_rate": 1.0}
        case "multistep":
            name = "MultiStep"
            milestones = options.get("decay_milestones")
            arguments["decay_t"] = [float(at) * every for at in _as_list(milestones)]
        case "plateau":
            name = "Plateau"
            arguments |= {
                "patience_t": options.get("patience_epochs"),
                "lr_min": options.get("min_lr"),
                "mode": "min" if "loss" in options.get("eval_metric") else "max",
            }
            del arguments["t_in_epochs"]
            arguments.pop("warmup_prefix", None)
        case "wsd" | "rsqrt":
            name = "WSD"
            arguments |= _stable(options, kind, epochs * every, every, arguments)
        case "none":
            raise GradatimError("timm: with sched=none the rate stays as the optimizer has it.")
        case _:
            known = ("cosine", "tanh", "poly", "step", "multistep", "plateau", "wsd", "rsqrt")
            raise unknown_name("timm", "sched", kind, (*known, "constant", "none"))
    read = TIMM.means(f"{name}LRScheduler", arguments, lr)
    stood_in = ", ".join(f"{key}={value}" for key, value in options.used.items())
    said = [f"Defaults of train.py of timm 1.0 stand in: {stood_in}."] if stood_in else []
    if kind == "tanh" and not arguments["warmup_t"]:
        said.append("The first step runs at the rate itself there, a millionth above.")
    epoch = "" if by_updates else "timm steps it once an epoch."
    return replace(read, differences=tuple(said), epochs=epoch)


def _stable(
    options: Options, kind: str, length: int, every: int, arguments: dict[str, Any]
) -> dict[str, Any]:
    """The arguments of a schedule with a stable part, which is in the epochs that are given."""
    prefix = arguments.pop("warmup_prefix", False)
    length = length if prefix else length - arguments["warmup_t"]
    decay = options.get("decay_epochs")
    down = round(decay * length if 0 < decay < 1 else decay * every)
    if not 0 < down <= length:
        raise GradatimError(f"timm: decay_epochs must be above 0 and fit into the {length} epochs.")
    return {
        "t_initial": length,
        "decay_t": down,
        "lr_min": options.get("min_lr"),
        "stable_fn": "rsqrt" if kind == "rsqrt" else "constant",
        "decay_fn": "linear" if kind == "rsqrt" else "1-sqrt",
    }


def _rate(options: Options, given: Given, processes: int | None) -> float:
    """The rate, or the base rate scaled by the batch of all processes."""
    lr = options.get("lr")
    if lr:
        return float(lr)
    world = given.value("world_size") if "world_size" in given.values else processes
    if world is None:
        raise Missing({"world_size": "is not known, and lr_base is multiplied by the whole batch"})
    world = check_argument("timm", "world_size", PositiveInt, world)
    batch = options.get("batch_size") * world * options.get("grad_accum_steps")
    ratio: float = batch / options.get("lr_base_size")
    scale = options.get("lr_base_scale")
    if not scale:
        optimizer = str(options.get("opt")).lower()
        scale = "sqrt" if "ada" in optimizer or "lamb" in optimizer else "linear"
    return float(options.get("lr_base") * (ratio**0.5 if scale == "sqrt" else ratio))


def _every(given: Given) -> int:
    if given.every is None and "updates_per_epoch" not in given.values:
        raise Missing({"updates_per_epoch": "is not known, and the schedule counts updates"})
    named = "updates_per_epoch" in given.values
    every = given.value("updates_per_epoch") if named else given.every
    return int(check_argument("timm", "updates_per_epoch", PositiveInt, every))


def _as_list(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise GradatimError(f"timm: decay_milestones must be a list, got {value!r}.")
    return list(value)


def _check_known(name: str, known: Mapping[str, Any], where: str) -> None:
    plain = name.replace("-", "_")
    if plain not in {*_OPTIONS, *_IGNORED, *_OTHERS} and _NAMED_ALIKE.match(name):
        raise unknown_name(f"{where}: timm", "option", name, known)


@TIMM.finds_in_commands
def find_command(command: Command) -> Iterator[Found]:
    """The schedule of a command that has a flag of timm's."""
    if any(_OWN.match(flag) for flag in command.flags):
        yield Found(command.line, "timm", command.text(), partial(_read_command, command))


def _read_command(command: Command, given: Given) -> Read:
    command = command.given(given)
    flags = Flags(command, _FLAGS, {"b": "batch-size", "dr": "decay-rate"}, given)
    for name, flag in flags.others.items():
        _check_known(name, _FLAGS, f"line {flag.line}")
    values: dict[str, Callable[[], Any]] = {}
    for name in flags:
        values[_FLAGS[name]] = partial(_flag, flags, name)
    said = ["--layer-decay gives layers other rates."] if "layer-decay" in flags.others else []
    if "config" in flags.others or "c" in flags.others:
        said.append("The options of the file of --config count there too; it is not read here.")
    if command.program not in ("train.py", ""):
        said.append(
            f"{command.program} is read as timm's train.py; how it scales --lr is not read."
        )
    flags.require([])
    read = schedule_of(Options(values, {}), given, _processes(command))
    return read.saying(*said, *flags.said, *command.notes)


def _flag(flags: Flags, name: str) -> Any:
    wanted = _OPTIONS.get(_FLAGS[name], (None, None))[0]
    if wanted is bool:
        return True
    if wanted is str:
        return flags.text(name)
    if wanted is Any:
        return [float(text) for text in flags.texts(name)]
    return flags.number(name)


def _processes(command: Command) -> int | None:
    """How many processes the launcher starts on one machine."""
    texts = [word.text for word in command.words]
    if any(re.match(r"--(nnodes|num_machines)\b(?!=1$)", text) for text in texts):
        return None
    for text, following in zip(texts, [*texts[1:], ""], strict=True):
        found = re.fullmatch(r"--(?:nproc[-_]per[-_]node|num_processes)(?:=([0-9]+))?", text)
        count = found and (found[1] or following)
        if PurePath(text).name == "distributed_train.sh":
            count = following
        if count:
            return int(count) if count.isdigit() else None
    return None


@TIMM.finds_in_settings
def find_settings(tree: Setting) -> Iterator[Found]:
    """The options that ``train.py`` writes to args.yaml, or reads by ``--config``."""
    for place, section in sections(tree):
        keys = section.entries
        own = [key for key in keys if key != "sched" and _OWN.match(f"--{key.replace('_', '-')}")]
        if "sched" in keys and own and isinstance(section.get("sched"), str):
            text = f"sched: {section.get('sched')}"
            read = partial(_read_settings, tree, section, place)
            yield Found(keys["sched"].line, "timm", text, read)


def _read_settings(tree: Setting, section: Setting, place: Any, given: Given) -> Read:
    found = References(tree, given)
    values: dict[str, Callable[[], Any]] = {}
    for key, entry in section.entries.items():
        _check_known(key, _OPTIONS, f"line {entry.line}")
        if key in _OPTIONS:
            values[key] = partial(found.value, entry, (*place, key))
    return schedule_of(Options(values, {}), given)
