"""Functions of Python code, as closures that evaluate them at one step."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Final

from gradatim.errors import GradatimError
from gradatim.peers.evaluation.arithmetic import entries, number
from gradatim.peers.evaluation.calls import UNKNOWABLE, Calls
from gradatim.peers.evaluation.expressions import assign
from gradatim.peers.evaluation.machine import (
    MOST_DEEP,
    Frames,
    Group,
    NoValue,
    Run,
    Value,
    refused,
)
from gradatim.peers.syntax import called, written

_MOST_PARTS = 4_000
_GO_ON: Final = "go on"
_BREAK: Final = "break"
_CONTINUE: Final = "continue"
_RETURN: Final = "return"
_RESULT = "<result>"
_RATES = {"lr", "learning_rate"}
_SILENT = {
    "print",
    "info",
    "debug",
    "warning",
    "log",
    "add_scalar",
    "write",
    "append",
    "log_metric",
}
_SILENT |= {"format", "scalar", "set_postfix", "set_description", "update"}
Statement = Callable[[Frames], str]


class Functions(Calls):
    """Builds closures for functions, from closures for their statements."""

    def closure(self, node: ast.FunctionDef | ast.Lambda) -> Run:
        """What makes a function that can be called: it knows the variables around it.

        Raises:
            GradatimError: If it has a statement or expression that is not evaluated.
        """
        if sum(1 for _ in ast.walk(node)) > _MOST_PARTS:
            raise GradatimError(
                f"line {node.lineno}: the function has more than {_MOST_PARTS} parts."
            )
        arguments = node.args
        if arguments.vararg or arguments.kwarg:
            self.machine.notes.setdefault("", None)
        names = parameter_names(node)
        defaults = defaults_of(node)
        self.scopes.insert(0, {*names, *_assigned(node)})
        self.inside.insert(0, node)
        if isinstance(node, ast.Lambda):
            value = self.expression(node.body)
        else:
            value = self._result_of(self.block(node.body))
        self.scopes.pop(0)
        made = {name: self.expression(value) for name, value in defaults.items()}
        self.inside.pop(0)
        machine, line = self.machine, node.lineno

        def make(frames: Frames) -> Value:
            known = {name: run(frames) for name, run in made.items()}

            def call(given: list[Value], named: dict[str, Value]) -> Value:
                if len(given) > len(names):
                    raise NoValue(f"{len(given)} arguments for {len(names)}")
                local = {**known, **dict(zip(names, given, strict=False)), **named}
                machine.count()
                machine.depth += 1
                if machine.depth > MOST_DEEP:
                    raise GradatimError(
                        f"line {line}: functions call each other more than {MOST_DEEP} deep."
                    )
                result = value((local, *frames))
                machine.depth -= 1
                return result

            return call

        return make

    def _result_of(self, body: Statement) -> Run:
        def run(frames: Frames) -> Value:
            return frames[0].get(_RESULT) if body(frames) is _RETURN else None

        return run

    def block(self, statements: Sequence[ast.stmt]) -> Statement:
        """Statements one after another, until one of them leaves the block."""
        parts = [part for part in map(self.statement, statements) if part is not None]
        if len(parts) == 1:
            return parts[0]

        def run(frames: Frames) -> str:
            for part in parts:
                if (went := part(frames)) is not _GO_ON:
                    return went
            return _GO_ON

        return run

    def statement(self, node: ast.stmt) -> Statement | None:
        """The closure that runs one statement; None for one that changes nothing.

        Raises:
            GradatimError: If it is not evaluated.
        """
        match node:
            case ast.Assign(targets=targets, value=value):
                return self._assignment(targets, self.expression(value), node.lineno)
            case ast.AnnAssign(target=target, value=value):
                if value is None:
                    return None
                return self._assignment([target], self.expression(value), node.lineno)
            case ast.AugAssign(target=ast.Attribute(attr=name)) if name in self.machine.counts:
                return None  # the count of the steps, whose value is known at each
            case ast.AugAssign(target=target, op=sign, value=value):
                changed = ast.copy_location(ast.BinOp(_loaded(target), sign, value), node)
                return self._assignment([target], self.expression(changed), node.lineno)
            case ast.Return(value=value):
                return self._return(value)
            case ast.If(test=test, body=body, orelse=orelse):
                return self._if(self.expression(test), self.block(body), self.block(orelse))
            case ast.For(target=target, iter=source, body=body, orelse=[]):
                return self._for(target, self.expression(source), self.block(body), node.lineno)
            case ast.Expr(value=value):
                return self._expression_statement(value)
            case ast.FunctionDef(name=name) if not node.decorator_list:
                return self._assignment([ast.Name(name)], self.closure(node), node.lineno)
            case ast.Assert(test=test):
                return self._assert(test)
            case ast.Raise():
                return self._raise(node)
            case ast.Break() | ast.Continue():
                went = _BREAK if isinstance(node, ast.Break) else _CONTINUE
                return lambda frames: went
            case ast.Pass() | ast.Import() | ast.ImportFrom():
                return None
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                if self.scopes and self.scopes[0].isdisjoint(names):
                    return None
                raise refused(node.lineno, f"{names[0]}, which the function keeps between steps,")
        raise refused(node.lineno, f"`{written(node).splitlines()[0]}`")

    def _assignment(self, targets: Sequence[ast.expr], value: Run, line: int) -> Statement:
        if len(targets) == 1 and isinstance(targets[0], ast.Name):
            name = targets[0].id

            def run(frames: Frames) -> str:
                frames[0][name] = value(frames)
                return _GO_ON

            return run
        stores = [self._store(target) for target in targets]
        machine = self.machine

        def run_all(frames: Frames) -> str:
            found = value(frames)
            machine.line = line
            for store in stores:
                store(found, frames)
            return _GO_ON

        return run_all

    def _store(self, target: ast.expr) -> Callable[[Value, Frames], None]:
        machine = self.machine

        def write(value: Value, frames: Frames) -> None:
            machine.written.append(number(value))
            machine.rate = machine.written[-1]

        match target:
            case ast.Attribute(attr=name) if name in _RATES:
                machine.writes = True
                return write
            case ast.Subscript(value=whole, slice=ast.Constant(value=str() as key)):
                source = self.expression(whole)
                machine.writes = machine.writes or key in _RATES

                def entry(value: Value, frames: Frames) -> None:
                    if not isinstance(source(frames), Group):
                        raise refused(target.lineno, written(target))
                    if key in _RATES:
                        write(value, frames)
                    else:
                        machine.notes[f"It writes {key!r} of the optimizer too."] = None

                return entry
            case ast.Name() | ast.Tuple() | ast.List():
                return lambda value, frames: assign(target, value, frames[0])
        raise refused(target.lineno, f"{written(target)}, which is kept between steps,")

    def _return(self, value: ast.expr | None) -> Statement:
        run = self.expression(value) if value is not None else lambda frames: None

        def leave(frames: Frames) -> str:
            frames[0][_RESULT] = run(frames)
            return _RETURN

        return leave

    def _if(self, test: Run, body: Statement, orelse: Statement) -> Statement:
        path = self.machine.path

        def run(frames: Frames) -> str:
            if test(frames):
                path.append(1)
                return body(frames)
            path.append(0)
            return orelse(frames)

        return run

    def _for(self, target: ast.expr, source: Run, body: Statement, line: int) -> Statement:
        machine = self.machine

        def run(frames: Frames) -> str:
            machine.line = line
            for entry in entries(source(frames)):
                machine.count()
                assign(target, entry, frames[0])
                went = body(frames)
                if went is _RETURN:
                    return went
                if went is _BREAK:
                    break
            return _GO_ON

        return run

    def _expression_statement(self, node: ast.expr) -> Statement | None:
        if isinstance(node, ast.Constant | ast.JoinedStr):
            return None  # a docstring
        if isinstance(node, ast.Call):
            if self._named(node.func) is not None:
                value = self.expression(node)

                def run(frames: Frames) -> str:
                    value(frames)
                    return _GO_ON

                return run
            name = called(node)
            if name in ("assign", "set_value") and (target := _rate_of(node)) is not None:
                return self._assignment([target], self.expression(node.args[-1]), node.lineno)
            of_optimizer = name in ("step", "zero_grad") and "optim" in written(node.func)
            if self.outside.full_name(node.func).partition(".")[0] in UNKNOWABLE:
                raise refused(node.lineno, written(node))
            if name not in _SILENT and not of_optimizer:
                line = f"line {node.lineno}: {written(node)} is not read."
                self.machine.notes[line] = None
            return None
        raise refused(node.lineno, written(node))

    def _assert(self, test: ast.expr) -> Statement:
        holds, machine, line = self.expression(test), self.machine, test.lineno

        def run(frames: Frames) -> str:
            if not holds(frames):
                machine.line = line
                raise NoValue("its assertion fails")
            return _GO_ON

        return run

    def _raise(self, node: ast.Raise) -> Statement:
        machine = self.machine

        def run(frames: Frames) -> str:
            machine.line = node.lineno
            raise NoValue(f"`{written(node)}`")

        return run


FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def parameter_names(node: FUNCTION) -> list[str]:
    """The names of the parameters of a function, in order."""
    arguments = node.args
    return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def defaults_of(node: FUNCTION) -> dict[str, ast.expr]:
    """The defaults of the parameters of a function, by their names."""
    arguments = node.args
    plain = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    found = dict(zip(reversed(plain), reversed(arguments.defaults), strict=False))
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return found | {argument.arg: value for argument, value in pairs if value is not None}


def _assigned(node: ast.FunctionDef | ast.Lambda) -> set[str]:
    """The names that a function sets; those of functions in it are their own."""
    found: set[str] = set()
    parts: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else [*node.body]
    while parts:
        part = parts.pop()
        if isinstance(part, ast.FunctionDef):
            found.add(part.name)
            continue
        if isinstance(part, ast.Lambda | ast.ListComp | ast.GeneratorExp):
            continue
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            found.add(part.id)
        parts.extend(ast.iter_child_nodes(part))
    return found


def _loaded(target: ast.expr) -> ast.expr:
    """The target of an assignment, as an expression that reads it."""
    match target:
        case ast.Name(id=name):
            return ast.copy_location(ast.Name(name, ast.Load()), target)
        case ast.Subscript(value=whole, slice=key):
            return ast.copy_location(ast.Subscript(whole, key, ast.Load()), target)
    raise refused(target.lineno, f"{written(target)}, which is kept between steps,")


def _rate_of(node: ast.Call) -> ast.Attribute | None:
    """The rate of an optimizer of Keras that a call sets."""
    source = node.func.value if isinstance(node.func, ast.Attribute) else None
    for part in (source, *node.args[:1]):
        if isinstance(part, ast.Attribute) and part.attr in _RATES and node.args:
            return part
    return None
