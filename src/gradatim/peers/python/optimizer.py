"""The rate of the optimizer that a scheduler is given, and what else writes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from gradatim.errors import GradatimError
from gradatim.peers.found import Missing
from gradatim.peers.python.expression import Expression
from gradatim.peers.python.world import World
from gradatim.peers.syntax import called, written

_DEFAULTS: Mapping[str, float] = {
    "SGD": 1e-3,
    "Adam": 1e-3,
    "AdamW": 1e-3,
    "NAdam": 2e-3,
    "RAdam": 1e-3,
    "Adamax": 2e-3,
    "Adagrad": 1e-2,
    "RMSprop": 1e-2,
    "Adadelta": 1.0,
}
"""The rates of the optimizers of torch, if none is written."""
OPTIMIZERS = tuple(_DEFAULTS)
"""The names of the optimizers whose rate is read."""


class Rate(NamedTuple):
    """The rate of an optimizer, as far as the file shows it."""

    value: float | None = None
    missing: Missing | None = None
    """The names that it depends on, if they have no value."""
    said: tuple[str, ...] = ()


def rate_of(call: Expression) -> Rate:
    """The rate of the optimizer that a scheduler is given in its call."""
    try:
        _, given, named = call.call()
        optimizer = named.get("optimizer") or (given[0] if given else None)
        if optimizer is None:
            return Rate()
        made = optimizer.resolved()
    except GradatimError as error:
        return Rate(missing=error if isinstance(error, Missing) else None)
    if not isinstance(made.node, ast.Call) or called(made.node)[:1].islower():
        return Rate()
    try:
        name, positional, keywords = made.call()
    except GradatimError:
        return Rate()
    written_rate = keywords.get("lr") or keywords.get("learning_rate")
    if written_rate is None and len(positional) > 1:
        written_rate = positional[1]
    groups = _groups(keywords.get("params") or (positional[0] if positional else None))
    said = tuple(
        f"Group {i} of the optimizer has lr={rate.text()} of its own (line {rate.line}); this is "
        "the schedule of the optimizer's lr."
        for i, rate in enumerate(groups)
        if rate is not None
    )
    if written_rate is None and groups and groups[0] is not None:
        written_rate, said = groups[0], _others(groups)
    if written_rate is None:
        if name not in _DEFAULTS:
            return Rate(said=said)
        default = _DEFAULTS[name]
        return Rate(default, said=(*said, f"{name} (line {made.line}) has no lr: it is {default}."))
    try:
        value = written_rate.value("optimizer", "lr")
    except Missing as error:
        return Rate(missing=error, said=said)
    except GradatimError:
        return Rate(missing=written_rate.missing(), said=said)
    good = isinstance(value, int | float) and not isinstance(value, bool)
    return Rate(float(value) if good else None, said=said)


def _groups(parameters: Expression | None) -> list[Expression | None]:
    """The rates that the groups of an optimizer have of their own."""
    try:
        groups = parameters.entries("optimizer", "params") if parameters else []
    except GradatimError:
        return []
    found: list[Expression | None] = []
    for group in groups:
        rates = [value for key, value in _items(group.node) if key == "lr"]
        found.append(group.inner(rates[0]) if rates else None)
    return found


def _items(node: ast.AST) -> Iterator[tuple[object, ast.expr]]:
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant):
                yield key.value, value


def _others(groups: Sequence[Expression | None]) -> tuple[str, ...]:
    """What is said of the groups that have another rate than the first."""
    first = groups[0].text() if groups[0] else ""
    return tuple(
        f"This is the schedule of group 0 of the optimizer; group {i} has lr={rate.text()} (line "
        f"{rate.line})."
        for i, rate in enumerate(groups)
        if rate is not None and rate.text() != first
    )


def written_by_hand(world: World) -> tuple[str, ...]:
    """What is said of lines that write the rate of an optimizer beside its scheduler."""
    script = world.script
    lines = set()
    for scope in (script.module, *(s for each in script.scopes.values() for s in each)):
        for name, bindings in scope.bindings.items():
            if not name.endswith("['lr']"):
                continue
            for binding in bindings:
                loops = [b.node for b in binding.place.path if isinstance(b.node, ast.For)]
                if "param_groups" in name or any("param_groups" in written(x.iter) for x in loops):
                    lines.add(binding.line)
    if not lines:
        return ()
    listed = " and ".join(map(str, sorted(lines)[:4]))
    where = f"Line {listed} writes" if len(lines) == 1 else f"Lines {listed} write"
    return (f"{where} the lr of the optimizer too, which is not read.",)
