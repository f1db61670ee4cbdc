"""How parts of Python code are written."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from gradatim.errors import in_short


class Name(str):
    """A text that stands in code or in a sentence as it is."""

    def __repr__(self) -> str:
        return str(self)


ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
"""What the operators compute that need no bound on the size of their result."""


def called(node: ast.Call) -> str:
    """The last part of a name such as ``torch.optim.lr_scheduler.StepLR``."""
    return getattr(node.func, "attr", "") or getattr(node.func, "id", "")


def dotted(node: ast.AST) -> str:
    """A name, an attribute or an entry of one as text; "" for anything else.

    >>> dotted(ast.parse("cfg.train['lr']", mode="eval").body)
    "cfg.train['lr']"
    """
    parts: list[str] = []
    while True:
        match node:
            case ast.Attribute(value=inner, attr=name):
                parts.append(f".{name}")
            case ast.Subscript(value=inner, slice=ast.Constant(value=str() | int() as key)):
                parts.append(f"[{key!r}]")
            case ast.Name(id=name):
                return name + "".join(reversed(parts))
            case _:
                return ""
        node = inner


def written(node: ast.AST) -> str:
    """A part of some code as it is written, in one line of at most 60 characters."""
    try:
        return in_short(ast.unparse(node), 60)
    except (RecursionError, ValueError):
        return "..."
