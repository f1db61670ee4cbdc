"""The file around a function: what the names in it stand for."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from gradatim.errors import GradatimError
from gradatim.peers.functions.machine import Value
from gradatim.peers.functions.names import Function
from gradatim.peers.python.expression import Expression
from gradatim.peers.python.part import Frame
from gradatim.peers.python.script import Place, Scope
from gradatim.peers.python.world import World
from gradatim.peers.syntax import called, dotted, written

_LAST = 10**9
_BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
_COMPILED = {"jit", "function", "staticmethod", "njit", "compile", "no_grad", "vmap"}
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

    @property
    def scope(self) -> Scope | None:
        """The scope of a function that is no lambda."""
        return self.file.scope_of(self.node)


class File:
    """What the names in a function stand for, as its file sets them or the user gave them.

    Args:
        world: The file and what the user gave.
        place: Where a lambda stands.
        frame: The call of the function around, through which it is read.
    """

    def __init__(self, world: World, place: Place, frame: Frame | None = None) -> None:
        self.world, self.place, self.frame = world, place, frame

    def value(self, node: ast.expr, inside: Function) -> Value:
        """The value of a name, an attribute or a call.

        Raises:
            GradatimError: If the file does not set it.
        """
        part = self._part(node, inside)
        try:
            found = part.resolved()
            if found.unset:
                raise part.missing()
            value: Value = found.known()
            return value
        except GradatimError:
            raise
        except _BROKEN:
            raise part.missing("is not known") from None

    def function(self, node: ast.expr, inside: Function) -> Function | None:
        """The function of the file that a name stands for."""
        if not dotted(node):
            return None
        return self._function(self._part(node, inside))

    def full_name(self, node: ast.expr) -> str:
        """A dotted name with what its first part was imported as: "numpy.cos"."""
        return self.world.full_name(node)

    def _function(self, part: Expression) -> Function | None:
        try:
            node = part.resolved().node
        except (GradatimError, *_BROKEN):
            return None
        if isinstance(node, ast.Lambda):
            return node
        scope = scope_named(node, part.resolved().place.scope, self.world)
        return None if scope is None else _checked(scope.node)

    def _part(self, node: ast.expr, inside: Function) -> Expression:
        scope = self.scope_of(inside)
        place = self.place if scope is None else Place(scope, _LAST, ())
        return Expression(node, place, self.world, self.frame)

    def scope_of(self, node: Function) -> Scope | None:
        """The scope of a function of the file; None for a lambda."""
        if isinstance(node, ast.Lambda):
            return None
        scopes = self.world.script.scopes.get(node.name, ())
        return next((scope for scope in scopes if scope.node is node), None)


def function_of(part: Expression) -> Named:
    """The function that a part of some code stands for.

    Raises:
        GradatimError: If it is none that is written in the file.
    """
    found = part.resolved()
    file = File(found.world, found.place, found.frame)
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
    return Named(_checked(scope.node), file)


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


def scope_named(node: ast.AST, around: Scope, world: World) -> Scope | None:
    """The function that a name stands for at a place: the nearest of this name around it."""
    name = dotted(node)
    if name.startswith("self."):
        owner, name = around.owner, name.removeprefix("self.")
        scopes = world.script.scopes.get(name, ())
        return next((s for s in scopes if s.parent is owner and not s.is_class), None)
    scopes = [s for s in world.script.scopes.get(name, ()) if not s.is_class]
    scope: Scope | None = around
    while scope is not None:
        inside = [s for s in scopes if s.parent is scope]
        if len(inside) > 1:
            lines = " and ".join(str(getattr(s.node, "lineno", 1)) for s in inside[:4])
            raise GradatimError(
                f"{name} is defined in lines {lines}, and which counts is not known. Give the "
                "lines of one alone."
            )
        if inside:
            return inside[0]
        scope = scope.parent
    return None


def _checked(node: ast.AST) -> Function:
    if not isinstance(node, ast.FunctionDef):
        raise GradatimError(f"line {getattr(node, 'lineno', 1)}: an async function is not read.")
    for mark in node.decorator_list:
        name = dotted(mark.func if isinstance(mark, ast.Call) else mark).rpartition(".")[2]
        if name not in _COMPILED and name != "partial":
            raise GradatimError(
                f"line {mark.lineno}: @{written(mark)} may change what {node.name} returns, and is "
                "not read. Leave it out to read the function."
            )
    return node
