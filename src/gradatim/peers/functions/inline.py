"""Rates that a training loop computes itself: the statements that do so, as a function."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from gradatim.errors import GradatimError
from gradatim.peers.functions.counting import STEP
from gradatim.peers.python.script import Binding
from gradatim.peers.syntax import written


def function_in_loop(binding: Binding) -> tuple[ast.FunctionDef, str]:
    """The statements of a loop that set a rate, as a function of its variable, and that variable.

    Args:
        binding: The assignment to an entry of a parameter group.

    Raises:
        GradatimError: If it stands in no loop over steps, or in one over several counts.
    """
    steps = _loops(binding)
    if not steps:
        raise refused_loop(binding)
    body = _needed(steps[-1].body, binding)
    used = {
        node.id
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    targets = [name for loop in steps if isinstance(loop, ast.For) for name in _names(loop.target)]
    counts = [name for name in targets if STEP.fullmatch(name)]
    counts += [name for name in sorted(used - {*counts}) if _is_counter(name, binding)]
    counts = [name for name in dict.fromkeys(counts) if name in used]
    if len(counts) != 1:
        raise refused_loop(binding)
    # How far a counter is at this place is said by the caller, for all statements.
    body = [
        node
        for node in body
        if not isinstance(node, ast.Assign | ast.AugAssign) or counts[0] not in _set_in(node)
    ]
    arguments = ast.arguments([], [ast.arg(counts[0])], None, [], [], None, [])
    function = ast.FunctionDef("loop", arguments, body, [])
    return ast.copy_location(function, body[0]), counts[0]


def statement_of(binding: Binding) -> ast.stmt | None:
    """The statement in the body of the innermost loop over steps that sets the rate."""
    steps = _loops(binding)
    return next((node for node in steps[-1].body if _holds(node, binding)), None) if steps else None


def _loops(binding: Binding) -> list[ast.For | ast.While]:
    nodes = [block.node for block in binding.place.path]
    loops = [node for node in nodes if isinstance(node, ast.For | ast.While)]
    return [
        loop
        for loop in loops
        if isinstance(loop, ast.While) or "param_groups" not in written(loop.iter)
    ]


def _is_counter(name: str, binding: Binding) -> bool:
    """Whether a name is set to a number before the loop, and raised by 1 in each turn of it."""
    if not STEP.fullmatch(name):
        return False
    bindings = binding.place.scope.bindings.get(name, [])
    turns = [block for block in binding.place.path if block.node in _loops(binding)]
    match [one.value for one in bindings]:
        case [
            ast.Constant(value=int()),
            ast.BinOp(left=ast.Name(id=raised), op=ast.Add(), right=ast.Constant(value=1)),
        ] if raised == name:
            return list(bindings[1].place.path) == turns and not bindings[0].place.path
    return False


def refused_loop(binding: Binding) -> GradatimError:
    """The error for a rate whose computation is not read; the caller raises it."""
    value = "" if binding.value is None else f" to {written(binding.value)}"
    return GradatimError(
        f"line {binding.line}: it sets the lr{value}, which is not read as a function of the step. "
        "Write the schedule that it means, or put a function of the step that returns the rate at "
        "the top of a module and write Function('package.module:name')."
    )


def _names(target: ast.expr) -> Iterator[str]:
    return (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def _needed(body: Sequence[ast.stmt], binding: Binding) -> list[ast.stmt]:
    """The statement that writes the rate, and those before it that set what it needs."""
    last = next((k for k, node in enumerate(body) if _holds(node, binding)), None)
    if last is None:
        raise refused_loop(binding)
    needed = _read_in(body[last])
    found = [body[last]]
    for statement in reversed(body[:last]):
        if _set_in(statement) & needed:
            needed |= _read_in(statement)
            found.insert(0, statement)
    return found


def _holds(node: ast.stmt, binding: Binding) -> bool:
    return node.lineno <= binding.line <= (node.end_lineno or node.lineno)


def _read_in(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _set_in(node: ast.AST) -> set[str]:
    return {
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
