"""How often a scheduler is stepped: once an update or once an epoch, by the loops around it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from gradatim.peers.python.expression import Expression
from gradatim.peers.python.names import holds
from gradatim.peers.python.order import is_before_update
from gradatim.peers.python.possible import calls_in
from gradatim.peers.python.script import Block, CallSite, Path, Place, Scope
from gradatim.peers.python.world import World
from gradatim.peers.syntax import dotted, written

_EPOCH = re.compile(r"epoch|(^|[^a-z])ep($|[^a-z])", re.IGNORECASE)
_UPDATE = re.compile(r"load|batch|data|iter|step|(^|[^a-z])dl($|[^a-z])", re.IGNORECASE)
_EPOCH_HOOK = re.compile(r"on_\w*epoch_\w+|\w*_epoch_end")
_UPDATE_HOOK = re.compile(r"training_step|on_train_batch_\w+|on_\w*step_end|optimizer_step")
_DEEPEST = 4
_OF_LIGHTNING = {
    "scheduler",
    "interval",
    "frequency",
    "monitor",
    "strict",
    "name",
    "reduce_on_plateau",
}
"""The keys of a dictionary of Lightning; one of a checkpoint has others."""


class Stepping(NamedTuple):
    """How often a scheduler is stepped, as far as the file shows it."""

    every: str = ""
    """ "epoch", "update", or "" if that is not known."""
    line: int = 0
    frequency: int = 1
    """Only every so many of them."""
    said: tuple[str, ...] = ()


def stepping(site: CallSite, world: World) -> Stepping:
    """How the scheduler that a call makes is stepped.

    Args:
        site: The call.
        world: The file.
    """
    lightning = _of_lightning(site, world)
    if lightning is not None:
        return lightning
    found: dict[str, list[int]] = {}
    said: list[str] = []
    for name in ("step", "step_update"):
        for step in world.script.calls.get(name, ()):
            function = step.node.func
            if isinstance(function, ast.Attribute) and _is_of(function.value, step, site, world):
                how = "update" if name == "step_update" else _how_often(step, world)
                found.setdefault(how, []).append(step.node.lineno)
                said += _condition(step, function.value, world)
                said += _position(step, world)
    if not found:
        return _of_trainer(site, world)
    known = [how for how in found if how]
    if len(found) > 1:
        places = " and ".join(
            f"{f'once an {how}' if how else 'in a loop that is not known'} (line {lines[0]})"
            for how, lines in found.items()
        )
        said.append(f"It is stepped in more than one place: {places}.")
    how = known[0] if len(known) == 1 else ""
    return Stepping(how, found[how][0] if how else 0, 1, tuple(dict.fromkeys(said)))


def _is_of(receiver: ast.expr, step: CallSite, site: CallSite, world: World) -> bool:
    """Whether the object whose method is called is the scheduler, or one made of it."""
    last = dotted(receiver).rpartition(".")[2]
    if "optim" in last.lower() and "sched" not in last.lower():
        return False
    reached = list(calls_in(Expression(receiver, step.place, world)))
    if reached:
        return any(call is site.node for call in reached)
    return bool(last) and last in _variables(site, world)


def _variables(site: CallSite, world: World) -> set[str]:
    """The names that the call is assigned to, without what comes before the last dot."""
    return {
        name.rpartition(".")[2]
        for scope in world.script.all_scopes
        for name, bindings in scope.bindings.items()
        for binding in bindings
        if binding.value is site.node
    }


def _how_often(step: CallSite, world: World) -> str:
    for path, scope in _around(step.place.path, step.place.scope, world, 0):
        for block in reversed(path):
            kind = _kind(block)
            if kind is not None:
                return kind
        if _EPOCH_HOOK.fullmatch(scope.name):
            return "epoch"
        if _UPDATE_HOOK.fullmatch(scope.name):
            return "update"
    return ""


def _around(path: Path, scope: Scope, world: World, depth: int) -> Iterator[tuple[Path, Scope]]:
    """The blocks around a place, and then those around the calls of its function."""
    yield path, scope
    if depth < _DEEPEST and scope.parent is not None and not scope.is_class:
        for site in world.callers(scope)[:3]:
            yield from _around(site.place.path, site.place.scope, world, depth + 1)


def _kind(block: Block) -> str | None:
    """ "epoch" or "update" for a loop, "" for one that is not known, None for another block."""
    if block.kind != "loop":
        return None
    node = block.node
    if isinstance(node, ast.For | ast.AsyncFor):
        target, source = written(node.target), written(node.iter)
        if "sched" in source or "param_groups" in source:
            return None
        for text in (target, source):
            if _EPOCH.search(text):
                return "epoch"
            if _UPDATE.search(text):
                return "update"
        return ""
    if isinstance(node, ast.While):
        text = written(node.test)
        return "epoch" if _EPOCH.search(text) else "update" if _UPDATE.search(text) else ""
    return None


def _condition(step: CallSite, receiver: ast.expr, world: World) -> list[str]:
    """What is said of a ``step()`` under an ``if`` that the update itself is not under."""
    shared = {id(b.node) for b in _updates_path(step, world) if b.kind == "if"}
    name = dotted(receiver)
    said = []
    for block in step.place.path:
        if block.kind != "if" or id(block.node) in shared:
            continue
        test = getattr(block.node, "test", None)
        if test is None or name in written(test):
            continue
        part = Expression(test, step.place, world)
        if holds(part, block, step.place.scope) is True:
            continue
        not_ = "" if block.taken else "not "
        said.append(
            f"Its step() stands under `if {not_}{written(test)}` (line {test.lineno}), which is "
            "not read: the schedule is that of a step() each time."
        )
    return said


def _position(step: CallSite, world: World) -> list[str]:
    """What is said of a ``step()`` that sets the count itself, or that stands before the update."""
    given = [*step.node.args, *(word.value for word in step.node.keywords)]
    line = step.node.lineno
    if given:
        return [
            f"Its step() is given `{written(given[0])}` (line {line}), which is not read: the "
            "schedule is that of a step() without it, after each turn of its loop."
        ]
    if is_before_update(step.place, world):
        return [
            f"Its step() stands before the update (line {line}): the first update there has the "
            "second value of the schedule, and each other one the next."
        ]
    return []


def _updates_path(step: CallSite, world: World) -> Path:
    """The blocks around the optimizer's own step in the same function."""
    for other in world.script.calls.get("step", ()):
        function = other.node.func
        if other.place.scope is step.place.scope and isinstance(function, ast.Attribute):
            name = dotted(function.value).lower()
            if "optim" in name or "scaler" in name or name.endswith("opt"):
                return other.place.path
    return ()


def _of_lightning(site: CallSite, world: World) -> Stepping | None:
    """What ``configure_optimizers`` of Lightning says of its scheduler."""
    for node, place in world.script.settings:
        entries = {
            key.value: value
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant)
        }
        held = entries.get("scheduler")
        if (
            held is None
            or not entries.keys() <= _OF_LIGHTNING
            or not _holds(held, place, site, world)
        ):
            continue
        interval = _known(entries.get("interval"), place, world, "epoch")
        frequency = _known(entries.get("frequency"), place, world, 1)
        count = frequency if type(frequency) is int and frequency > 0 else 1
        if interval in ("epoch", "step"):
            how = "update" if interval == "step" else "epoch"
            return Stepping(how, node.lineno, count)
        return Stepping(said=(f"Its interval, at line {node.lineno}, is not known.",))
    scope = site.place.scope
    while scope.parent is not None:
        if scope.name == "configure_optimizers":
            return Stepping("epoch", getattr(site.node, "lineno", 0))
        scope = scope.parent
    return None


def _holds(held: ast.expr, place: Place, site: CallSite, world: World) -> bool:
    return any(call is site.node for call in calls_in(Expression(held, place, world)))


def _known(node: ast.expr | None, place: Place, world: World, default: Any) -> Any:
    return default if node is None else Expression(node, place, world).known_or_none()


def _of_trainer(site: CallSite, world: World) -> Stepping:
    """A Trainer of transformers steps its scheduler once an update."""
    for name, sites in world.script.calls.items():
        if not name.endswith("Trainer"):
            continue
        for trainer in sites:
            for word in trainer.node.keywords:
                if word.arg == "optimizers" and _holds(word.value, trainer.place, site, world):
                    return Stepping("update", trainer.node.lineno)
    return Stepping()
