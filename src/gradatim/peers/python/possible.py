"""What a part of some code may stand for in any branch: to know what is part of what."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradatim.errors import GradatimError
from gradatim.peers.python import names
from gradatim.peers.python.expression import Expression
from gradatim.peers.python.part import Part
from gradatim.peers.syntax import dotted

_DEEPEST = 30
_BROKEN = (GradatimError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError)


def calls_in(expression: Part, depth: int = 0, seen: set[int] | None = None) -> Iterator[ast.Call]:
    """The calls in a part of some code and in all that its names may stand for."""
    seen = set() if seen is None else seen
    if depth > _DEEPEST or id(expression.node) in seen:
        return
    seen.add(id(expression.node))
    stack: list[ast.AST] = [expression.node]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Call):
            yield node
        if isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
            for option in options(expression.inner(node)):
                yield from calls_in(option, depth + 1, seen)
        if not isinstance(node, ast.Name):
            stack += list(ast.iter_child_nodes(node))


def options(part: Part) -> list[Part]:
    """What a name, an attribute or a call of a function of the file may stand for."""
    try:
        match part.node:
            case ast.Name(id=name):
                found = names.of_name(part, name)
                return [option for option in found if option is not None]
            case ast.Attribute() if part.place.scope.owner and dotted(part.node)[:5] == "self.":
                owner = part.place.scope.owner
                found = names.of_self(part, dotted(part.node), owner)
                return [option for option in found if option is not None]
            case ast.Call():
                return list(part.returns()) if isinstance(part, Expression) else []
            case ast.Attribute() | ast.Subscript():
                one = part.resolved()
                return [one] if one.node is not part.node else []
    except _BROKEN:
        pass
    return []
