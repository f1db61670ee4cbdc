"""What a name may stand for: what it was set to, a parameter, or what its class has."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import partial

from gradatim.errors import GradatimError
from gradatim.peers.evaluation.statements import FUNCTION, defaults_of, parameter_names
from gradatim.peers.found import Missing
from gradatim.peers.python.part import Frame, Part
from gradatim.peers.python.reaching import from_elsewhere, is_main, reaching
from gradatim.peers.python.script import Block, CallSite, Place, Scope
from gradatim.peers.syntax import dotted

Options = list[Part | None]
"""What a name may stand for; None for something that is not written out."""
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


def holds(part: Part, block: Block, scope: Scope) -> bool | None:
    """Whether the test of an ``if`` is known to hold."""
    test = getattr(block.node, "test", None)
    if block.kind != "if" or not isinstance(test, ast.expr):
        return None
    if is_main(test):
        return block.taken
    frame = part.frame if part.frame and part.frame.scope is scope else None
    known, key = part.world.tests, id(block.node)
    if frame is not None or key not in known:
        before = known.get(key)
        known[key] = None  # while it is evaluated, which may come back here
        value = _truth(part.at(test, Place(scope, block.order, _before(block, part, scope)), frame))
        known[key] = before if frame is not None else value
    else:
        value = known[key]
    return None if value is None else value is block.taken


def _before(block: Block, part: Part, scope: Scope) -> tuple[Block, ...]:
    path = part.place.path if part.place.scope is scope else ()
    return path[: path.index(block)] if block in path else ()


def _truth(test: Part) -> bool | None:
    said = dict(test.world.said)
    try:
        return bool(test.known())
    except (GradatimError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError):
        test.world.said.clear()
        test.world.said.update(said)
        return None


def of_name(part: Part, name: str) -> Options:
    """What a plain name may stand for at its place."""
    scope: Scope | None = part.place.scope
    place, first = part.place, True
    frame = part.frame
    while scope is not None:
        if frame is not None and frame.scope is scope and name in _locals(frame):
            return [frame.arguments[name]]
        if first or not scope.is_class:
            found, certain = _in_scope(part, name, scope, place, first)
            parameter = None if certain else _parameter(part, name, scope)
            if parameter is not None:
                return [*found, *parameter]
            if found:
                return found
            if any(one.parent is scope for one in part.world.script.scopes.get(name, ())):
                return []  # a function or a class that is defined here
        scope, first = scope.parent, False
    return []


def _locals(frame: Frame) -> set[str]:
    """The names that a comprehension binds, which come before all others."""
    return frame.arguments.keys() - set(parameters(frame.scope))


def _in_scope(
    part: Part, name: str, scope: Scope, place: Place, here: bool
) -> tuple[Options, bool]:
    bindings = scope.bindings.get(name, ())
    if not bindings:
        return [], False

    if here:
        found, certain = reaching(bindings, place, partial(holds, part))
    else:
        found = from_elsewhere(bindings, partial(holds, part))
        certain = bool(found)
    return [part.bound(binding) for binding in found], certain


def parameters(scope: Scope) -> list[str]:
    """The names of the parameters of a function, in order; none of a class or a module."""
    return parameter_names(scope.node) if isinstance(scope.node, FUNCTION) else []


def default(scope: Scope, name: str) -> ast.expr | None:
    """The default of a parameter."""
    return defaults_of(scope.node).get(name) if isinstance(scope.node, FUNCTION) else None


def _parameter(part: Part, name: str, scope: Scope) -> Options | None:
    """What a parameter may be: the argument of the calls of the function, or its default."""
    if name not in parameters(scope) or scope.place is None:
        return None
    if part.frame is not None and part.frame.scope is scope:
        if name in part.frame.arguments:
            return [part.frame.arguments[name]]
        value = default(scope, name)
        return [None if value is None else part.at(value, scope.place)]
    found: Options = []
    for site in part.world.callers(scope):
        given = arguments(part, scope, site)
        if given is None:
            found.append(None)
        elif name in given:
            found.append(given[name])
        else:
            value = default(scope, name)
            found.append(None if value is None else part.at(value, scope.place))
    if found:
        return found
    value = default(scope, name)
    if value is None:
        return []
    standing = part.at(value, scope.place)
    part.world.say(name, value, f"{scope.name} (line {value.lineno})")
    return [standing]


def arguments(
    part: Part, scope: Scope, site: CallSite, frame: Frame | None = None
) -> dict[str, Part] | None:
    """The arguments of one call of a function by its parameters; None if some are not written."""
    names = parameters(scope)
    if scope.parent is not None and scope.parent.is_class and names and not _static(scope):
        names = names[1:]
    call = site.node
    if any(isinstance(a, ast.Starred) for a in call.args) or len(call.args) > len(names):
        return None
    if any(word.arg is None for word in call.keywords):
        return None
    given = dict(zip(names, call.args, strict=False))
    given |= {word.arg: word.value for word in call.keywords if word.arg}
    return {name: part.at(node, site.place, frame) for name, node in given.items()}


def _static(scope: Scope) -> bool:
    node = scope.node
    return isinstance(node, _FUNCTIONS) and any(
        dotted(mark) == "staticmethod" for mark in node.decorator_list
    )


def of_self(part: Part, text: str, owner: Scope) -> Options:
    """What an attribute of ``self`` may be: set in this method, or else in any."""
    bindings = owner.bindings.get(text, [])
    test = partial(holds, part)
    here = [b for b in bindings if b.place.scope is part.place.scope]
    found, certain = reaching(here, part.place, test)
    if not certain:
        found = from_elsewhere(bindings, test)
    return [part.bound(binding) for binding in found]


def only(part: Part, found: Options) -> Part | None:
    """The one value that a name may have; None if that is not known.

    Raises:
        Missing: If it may have several.
    """
    if not found:
        return None
    if len(found) == 1:
        return found[0]
    values = []
    for option in found:
        if option is None:
            raise part.missing("is set more than once, or in a loop")
        values.append(option)
    first = values[0]
    if all(_same(first, other) for other in values[1:]):
        return first
    lines = sorted({option.line for option in values})
    listed = " and ".join(map(str, lines)) if len(lines) < 5 else f"{len(lines)} lines"
    deciding = _deciding(part, values)
    if deciding:
        why = f"decides which {part.text()} counts (lines {listed})"
        raise Missing(dict.fromkeys(deciding, why))
    raise Missing({part.text(): f"is set in lines {listed}, and which counts is not known"})


def _deciding(part: Part, options: Sequence[Part]) -> list[str]:
    """The names on which it depends which of several values one has."""
    found: dict[str, None] = {}
    for option in options:
        for block in option.place.path:
            test = getattr(block.node, "test", None)
            if block.kind != "if" or block in part.place.path or not isinstance(test, ast.expr):
                continue
            if is_main(test):
                continue
            place = Place(option.place.scope, block.order, ())
            try:
                part.at(test, place, option.frame).known()
            except Missing as error:
                found |= dict.fromkeys(error.reasons)
            except (GradatimError, ArithmeticError, LookupError, TypeError, ValueError):
                continue
    return list(found)


def _same(one: Part, other: Part) -> bool:
    a, b = one.resolved(), other.resolved()
    if a.node is b.node:
        return True
    try:
        x, y = a.known(), b.known()
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return False
    return type(x) is type(y) and bool(x == y)
