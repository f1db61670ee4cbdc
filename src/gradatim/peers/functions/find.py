"""Finds the functions of a file that set the rate of an optimizer themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial

from gradatim.core.decays import Constant
from gradatim.errors import in_short
from gradatim.peers.evaluation.statements import parameter_names
from gradatim.peers.found import Found, Given, Missing, Read
from gradatim.peers.functions.counting import (
    RATE_KEYS,
    STEP,
    Candidate,
    conditions,
    counted,
    epochs_of,
    loop_of,
    raised_counts,
)
from gradatim.peers.functions.inline import function_in_loop, refused_loop, statement_of
from gradatim.peers.functions.named import Named
from gradatim.peers.functions.reading import Counting, read_function
from gradatim.peers.peer import Peer
from gradatim.peers.python.expression import Expression
from gradatim.peers.python.file import NOT_KNOWN, File, scope_named
from gradatim.peers.python.names import holds
from gradatim.peers.python.optimizer import OPTIMIZERS, Rate, rate_of
from gradatim.peers.python.order import after_first, line_of_update
from gradatim.peers.python.possible import calls_in
from gradatim.peers.python.script import Binding, CallSite, Place, Scope, Script
from gradatim.peers.python.stepping import stepping
from gradatim.peers.python.world import World
from gradatim.peers.syntax import called, dotted, written

_NAME = re.compile(
    r"_?(get|compute|calc\w*|adjust|set|update|cosine|linear|warmup|poly\w*|step|exp\w*|noam)?_?"
    r"(lr|learning_?rate|lrate|lrfn|lr_fn)(_?(sched\w*|lambda|fn|func|at|for|decay|poly|step\w*|"
    r"iter\w*|value|warmup\w*|cosine\w*|now))*|lr_?\w*sched\w*|schedule(r)?(_fn)?|step_?decay|"
    r"(cosine|linear|exp\w*|poly|noam|inv\w*_?sqrt)_?(decay|schedule\w*|anneal\w*)(_\w+)?|lf",
    re.IGNORECASE,
)
_BASES = re.compile(r"LRScheduler$|_LRScheduler$|LRSchedule$|^LambdaLR$")


PYTHON = Peer("python")


@PYTHON.finds_in_code
def find_functions(script: Script, taken: Collection[int]) -> Iterator[Found]:
    """The functions of a file that set the rate of an optimizer, or give the rate of a step.

    Args:
        script: The file.
        taken: The functions that are arguments of schedulers which are read.
    """
    candidates = list(_candidates(script))
    yield from _in_loops(script, candidates)
    inner = {id(called_) for one in candidates for called_ in _functions_called(one, script)}
    for one in sorted(candidates, key=lambda one: one.line):
        if id(one.node) not in inner and id(one.node) not in taken:
            text = f"def {one.node.name}({', '.join(parameter_names(one.node))})"
            if one.is_method and one.scope.parent is not None:
                text = f"class {one.scope.parent.name}"
            yield Found(one.line, "python", in_short(text, 60), partial(_read, one, script))


def _in_loops(script: Script, candidates: Sequence[Candidate]) -> Iterator[Found]:
    """Rates that a loop computes itself, without a function."""
    functions = {id(one.scope) for one in candidates}
    lines: set[int] = set()
    statements: set[int] = set()  # of which each branch writes the rate
    for scope in script.all_scopes:
        for name, bindings in scope.bindings.items():
            if not name.endswith(RATE_KEYS) or id(scope) in functions:
                continue
            for binding in bindings:
                known = any(_called_for(binding.value, binding.place, script))
                statement = id(statement_of(binding) or binding)
                seen = binding.line in lines or statement in statements
                if _of_groups(name, binding) and not known and not seen:
                    lines.add(binding.line)
                    statements.add(statement)
                    text = f"{name} = {written(binding.value) if binding.value else '...'}"
                    yield Found(
                        binding.line,
                        "python",
                        in_short(text, 60),
                        partial(_read_loop, binding, script),
                    )


def _of_groups(name: str, binding: Binding) -> bool:
    """Whether what is assigned is an entry of a parameter group."""
    loops = [block.node for block in binding.place.path if isinstance(block.node, ast.For)]
    return "param_groups" in name or any("param_groups" in written(loop.iter) for loop in loops)


def _read_loop(binding: Binding, script: Script, given: Given) -> Read:
    world = World(script, given)
    function, variable = function_in_loop(binding)
    site = CallSite(ast.Call(ast.Name("loop", ast.Load()), [], []), binding.place)
    loop = loop_of(variable, site, world)
    epochs = epochs_of(variable, function.lineno)
    steps = given.epochs if epochs else given.steps
    rate = _rate_in(world) if given.lr is None else Rate(given.lr)
    named = Named(function, File(Expression(site.node, site.place, world)))
    counting = Counting({variable: lambda step: step + loop.first})
    try:
        read = read_function(
            named, counting, "rate", rate.value, loop.length if steps is None else steps
        )
    except Missing as error:
        unknown = {k: why for k, why in error.reasons.items() if not k.startswith("len(")}
        own = _set_in(binding)
        if any("(" in k or k in own or why == NOT_KNOWN for k, why in unknown.items()):
            raise refused_loop(binding) from None
        raise
    said = (*loop.said, *rate.said, *world.said.values())
    read = replace(read, epochs=epochs).saying(*said)
    return _late(read, binding.place, binding.line, rate.value, world)


def _late(read: Read, place: Place, line: int, rate: float | None, world: World) -> Read:
    """What is read, one step later if it is written after the update."""
    late = line_of_update(place, world)
    if late is None:
        return read
    said = f"It is written in line {line}, after the update of line {late}: the next has it first."
    schedule = after_first(read.schedule, rate, line, late)
    return replace(read, values={"lr": schedule}).saying(said)


def _set_in(binding: Binding) -> set[str]:
    """The names that the loops around an assignment set."""
    return {
        node.id
        for block in binding.place.path
        for node in ast.walk(block.node)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _candidates(script: Script) -> Iterator[Candidate]:
    seen: set[int] = set()
    for name, scopes in script.scopes.items():
        for scope in scopes:
            found = _candidate(scope, name, script)
            if found is not None and id(found.node) not in seen:
                seen.add(id(found.node))
                yield found
    for scope in script.all_scopes:
        for name, bindings in scope.bindings.items():
            if not name.endswith(RATE_KEYS):
                continue
            for binding in bindings:
                called_for = list(_called_for(binding.value, binding.place, script))
                for found in called_for:
                    if id(found.node) not in seen:
                        seen.add(id(found.node))
                        yield found


def _candidate(scope: Scope, name: str, script: Script) -> Candidate | None:
    node = scope.node
    if not isinstance(node, ast.FunctionDef):
        return None
    owner = scope.parent if scope.parent is not None and scope.parent.is_class else None
    if name == "get_lr" and owner is not None and _is_scheduler(owner):
        sites = script.calls.get(owner.name, [])
        return Candidate(scope, sites[0] if sites else None, True)
    steps = [parameter for parameter in parameter_names(node) if STEP.fullmatch(parameter)]
    if not steps and not raised_counts(scope):
        return None
    writes = any(key.endswith(RATE_KEYS) for key in scope.bindings)
    returns = bool(scope.returns) and _NAME.fullmatch(name) is not None
    if not writes and not (steps and returns and _is_number(scope)):
        return None
    sites = script.calls.get(name, [])
    return Candidate(scope, sites[0] if sites else None)


def _is_scheduler(scope: Scope) -> bool:
    """Whether a class is a scheduler of torch by its bases."""
    bases = scope.node.bases if isinstance(scope.node, ast.ClassDef) else []
    return any(_BASES.search(dotted(base).rpartition(".")[2]) for base in bases)


def _is_number(scope: Scope) -> bool:
    """Whether a function returns numbers, as far as its code shows: no function and no object."""
    for value, _ in scope.returns:
        if isinstance(value, ast.Lambda | ast.Dict | ast.Constant) and not (
            isinstance(value, ast.Constant) and isinstance(value.value, int | float)
        ):
            return False
        if isinstance(value, ast.Name) and value.id not in scope.bindings:
            names = parameter_names(scope.node) if isinstance(scope.node, ast.FunctionDef) else []
            defined = any(
                isinstance(part, ast.FunctionDef) and part.name == value.id
                for part in ast.walk(scope.node)
            )
            if defined and value.id not in names:
                return False
    return True


def _called_for(value: ast.expr | None, place: Place, script: Script) -> Iterator[Candidate]:
    """The functions of the file that give what is written to a parameter group."""
    if value is None:
        return
    world = World(script, Given())
    for call in calls_in(Expression(value, place, world)):
        site = next((s for s in script.calls.get(called(call), ()) if s.node is call), None)
        if site is None:
            continue
        scope = scope_named(call.func, site.place.scope, world)
        if scope is None or not isinstance(scope.node, ast.FunctionDef):
            continue
        if any(STEP.fullmatch(name) for name in parameter_names(scope.node)):
            yield Candidate(scope, site)


def _functions_called(one: Candidate, script: Script) -> Iterator[ast.AST]:
    for node in ast.walk(one.node):
        if isinstance(node, ast.Call):
            for scope in script.scopes.get(called(node), ()):
                if scope.node is not one.node:
                    yield scope.node
        elif isinstance(node, ast.FunctionDef) and node is not one.node:
            yield node


def _read(one: Candidate, script: Script, given: Given) -> Read:
    world = World(script, given)
    otherwise = _otherwise(one, world)
    if otherwise is not None:
        return Read({"lr": Constant(otherwise)})
    place = one.scope.place
    assert place is not None
    named = Named(one.node, File(Expression(ast.Name(one.node.name), place, world)))
    said: list[str] = []
    if one.is_method:
        read = _of_method(one, named, world, given)
    else:
        how = counted(one, world, given)
        steps = given.epochs if how.epochs else given.steps
        steps = how.length if steps is None else steps
        rate = _rate_in(world) if given.lr is None else Rate(given.lr)
        read = read_function(named, how.counting, "rate", rate.value, steps)
        read = replace(read, epochs=how.epochs)
        if one.site is not None:
            read = _late(read, one.site.place, one.site.node.lineno, rate.value, world)
        said += (*how.said, *conditions(one, world))
    return read.saying(*said, *world.said.values())


def _rate_in(world: World) -> Rate:
    """The rate of the only optimizer that is made in the file."""
    sites = [site for name in OPTIMIZERS for site in world.script.calls.get(name, ())]
    if len(sites) != 1:
        return Rate()
    (site,) = sites
    user = ast.Call(ast.Name("scheduler", ast.Load()), [site.node], [])
    return rate_of(Expression(ast.copy_location(user, site.node), site.place, world))


def _otherwise(one: Candidate, world: World) -> float | None:
    """The rate in place of the function's, if a condition around its call is known not to hold."""
    if one.site is None:
        return None
    site = one.site
    part = Expression(site.node, site.place, world)
    for block in site.place.path:
        if isinstance(block.node, ast.IfExp) and holds(part, block, site.place.scope) is False:
            other = block.node.orelse if block.taken else block.node.body
            return float(part.inner(other).value("the rate", written(other)))
    return None


def _of_method(one: Candidate, named: Named, world: World, given: Given) -> Read:
    """``get_lr`` of a scheduler of the file, which multiplies the rates of the groups."""
    lr, epochs = given.lr, ""
    said: tuple[str, ...] = ()
    steps = given.steps
    if one.site is not None:
        rate = rate_of(Expression(one.site.node, one.site.place, world))
        if lr is None:
            lr = rate.value
        said = rate.said
        how = stepping(one.site, world)
        said += (*how.said, *conditions(one, world))
        if how.every == "epoch":
            epochs = f"It is stepped once an epoch (line {how.line})."
            steps = given.epochs
    read = read_function(named, Counting({}, method=True), "rate", lr, steps)
    return replace(read, epochs=epochs).saying(*said)
