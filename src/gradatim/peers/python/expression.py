"""A part of some code: what it stands for, its arguments if it is a call, and its value."""

from __future__ import annotations

import ast
from typing import Any

from gradatim.errors import GradatimError, invalid_value
from gradatim.peers.evaluation.values import value_of
from gradatim.peers.found import Missing
from gradatim.peers.python import names
from gradatim.peers.python.attributes import entries, field_default, of_attribute
from gradatim.peers.python.excerpts import CUT_OFF
from gradatim.peers.python.file import File
from gradatim.peers.python.part import Frame, Part
from gradatim.peers.python.script import CallSite
from gradatim.peers.syntax import Name, called, dotted

_BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
_NOT_RUN = "Code is read here and not run: write out what it is."


class Expression(Part):
    """A part of some code at its place.

    >>> from gradatim.peers.found import Given
    >>> from gradatim.peers.python.script import parse_script
    >>> from gradatim.peers.python.world import World
    >>> script = parse_script("n = 10\\nStepLR(optimizer, 3 * n)")
    >>> (site,) = script.calls["StepLR"]
    >>> Expression(site.node.args[1], site.place, World(script, Given())).value(
    ...     "StepLR", "step_size"
    ... )
    30
    """

    def inner(self, node: ast.expr) -> Expression:
        """Another part of the same place."""
        return Expression(node, self.place, self.world, self.frame)

    def resolved(self) -> Expression:
        """What it stands for, where names are followed to what they were set to.

        Raises:
            Missing: If a name may stand for several things.
        """
        world = self.world
        world.count()
        given = world.given(self.node)
        if given is not None:
            return self.inner(given)
        if world.too_deep:
            return self
        world.depth += 1
        try:
            found = self._followed()
            if found is None:
                return self
            return _own(found) if found.unset else _own(found.resolved())
        finally:
            world.depth -= 1

    def _followed(self) -> Part | None:
        """What it stands for, one step on; None if it is no name or has nothing to follow."""
        match self.node:
            case ast.Name(id=name):
                found = names.only(self, names.of_name(self, name))
                return None if found is None else field_default(found)
            case ast.Attribute() | ast.Subscript():
                return of_attribute(self)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.inner(body if self.inner(test).known() else orelse)
            case ast.NamedExpr(value=value) | ast.Await(value=value):
                return self.inner(value)
            case ast.Call(func=ast.Attribute(value=base, attr="get"), args=[key, *more]):
                return self._entry(self.inner(base).resolved(), key, more)
            case ast.Call():
                found_returns = self.returns()
                return found_returns[0] if len(found_returns) == 1 else None
        return None

    def _entry(self, inside: Expression, key: ast.expr, more: list[ast.expr]) -> Part | None:
        """``cfg.get("lr", 0.1)`` of a dictionary that is written out."""
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str | int):
            return None
        if isinstance(inside.node, ast.Name | ast.Attribute | ast.Subscript):
            node = ast.copy_location(ast.Subscript(inside.node, key, ast.Load()), key)
            return inside.inner(node)
        if not isinstance(inside.node, ast.Dict):
            return None
        default = more[0] if more else ast.copy_location(ast.Constant(None), key)
        return entries(inside).get(key.value, self.inner(default))

    def returns(self) -> list[Expression]:
        """What a call of a function of the file may return, each at its place."""
        node = self.node
        if not isinstance(node, ast.Call):
            return []
        scope = self.world.function(node)
        if scope is None:
            return []
        given = names.arguments(self, scope, CallSite(node, self.place), self.frame)
        if given is None:
            return []
        frame = Frame(scope, given)
        found = []
        for value, place in scope.returns:
            returned = Expression(value, place, self.world, frame)
            if all(names.holds(returned, block, scope) is not False for block in place.path):
                found.append(returned)
        return found

    def call(self) -> tuple[str, list[Expression], dict[str, Expression]]:
        """The last part of the called name, and the arguments without and with names.

        Raises:
            GradatimError: If it is no call, or one whose arguments are not written out.
        """
        found = self.resolved()
        node = found.node
        if not isinstance(node, ast.Call):
            raise GradatimError(f"not a Python call: {self.text()!r}.")
        name = called(node)
        if any(isinstance(part, ast.Starred) for part in node.args):
            raise GradatimError(f"{name}: its arguments are not written out: *. {_NOT_RUN}")
        named: dict[str, Expression] = {}
        for keyword in node.keywords:
            value = found.inner(keyword.value)
            named |= {keyword.arg: value} if keyword.arg else value.written_out(name)
        return name, [found.inner(part) for part in node.args], named

    def written_out(self, where: str) -> dict[str, Expression]:
        """The entries of a dictionary that is written out, as behind ** in a call.

        Raises:
            GradatimError: If it is none, or has keys that are no texts.
        """
        found = self.resolved()
        is_dict = isinstance(found.node, ast.Dict)
        is_call = isinstance(found.node, ast.Call) and called(found.node) == "dict"
        listed = entries(found)
        if not (is_dict or is_call) or not all(isinstance(key, str) for key in listed):
            name = dotted(found.node)
            if name == CUT_OFF:
                raise GradatimError(f"{where}: the text ends inside of this call. Give all of it.")
            instead = f"Write --set \"{name}={{'gamma': 0.1, ...}}\", or write them there."
            raise GradatimError(
                f"{where}: its arguments are not written out: **{self.text()}. "
                f"{instead if name and name != CUT_OFF else _NOT_RUN}"
            )
        return {str(key): _own(value) for key, value in listed.items()}

    def entries(self, where: str, key: str) -> list[Expression]:
        """The entries of a list or tuple, none of them read yet.

        Raises:
            GradatimError: If it is no list that is written out.
        """
        found = self.resolved()
        match found.node:
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return [found.inner(part) for part in parts]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                sides = (found.inner(left), found.inner(right))
                return [entry for side in sides for entry in side.entries(where, key)]
            case ast.Call(func=ast.Name(id="list" | "tuple"), args=[inside]):
                return found.inner(inside).entries(where, key)
        raise invalid_value(where, key, Name(self.text()), "a list", _NOT_RUN)

    def value(self, where: str, key: str) -> Any:
        """What it is, if that can be known without running anything.

        Raises:
            Missing: If it depends on names that have no value.
            GradatimError: If it is no literal, and nothing that can be computed.
        """
        try:
            found = self.resolved()
            if found.unset:
                raise Missing({found.unset: "is not set in the file"})
            return found.known()
        except GradatimError:
            raise
        except _BROKEN:
            allowed = "a number or another literal"
            raise invalid_value(where, key, Name(self.text()), allowed, _NOT_RUN) from None

    def known(self) -> Any:
        """Its value.

        Raises:
            Missing: If it depends on names that have no value.
            ValueError: If it is no literal, and nothing that can be computed.
        """
        found = self.resolved()
        if isinstance(found.node, ast.Constant):
            if isinstance(found.node.value, bytes | complex):
                raise ValueError
            return found.node.value
        return value_of(found.node, File(found))


def _own(part: Part) -> Expression:
    assert isinstance(part, Expression)
    return part
