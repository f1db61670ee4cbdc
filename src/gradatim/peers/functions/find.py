"""Finds the functions of a file that set the rate of an optimizer themselves."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from gradatim.core.decays import Constant
from gradatim.errors import GradatimError
from gradatim.peers.found import Found, Given, Read
from gradatim.peers.functions.machine import Value, refused
from gradatim.peers.functions.outside import File, Named, scope_named
from gradatim.peers.functions.reading import Counting, read_function
from gradatim.peers.functions.statements import parameter_names
from gradatim.peers.peer import Peer
from gradatim.peers.python.expression import Expression
from gradatim.peers.python.names import holds
from gradatim.peers.python.optimizer import rate_of
from gradatim.peers.python.possible import calls_in
from gradatim.peers.python.script import Block, CallSite, Place, Scope, Script
from gradatim.peers.python.stepping import stepping
from gradatim.peers.python.world import World
from gradatim.peers.syntax import called, dotted, written

_STEP = re.compile(
    r"(global_|current_|cur_|i_|num_|n_|data_|batch_|train_)?"
    r"(step|steps|iter|iters|iteration|iterations|it|epoch|ep|update|updates|itr|t|batch_idx)"
    r"(_?(num|i|idx|count|number|step|iter|now))?|epoch_\w+|nb_iter|progress_step|count",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"epoch|^ep$", re.IGNORECASE)
_NAME = re.compile(
    r"_?(get|compute|calc\w*|adjust|set|update|cosine|linear|warmup|poly\w*|step|exp\w*|noam)?_?"
    r"(lr|learning_?rate|lrate|lrfn|lr_fn)(_?(sched\w*|lambda|fn|func|at|for|decay|poly|step\w*|"
    r"iter\w*|value|warmup\w*|cosine\w*|now))*|lr_?\w*sched\w*|schedule(r)?(_fn)?|step_?decay|"
    r"(cosine|linear|exp\w*|poly|noam|inv\w*_?sqrt)_?(decay|schedule\w*|anneal\w*)(_\w+)?|lf",
    re.IGNORECASE,
)
_BASES = re.compile(r"LRScheduler$|_LRScheduler$|LRSchedule$|^LambdaLR$")
_RATE_KEYS = ("['lr']", "['learning_rate']")


@dataclass(frozen=True)
class Candidate:
    """A function that gives the rate, and where it is called."""

    scope: Scope
    site: CallSite | None
    """The call; None if there is none in the file."""
    is_method: bool = False
    """Whether it is ``get_lr`` of a scheduler of the file."""

    @property
    def node(self) -> ast.FunctionDef:
        """Its code."""
        assert isinstance(self.scope.node, ast.FunctionDef)
        return self.scope.node

    @property
    def line(self) -> int:
        """The line where it begins."""
        return self.node.lineno


PYTHON = Peer("python")


@PYTHON.finds_in_code
def find_functions(script: Script, taken: Collection[int]) -> Iterator[Found]:
    """The functions of a file that set the rate of an optimizer, or give the rate of a step.

    Args:
        script: The file.
        taken: The functions that are arguments of schedulers which are read.
    """
    candidates = list(_candidates(script))
    inner = {id(called_) for one in candidates for called_ in _functions_called(one, script)}
    for one in sorted(candidates, key=lambda one: one.line):
        if id(one.node) not in inner and id(one.node) not in taken:
            text = f"def {one.node.name}({', '.join(parameter_names(one.node))})"
            if one.is_method and one.scope.parent is not None:
                text = f"class {one.scope.parent.name}"
            yield Found(one.line, "python", text[:60], partial(_read, one, script))


def _candidates(script: Script) -> Iterator[Candidate]:
    seen: set[int] = set()
    for name, scopes in script.scopes.items():
        for scope in scopes:
            found = _candidate(scope, name, script)
            if found is not None and id(found.node) not in seen:
                seen.add(id(found.node))
                yield found
    for scope in (script.module, *(s for each in script.scopes.values() for s in each)):
        for name, bindings in scope.bindings.items():
            if not name.endswith(_RATE_KEYS):
                continue
            for binding in bindings:
                for found in _called_for(binding.value, binding.place, script):
                    if id(found.node) not in seen:
                        seen.add(id(found.node))
                        yield found


def _candidate(scope: Scope, name: str, script: Script) -> Candidate | None:
    node = scope.node
    if not isinstance(node, ast.FunctionDef):
        return None
    owner = scope.parent if scope.parent is not None and scope.parent.is_class else None
    if name == "get_lr" and owner is not None and isinstance(owner.node, ast.ClassDef):
        if any(_BASES.search(dotted(base).rpartition(".")[2]) for base in owner.node.bases):
            sites = script.calls.get(owner.name, [])
            return Candidate(scope, sites[0] if sites else None, True)
    steps = [parameter for parameter in parameter_names(node) if _STEP.fullmatch(parameter)]
    if not steps and not _raised(scope):
        return None
    writes = any(key.endswith(_RATE_KEYS) for key in scope.bindings)
    returns = bool(scope.returns) and _NAME.fullmatch(name) is not None
    if not writes and not (steps and returns and _is_number(scope)):
        return None
    sites = script.calls.get(name, [])
    return Candidate(scope, sites[0] if sites else None)


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


def _called_for(
    value: ast.expr | None, place: Place, script: Script
) -> Iterator[Candidate]:
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
        if any(_STEP.fullmatch(name) for name in parameter_names(scope.node)):
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
    named = Named(one.node, File(world, place))
    said: list[str] = []
    if one.is_method:
        read = _of_method(one, named, world, given)
    else:
        counted = _counted(one, world, given)
        steps = given.steps
        if counted.epochs and steps is not None:
            steps = math.ceil(steps / given.every) if given.every else None
        steps = counted.length if steps is None else steps
        read = read_function(named, counted.counting, "rate", given.lr, steps)
        read = replace(read, epochs=counted.epochs)
        said += counted.said
    return replace(read, differences=(*read.differences, *said, *world.said.values()))


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
    lr, said, epochs = given.lr, (), ""
    steps = given.steps
    if one.site is not None:
        rate = rate_of(Expression(one.site.node, one.site.place, world))
        if lr is None:
            lr = rate.value
        said = rate.said
        how = stepping(one.site, world)
        said += how.said
        if how.every == "epoch":
            epochs = f"It is stepped once an epoch (line {how.line})."
            steps = None if steps is None or not given.every else math.ceil(steps / given.every)
    read = read_function(named, Counting({}, method=True), "rate", lr, steps)
    return replace(read, epochs=epochs, differences=(*read.differences, *said))


@dataclass(frozen=True)
class _Counted:
    counting: Counting
    epochs: str = ""
    length: int | None = None
    """The steps of the loop around the call, in what the function counts."""
    said: tuple[str, ...] = ()


def _counted(one: Candidate, world: World, given: Given) -> _Counted:
    """How the arguments of the function follow the count of updates or epochs."""
    names = [name for name in parameter_names(one.node) if _STEP.fullmatch(name)]
    arguments = _arguments(one) if one.site is not None else {}
    counters = {name: arguments[name] for name in names if name in arguments}
    counters = {name: node for name, node in counters.items() if not isinstance(node, ast.Constant)}
    counts, said = _counts(one)
    if counts and not counters:
        return _Counted(Counting({}, counts=counts), said=said)
    if one.site is None:
        (step, *others) = names
        if others:
            raise _several(one, names)
        return _Counted(Counting({step: int}), _epochs(step, one.line))
    if not counters:
        raise _several(one, names)
    if len(counters) == 1:
        ((name, node),) = counters.items()
        return _one_counter(one, name, node, world, given)
    every = _updates_of_epoch(one, given)
    steps: dict[str, Callable[[int], Value]] = {}
    for name, node in counters.items():
        if not isinstance(node, ast.Name):
            raise refused(node.lineno, f"the argument {written(node)}")
        steps[name] = partial(_quotient, every) if _EPOCH.search(node.id) else partial(_rest, every)
    if sum(1 for node in counters.values() if _EPOCH.search(written(node))) != 1:
        raise _several(one, names)
    outer = next(node.id for node in counters.values() if isinstance(node, ast.Name)
                 and _EPOCH.search(node.id))
    epochs = _loop_of(outer, one.site, world).length
    return _Counted(Counting(steps), length=None if epochs is None else epochs * every)


def _raised(scope: Scope) -> dict[str, tuple[int, Place]]:
    """The attributes of ``self`` that a class raises by 1: their first value, and where."""
    owner = scope.parent
    found: dict[str, tuple[int, Place]] = {}
    if owner is None or not owner.is_class:
        return found
    for name, bindings in owner.bindings.items():
        if len(bindings) != 2:
            continue
        match bindings[0].value, bindings[1].value:
            case (
                ast.Constant(value=int() as start),
                ast.BinOp(op=ast.Add(), right=ast.Constant(value=1)),
            ):
                found[name.removeprefix("self.")] = (start, bindings[1].place)
    return found


def _counts(one: Candidate) -> tuple[dict[str, int], tuple[str, ...]]:
    """The counts of the steps that an object keeps, at its first rate."""
    counts: dict[str, int] = {}
    said = []
    used = {part.attr for part in ast.walk(one.node) if isinstance(part, ast.Attribute)}
    for name, (start, place) in _raised(one.scope).items():
        if name not in used:
            continue
        if one.site is not None and one.site.place.scope is place.scope:
            before = place.order < one.site.place.order
        elif place.scope is one.scope:
            writes = [
                binding.place.order
                for key, bindings in one.scope.bindings.items()
                if key.endswith(_RATE_KEYS)
                for binding in bindings
            ]
            before = place.order < min(writes, default=0)
        else:
            before = True
            said.append(f"self.{name} is taken to be raised before each rate is computed.")
        counts[name] = start + before
    return counts, tuple(said)


def _quotient(every: int, step: int) -> int:
    return step // every


def _rest(every: int, step: int) -> int:
    return step % every


def _arguments(one: Candidate) -> dict[str, ast.expr]:
    assert one.site is not None
    names, call = parameter_names(one.node), one.site.node
    if one.scope.parent is not None and one.scope.parent.is_class and names[:1] == ["self"]:
        names = names[1:]
    found = dict(zip(names, call.args, strict=False))
    return found | {word.arg: word.value for word in call.keywords if word.arg}


def _one_counter(
    one: Candidate, name: str, node: ast.expr, world: World, given: Given
) -> _Counted:
    """One argument that counts: a name, a name and a number, or a fraction of an epoch."""
    assert one.site is not None
    match node:
        case ast.Name(id=variable) | ast.Attribute(attr=variable):
            loop, by = _loop_of(variable, one.site, world), 0
        case ast.BinOp(left=ast.Name(id=variable), op=op, right=ast.Constant(value=int() as by)):
            loop = _loop_of(variable, one.site, world)
            by = by if isinstance(op, ast.Add) else -by
            if not isinstance(op, ast.Add | ast.Sub):
                raise refused(node.lineno, f"the argument {written(node)}")
        case ast.BinOp(op=ast.Add()) if any(isinstance(x, ast.Div) for x in _operators(node)):
            every = _updates_of_epoch(one, given, node)
            return _Counted(Counting({name: lambda step: step / every}))
        case _:
            raise refused(node.lineno, f"the argument {written(node)}")
    first, epochs = loop.first + by, _epochs(variable, one.site.node.lineno)
    counting = Counting({name: lambda step: step + first})
    return _Counted(counting, epochs, loop.length, loop.said)


def _operators(node: ast.expr) -> list[ast.operator]:
    return [part.op for part in ast.walk(node) if isinstance(part, ast.BinOp)]


def _epochs(name: str, line: int) -> str:
    return f"It counts epochs ({name}, line {line})." if _EPOCH.search(name) else ""


class _Loop(NamedTuple):
    """What a variable counts."""

    first: int = 0
    """Its value at the first call."""
    length: int | None = None
    """How many values it has, if that is known."""
    said: tuple[str, ...] = ()


def _loop_of(variable: str, site: CallSite, world: World) -> _Loop:
    """What a loop variable, or a counter, is at the first call."""
    for block in reversed(site.place.path):
        node = block.node
        if isinstance(node, ast.For) and _is_target(node.target, variable):
            return _range_of(node.iter, site, block, world)
    place, bindings = site.place, site.place.scope.bindings.get(variable, ())
    values = {b.value.value for b in bindings if isinstance(b.value, ast.Constant)}
    start = next(iter(values)) if len(values) == 1 else 0
    before = any(
        isinstance(b.value, ast.BinOp) and b.place.order < place.order and b.place.path
        for b in bindings
    )
    return _Loop((start if isinstance(start, int) else 0) + before)


def _is_target(target: ast.expr, variable: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == variable for part in ast.walk(target))


def _range_of(source: ast.expr, site: CallSite, block: Block, world: World) -> _Loop:
    """The numbers of a ``range`` or an ``enumerate``, inside of others such as ``tqdm`` or not."""
    place = Place(site.place.scope, block.order, ())
    for call in ast.walk(source):
        if not isinstance(call, ast.Call):
            continue
        start, end = _ends(call)
        first = 0 if start is None else _whole(start, place, world)
        last = None if end is None else _whole(end, place, world)
        if start is None and end is None:
            continue
        said: tuple[str, ...] = ()
        if first is None:
            assert start is not None
            text = f"{written(start)} (line {start.lineno})"
            said = (f"{text} is taken to be 0, as in a run that is not resumed.",)
        length = None if last is None or last <= (first or 0) else last - (first or 0)
        return _Loop(first or 0, length, said)
    return _Loop()


def _ends(call: ast.Call) -> tuple[ast.expr | None, ast.expr | None]:
    if called(call) in ("range", "trange") and call.args:
        return (None, call.args[0]) if len(call.args) == 1 else (call.args[0], call.args[1])
    if called(call) == "enumerate":
        start = call.args[1] if len(call.args) > 1 else None
        return next((w.value for w in call.keywords if w.arg == "start"), start), None
    return None, None


def _whole(node: ast.expr, place: Place, world: World) -> int | None:
    try:
        value = Expression(node, place, world).known()
    except (GradatimError, ArithmeticError, LookupError, TypeError, ValueError):
        return None
    return value if type(value) is int else None


def _updates_of_epoch(one: Candidate, given: Given, node: ast.expr | None = None) -> int:
    if given.every is not None:
        return given.every
    text = written(node) if node is not None else f"{one.node.name}(...)"
    raise GradatimError(
        f"line {one.line}: it is called with `{text}`, which counts parts of an epoch. Write "
        "--every, the updates of an epoch, such as --every 391."
    )


def _several(one: Candidate, names: list[str]) -> GradatimError:
    return GradatimError(
        f"line {one.line}: {one.node.name} takes {' and '.join(names)}, and which of them counts "
        "the updates is not known. Write the schedule that it means, or put a function of the step "
        "at the top of a module and write Function('package.module:name')."
    )
