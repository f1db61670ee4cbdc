"""Expressions of Python code as closures that evaluate them, with bounds on what they compute."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence

from gradatim.peers.evaluation.arithmetic import (
    OPERATORS,
    entries,
    in_arrays,
    joined,
    number,
    repeated,
    sized,
)
from gradatim.peers.evaluation.groups import of_group, own_key
from gradatim.peers.evaluation.machine import Frames, Group, Groups, NoValue, Run, Value, refused
from gradatim.peers.evaluation.names import Names
from gradatim.peers.syntax import dotted, written


class Expressions(Names):
    """Builds one closure for each expression."""

    @abstractmethod
    def call(self, node: ast.Call) -> Run:
        """The closure that evaluates a call."""

    def expression(self, node: ast.expr) -> Run:
        """The closure that evaluates an expression.

        Raises:
            GradatimError: If it has a part that is not evaluated.
        """
        run = self._expression(node)
        worth = isinstance(node, ast.BinOp | ast.Call | ast.UnaryOp | ast.Compare | ast.Attribute)
        return _once(run) if worth and self.is_fixed(node) else run

    def _expression(self, node: ast.expr) -> Run:
        match node:
            case ast.Constant(value=value) if not isinstance(value, bytes | complex):
                return lambda frames: value  # type: ignore[return-value]
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BoolOp(op=sign, values=parts):
                return self._logic(isinstance(sign, ast.And), [*map(self.expression, parts)])
            case ast.Compare():
                return self._comparison(node)
            case ast.IfExp(test=test, body=yes, orelse=no):
                return self.choice(*map(self.expression, (test, yes, no)))
            case ast.Call():
                return self.call(node)
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                runs = [self.expression(part) for part in parts]
                return lambda frames: sized(tuple([run(frames) for run in runs]))
            case ast.Dict(keys=keys, values=values):
                names = [self.expression(key) for key in keys if key]
                runs = [self.expression(value) for value in values]
                if len(names) == len(runs):
                    pairs = list(zip(names, runs, strict=True))
                    return lambda frames: sized({k(frames): v(frames) for k, v in pairs})
            case ast.Subscript():
                return self._entry(node)
            case ast.Attribute():
                return self._attribute(node)
            case (
                ast.ListComp(elt=part, generators=[one])
                | ast.GeneratorExp(elt=part, generators=[one])
            ):
                return self._comprehension(part, one)
            case ast.Lambda():
                return self.closure(node)
            case ast.JoinedStr():
                return lambda frames: ""
        raise refused(node.lineno, written(node))

    def _arithmetic(self, node: ast.BinOp) -> Run:
        operation = OPERATORS.get(type(node.op))
        if operation is None:
            raise refused(node.lineno, written(node))
        left, right = self.expression(node.left), self.expression(node.right)
        if self.machine.arrays:
            operation = in_arrays(operation)
        path = self.machine.path
        if isinstance(node.op, ast.Mod):

            def rest(frames: Frames) -> Value:
                a, b = number(left(frames)), number(right(frames))
                path.append(int(a // b))  # each cycle has a formula of its own
                return a % b

            return rest
        numbers, sign = {int, float}, type(node.op)
        if isinstance(node.right, ast.Constant) and node.right.value.__class__ in numbers:
            known = number(node.right.value)  # type: ignore[arg-type]
            if sign is not ast.Mult:
                return lambda frames: operation(number(left(frames)), known)
        if isinstance(node.left, ast.Constant) and node.left.value.__class__ in numbers:
            before = number(node.left.value)  # type: ignore[arg-type]
            return lambda frames: operation(before, number(right(frames)))

        def run(frames: Frames) -> Value:
            a, b = left(frames), right(frames)
            if a.__class__ in numbers and b.__class__ in numbers:
                return operation(a, b)  # type: ignore[arg-type]
            if isinstance(a, str) and isinstance(b, str) and sign is ast.Add:
                return joined(a, b)
            if isinstance(a, tuple):
                if sign is ast.Add and isinstance(b, tuple):
                    return joined(a, b)
                if sign is ast.Mult:
                    return repeated(a, b)
            return operation(number(a), number(b))

        return run

    def _unary(self, node: ast.UnaryOp) -> Run:
        inside = self.expression(node.operand)
        match node.op:
            case ast.USub():
                return lambda frames: -number(inside(frames))
            case ast.UAdd():
                return lambda frames: number(inside(frames))
            case ast.Not():
                return lambda frames: not inside(frames)
        raise refused(node.lineno, written(node))

    def _logic(self, both: bool, parts: Sequence[Run]) -> Run:
        path = self.machine.path

        def run(frames: Frames) -> Value:
            value: Value = both
            for k, part in enumerate(parts):
                value = part(frames)
                if bool(value) is not both:
                    path.append(k)
                    return value
            path.append(-1)
            return value

        return run

    def choice(self, test: Run, yes: Run, no: Run) -> Run:
        """One of two expressions, of which only that one is evaluated."""
        path = self.machine.path

        def run(frames: Frames) -> Value:
            if test(frames):
                path.append(1)
                return yes(frames)
            path.append(0)
            return no(frames)

        return run

    def _comparison(self, node: ast.Compare) -> Run:
        operands = [self.expression(part) for part in (node.left, *node.comparators)]
        signs = [self._sign(sign, node.lineno) for sign in node.ops]
        path = self.machine.path
        if len(signs) == 1:
            ((left, right), (compare,)) = operands, signs

            def once(frames: Frames) -> Value:
                outcome = compare(left(frames), right(frames))
                path.append(outcome)
                return outcome

            return once

        def run(frames: Frames) -> Value:
            before = operands[0](frames)
            for compare, part in zip(signs, operands[1:], strict=True):
                after = part(frames)
                if not compare(before, after):
                    path.append(0)
                    return False
                before = after
            path.append(1)
            return True

        return run

    def _sign(self, sign: ast.cmpop, line: int) -> Callable[[Value, Value], bool]:
        notes = self.machine.notes

        def contains(entry: Value, whole: Value) -> bool:
            if isinstance(whole, Group):
                notes[own_key(str(entry))] = None
                return False
            return entry in entries(whole)

        match sign:
            case ast.Lt():
                return lambda a, b: number(a) < number(b)
            case ast.LtE():
                return lambda a, b: number(a) <= number(b)
            case ast.Gt():
                return lambda a, b: number(a) > number(b)
            case ast.GtE():
                return lambda a, b: number(a) >= number(b)
            case ast.Eq() | ast.Is():
                return lambda a, b: a == b
            case ast.NotEq() | ast.IsNot():
                return lambda a, b: a != b
            case ast.In():
                return contains
            case ast.NotIn():
                return lambda a, b: not contains(a, b)
        raise refused(line, "this comparison")

    def _comprehension(self, part: ast.expr, one: ast.comprehension) -> Run:
        source = self.expression(one.iter)
        names = {node.id for node in ast.walk(one.target) if isinstance(node, ast.Name)}
        self.scopes.insert(0, names)
        element, tests = self.expression(part), [self.expression(test) for test in one.ifs]
        self.scopes.pop(0)
        machine, target = self.machine, one.target

        def run(frames: Frames) -> Value:
            found = []
            for entry in entries(source(frames)):
                machine.count()
                inside = ({}, *frames)
                assign(target, entry, inside[0])
                if all(test(inside) for test in tests):
                    found.append(element(inside))
            return sized(tuple(found))

        return run

    def _entry(self, node: ast.Subscript) -> Run:
        root = node.value
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        outer = isinstance(root, ast.Name) and self._local(root.id) is None
        groups = "param_groups" in written(node.value)
        if outer and dotted(node) and not groups and self._named(node) is None:
            whole = self._free(node)
            return whole
        if isinstance(node.slice, ast.Slice):
            raise refused(node.lineno, written(node))
        source, key = self.expression(node.value), self.expression(node.slice)
        machine = self.machine
        variable = not isinstance(node.slice, ast.Constant)
        line = node.lineno

        def run(frames: Frames) -> Value:
            held, index = source(frames), key(frames)
            if isinstance(held, Group):
                machine.line = line
                return of_group(machine, str(index))
            if isinstance(held, Groups):
                return Group()
            if isinstance(held, Mapping):
                if index not in held:
                    raise NoValue(f"no entry {index!r}")
                found = held[index]
            else:
                given = entries(held)
                place = number(index)
                if place.__class__ is float or not -len(given) <= place < len(given):
                    raise NoValue(f"no entry {index!r}")
                found = given[int(place)]
            if variable and isinstance(index, int):
                machine.path.append(index)
            return found

        if isinstance(root, ast.Name) and dotted(node) and not groups:
            return self._of_object(node, root.id, run)
        return run


def _once(run: Run) -> Run:
    """Evaluate an expression at the first step that needs it, and keep its value."""
    kept: list[Value] = []

    def first(frames: Frames) -> Value:
        if not kept:
            kept.append(run(frames))
        return kept[0]

    return first


def assign(target: ast.expr, value: Value, local: dict[str, Value]) -> None:
    """Set the names of a target to a value, or to its entries.

    Raises:
        NoValue: If it has another number of entries.
    """
    if isinstance(target, ast.Name):
        local[target.id] = value
    elif isinstance(target, ast.Tuple | ast.List):
        parts = entries(value)
        if len(parts) != len(target.elts):
            raise NoValue(f"{len(parts)} values for {len(target.elts)} names")
        for part, entry in zip(target.elts, parts, strict=True):
            assign(part, entry, local)
    else:
        raise refused(target.lineno, written(target))
