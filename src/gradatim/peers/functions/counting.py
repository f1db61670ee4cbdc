"""How the arguments of a function follow the count of updates or epochs: by the call of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from gradatim.errors import GradatimError
from gradatim.peers.evaluation.machine import Value, refused
from gradatim.peers.evaluation.statements import parameter_names
from gradatim.peers.found import Given
from gradatim.peers.functions.reading import Counting
from gradatim.peers.python.expression import Expression
from gradatim.peers.python.names import holds
from gradatim.peers.python.script import Block, CallSite, Place, Scope
from gradatim.peers.python.world import World
from gradatim.peers.syntax import called, written

STEP = re.compile(
    r"(global_|current_|cur_|i_|num_|n_|data_|batch_|train_)?"
    r"(step|steps|iter|iters|iteration|iterations|it|epoch|ep|update|updates|itr|t|batch_idx)"
    r"(_?(num|i|idx|count|number|step|iter|now))?|epoch_\w+|nb_iter|progress_step|count",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"epoch|^ep$", re.IGNORECASE)
RATE_KEYS = ("['lr']", "['learning_rate']")
"""How the names of entries of parameter groups end that hold a rate."""


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


@dataclass(frozen=True)
class Counted:
    """How a function counts, and for how long."""

    counting: Counting
    epochs: str = ""
    length: int | None = None
    """The steps of the loop around the call, in what the function counts."""
    said: tuple[str, ...] = ()


def counted(one: Candidate, world: World, given: Given) -> Counted:
    """How the arguments of the function follow the count of updates or epochs."""
    names = [name for name in parameter_names(one.node) if STEP.fullmatch(name)]
    arguments = _arguments(one) if one.site is not None else {}
    counters = {name: arguments[name] for name in names if name in arguments}
    counters = {name: node for name, node in counters.items() if not isinstance(node, ast.Constant)}
    counts, said = _counts(one)
    if counts and not counters:
        return Counted(Counting({}, counts=counts), said=said)
    if one.site is None:
        (step, *others) = names
        if others:
            raise _several(one, names)
        return Counted(Counting({step: int}), epochs_of(step, one.line))
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
    outer = next(
        node.id
        for node in counters.values()
        if isinstance(node, ast.Name) and _EPOCH.search(node.id)
    )
    epochs = loop_of(outer, one.site, world).length
    return Counted(Counting(steps), length=None if epochs is None else epochs * every)


def raised_counts(scope: Scope) -> dict[str, tuple[int, Place]]:
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
                ast.BinOp(left=raised, op=ast.Add(), right=ast.Constant(value=1)),
            ) if written(raised) == name:
                found[name.removeprefix("self.")] = (start, bindings[1].place)
    return found


def _counts(one: Candidate) -> tuple[dict[str, int], tuple[str, ...]]:
    """The counts of the steps that an object keeps, at its first rate."""
    counts: dict[str, int] = {}
    said = []
    used = {part.attr for part in ast.walk(one.node) if isinstance(part, ast.Attribute)}
    for name, (start, place) in raised_counts(one.scope).items():
        if name not in used:
            continue
        if one.site is not None and one.site.place.scope is place.scope:
            before = place.order < one.site.place.order
        elif place.scope is one.scope:
            writes = [
                binding.place.order
                for key, bindings in one.scope.bindings.items()
                if key.endswith(RATE_KEYS)
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


def _one_counter(one: Candidate, name: str, node: ast.expr, world: World, given: Given) -> Counted:
    """One argument that counts: a name, a name and a number, or a fraction of an epoch."""
    assert one.site is not None
    match node:
        case ast.Name(id=variable) | ast.Attribute(attr=variable):
            loop, by = loop_of(variable, one.site, world), 0
        case ast.BinOp(left=ast.Name(id=variable), op=op, right=ast.Constant(value=int() as by)):
            loop = loop_of(variable, one.site, world)
            by = by if isinstance(op, ast.Add) else -by
            if not isinstance(op, ast.Add | ast.Sub):
                raise refused(node.lineno, f"the argument {written(node)}")
        case ast.BinOp(op=ast.Add()) if any(isinstance(x, ast.Div) for x in _operators(node)):
            every = _updates_of_epoch(one, given, node)
            return Counted(Counting({name: lambda step: step / every}))
        case ast.BinOp(op=ast.Add()) if _counts_updates(node):
            return Counted(Counting({name: int}))
        case _:
            raise refused(node.lineno, f"the argument {written(node)}")
    first, epochs = loop.first + by, epochs_of(variable, one.site.node.lineno)
    counting = Counting({name: lambda step: step + first})
    return Counted(counting, epochs, loop.length, loop.said)


def _counts_updates(node: ast.BinOp) -> bool:
    """Whether it is epochs times the updates of one, plus the update in the epoch."""
    sides = (node.left, node.right)
    for product, rest in (sides, sides[::-1]):
        if isinstance(product, ast.BinOp) and isinstance(product.op, ast.Mult):
            epochs = any(_EPOCH.search(written(part)) for part in (product.left, product.right))
            if epochs and isinstance(rest, ast.Name):
                return True
    return False


def conditions(one: Candidate, world: World) -> tuple[str, ...]:
    """What is said of the conditions around the call, and of other calls."""
    if one.site is None:
        return ()
    site, said = one.site, []
    part = Expression(site.node, site.place, world)
    for block in site.place.path:
        test = getattr(block.node, "test", None)
        if block.kind != "if" or test is None:
            continue
        known = holds(part, block, site.place.scope)
        names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
        if known is None and names & _steps_of(site):
            raise GradatimError(
                f"line {test.lineno}: the step decides whether it is called, so that it is a part "
                "of another function of the step, which is not read. Write the schedule that that "
                "one means."
            )
        if known is None:
            not_ = "" if block.taken else "not "
            said.append(
                f"It is called only if {not_}`{written(test)}` (line {test.lineno}) holds, which "
                "is not read: the schedule is that of a call at each step."
            )
    caller = site.place.scope.node
    if isinstance(caller, ast.FunctionDef) and _steps_of(site):
        said.append(
            f"It is called in {caller.name} (line {caller.lineno}), which may make another rate of "
            "it and is not read."
        )
    arguments = written(site.node)
    others = [s for s in world.callers(one.scope) if written(s.node) != arguments]
    if others and not one.is_method:
        lines = " and ".join(str(other.node.lineno) for other in others[:4])
        said.append(
            f"It is called in line {lines} too, with other arguments; it is read as it is called "
            f"in line {site.node.lineno}."
        )
    return tuple(said)


def _steps_of(site: CallSite) -> set[str]:
    """The parameters of the function in which a call is that may be its step."""
    caller = site.place.scope.node
    names = parameter_names(caller) if isinstance(caller, ast.FunctionDef) else ()
    return {name for name in names if STEP.fullmatch(name)}


def _operators(node: ast.expr) -> list[ast.operator]:
    return [part.op for part in ast.walk(node) if isinstance(part, ast.BinOp)]


def epochs_of(name: str, line: int) -> str:
    """What is said of a count of epochs, by its name; "" for one of updates."""
    return f"It counts epochs ({name}, line {line})." if _EPOCH.search(name) else ""


class Loop(NamedTuple):
    """What a variable counts."""

    first: int = 0
    """Its value at the first call."""
    length: int | None = None
    """How many values it has, if that is known."""
    said: tuple[str, ...] = ()


def loop_of(variable: str, site: CallSite, world: World) -> Loop:
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
    return Loop((start if isinstance(start, int) else 0) + before)


def _is_target(target: ast.expr, variable: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == variable for part in ast.walk(target))


def _range_of(source: ast.expr, site: CallSite, block: Block, world: World) -> Loop:
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
        return Loop(first or 0, length, said)
    return Loop()


def _ends(call: ast.Call) -> tuple[ast.expr | None, ast.expr | None]:
    if called(call) in ("range", "trange") and call.args:
        return (None, call.args[0]) if len(call.args) == 1 else (call.args[0], call.args[1])
    if called(call) == "enumerate":
        start = call.args[1] if len(call.args) > 1 else None
        return next((w.value for w in call.keywords if w.arg == "start"), start), None
    return None, None


def _whole(node: ast.expr, place: Place, world: World) -> int | None:
    value = Expression(node, place, world).known_or_none()
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
