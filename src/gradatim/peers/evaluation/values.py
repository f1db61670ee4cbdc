"""The values of parts of a file that stand outside of functions."""

from __future__ import annotations

import ast

from gradatim.peers.evaluation.calls import OF_TEXT
from gradatim.peers.evaluation.machine import (
    Frames,
    Machine,
    NoValue,
    Refused,
    Run,
    Value,
    refused,
)
from gradatim.peers.evaluation.names import MODULES, Function, Outside
from gradatim.peers.evaluation.statements import Functions
from gradatim.peers.found import Missing
from gradatim.peers.syntax import called, written

_LARGEST = 1e18
_FOLLOWED = ast.Attribute | ast.Subscript | ast.IfExp | ast.NamedExpr | ast.Await


def value_of(node: ast.expr, outside: Outside) -> Value:
    """The value of an expression.

    Args:
        node: The expression.
        outside: What its names stand for.

    Raises:
        Missing: Naming all parts that have no value.
        ValueError: If it is nothing that can be computed.
    """
    values = _Values(Machine(), outside)
    try:
        found = values.expression(node)(())
    except Missing as error:
        raise Missing({**error.reasons, **values.missing()}) from None
    except (NoValue, Refused) as error:
        raise ValueError(str(error)) from None
    if callable(found) or (isinstance(found, float | int) and not abs(found) <= _LARGEST):
        raise ValueError("a function, or a number that is too large")
    return found


class _Values(Functions):
    """Builds the closures of expressions; what they cannot compute has to be given as it stands."""

    def _expression(self, node: ast.expr) -> Run:
        if isinstance(node, _FOLLOWED) and self.is_fixed(node):
            return self._free(node)
        if isinstance(node, ast.JoinedStr | ast.Lambda):
            raise refused(node.lineno, written(node))
        return super()._expression(node)

    def _arithmetic(self, node: ast.BinOp) -> Run:
        for side in (node.left, node.right):
            if isinstance(side, ast.Constant) and isinstance(side.value, bool):
                raise refused(node.lineno, written(node))
        return super()._arithmetic(node)

    def call(self, node: ast.Call) -> Run:
        """The closure that evaluates a call of a function that is known by its name."""
        starred = any(isinstance(part, ast.Starred) for part in node.args)
        name, (first, dot, _) = called(node), self.outside.full_name(node.func).partition(".")
        by_name = first in MODULES if dot else bool(first)
        if by_name and not starred and not self.outside.defines(first):
            match name, node.args:
                case "map", [function, source]:
                    return self._mapped(node, function, source)
            if name == "len":
                return self._length(node)
            if (found := self._known(node, name)) is not None:
                return found
        if isinstance(node.func, ast.Attribute) and name in OF_TEXT and not starred:
            return self._method(node, node.func, name)
        if not self.is_fixed(node):
            raise refused(node.lineno, written(node))
        return self._free(node)

    def _mapped(self, node: ast.Call, function: ast.expr, source: ast.expr) -> Run:
        """``map(int, xs)``, which is ``[int(x) for x in xs]``."""
        call = ast.Call(function, [ast.Name("<x>", ast.Load())], [])
        loop = ast.comprehension(ast.Name("<x>", ast.Store()), source, [], 0)
        listed = ast.copy_location(ast.ListComp(call, [loop]), node)
        return self.expression(ast.fix_missing_locations(listed))

    def _length(self, node: ast.Call) -> Run:
        """The length of something; of a loader, it is what the user knows."""
        start = len(self.lookups)
        found, given = self._known(node, "len"), self._free(node)

        def run(frames: Frames) -> Value:
            try:
                return found(frames) if found is not None else given(frames)
            except Missing:
                return given(frames)

        self.lookups[start:] = [run]
        return run

    def _named(self, node: ast.expr) -> Function | None:
        return None
