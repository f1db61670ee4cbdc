"""The functions that an argument of a scheduler stands for."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from gradatim.errors import GradatimError
from gradatim.peers.evaluation.machine import Value
from gradatim.peers.evaluation.names import Function
from gradatim.peers.python.expression import Expression
from gradatim.peers.python.file import File, checked_function, scope_named
from gradatim.peers.syntax import called, written

_OWN = (
    "Write the schedule it means, or put a function of the step that returns the rate at the top "
    "of a module and write lr=Function('package.module:name')."
)


@dataclass(frozen=True)
class Named:
    """A function of a file, and the values of its arguments that are fixed."""

    node: Function
    file: File
    given: Mapping[str, Value] = field(default_factory=dict)


def function_of(part: Expression) -> Named:
    """The function that a part of some code stands for.

    Raises:
        GradatimError: If it is none that is written in the file.
    """
    found = part.resolved()
    file = File(found)
    match found.node:
        case ast.Lambda():
            return Named(found.node, file)
        case ast.Call(func=function, args=[first, *more]) if called(found.node) == "partial":
            inner = function_of(found.inner(first))
            names = [a.arg for a in inner.node.args.args]
            pairs = {**dict(zip(names, more, strict=False))}
            pairs |= {word.arg: word.value for word in found.node.keywords if word.arg}
            given = {
                name: found.inner(value).value(written(function), name)
                for name, value in pairs.items()
            }
            return Named(inner.node, inner.file, {**inner.given, **given})
    scope = scope_named(found.node, found.place.scope, found.world)
    if scope is None:
        raise GradatimError(
            f"its function is code of your own, `{found.text()}`, which is not in this file. {_OWN}"
        )
    return Named(checked_function(scope.node), file)


def functions_in(part: Expression) -> tuple[Named, ...]:
    """The functions that an argument stands for: one, or those of a list."""
    node = part.resolved().node
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(function_of(part.resolved().inner(entry)) for entry in node.elts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):  # [f] * len(groups)
        for side in (node.left, node.right):
            if isinstance(side, ast.List):
                return functions_in(part.resolved().inner(side))
    return (function_of(part),)
