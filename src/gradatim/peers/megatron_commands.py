"""Megatron's arguments in command lines of scripts, and in settings files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from gradatim.errors import GradatimError, unknown_name
from gradatim.peers.found import Found, Given, Read
from gradatim.peers.megatron import MEGATRON, schedule_of
from gradatim.peers.peer import signature
from gradatim.peers.settings import Place, References, Setting, sections
from gradatim.peers.shell import Command, commands
from gradatim.peers.shell.flags import Flags

_FLAGS = {name.replace("_", "-"): name for name in signature(schedule_of)}
_TEXTS = {"lr-decay-style", "lr-wsd-decay-style", "weight-decay-incr-style"}
# No other project has these, and a command of Megatron has one of them.
_OWN = re.compile(
    r"--(lr-(decay-(style|iters|samples|tokens)|warmup-(iters|samples|tokens|fraction)|wsd-decay)"
    r"|train-(iters|samples|tokens)$|micro-batch-size|rampup-batch-size)"
)
_SAID = {
    "decoupled-lr": "The rate of the embedding and output layers is another there.",
    "decoupled-min-lr": "The lowest rate of the embedding and output layers is another there.",
    "head-lr-mult": "The rate of the head is multiplied by --head-lr-mult there.",
    "override-opt_param-scheduler": "What a checkpoint says of the schedule is overridden there.",
    "override-opt-param-scheduler": "What a checkpoint says of the schedule is overridden there.",
    "use-checkpoint-opt_param-scheduler": "What a checkpoint says of the schedule counts there.",
    "use-checkpoint-opt-param-scheduler": "What a checkpoint says of the schedule counts there.",
    "override-lr-scheduler": "What a checkpoint says of the schedule is overridden there.",
    "use-checkpoint-lr-scheduler": "What a checkpoint says of the schedule counts there.",
    "universal-checkpoint": "What a checkpoint says of the schedule may count there.",
}
_REFUSED = {
    "warmup": "--warmup is refused by Megatron itself: write --lr-warmup-fraction.",
    "step-batch-size-schedule": "--step-batch-size-schedule makes updates of different sizes, "
    "which are read here only from --rampup-batch-size.",
}
_CURRICULUM = {
    "curriculum-learning",
    "curriculum-learning-legacy",
    "data-efficiency-curriculum-learning",
    "random-ltd",
}
_SETTINGS = {"deepspeed-config", "deepspeed_config", "ds-config"}
_IN_SETTINGS = (
    "Its lengths are tokens, and each update is taken to have --seq-length of them a sample: a "
    "curriculum of sequence lengths in the DeepSpeed settings, which are not read, makes updates "
    "of fewer tokens, and the schedule longer."
)
_NAMED_ALIKE = re.compile(r"(min-)?lr\b|warmup|rampup")


@MEGATRON.finds_in_commands
def find(command: Command) -> Iterator[Found]:
    """The schedule of a command that has a flag of Megatron's."""
    own = [flag for flag in command.flags if _OWN.match(flag)]
    if any(flag.startswith("--lr") for flag in own) or (own and "--lr" in command.flags):
        yield Found(command.line, "megatron", command.text(), partial(_read, command))


@MEGATRON.reads_text
def read(text: str, given: Given) -> Read:
    """The schedule of Megatron-LM arguments; what is not about the rate may stand among them."""
    found = [one for one in commands(text) if any(f[2:] in _FLAGS for f in one.flags)]
    if not found:
        raise GradatimError("Megatron's arguments do not say --lr.")
    return _read(found[-1], given)


@MEGATRON.finds_in_settings
def find_settings(tree: Setting) -> Iterator[Found]:
    """Arguments with underscores, in one section or in several: the optimizer, the scheduler."""
    places: dict[str, tuple[Place, Setting]] = {}
    for place, section in sections(tree):
        for key, entry in section.entries.items():
            if key in _FLAGS.values() and key not in places:
                places[key] = (*place, key), entry
    own = [key for key in places if _OWN.match(f"--{key.replace('_', '-')}")]
    own = [key for key in own if key.startswith("lr_")]
    if own:
        line = min(entry.line for _, entry in places.values())
        text = ", ".join(f"{key}: {places[key][1].value}" for key in own)
        yield Found(line, "megatron", text, partial(_read_settings, tree, places))


def _read_settings(
    tree: Setting, places: Mapping[str, tuple[Place, Setting]], given: Given
) -> Read:
    for _, section in sections(tree):
        beside = section.entries.keys() & places.keys()
        for key, entry in section.entries.items():
            if key in places and places[key][1] is not entry:
                first = places[key][1].line
                raise GradatimError(f"line {entry.line}: {key} is set in line {first} too.")
            alike = key.replace("_", "-")
            known = key in places or alike in _SAID
            if beside and not known and _NAMED_ALIKE.match(alike):
                where = f"line {entry.line}: Megatron"
                raise unknown_name(where, "setting", key, _FLAGS.values())
    found = References(tree, given)
    values = {key: found.value(entry, place) for key, (place, entry) in places.items()}
    values = {key: value for key, value in values.items() if value is not None}
    values |= {key: given.value(key) for key in _FLAGS.values() if key in given.values}
    return MEGATRON.means("Megatron", values, given.lr, given.steps)


def _read(command: Command, given: Given) -> Read:
    command = command.given(given)
    flags = Flags(command, _FLAGS, given=given, alike=["weight-decay"])
    for name, flag in flags.others.items():
        if name in _REFUSED:
            raise GradatimError(f"line {flag.line}: {_REFUSED[name]}")
        if _NAMED_ALIKE.match(name) and name not in _SAID:
            known = [f"--{one}" for one in _FLAGS]
            raise unknown_name(f"line {flag.line}: Megatron", "flag", f"--{name}", known)
    flags.require([])
    if "lr" not in flags and given.lr is None:
        raise GradatimError(
            f"line {command.line}: Megatron's arguments do not say --lr. Write --lr, the highest "
            "rate, such as --lr 3e-4."
        )
    names = _wanted(flags, given)
    flags.require(names)
    values = _values(flags, names)
    said = [_SAID[name] for name in flags.others if name in _SAID]
    if any(name.endswith("-tokens") for name in names) and _SETTINGS & set(flags.others):
        said.append(_IN_SETTINGS)
    if given.lr is not None:
        own = values.setdefault("lr", given.lr)
        if own != given.lr:
            said.append(f"The script has --lr {own:g}, so that --lr {given.lr:g} is not used.")
    found = MEGATRON.means("Megatron", values, None, given.steps)
    return replace(found, differences=(*found.differences, *said, *flags.said, *command.notes))


def _wanted(flags: Flags, given: Given) -> list[str]:
    """The flags that the schedule depends on; the variables of others need not be known."""
    names = set(flags)
    styled = "lr-decay-style" in flags
    style = flags.text("lr-decay-style") if styled else "linear"
    if style == "constant":
        names -= {"min-lr"}
    if style == "constant" and "lr-warmup-fraction" not in names:
        names -= {"lr-decay-iters", "lr-decay-samples", "lr-decay-tokens"}
    if style != "WSD":
        names -= {name for name in names if name.startswith("lr-wsd")}
    tokens = {"lr-decay-tokens", "lr-warmup-tokens"} & names
    if tokens:
        for name in _CURRICULUM & set(flags.others):
            raise GradatimError(
                f"line {flags.others[name].line}: --{name} changes the tokens of an update, and "
                f"--{min(tokens)} counts tokens. Leave it out to read the schedule without it."
            )
    else:
        names -= {"seq-length"}
    if "lr-decay-tokens" in names:
        names -= {"lr-decay-iters", "lr-decay-samples"}
    decays = {"lr-decay-iters", "lr-decay-samples", "lr-decay-tokens"} & names
    ends = decays or (style == "constant" and "lr-warmup-fraction" not in names)
    if ends and "weight-decay-incr-style" not in names and style != "inverse-square-root":
        names -= {"train-iters", "train-samples"}
    if "lr-warmup-tokens" in names or _is_zero(flags, "lr-warmup-fraction"):
        names -= {"lr-warmup-iters", "lr-warmup-samples"}
    in_samples = any(name.endswith("-samples") for name in names) or tokens
    scaled = style == "inverse-square-root" or "rampup-batch-size" in names
    if not in_samples and not scaled:
        names -= {"global-batch-size"}
    return [name for name in _FLAGS if name in names]


def _is_zero(flags: Flags, name: str) -> bool:
    return name in flags and [word.text for word in flags[name].words[:1]] in (["0"], ["0.0"])


def _values(flags: Flags, names: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in names:
        if name in _TEXTS:
            found[_FLAGS[name]] = flags.text(name)
        elif name == "rampup-batch-size":
            found[_FLAGS[name]] = flags.texts(name)
        else:
            found[_FLAGS[name]] = flags.number(name)
    return found
