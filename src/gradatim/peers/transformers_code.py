"""transformers: the settings of its Trainer as they stand in Python, ``TrainingArguments(...)``."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from gradatim.peers.found import Found, Given, Read
from gradatim.peers.python.attributes import field_default
from gradatim.peers.python.expression import Expression
from gradatim.peers.python.part import Part
from gradatim.peers.python.script import CallSite, Scope, Script
from gradatim.peers.python.world import World
from gradatim.peers.syntax import dotted, written
from gradatim.peers.transformers import TRANSFORMERS
from gradatim.peers.transformers_trainer import KEYS, TRAINERS, read_trainer


@TRANSFORMERS.finds_in_code
def settings_of_a_trainer(script: Script, parts: Collection[int]) -> Iterator[Found]:
    """The calls that hold the settings of a Trainer, and the classes that only declare them."""
    if _has_scheduler_of_its_own(script):
        return
    kinds = {**dict.fromkeys(TRAINERS), **_subclasses(script)}
    for name, scope in kinds.items():
        sites = script.calls.get(name, [])
        for site in sites:
            reader = partial(_read, script, site, name, scope)
            yield Found(site.node.lineno, "transformers", written(site.node), reader)
        if scope is not None and not sites and _declares(scope):
            line = getattr(scope.node, "lineno", 1)
            reader = partial(_read, script, None, name, scope)
            yield Found(line, "transformers", f"class {name}", reader)


def _has_scheduler_of_its_own(script: Script) -> bool:
    """Whether a Trainer of the file is given a scheduler, which then is the one that counts."""
    for name, sites in script.calls.items():
        for site in sites if name.endswith("Trainer") else ():
            for word in site.node.keywords:
                if word.arg == "optimizers" and isinstance(word.value, ast.Tuple):
                    last = word.value.elts[-1] if word.value.elts else None
                    return not (isinstance(last, ast.Constant) and last.value is None)
    return False


def _subclasses(script: Script) -> Mapping[str, Scope]:
    """The classes of the file that inherit the settings."""
    found: dict[str, Scope] = {}
    for name, scopes in script.scopes.items():
        node = scopes[0].node
        if len(scopes) == 1 and isinstance(node, ast.ClassDef):
            bases = [dotted(base).rpartition(".")[2] for base in node.bases]
            if any(base in TRAINERS for base in bases):
                found[name] = scopes[0]
    return found


def _declares(scope: Scope) -> bool:
    return any(key in scope.bindings for key in KEYS)


def _read(
    script: Script, site: CallSite | None, name: str, scope: Scope | None, given: Given
) -> Read:
    world = World(script, given)
    settings = _Settings(world, name, site, scope)
    kind = name
    if scope is not None and isinstance(scope.node, ast.ClassDef):
        bases = [dotted(base).rpartition(".")[2] for base in scope.node.bases]
        kind = next(base for base in bases if base in TRAINERS)
    read = read_trainer(settings, given, kind)
    said = [*world.said.values(), *_set_later(script)]
    return replace(read, differences=(*read.differences, *said))


def _set_later(script: Script) -> Iterator[str]:
    """What is said of assignments such as ``training_args.learning_rate = 1e-4``."""
    for scope in (script.module, *(s for each in script.scopes.values() for s in each)):
        for name, bindings in scope.bindings.items():
            root, _, key = name.rpartition(".")
            if key in KEYS and "arg" in root.lower():
                yield f"Line {bindings[0].line} sets {name}, which is not read."


class _Settings(Mapping[str, Any]):
    """The arguments of the call and the defaults of its class, each found when it is asked for."""

    def __init__(self, world: World, name: str, site: CallSite | None, scope: Scope | None) -> None:
        self.world, self.name = world, name
        self.arguments: dict[str, Expression] = {}
        self.defaults = {} if scope is None else {k: scope for k in KEYS if k in scope.bindings}
        if site is not None:
            call = Expression(site.node, site.place, world)
            self.arguments = call.call()[2]

    def __iter__(self) -> Iterator[str]:
        return iter({**self.defaults, **self.arguments})

    def __len__(self) -> int:
        return len({**self.defaults, **self.arguments})

    def __getitem__(self, key: str) -> Any:
        if key in self.arguments:
            return _value(self.arguments[key], self.name, key)
        binding = self.defaults[key].bindings[key][-1]
        if binding.value is None:
            raise KeyError(key)
        part: Part | None = Expression(binding.value, binding.place, self.world)
        part = field_default(part) if part is not None else None
        if not isinstance(part, Expression):
            raise KeyError(key)
        self.world.say(key, part.node, f"{self.name} (line {part.line})")
        return _value(part, self.name, key)


def _value(part: Expression, name: str, key: str) -> Any:
    kind = dotted(part.node).partition("SchedulerType.")[2]
    if kind:  # of an enumeration, whose names are those of its values
        return kind.lower()
    return part.value(name, key)
