"""Parts of a tree of syntax, and the parts that are made of others."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence


def expressions_of(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions that a node is made of."""
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, ast.expr):
            yield value
        elif isinstance(value, list):
            for part in value:
                if isinstance(part, ast.expr):
                    yield part


def part_of(value: ast.expr | None, index: int, targets: Sequence[ast.expr]) -> ast.expr | None:
    """What one of several targets of an assignment is set to."""
    if value is None or any(isinstance(target, ast.Starred) for target in targets):
        return None
    if isinstance(value, ast.Tuple | ast.List):
        return value.elts[index] if len(value.elts) == len(targets) else None
    return ast.copy_location(ast.Subscript(value, ast.Constant(index), ast.Load()), value)


def list_of(value: ast.expr) -> ast.expr:
    """A list with one entry."""
    return ast.copy_location(ast.List([value], ast.Load()), value)


def test_of(subject: ast.expr, case: ast.match_case) -> ast.expr:
    """The test of one ``case`` as that of an ``if``; a name that is not known where it is none."""
    unknown = ast.copy_location(ast.Name("case", ast.Load()), subject)
    pattern = case.pattern
    if case.guard is not None:
        return unknown
    if isinstance(pattern, ast.MatchAs) and pattern.pattern is None:
        return ast.copy_location(ast.Constant(True), subject)
    options = pattern.patterns if isinstance(pattern, ast.MatchOr) else [pattern]
    values = [option.value for option in options if isinstance(option, ast.MatchValue)]
    if len(values) != len(options):
        return unknown
    listed = ast.copy_location(ast.Tuple(values, ast.Load()), subject)
    return ast.copy_location(ast.Compare(subject, [ast.In()], [listed]), subject)


def global_names(node: ast.AST) -> set[str]:
    """The names that a function has from around it, to assign to them."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return set()
    return {
        name
        for statement in node.body
        if isinstance(statement, ast.Global | ast.Nonlocal)
        for name in statement.names
    }
