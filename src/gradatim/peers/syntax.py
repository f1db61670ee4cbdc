"""Python code of others, read and never run: the call that it ends with, and its arguments."""

from __future__ import annotations

import ast
import math
import operator
import textwrap
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gradatim.errors import GradatimError, invalid_value

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

    def call(self) -> tuple[str, list[Expression], dict[str, Expression]]:
        """The last part of the called name, and the arguments without and with names.

        Raises:
            GradatimError: If it is no call, or one whose arguments are not written out.
        """
        found = self._resolved()
        node = found.node
        if not isinstance(node, ast.Call):
            raise GradatimError(f"not a Python call: {self.text()!r}.")
        name = called(node)
        if any(isinstance(part, ast.Starred) for part in node.args):
            raise GradatimError(f"{name}: its arguments are not written out: *. {_NOT_RUN}")
        named: dict[str, Expression] = {}
        for keyword in node.keywords:
            value = found._inner(keyword.value)
            named |= {keyword.arg: value} if keyword.arg else value._entries_of_dict(name)
        return name, [found._inner(part) for part in node.args], named

    def _entries_of_dict(self, where: str) -> dict[str, Expression]:
        """The entries of a dictionary that is written out, behind ** in a call."""
        found = self._resolved()
        if isinstance(found.node, ast.Dict):
            keys = [k.value for k in found.node.keys if isinstance(k, ast.Constant)]
            if len(keys) == len(found.node.keys) and all(isinstance(key, str) for key in keys):
                values = map(found._inner, found.node.values)
                return {str(key): value for key, value in zip(keys, values, strict=True)}
        raise GradatimError(
            f"{where}: its arguments are not written out: **{self.text()}. {_NOT_RUN}"
        )

    def mentions(self) -> set[str]:
        """The names in it, and those in what they were set to."""
        self._count()
        found: set[str] = set()
        for node in ast.walk(self.node):
            if isinstance(node, ast.Name) and node.id not in found:
                found.add(node.id)
                if node.id in self.names:
                    found |= self.names[node.id].mentions()
        return found

    def entries(self, where: str, key: str) -> list[Expression]:
        """The entries of a list or tuple, none of them read yet."""
        found = self._resolved()
        if not isinstance(found.node, ast.List | ast.Tuple):
            raise invalid_value(where, key, Name(self.text()), "a list", _NOT_RUN)
        return [found._inner(node) for node in found.node.elts]

    def value(self, where: str, key: str) -> Any:
        """What it is, if that can be known without running anything."""
        try:
            return self._value()
        except GradatimError:
            raise
        except (*_BROKEN, ArithmeticError):
            allowed = "a number or another literal"
            raise invalid_value(where, key, Name(self.text()), allowed, _NOT_RUN) from None

    def text(self) -> str:
        """How it is written, in short."""
        try:
            return ast.unparse(self.node)[:60]
        except RecursionError:
            return "..."

    def _inner(self, node: ast.expr) -> Expression:
        return Expression(node, self.names, self._parts)

    def _resolved(self) -> Expression:
        self._count()
        if isinstance(self.node, ast.Name) and self.node.id in self.names:
            return self.names[self.node.id]._resolved()
        return self

    def _count(self) -> None:
        # Names of names of lists of names: what is read is counted, and there is an end to it.
        self._parts[0] += 1
        if self._parts[0] > _MOST_PARTS:
            raise GradatimError(f"the code has more than {_MOST_PARTS} parts.")

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


def called(node: ast.Call) -> str:
    """The last part of a name such as ``torch.optim.lr_scheduler.StepLR``."""
    return getattr(node.func, "attr", "") or getattr(node.func, "id", "")


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


class Made(NamedTuple):
    """A call that is a statement, or the right side of one."""

    name: str
    """What is called."""
    variable: str
    """What it is assigned to, or ""."""
    call: Expression


class Script(NamedTuple):
    """The statements of some code, as far as they can be read without running them."""

    made: list[Made]
    hidden: set[str]
    """What is called in an ``if``, a loop, a function or another block."""


def parse(text: str) -> Script:
    """The calls of some code, in order; assignments before each are what its names mean.

    >>> (made,) = parse("n = 10\\nscheduler = StepLR(optimizer, 3 * n)").made
    >>> made.call.call()[1][1].value("StepLR", "step_size")
    30

    Raises:
        GradatimError: If it is not Python, or too long.
    """
    if len(text) > _LONGEST:
        raise GradatimError(f"the text has more than {_LONGEST} characters.")
    try:
        with warnings.catch_warnings(action="ignore"):
            body = ast.parse(textwrap.dedent(text).strip()).body
    except _BROKEN:
        shown = " ".join(text.split())[:60]
        raise GradatimError(f"not a Python call: {shown!r}.") from None
    if len(body) > _MOST_LINES:
        raise GradatimError(f"the code has more than {_MOST_LINES} statements.")
    reader = _Reader()
    for statement in body:
        reader.read(statement)
    return Script(reader.made, reader.hidden)


class _Reader:
    def __init__(self) -> None:
        self.names: dict[str, Expression] = {}
        self.parts = [0]
        self.made: list[Made] = []
        self.hidden: set[str] = set()

    def read(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=[target], value=node):
                self._assign(target, node)
            case ast.AnnAssign(target=target, value=ast.expr() as node):
                self._assign(target, node)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=sign, value=node):
                self._assign(target, ast.BinOp(ast.Name(name), sign, node))
            case ast.Expr(value=node):
                self._note("", self._expression(node))
            case ast.Import() | ast.ImportFrom():
                pass
            case _:
                self._forget(statement)

    def _assign(self, target: ast.expr, node: ast.expr) -> None:
        found = self._expression(node)
        match target, node:
            case ast.Name(id=name), _:
                self.names[name] = found
                self._note(name, found)
            case ast.Tuple(elts=left), ast.Tuple(elts=right) if len(left) == len(right):
                values = [self._expression(part) for part in right]
                for part, value in zip(left, values, strict=True):
                    name = part.id if isinstance(part, ast.Name) else ""
                    if name:
                        self.names[name] = value
                    self._note(name, value)
            case _:
                self._forget_names(target)
                self._note("", found)

    def _note(self, variable: str, found: Expression) -> None:
        if isinstance(found.node, ast.Call):
            self.made.append(Made(called(found.node), variable, found))

    def _forget(self, statement: ast.stmt) -> None:
        """What a block sets may be anything afterwards."""
        self._forget_names(statement)
        calls = (node for node in ast.walk(statement) if isinstance(node, ast.Call))
        self.hidden.update(map(called, calls))

    def _forget_names(self, part: ast.AST) -> None:
        for node in ast.walk(part):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.names[node.id] = Expression(ast.Name(node.id), {}, self.parts)

    def _expression(self, node: ast.expr) -> Expression:
        return Expression(node, dict(self.names), self.parts)
