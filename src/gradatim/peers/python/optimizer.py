"""The rate of the optimizer that a scheduler is given, and what else writes it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
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
_NO_GROUPS = ("filter", "list", "chain")
"""What gives parameters and no groups, beside ``model.parameters()`` and the like."""
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
    parameters = keywords.get("params") or (positional[0] if positional else None)
    groups = _groups(parameters)
    said = tuple(
        f"Group {i} of the optimizer has lr={rate.text()} of its own (line {rate.line}); this is "
        "the schedule of the optimizer's lr."
        for i, rate in enumerate(groups)
        if rate is not None
    )
    if written_rate is None and groups and groups[0] is not None:
        written_rate, said = groups[0], _others(groups)
    if written_rate is None:
        if name not in _DEFAULTS or _may_have_rates(parameters):
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
    given = [group.written_out("optimizer") if _is_group(group) else {} for group in groups]
    return [group.get("lr") for group in given]


def _is_group(entry: Expression) -> bool:
    """Whether an entry is a dictionary that is written out, and no tensor."""
    try:
        node = entry.resolved().node
    except GradatimError:
        return False
    return isinstance(node, ast.Dict) or (isinstance(node, ast.Call) and called(node) == "dict")


def _may_have_rates(parameters: Expression | None) -> bool:
    """Whether the parameters may be groups with rates of their own that are not written out."""
    try:
        node = parameters.resolved().node if parameters is not None else None
    except GradatimError:
        return True
    return (
        isinstance(node, ast.Call)
        and called(node) not in _NO_GROUPS
        and not called(node).endswith("parameters")
    )


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
    for scope in script.all_scopes:
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
