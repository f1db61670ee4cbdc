"""Python text as a syntax tree, also from several threads at once."""

from __future__ import annotations

import ast
from threading import RLock

# CPython 3.11 raises SystemError, "AST constructor recursion depth mismatch", where two threads
# parse at the same time.
PARSING = RLock()

# What a text that is not Python, or too deep, raises here and in ``ast.literal_eval``.
NOT_PYTHON = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)


def module_of(text: str) -> ast.Module:
    """The tree of some statements; raises what ``ast.parse`` raises."""
    with PARSING:
        return ast.parse(text)


def expression_of(text: str) -> ast.expr:
    """The tree of an expression; raises what ``ast.parse`` raises."""
    with PARSING:
        return ast.parse(text, mode="eval").body
