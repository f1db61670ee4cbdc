"""Dictionaries in Python code as settings: DeepSpeed's configuration, the settings of a Trainer.

A dictionary that is written out is a tree as a settings file is, and is searched by the same
finders. What in it is no literal is a name of the code, and is followed there.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from gradatim.peers.found import Found, Given, Read
from gradatim.peers.peer import Peer
from gradatim.peers.python.expression import Expression
from gradatim.peers.python.script import Place, Script
from gradatim.peers.python.world import World
from gradatim.peers.settings import Place as Keys
from gradatim.peers.settings import Setting
from gradatim.peers.syntax import written
from gradatim.peers.transformers_trainer import TRAINERS

_CODE = "!code"
_DEEPEST = 64
_MOST = 500
"""More dictionaries with such keys in a file are data, such as the log of a run."""
_KEYS = {"scheduler", "params", "sched", "lr_scheduler", "lr_scheduler_type", "learning_rate"}
_KEYS |= {"_target_", "class_path"}
"""Keys of which a dictionary with a scheduler has at least one."""


def find_in_dictionaries(peer: Peer, script: Script, parts: Collection[int]) -> Iterator[Found]:
    """The schedulers of a project in the dictionaries of a file that are in no other one."""
    if not peer.in_settings or (peer.name == "transformers" and script.calls.keys() & TRAINERS):
        return  # the arguments of TrainingArguments(**settings) are read where that is called
    marked = {id(node) for node, _ in script.settings if _has_a_key(node)}
    if not 0 < len(marked) <= _MOST:
        return
    inner: set[int] = set()
    for node, place in script.settings:  # each before those in it
        if id(node) in inner:
            continue
        whole = set(map(id, ast.walk(node)))
        inner |= whole
        if not whole & marked:
            continue
        code: dict[str, ast.expr] = {}
        tree = _tree(node, (), code)
        for finder in peer.in_settings:
            for found in finder(tree):
                yield replace(found, read=partial(_read, found, script, place, code))


def _has_a_key(node: ast.Dict) -> bool:
    return any(isinstance(key, ast.Constant) and key.value in _KEYS for key in node.keys)


def _tree(node: ast.expr, keys: Keys, code: dict[str, ast.expr]) -> Setting:
    """A dictionary as a tree, and under the keys that lead to it each part that is no literal."""
    line = node.lineno
    match node:
        case ast.Dict(keys=names, values=values) if len(keys) < _DEEPEST:
            pairs = zip(names, values, strict=True)
            named = {str(k.value): v for k, v in pairs if isinstance(k, ast.Constant)}
            return Setting({k: _tree(v, (*keys, k), code) for k, v in named.items()}, line)
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=words) if len(keys) < _DEEPEST:
            named = {word.arg: word.value for word in words if word.arg}
            return Setting({k: _tree(v, (*keys, k), code) for k, v in named.items()}, line)
        case ast.List(elts=parts) | ast.Tuple(elts=parts) if len(keys) < _DEEPEST:
            entries = enumerate(parts)
            return Setting([_tree(part, (*keys, str(i)), code) for i, part in entries], line)
        case ast.Constant(value=str() | int() | float() | bool() | None as value):
            return Setting(value, line)
    code[".".join(keys)] = node
    return Setting(written(node), line, _CODE)


@dataclass(frozen=True)
class _GivenInCode(Given):
    """What the user adds, and what the names in a dictionary stand for."""

    code: Mapping[str, Expression] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        """The value of a part of the dictionary that is no literal, by the keys that lead to it."""
        if name in self.code and name not in self.values:
            return self.code[name].value("settings", name.rpartition(".")[2])
        return super().value(name)


def _read(
    found: Found, script: Script, place: Place, code: Mapping[str, ast.expr], given: Given
) -> Read:
    world = World(script, given)
    names = {keys: Expression(node, place, world) for keys, node in code.items()}
    read = found.read(
        _GivenInCode(given.lr, given.steps, given.every, given.values, given.used, names)
    )
    return read.saying(*world.said.values())
