"""The text form: what ``repr`` prints, read back without running anything."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from gradatim.core.combine import join
from gradatim.core.errors import GradatimError, shown, unknown
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import Number, check_argument
from gradatim.core.values.limits import DEEPEST, MOST_ENTRIES
from gradatim.core.values.renames import CLASSES, current_names
from gradatim.core.values.value import buildable

# Each entry of a value is written in 100 characters or less, and each level in three.
_LONGEST = 100 * MOST_ENTRIES
_DEEPEST = 3 * DEEPEST + 4
_METHODS = ("then", "clip", "repeat", "shift", "staircase", "rounded", "cut", "stretched")
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.RShift: operator.rshift,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
}
# Operators that bind alike: a chain of them is read from the left.
_ALIKE: dict[type, tuple[type, ...]] = {
    ast.RShift: (ast.RShift,),
    ast.Mult: (ast.Mult, ast.Div),
    ast.Div: (ast.Mult, ast.Div),
    ast.Add: (ast.Add, ast.Sub),
    ast.Sub: (ast.Add, ast.Sub),
}


def parse(text: str, *, imports: bool = False) -> Schedule:
    """The schedule that a text describes: ``parse(repr(schedule)) == schedule``.

    The text is a Python expression of schedules and recipes, numbers, strings, lists, the
    operators ``>>``, ``*``, ``/``, ``+`` and ``-``, and the methods of the algebra. It is read,
    never run.

    Args:
        text: For example "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)".
        imports: Allow a ``Function`` to import and call the code it names. Only for texts that
            you trust as you trust code.

    Raises:
        GradatimError: For anything else, naming the part and its place.

    >>> parse("3e-4 * (Linear(0, 1, steps=10) >> Constant(1))")(5)
    0.00015
    """
    if not isinstance(text, str):
        raise GradatimError(f"parse: the text must be a string, got {type(text).__name__}.")
    if len(text) > _LONGEST or sum(map(text.count, ",([+-*/>")) > 4 * MOST_ENTRIES:
        raise GradatimError("parse: the text is too long to be a schedule.")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        place = f" at character {error.offset}" if error.offset else ""
        raise GradatimError(f"parse: not an expression{place}: {error.msg}.") from None
    except (ValueError, RecursionError, MemoryError):
        raise GradatimError("parse: the text is nested too deeply or holds a NUL.") from None
    result = _Parser(text.strip(), imports).value(tree, 0)
    if not isinstance(result, Schedule):
        raise GradatimError(
            f"parse: the text is {shown(result)}, not a schedule. "
            "Write for example warmup_cosine(peak=3e-4, warmup=500, steps=10_000)."
        )
    return result


class _Parser:
    def __init__(self, text: str, imports: bool) -> None:
        self.text = text
        self.imports = imports

    def value(self, node: ast.AST, depth: int) -> Any:
        if depth > _DEEPEST:
            raise GradatimError(f"parse: the text is nested more than {_DEEPEST} levels deep.")
        deeper = depth + 1
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float, str, type(None))):
            return node.value
        if isinstance(node, (ast.Tuple, ast.List)):
            return tuple(self.value(entry, deeper) for entry in node.elts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = self.value(node.operand, deeper)
            if type(value) in (int, float) or isinstance(value, Schedule):
                return -value
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return self.chain(node, depth)
        if isinstance(node, ast.Call):
            return self.call(node, deeper)
        raise self.error(
            node, "is not allowed here; a schedule is written with names of schedules and recipes, "
            "numbers, strings, lists, >>, *, /, + and -",
        )  # fmt: skip

    def chain(self, node: ast.BinOp, depth: int) -> Any:
        # A long chain a >> b >> c ... is nested to the left: walked, not descended.
        alike = _ALIKE[type(node.op)]
        chain: list[ast.BinOp] = []
        leftmost: ast.AST = node
        while isinstance(leftmost, ast.BinOp) and isinstance(leftmost.op, alike):
            chain.append(leftmost)
            leftmost = leftmost.left
        value = self.value(leftmost, depth + 1)
        rest = [self.value(link.right, depth + 1) for link in reversed(chain)]
        if isinstance(node.op, ast.RShift):
            return join(value, *rest)
        if not any(isinstance(part, Schedule) for part in (value, *rest)):
            raise self.error(node, "combines no schedules")
        # Numbers become floats first: "a" * 10**9 is as long as it says.
        value, *rest = (
            part
            if isinstance(part, Schedule)
            else check_argument("parse", "a number", Number, part)
            for part in (value, *rest)
        )
        for link, part in zip(reversed(chain), rest, strict=True):
            try:
                value = _OPERATORS[type(link.op)](value, part)
            except ZeroDivisionError:
                raise self.error(link, "divides by 0") from None
        return value

    def call(self, node: ast.Call, depth: int) -> Any:
        make = self.callee(node.func, depth)
        args = [self.value(argument, depth) for argument in node.args]
        kwargs: dict[str, Any] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.error(node, "uses **, which is not allowed")
            if keyword.arg in kwargs:
                raise self.error(node, f"gives {keyword.arg} twice")
            kwargs[keyword.arg] = self.value(keyword.value, depth)
        _, kwargs = current_names(getattr(make, "__name__", ""), kwargs)
        try:
            return make(*args, **kwargs)
        except TypeError as error:  # a method of the algebra, called with other arguments
            raise self.error(node, f"cannot be called so: {error}") from None

    def callee(self, node: ast.AST, depth: int) -> Any:
        if isinstance(node, ast.Attribute):
            owner = self.value(node.value, depth)
            if not isinstance(owner, Schedule):
                raise self.error(node, "is no schedule, so it has no methods")
            if node.attr not in _METHODS:
                raise unknown("parse", "method", node.attr, _METHODS)
            return getattr(owner, node.attr)
        if not isinstance(node, ast.Name):
            raise self.error(node, "cannot be called")
        if node.id == "join":
            return join
        name = CLASSES.get(node.id, node.id)
        if name not in buildable():
            raise unknown("parse", "schedule", node.id, buildable())
        make = buildable()[name]
        if getattr(make, "imports_code", False) and not self.imports:
            raise GradatimError(
                f"parse: {node.id} would import and run code. If you trust where this text comes "
                "from as you trust code, say so with imports=True."
            )
        return make

    def error(self, node: ast.AST, reason: str) -> GradatimError:
        part = ast.get_source_segment(self.text, node) or "the text"
        part = part if len(part) <= 60 else f"{part[:57]}..."
        return GradatimError(f"parse: {part!r} {reason}.")
