"""The file around a part of some code: what the names in it stand for."""

from __future__ import annotations

import ast

from gradatim.errors import GradatimError
from gradatim.peers.evaluation.machine import Value
from gradatim.peers.evaluation.names import Function
from gradatim.peers.python.part import Part
from gradatim.peers.python.script import Place, Scope
from gradatim.peers.python.world import World
from gradatim.peers.syntax import dotted, written

_LAST = 10**9
_BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
NOT_KNOWN = "is not known"
"""What is said of a name that the file sets to something that has no value here."""
_COMPILED = {"jit", "function", "staticmethod", "njit", "compile", "no_grad", "vmap"}


class File:
    """What the names in an expression or a function stand for, as its file or the user sets them.

    Args:
        part: The expression, or what a lambda stands in.
    """

    def __init__(self, part: Part) -> None:
        self.part, self.world = part, part.world

    def value(self, node: ast.expr, inside: Function | None) -> Value:
        """The value of a name, an attribute or a call.

        Raises:
            GradatimError: If the file does not set it.
        """
        part = self._part(node, inside)
        self.world.depth += 1
        try:
            found = part.resolved()
            # A test outside of functions sees None for an option without a default.
            if found.node is node or (found.unset and inside is not None):
                raise part.missing()
            value: Value = found.known()
            return value
        except GradatimError:
            raise
        except _BROKEN:
            raise part.missing(NOT_KNOWN) from None
        finally:
            self.world.depth -= 1

    def function(self, node: ast.expr, inside: Function | None) -> Function | None:
        """The function of the file that a name stands for."""
        if not dotted(node):
            return None
        part = self._part(node, inside)
        try:
            found = part.resolved()
        except (GradatimError, *_BROKEN):
            return None
        if isinstance(found.node, ast.Lambda):
            return found.node
        scope = scope_named(found.node, found.place.scope, self.world)
        return None if scope is None else checked_function(scope.node)

    def full_name(self, node: ast.expr) -> str:
        """A dotted name with what its first part was imported as: "numpy.cos"."""
        return self.world.full_name(node)

    def defines(self, name: str) -> bool:
        """Whether the file has a function or a class of this name."""
        return name in self.world.script.scopes

    def _part(self, node: ast.expr, inside: Function | None) -> Part:
        scope = None if inside is None else self.scope_of(inside)
        place = self.part.place if scope is None else Place(scope, _LAST, ())
        return self.part.at(node, place, self.part.frame)

    def scope_of(self, node: Function) -> Scope | None:
        """The scope of a function of the file; None for a lambda."""
        if isinstance(node, ast.Lambda):
            return None
        scopes = self.world.script.scopes.get(node.name, ())
        return next((scope for scope in scopes if scope.node is node), None)


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


def checked_function(node: ast.AST) -> Function:
    """The code of a function.

    Raises:
        GradatimError: If it is async, or has a decorator that may change what it returns.
    """
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
