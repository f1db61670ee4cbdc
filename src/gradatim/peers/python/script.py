"""Walks the code of a file once: what is assigned and called, where, and under which conditions."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from gradatim.core.syntax_trees import NOT_PYTHON
from gradatim.errors import GradatimError
from gradatim.peers.python.repair import parsed
from gradatim.peers.python.trees import expressions_of, global_names, list_of, part_of, test_of
from gradatim.peers.syntax import dotted

_LONGEST = 8_000_000


class Block(NamedTuple):
    """A statement that decides whether, or how often, the statements in it run."""

    node: ast.AST
    kind: str
    """ "if", "loop" or "except"."""
    order: int
    """That of the statement itself, whose test sees what was assigned before."""
    taken: bool = True
    """Of an ``if``, whether this is its body, and not its ``else``."""


Path = tuple[Block, ...]


class Scope:
    """A module, a class or a function, and what is assigned in it."""

    def __init__(self, node: ast.AST, name: str, parent: Scope | None) -> None:
        self.node, self.name, self.parent = node, name, parent
        self.bindings: dict[str, list[Binding]] = {}
        self.returns: list[tuple[ast.expr, Place]] = []
        self.place: Place | None = None
        """Where it is defined."""

    @property
    def is_class(self) -> bool:
        """Whether it is a class."""
        return isinstance(self.node, ast.ClassDef)

    @property
    def owner(self) -> Scope | None:
        """The class in whose methods it is, or that it is itself."""
        scope: Scope | None = self
        while scope is not None and not scope.is_class:
            scope = scope.parent
        return scope


class Place(NamedTuple):
    """Where something stands: what was assigned before it, and under which conditions it runs."""

    scope: Scope
    order: int
    path: Path


class Binding(NamedTuple):
    """One assignment to a name."""

    value: ast.expr | None
    """The value, or None where it comes from a loop, a ``with`` or another statement."""
    place: Place
    line: int


class CallSite(NamedTuple):
    """One call."""

    node: ast.Call
    place: Place


class Script(NamedTuple):
    """A file, walked."""

    module: Scope
    scopes: dict[str, list[Scope]]
    """Its functions and classes, by name."""
    calls: dict[str, list[CallSite]]
    """Its calls, by the last part of the called name."""
    imports: dict[str, str]
    """What imported names mean: {"optim": "torch.optim"}."""
    settings: list[tuple[ast.Dict, Place]]
    """Dictionaries that are written out."""

    @property
    def all_scopes(self) -> list[Scope]:
        """The module, and all its functions and classes."""
        return [self.module, *(scope for each in self.scopes.values() for scope in each)]


def parse_script(text: str) -> Script:
    """The code of a file, parsed and walked.

    >>> script = parse_script("n = 10\\nif fast:\\n    StepLR(optimizer, n)")
    >>> script.calls["StepLR"][0].place.path[0].kind
    'if'

    Raises:
        GradatimError: If it is not Python, or too long.
    """
    if len(text) > _LONGEST:
        raise GradatimError(f"the text has more than {_LONGEST} characters.")
    with _without_collection():
        try:
            tree = parsed(text)
        except NOT_PYTHON as error:
            raise _not_python(text, error) from None
        walk = _Walk(tree)
        try:
            walk.block(tree.body, ())
        except RecursionError:
            raise _not_python(text, SyntaxError("too deeply nested")) from None
        return Script(walk.module, walk.scopes, walk.calls, walk.imports, walk.settings)


def _not_python(text: str, error: BaseException) -> GradatimError:
    line = getattr(error, "lineno", None)
    if line is None or "\n" not in text:
        return GradatimError(f"not a Python call: {' '.join(text.split())[:60]!r}.")
    reason = getattr(error, "msg", "it cannot be parsed")
    return GradatimError(f"line {line}: not Python: {reason}.")


@contextmanager
def _without_collection() -> Iterator[None]:
    # A tree of syntax holds no garbage, and looking for some takes as long as parsing.
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


class _Walk:
    def __init__(self, tree: ast.Module) -> None:
        self.module = self.scope = Scope(tree, "", None)
        self.order = 0
        self.scopes: dict[str, list[Scope]] = {}
        self.calls: dict[str, list[CallSite]] = {}
        self.imports: dict[str, str] = {}
        self.settings: list[tuple[ast.Dict, Place]] = []

    def block(self, statements: Sequence[ast.stmt], path: Path) -> Path | None:
        """Walk statements; returns the path of what follows, None if nothing can."""
        now: Path | None = path
        for statement in statements:
            self.order += 1
            here = path if now is None else now
            after = self.statement(statement, here)
            now = None if now is None else after
        return now

    def statement(self, node: ast.stmt, path: Path) -> Path | None:
        match node:
            case ast.Expr(value=value):
                self._mutation(value, path)
                self.expressions([value], path)
            case ast.Assign(targets=targets, value=value):
                self.expressions([value, *targets], path)
                for target in targets:
                    self.assign(target, value, path)
            case ast.AnnAssign(target=target, value=value):
                self.expressions([value] if value else [], path)
                if value is not None or self.scope.is_class:
                    self.assign(target, value, path)
            case ast.AugAssign(target=target, op=sign, value=value):
                self.expressions([value], path)
                self._change(target, sign, value, path)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._definition(node, path)
            case ast.Return(value=value):
                if value is not None:
                    self.expressions([value], path)
                    self.scope.returns.append((value, self._place(path)))
                return None
            case ast.Raise() | ast.Continue() | ast.Break():
                self.expressions(list(expressions_of(node)), path)
                return None
            case ast.If(test=test, body=body, orelse=orelse):
                self.expressions([test], path)
                return self._branches(node, body, orelse, path)
            case ast.For() | ast.AsyncFor() | ast.While():
                self._loop(node, path)
            case ast.Try() | ast.TryStar():
                return self._try(node, path)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                for item in items:
                    self.expressions([item.context_expr], path)
                    if item.optional_vars is not None:
                        self.assign(item.optional_vars, None, path)
                return self.block(body, path)
            case ast.Match(subject=subject, cases=cases):
                self.expressions([subject], path)
                return self._cases(subject, cases, path)
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case _:
                self.expressions(list(expressions_of(node)), path)
        return path

    def _branches(
        self, node: ast.AST, body: Sequence[ast.stmt], orelse: Sequence[ast.stmt], path: Path
    ) -> Path | None:
        order = self.order
        yes = self.block(body, (*path, Block(node, "if", order)))
        no = self.block(orelse, (*path, Block(node, "if", order, False)))
        if yes is None or no is None:
            return no if yes is None else yes  # what follows runs only after the other branch
        return path

    def _cases(self, subject: ast.expr, cases: Sequence[ast.match_case], path: Path) -> Path | None:
        if not cases:
            return path
        first, *others = cases
        for name in ast.walk(first.pattern):
            if isinstance(name, ast.MatchAs | ast.MatchStar) and name.name:
                self._bind(name.name, None, path, first.pattern.lineno)
        node = ast.copy_location(ast.If(test_of(subject, first), [], []), subject)
        order = self.order
        yes = self.block(first.body, (*path, Block(node, "if", order)))
        no = self._cases(subject, others, (*path, Block(node, "if", order, False)))
        if yes is None or no is None:
            return no if yes is None else yes
        return path

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, path: Path) -> None:
        inside = (*path, Block(node, "loop", self.order))
        if isinstance(node, ast.While):
            self.expressions([node.test], inside)
        else:
            self.expressions([node.iter], path)
            self.assign(node.target, None, inside)
        self.block(node.body, inside)
        self.block(node.orelse, path)

    def _try(self, node: ast.Try | ast.TryStar, path: Path) -> Path | None:
        after = self.block([*node.body, *node.orelse], path)
        for handler in node.handlers:
            self.block(handler.body, (*path, Block(handler, "except", self.order)))
        self.block(node.finalbody, path)
        return path if node.handlers else after

    def _definition(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, path: Path
    ) -> None:
        self.expressions(node.decorator_list, path)
        if not isinstance(node, ast.ClassDef):
            defaults = [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]
            self.expressions(defaults, path)
        else:
            self.expressions([*node.bases, *(word.value for word in node.keywords)], path)
        outer, self.scope = self.scope, Scope(node, node.name, self.scope)
        self.scope.place = Place(outer, self.order, path)
        self.scopes.setdefault(node.name, []).append(self.scope)
        self.block(node.body, ())
        self.scope = outer

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for name in node.names:
            if isinstance(node, ast.Import):
                meant = name.name if name.asname else name.name.partition(".")[0]
                self.imports[name.asname or meant] = meant
            else:
                origin = "." * node.level + (node.module or "")
                self.imports[name.asname or name.name] = f"{origin}.{name.name}"

    def assign(self, target: ast.expr, value: ast.expr | None, path: Path) -> None:
        match target, value:
            case ((ast.Tuple(elts=left) | ast.List(elts=left)), _):
                for i, part in enumerate(left):
                    self.assign(part, part_of(value, i, left), path)
            case ast.Starred(value=inside), _:
                self.assign(inside, None, path)
            case _:
                name = dotted(target)
                if name:
                    self._bind(name, value, path, target.lineno)
                elif isinstance(target, ast.Subscript) and (root := dotted(target.value)):
                    self._bind(root, None, path, target.lineno)  # an entry that is not known

    def _change(self, target: ast.expr, sign: ast.operator, value: ast.expr, path: Path) -> None:
        before = ast.copy_location(ast.BinOp(target, sign, value), value)
        self.assign(target, before, path)

    def _mutation(self, node: ast.expr, path: Path) -> None:
        """``xs.append(x)`` is ``xs += [x]``; other methods that change a list hide it."""
        match node:
            case ast.Call(func=ast.Attribute(value=target, attr="append"), args=[value]):
                self._change(target, ast.Add(), list_of(value), path)
            case ast.Call(func=ast.Attribute(value=target, attr="extend"), args=[value]):
                self._change(target, ast.Add(), value, path)
            case ast.Call(func=ast.Attribute(value=target, attr=name)) if name in _CHANGES:
                self.assign(target, None, path)

    def _bind(self, name: str, value: ast.expr | None, path: Path, line: int) -> None:
        place = self._place(path)
        scope = self.scope
        if name.startswith("self.") and scope.owner is not None:
            scope = scope.owner
        elif name in global_names(scope.node):
            scope = self.module
        scope.bindings.setdefault(name, []).append(Binding(value, place, line))

    def _place(self, path: Path) -> Place:
        return Place(self.scope, self.order, path)

    def expressions(self, nodes: Sequence[ast.expr], path: Path) -> None:
        """Note the calls in some expressions, and what they assign."""
        place, stack = self._place(path), list(nodes)
        while stack:
            node = stack.pop()
            kind = node.__class__
            if kind is ast.Name or kind is ast.Constant:
                continue
            if kind is ast.Attribute:
                stack.append(node.value)  # type: ignore[attr-defined]
                continue
            if isinstance(node, ast.Call):
                self._call(node, place)
                stack += [node.func, *node.args]
                stack += [word.value for word in node.keywords]
            elif isinstance(node, ast.IfExp):
                self.expressions([node.test], path)
                self.expressions([node.body], (*path, Block(node, "if", self.order)))
                self.expressions([node.orelse], (*path, Block(node, "if", self.order, False)))
            elif isinstance(node, ast.NamedExpr):
                self.assign(node.target, node.value, path)
                stack.append(node.value)
            elif isinstance(node, _COMPREHENSIONS):
                inside = (*path, Block(node, "loop", self.order))
                for part in node.generators:
                    self.expressions([part.iter], path)
                    self.assign(part.target, None, inside)
                    self.expressions(part.ifs, inside)
                self.expressions(list(expressions_of(node)), inside)
            elif isinstance(node, ast.Lambda):
                self._lambda(node, path)
            else:
                if isinstance(node, ast.Dict):
                    self.settings.append((node, place))
                stack += expressions_of(node)

    def _lambda(self, node: ast.Lambda, path: Path) -> None:
        outer, self.scope = self.scope, Scope(node, "", self.scope)
        self.scope.place = Place(outer, self.order, path)
        self.expressions([node.body], ())
        self.scope = outer

    def _call(self, node: ast.Call, place: Place) -> None:
        function = node.func
        if isinstance(function, ast.Name):
            self.calls.setdefault(function.id, []).append(CallSite(node, place))
        elif isinstance(function, ast.Attribute):
            self.calls.setdefault(function.attr, []).append(CallSite(node, place))


_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
_CHANGES = {"update", "insert", "pop", "remove", "clear", "setdefault", "sort", "reverse"}
