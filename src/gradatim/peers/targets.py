"""Classes that settings name: ``_target_`` of Hydra, ``class_path`` of Lightning, ``!name:``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from gradatim.core.values.fields import PositiveInt, check_argument
from gradatim.errors import GradatimError, invalid_value
from gradatim.peers.arguments import Ignored
from gradatim.peers.found import Found, Given, Missing, Read
from gradatim.peers.pace import paced
from gradatim.peers.peer import Call, Calls, Peer
from gradatim.peers.settings import Place, References, Setting, sections
from gradatim.peers.settings.entries import in_one_line, read_with_rate
from gradatim.peers.settings.tree import class_in_tag

_HYDRA = ("_target_", "_partial_", "_convert_", "_recursive_", "_args_", "_disabled_")
_ON, _OFF = ("enabled", "enable", "use_scheduler"), ("disabled", "_disabled_")
_SCHEDULERS = ("torch.optim.lr_scheduler.", "torch.optim.swa_utils.", "speechbrain.nnet.")
_OF_LIGHTNING = ("lightning", "pytorch_lightning")
_BESIDE = ("interval", "frequency", "monitor")


class Target(NamedTuple):
    """A class that settings name, and what it is called with."""

    path: str
    arguments: Mapping[str, Setting]
    positional: tuple[Setting, ...]
    place: Place
    """Where the arguments are."""
    line: int

    @property
    def package(self) -> str:
        """The project whose class it is. Lightning has those of torch under its own name."""
        first = self.path.partition(".")[0]
        return "torch" if first in _OF_LIGHTNING else first

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]


def target_in(setting: Setting, place: Place) -> Target | None:
    """The class that a section names, or None."""
    entries = setting.entries
    tagged, hydra, lightning = (
        class_in_tag(setting),
        setting.get("_target_"),
        setting.get("class_path"),
    )
    if isinstance(hydra, str):
        args = entries["_args_"].value if "_args_" in entries else []
        given = {key: entry for key, entry in entries.items() if key not in _HYDRA}
        listed = tuple(args) if isinstance(args, list) else ()
        return Target(hydra, given, listed, place, entries["_target_"].line)
    if isinstance(lightning, str):
        inner = entries.get("init_args", Setting({}, setting.line))
        line = entries["class_path"].line
        return Target(lightning, inner.entries, (), (*place, "init_args"), line)
    return Target(tagged, entries, (), place, setting.line) if tagged else None


def find_targets(peer: Peer, tree: Setting) -> Iterator[Found]:
    """The schedulers of a project that settings name by their class."""
    taken: list[Place] = []
    for place, section in sections(tree):
        target = target_in(section, place)
        inside = any(place[: len(outer)] == outer for outer in taken)
        if target is None or inside or target.package != peer.name:
            continue
        tagged = bool(class_in_tag(section))
        if target.name in peer.known or target.path.startswith(_SCHEDULERS):
            if tagged and peer.name == "speechbrain":
                continue  # an entry of a recipe
            taken.append(place)
            text = in_one_line(target.name, target.arguments)
            yield Found(target.line, peer.name, text, partial(_read, peer, tree, target, place))


def _read(peer: Peer, tree: Setting, target: Target, place: Place, given: Given) -> Read:
    values = References(tree, given)
    _check_on(values, place)
    call = _call(peer, target, values)
    read = read_with_rate(
        lambda lr: call.means(lr, given.steps),
        given,
        lambda: _rate(values, place),
        call.peer.needs_rate(call.name),
    )
    return _stepped(read, values, place, given)


def _check_on(values: References, place: Place) -> None:
    """Refuse a scheduler that a switch in its section, or in the one around it, turns off."""
    for here in (place, place[:-1]):
        for key, entry in _at(values.root, here).entries.items():
            on = values.value(entry, (*here, key)) if key in (*_ON, *_OFF) else None
            if (key in _ON and on is not True) or (key in _OFF and on is not False):
                raise GradatimError(
                    f"line {entry.line}: {key}: {on} switches it off. Leave that out to read it."
                )


def _call(peer: Peer, target: Target, values: References) -> Call:
    """The name and the arguments of a scheduler, with those in it, and all that is missing."""
    owner = next((p for p in (peer, *peer.inside) if target.name in p.known), peer)
    wanted = owner.parameters(target.name)
    named = dict(target.arguments)
    if target.path.startswith(_OF_LIGHTNING):
        named.pop("monitor", None)
    found: dict[str, Any] = {}
    missing: dict[str, str] = {}
    for key, setting in owner.bind(target.name, target.positional, named).items():
        here = (*target.place, key)
        try:
            if wanted[key] == Calls or wanted[key] is Call:
                found[key] = _calls(peer, setting, here, values, wanted[key] == Calls)
            elif wanted[key] != Ignored:
                found[key] = values.value(setting, here)
        except Missing as error:
            missing |= error.reasons
    if missing:
        raise Missing(missing)
    return Call(owner, target.name, found)


def _calls(peer: Peer, setting: Setting, place: Place, values: References, several: bool) -> Any:
    """The schedulers in a scheduler: a list of them, or one."""
    parts = setting.value if isinstance(setting.value, list) else [setting]
    targets = [target_in(part, (*place, str(i))) for i, part in enumerate(parts)]
    found = tuple(_call(peer, target, values) for target in targets if target is not None)
    if len(found) != len(parts) or (not several and len(found) != 1):
        raise GradatimError(f"line {setting.line}: {place[-1]} must be schedulers with a _target_.")
    return found if several else found[0]


def _rate(values: References, place: Place) -> Any:
    """The rate of the optimizer in the section of the scheduler, or the next one around it."""
    for depth in range(len(place), -1, -1):
        around, here = _at(values.root, place[:depth]), place[:depth]
        rates: list[Any] = []
        for key, entry in around.entries.items():
            if (*here, key) == place[: depth + 1]:
                continue
            target = target_in(entry, (*here, key))
            of_optimizer = target is not None or "optim" in key
            given = target.arguments if target is not None else entry.entries
            if of_optimizer and "lr" in given:
                inner = target.place if target is not None else (*here, key)
                rates.append(values.value(given["lr"], (*inner, "lr")))
        if rates:
            return rates[0] if all(rate == rates[0] for rate in rates) else None
    return None


def _at(root: Setting, place: Place) -> Setting:
    here = root
    for key in place:
        value = here.value
        here = value[int(key)] if isinstance(value, list) else here.entries[key]
    return here


def _stepped(read: Read, values: References, place: Place, given: Given) -> Read:
    """What it means where Lightning steps it, which stands beside it if it is in the file."""
    section, around = _at(values.root, place), _at(values.root, place[:-1])
    beside = {
        key: values.value(around.entries[key], (*place[:-1], key))
        for key in _BESIDE
        if key in around.entries
    }
    interval = beside.get("interval", "")
    frequency = check_argument("settings", "frequency", PositiveInt, beside.get("frequency", 1))
    if interval not in ("", "step", "epoch"):
        raise invalid_value("settings", "interval", interval, "'step' or 'epoch'")
    if frequency > 1:
        scaled = {name: paced(schedule, frequency) for name, schedule in read.values.items()}
        read = replace(read, values=scaled)
    by_lightning = "class_path" in section.entries or beside.keys() & {"monitor", "frequency"}
    if interval == "epoch" or (not interval and by_lightning):
        return replace(read, epochs="Lightning steps it once an epoch.")
    if interval == "step" or read.epochs or read.rule is not None:
        return read
    if given.every is not None:
        return replace(read, epochs="It is taken to be stepped once an epoch.")
    said = "How often it is stepped is not in the file. Write --every if it counts epochs."
    return read.saying(said)
