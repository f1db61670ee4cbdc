"""Read the expression that ``repr`` prints as plain data, without running any code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import TypeAlias

from gradatim.core.build import Builder, Call, Scalar, Scope
from gradatim.core.combine import join
from gradatim.core.schedule import Schedule
from gradatim.core.syntax_trees import expression_of
from gradatim.core.values.fields import Number, check_argument
from gradatim.core.values.limits import DEEPEST, MOST_ENTRIES
from gradatim.errors import GradatimError, shown, unknown_name

Data: TypeAlias = "Scalar | tuple[Data, ...] | Call"
"""What a text is read as: a scalar, a list, or a name or operation with its arguments."""
Part = Schedule | float | str | tuple[object, ...] | None
"""What an operation may be given."""

# An entry of a value takes at most 100 characters, a level at most three syntax nodes.
_MOST_CHARACTERS = 100 * MOST_ENTRIES
_MOST_LEVELS = 3 * DEEPEST + 4
_METHODS = ("then", "clip", "repeat", "shift", "staircase", "rounded", "cut", "stretched")
_OPERATORS: dict[type, Callable[[Schedule | float, Schedule | float], Schedule]] = {
    ast.RShift: operator.rshift,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
}
# Operators of equal precedence: a chain of them is evaluated from the left.
_ALIKE: dict[type, tuple[type, ...]] = {
    ast.RShift: (ast.RShift,),
    ast.Mult: (ast.Mult, ast.Div),
    ast.Div: (ast.Mult, ast.Div),
    ast.Add: (ast.Add, ast.Sub),
    ast.Sub: (ast.Add, ast.Sub),
}


def parse(text: str, *, imports: bool = False) -> Schedule:
    """The schedule that an expression describes: ``parse(repr(schedule)) == schedule``.

    The expression consists of schedules and recipes, numbers, strings, lists, the operators
    ``>>``, ``*``, ``/``, ``+`` and ``-``, and methods such as ``.clip()``. It is parsed, not run.

    Args:
        text: For example "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)".
        imports: Allow a ``Function`` to import and call the code it names. Use it only for
            expressions from a trusted source.

    Raises:
        GradatimError: For anything else. The message quotes the invalid part.

    >>> parse("3e-4 * (Linear(0, 1, steps=10) >> Constant(1))")(5)
    0.00015
    """
    if not isinstance(text, str):
        raise GradatimError(f"parse: the text must be a string, got {type(text).__name__}.")
    if len(text) > _MOST_CHARACTERS or sum(map(text.count, ",([+-*/>")) > 4 * MOST_ENTRIES:
        raise GradatimError("parse: the text is too long to be a schedule.")
    try:
        tree = expression_of(text.strip())
    except SyntaxError as error:
        if error.msg.startswith("Exceeds the limit"):  # the integers that Python reads
            raise GradatimError("parse: a number has thousands of digits.") from None
        place = f" at character {error.offset}" if error.offset else ""
        raise GradatimError(f"parse: not an expression{place}: {error.msg}.") from None
    except (ValueError, RecursionError, MemoryError):
        raise GradatimError("parse: the text is nested too deeply or holds a NUL.") from None
    data = _Reader(text.strip()).data(tree, 0)
    result = Builder(imports).argument(data, None, Scope("parse"))
    if not isinstance(result, Schedule):
        raise GradatimError(
            f"parse: the text is {shown(result)}, not a schedule. "
            "Write for example warmup_cosine(peak=3e-4, warmup=500, steps=10_000)."
        )
    return result


class _Reader:
    """Reads a syntax tree as plain data; nothing is built yet."""

    def __init__(self, text: str) -> None:
        self.text = text

    def data(self, node: ast.AST, depth: int) -> Data:
        if depth > _MOST_LEVELS:
            raise GradatimError(f"parse: the text is nested more than {_MOST_LEVELS} levels deep.")
        deeper = depth + 1
        match node:
            case ast.Constant(value=(int() | float() | str() | None) as scalar):
                return scalar
            case ast.Tuple(elts=entries) | ast.List(elts=entries):
                return tuple(self.data(entry, deeper) for entry in entries)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                match self.data(operand, deeper):
                    case Call() as call:
                        return self.operation(node, operator.neg, call)
                    case int() | float() as number if not isinstance(number, bool):
                        return -number
            case ast.BinOp() if type(node.op) in _OPERATORS:
                return self.chain(node, depth)
            case ast.Call():
                return self.call(node, deeper)
        raise self.error(
            node,
            "is not allowed here; a schedule is written with names of schedules and recipes, "
            "numbers, strings, lists, >>, *, /, + and -",
        )

    def chain(self, node: ast.BinOp, depth: int) -> Call:
        """A chain of operators that bind alike, such as a >> b >> c.

        It is nested to the left, as deep as it is long, so it is read in a loop.
        """
        alike = _ALIKE[type(node.op)]
        links: list[ast.BinOp] = []
        leftmost: ast.AST = node
        while isinstance(leftmost, ast.BinOp) and isinstance(leftmost.op, alike):
            links.append(leftmost)
            leftmost = leftmost.left
        links.reverse()
        parts = [leftmost, *(link.right for link in links)]
        data = [self.data(part, depth + 1) for part in parts]
        if isinstance(node.op, ast.RShift):
            return self.operation(node, join, *data)

        def combine(first: Part, *rest: Part) -> Schedule | float:
            if not any(isinstance(part, Schedule) for part in (first, *rest)):
                raise self.error(node, "combines no schedules")
            result = _operand(first)
            for link, part in zip(links, rest, strict=True):
                result = _OPERATORS[type(link.op)](result, _operand(part))
            return result

        return self.operation(node, combine, *data)

    def call(self, node: ast.Call, depth: int) -> Call:
        positional = [self.data(argument, depth) for argument in node.args]
        arguments: dict[str, Data] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.error(node, "uses **, which is not allowed")
            if keyword.arg in arguments:
                raise self.error(node, f"gives {keyword.arg} twice")
            arguments[keyword.arg] = self.data(keyword.value, depth)
        match node.func:
            case ast.Name(id="join"):
                return self.operation(node, join, *positional, **arguments)
            case ast.Name(id=name):
                return Call(name, arguments, positional)
            case ast.Attribute(value=owner, attr=name):
                if name not in _METHODS:
                    raise unknown_name("parse", "method", name, _METHODS)
                return self.method(node, name, self.data(owner, depth), positional, arguments)
        raise self.error(node.func, "cannot be called")

    def method(
        self,
        node: ast.Call,
        name: str,
        owner: Data,
        positional: list[Data],
        arguments: dict[str, Data],
    ) -> Call:
        def call_method(schedule: Part, /, *args: Part, **kwargs: Part) -> Schedule:
            if not isinstance(schedule, Schedule):
                raise self.error(node.func, "is no schedule, so it has no methods")
            method: Callable[..., Schedule] = getattr(schedule, name)
            return method(*args, **kwargs)

        call = self.operation(node, call_method, owner, *positional, **arguments)
        return call._replace(name=name)

    def operation(
        self,
        node: ast.AST,
        operate: Callable[..., Schedule | float],
        /,
        *parts: Data,
        **arguments: Data,
    ) -> Call:
        """A call of what has no name in a config: an operator, a method or ``join``."""

        def operation(*args: Part, **kwargs: Part) -> Schedule | float:
            try:
                return operate(*args, **kwargs)
            except ZeroDivisionError:
                raise self.error(node, "divides by 0") from None
            except TypeError as error:
                raise self.error(node, f"cannot be computed: {error}") from None

        return Call("", arguments, parts, operation)

    def error(self, node: ast.AST, reason: str) -> GradatimError:
        part = ast.get_source_segment(self.text, node) or "the text"
        part = part if len(part) <= 60 else f"{part[:57]}..."
        return GradatimError(f"parse: {part!r} {reason}.")


def _operand(part: Part) -> Schedule | float:
    """An operand; only numbers, or "a" * 10**9 would be computed as a text."""
    if isinstance(part, Schedule):
        return part
    return float(check_argument("parse", "a number", Number, part))
