"""Python code of others, read and never run: the call that it ends with, and its arguments."""

from __future__ import annotations

import ast
import math
import operator
import textwrap
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradatim.core.errors import GradatimError, refuse, unknown

_LONGEST, _MOST_LINES, _MOST_PARTS = 10_000, 200, 2_000
_BROKEN = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)
_LARGEST = 1e18
_NOT_RUN = "Code is read here and not run: write out what it is."
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
}


class Expression:
    """A part of some code, and what the names in it were set to before it."""

    def __init__(self, node: ast.expr, names: Mapping[str, Expression], parts: list[int]) -> None:
        self.node, self.names, self._parts = node, names, parts

    def call(self, known: Mapping[str, Sequence[str]]) -> tuple[str, dict[str, Expression]]:
        """The last part of a called name, and its arguments by their names.

        Raises:
            GradatimError: If it is not a call of one of the names, with arguments it takes.
        """
        node = self._resolved().node
        if not isinstance(node, ast.Call):
            raise GradatimError(f"convert: not a Python call: {self.text()!r}.")
        name = _last(node.func)
        if name not in known:
            raise unknown("convert", "schedule", name[:60], known)
        names = known[name]
        if len(node.args) > len(names):
            took = ", ".join(names)
            raise GradatimError(f"convert: {name} takes {len(names)} arguments: {took}.")
        given = dict(zip(names, node.args, strict=False))
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg not in names:
                raise unknown(f"convert: {name}", "argument", keyword.arg, names)
            given[keyword.arg] = keyword.value
        return name, {key: self._inner(inside) for key, inside in given.items()}

    def entries(self, where: str, key: str) -> list[Expression]:
        """The entries of a list or tuple, none of them read yet."""
        found = self._resolved()
        if not isinstance(found.node, ast.List | ast.Tuple):
            raise refuse(f"convert: {where}", key, Name(self.text()), "a list", _NOT_RUN)
        return [found._inner(node) for node in found.node.elts]

    def value(self, where: str, key: str) -> Any:
        """What it is, if that can be known without running anything."""
        try:
            return self._value()
        except GradatimError:
            raise
        except (*_BROKEN, ArithmeticError):
            allowed = "a number or another literal"
            raise refuse(f"convert: {where}", key, Name(self.text()), allowed, _NOT_RUN) from None

    def text(self) -> str:
        """How it is written, in short."""
        try:
            return ast.unparse(self.node)[:60]
        except RecursionError:
            return "..."

    def _inner(self, node: ast.expr) -> Expression:
        return Expression(node, self.names, self._parts)

    def _resolved(self) -> Expression:
        # Names of names of lists of names: what is read is counted, and there is an end to it.
        self._parts[0] += 1
        if self._parts[0] > _MOST_PARTS:
            raise GradatimError(f"convert: the code has more than {_MOST_PARTS} parts.")
        if isinstance(self.node, ast.Name) and self.node.id in self.names:
            return self.names[self.node.id]._resolved()
        return self

    def _value(self) -> Any:
        found = self._resolved()
        match found.node:
            case ast.Constant(value=value) if not isinstance(value, bytes | complex):
                return value
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return tuple(found._inner(part)._value() for part in parts)
            case ast.Dict(keys=keys, values=values):
                pairs = zip(keys, values, strict=True)
                return {found._inner(k)._value(): found._inner(v)._value() for k, v in pairs if k}
            case ast.UnaryOp(op=ast.USub(), operand=inside):
                return -_number(found._inner(inside)._value())
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _ARITHMETIC:
                a, b = (_number(found._inner(side)._value()) for side in (left, right))
                if isinstance(sign, ast.Pow) and abs(b) > 20:
                    raise ValueError
                return _number(_ARITHMETIC[type(sign)](a, b))
        raise ValueError


def _last(function: ast.expr) -> str:
    """The last part of a name such as ``torch.optim.lr_scheduler.StepLR``."""
    return getattr(function, "attr", "") or getattr(function, "id", "")


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if math.isnan(value) or abs(value) > _LARGEST:
        raise ValueError
    return value


class Name(str):
    """A text that stands in code or in a sentence as it is."""

    def __repr__(self) -> str:
        return str(self)


def last_call(text: str, known: Mapping[str, Sequence[str]]) -> Expression:
    """The last call of one of these names; assignments before it are what its names mean.

    >>> call = last_call("n = 10\\nscheduler = StepLR(optimizer, 3 * n)", {"StepLR": ["", "size"]})
    >>> call.call({"StepLR": ["optimizer", "size"]})[1]["size"].value("StepLR", "size")
    30

    Raises:
        GradatimError: If there is none.
    """
    if len(text) > _LONGEST:
        raise GradatimError(f"convert: the text has more than {_LONGEST} characters.")
    shown = " ".join(text.split())[:60]
    try:
        with warnings.catch_warnings(action="ignore"):
            body = ast.parse(textwrap.dedent(text).strip()).body
    except _BROKEN:
        raise GradatimError(f"convert: not a Python call: {shown!r}.") from None
    if len(body) > _MOST_LINES:
        raise GradatimError(f"convert: the code has more than {_MOST_LINES} statements.")
    names: dict[str, Expression] = {}
    parts = [0]
    calls = []
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=node):
                found = Expression(node, dict(names), parts)
                names[name] = found
            case ast.Assign(targets=[ast.Tuple(elts=left)], value=ast.Tuple(elts=right)):
                before = dict(names)
                for target, node in zip(left, right, strict=False):
                    if isinstance(target, ast.Name):
                        names[target.id] = Expression(node, before, parts)
                continue
            case ast.Expr(value=node):
                found = Expression(node, names, parts)
            case _:
                continue
        if isinstance(node, ast.Call):
            calls.append((_last(node.func), found))
    if not calls:
        raise GradatimError(f"convert: not a Python call: {shown!r}.")
    return next((found for name, found in reversed(calls) if name in known), calls[-1][1])


def parse_call(text: str, known: Mapping[str, Sequence[str]]) -> tuple[str, dict[str, Any]]:
    """The last part of a called name, and its arguments, of which only literals are read.

    Args:
        text: Python code, such as "CosineDecay(0.1, decay_steps=1000)".
        known: For each name the arguments it takes, in order.

    Raises:
        GradatimError: If it is not a call of one of the names with literal arguments.
    """
    name, arguments = last_call(text, known).call(known)
    return name, {key: e.value(name, key) for key, e in arguments.items() if key != "optimizer"}
