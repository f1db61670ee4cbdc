"""Expressions of Python code as closures that evaluate them, with bounds on what they compute."""

from __future__ import annotations

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from gradatim.errors import GradatimError
from gradatim.peers.functions.arithmetic import (
    CHOOSING,
    CONSTANTS,
    METHODS,
    OPERATORS,
    PLAIN,
    SAME,
    bounded,
    entries,
    in_arrays,
    joined,
    number,
    repeated,
)
from gradatim.peers.functions.machine import (
    Callee,
    Frames,
    Group,
    Groups,
    Machine,
    NoValue,
    Previous,
    Run,
    Unknown,
    Value,
    refused,
)
from gradatim.peers.syntax import called, dotted, written

_MODULES = {"math", "numpy", "np", "torch", "jax", "jnp", "tensorflow", "tf", "keras", "K", "ops"}
_MODULES |= {"bisect", "builtins", "lax", "F", "mx", "paddle", "mindspore"}
_LENGTH = re.compile(
    r"(total|max|num|n|training|decay|end|all)\w*_?(step|iter|update|epoch)s?|epochs\b|T_max|"
    r"(steps|iterations|updates)\b",
    re.IGNORECASE,
)
UNKNOWABLE = {"eval", "exec", "open", "compile", "input", "globals", "locals", "vars", "setattr"}
UNKNOWABLE |= {"os", "sys", "time", "random", "subprocess", "datetime", "socket", "importlib"}
_COUNTS = {"last_epoch", "base_lrs", "_step_count"}
_SCALES = ("scale", "mult", "multiplier")
_KEYWORDS = {
    "clip": ("", "a_min", "a_max"),
    "clamp": ("input", "min", "max"),
    "where": ("condition", "x", "y"),
}


Function = ast.FunctionDef | ast.Lambda


class Outside(Protocol):
    """The file around a function: what its names stand for there."""

    def value(self, node: ast.expr, inside: Function) -> Value:
        """The value of a name, an attribute or a call that is not known in the function.

        Raises:
            GradatimError: If the file does not set it.
        """

    def function(self, node: ast.expr, inside: Function) -> Function | None:
        """The function of the file that this name stands for."""

    def full_name(self, node: ast.expr) -> str:
        """A dotted name with what its first part was imported as: "numpy.cos"."""


class Expressions(ABC):
    """Builds one closure for each expression.

    Args:
        machine: What the closures read and write while they are evaluated.
        outside: The file around the function.
    """

    def __init__(self, machine: Machine, outside: Outside) -> None:
        self.machine, self.outside = machine, outside
        self.scopes: list[set[str]] = []
        """The local names of the function that is compiled, and of those around it."""
        self.inside: list[Function] = []
        """The function that is compiled, and those around it."""
        self.lookups: list[Run] = []
        """What finds each name of the file, to ask for all that are missing at once."""
        self.free: dict[tuple[int, str], Value] = {}
        self.functions: dict[int, Callee] = {}
        self._fixed: dict[int, bool] = {}

    def numbers(self) -> set[float]:
        """The numbers that names of the file stand for."""
        found: set[float] = set()
        parts = [*self.free.values()]
        while parts:
            part = parts.pop()
            if isinstance(part, tuple):
                parts += part[:100]
            elif part.__class__ in (int, float):
                found.add(number(part))
        return found

    def longest(self) -> int | None:
        """The length of the run, where a name of the file says that it is one."""
        found = [
            int(value)
            for (_, name), value in self.free.items()
            if _LENGTH.search(name.rpartition(".")[2]) and value.__class__ in (int, float)
            if 1 < number(value) < 1e12
        ]
        return max(found, default=None)

    @abstractmethod
    def closure(self, node: Function) -> Run:
        """What makes a function of the file that can be called."""

    def expression(self, node: ast.expr) -> Run:
        """The closure that evaluates an expression.

        Raises:
            GradatimError: If it has a part that is not evaluated.
        """
        run = self._expression(node)
        worth = isinstance(node, ast.BinOp | ast.Call | ast.UnaryOp | ast.Compare | ast.Attribute)
        return _once(run) if worth and self._is_fixed(node) else run

    def _is_fixed(self, node: ast.AST) -> bool:
        """Whether an expression has the same value at all steps: it has no local names."""
        key = id(node)
        if key not in self._fixed:
            local = isinstance(node, ast.Name) and self._local(node.id) is not None
            own = isinstance(node, ast.Attribute) and node.attr == "param_groups"
            self._fixed[key] = not (local or own or isinstance(node, ast.Lambda)) and all(
                map(self._is_fixed, ast.iter_child_nodes(node))
            )
        return self._fixed[key]

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
                return self._choice(*map(self.expression, (test, yes, no)))
            case ast.Call():
                return self._call(node)
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                runs = [self.expression(part) for part in parts]
                return lambda frames: tuple(run(frames) for run in runs)
            case ast.Dict(keys=keys, values=values):
                names = [self.expression(key) for key in keys if key]
                runs = [self.expression(value) for value in values]
                if len(names) == len(runs):
                    pairs = list(zip(names, runs, strict=True))
                    return lambda frames: {k(frames): v(frames) for k, v in pairs}
            case ast.Subscript():
                return self._entry(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.ListComp(elt=part, generators=[one]) | ast.GeneratorExp(
                elt=part, generators=[one]
            ):
                return self._comprehension(part, one)
            case ast.Lambda():
                return self.closure(node)
            case ast.JoinedStr():
                return lambda frames: ""
        raise refused(node.lineno, written(node))

    def _local(self, name: str) -> int | None:
        return next((k for k, names in enumerate(self.scopes) if name in names), None)

    def _name(self, node: ast.expr, name: str) -> Run:
        depth = self._local(name)
        if depth is None:
            return self._free(node)
        outside, machine, line = self._free(node), self.machine, node.lineno

        def run(frames: Frames) -> Value:
            try:
                value = frames[depth][name]
                if value.__class__ is Previous:
                    machine.line = line
                    return machine.current()
                return value
            except KeyError:  # a parameter of the outermost function, which the file may set
                return outside(frames)

        return run

    def _free(self, node: ast.expr) -> Run:
        """A name of the file; looked up once, and only where a step needs it."""
        text, known, inside = written(node), self.free, self.inside[0]
        if "__" in text:
            raise refused(node.lineno, text)
        root = dotted(node).split(".")[0].split("[")[0]
        full = self.outside.full_name(node) if root else ""
        if full.partition(".")[0] in _MODULES and text.rpartition(".")[2] in CONSTANTS:
            constant = CONSTANTS[text.rpartition(".")[2]]
            return lambda frames: constant
        function = self._named(node)
        if function is not None:
            return self._of_file(function)
        outside, key = self.outside, (id(inside), text)

        def run(frames: Frames) -> Value:
            if key not in known:
                known[key] = outside.value(node, inside)
            return known[key]

        if not isinstance(node, ast.Name) or self._local(node.id) is None:
            self.lookups.append(run)
        return run

    def _named(self, node: ast.expr) -> Function | None:
        return self.outside.function(node, self.inside[0])

    def _of_file(self, function: Function) -> Run:
        """A function that is defined elsewhere in the file, compiled when it is first needed."""

        def run(frames: Frames) -> Value:
            key = id(function)
            if key not in self.functions:
                around = self.scopes, self.inside
                self.scopes, self.inside = [], []
                made = self.closure(function)(())
                self.scopes, self.inside = around
                assert callable(made)
                self.functions[key] = made
            return self.functions[key]

        return run

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

    def _choice(self, test: Run, yes: Run, no: Run) -> Run:
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
                notes[_own_key(str(entry))] = None
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
            return tuple(found)

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
        source, key, machine = self.expression(node.value), self.expression(node.slice), self.machine
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

        return run

    def _attribute(self, node: ast.Attribute) -> Run:
        if node.attr == "param_groups":
            return lambda frames: Groups()
        root = dotted(node).split(".")[0].split("[")[0]
        if root and self._local(root) is None:
            return self._free(node)
        if root == "self" and (node.attr in _COUNTS or node.attr in self.machine.counts):
            return self._count(node)
        if root:
            # An attribute of an argument, such as args.lr: by its name in the file.
            return self._free(node)
        if node.attr in ("T", "data", "value"):
            return self.expression(node.value)
        raise refused(node.lineno, written(node))

    def _count(self, node: ast.Attribute) -> Run:
        """What a scheduler of torch counts, and the rates of its groups."""
        machine, outside, name = self.machine, self._free(node), node.attr

        def run(frames: Frames) -> Value:
            if machine.step is None:
                return outside(frames)
            if name in machine.counts:
                return machine.step + machine.counts[name]
            if name == "base_lrs":
                return (of_group(machine, "initial_lr"),)
            return machine.step + (name == "_step_count")

        return run

    def _call(self, node: ast.Call) -> Run:
        if any(isinstance(part, ast.Starred) for part in node.args):
            raise refused(node.lineno, written(node))
        name, root = called(node), dotted(node.func).split(".")[0]
        bare = isinstance(node.func, ast.Name)
        local = bare and self._local(root) is not None
        own = None if local else self._named(node.func)
        if local or own is not None or isinstance(node.func, ast.Call | ast.Lambda):
            function = self._of_file(own) if own is not None else self.expression(node.func)
            return self._apply(function, node)
        full = self.outside.full_name(node.func)
        of_module = not bare and self._local(root) is None and full.partition(".")[0] in _MODULES
        if of_module or (bare and "." not in full) or full.partition(".")[0] in _MODULES:
            found = self._known(node, name)
            if found is not None:
                return found
        if isinstance(node.func, ast.Attribute) and name in METHODS:
            return self.expression(node.func.value)
        if isinstance(node.func, ast.Attribute) and name in ("get", "index", "count", "clamp"):
            return self._method(node, node.func, name)
        if name == "getattr" and len(node.args) >= 2:
            match node.args[1]:
                case ast.Constant(value=str() as attribute):
                    inner = ast.Attribute(node.args[0], attribute, ast.Load())
                    return self._free(ast.copy_location(inner, node))
        if not full or of_module or full.partition(".")[0] in UNKNOWABLE or not self._is_fixed(node):
            raise refused(node.lineno, written(node))
        return self._free(node)

    def _known(self, node: ast.Call, name: str) -> Run | None:
        """A call of a function of Python, math, NumPy, torch, JAX or TensorFlow."""
        machine, line = self.machine, node.lineno
        given = [self.expression(part) for part in node.args]
        if name in ("where", "cond", "select") and len(given) >= 3:
            test, yes, no = given[:3]
            if name == "cond":
                yes, no = self._applied(yes, given[3:]), self._applied(no, given[3:])
            return self._choice(test, yes, no)
        order = _KEYWORDS.get(name, ())
        for word in node.keywords:
            value = self.expression(word.value)
            if word.arg in order or word.arg in ("a_min", "min", "a_max", "max"):
                place = 1 if word.arg in ("a_min", "min") else 2
                place = order.index(word.arg) if word.arg in order else place
                given += [lambda frames: None] * (place + 1 - len(given))
                given[place] = value
            elif word.arg not in ("dtype", "device", "name", "default", "axis"):
                return None
        if name in SAME and given:
            return given[-1] if name == "cast" and len(given) == 1 else given[0]
        if name in CHOOSING:
            choose = CHOOSING[name]

            def chosen(frames: Frames) -> Value:
                machine.line = line
                return choose(machine, [run(frames) for run in given])

            return chosen
        if name not in PLAIN:
            return None
        plain = PLAIN[name]
        if machine.arrays and name in ("power", "pow", "divide"):
            plain = in_arrays(plain)
        if len(given) == 1:
            (only,) = given

            def unary(frames: Frames) -> Value:
                value = only(frames)
                if name == "float" and isinstance(value, str):
                    return float(value[:40])
                return plain(number(value))

            return unary
        return lambda frames: bounded(plain(*[number(run(frames)) for run in given]))

    def _applied(self, function: Run, given: Sequence[Run]) -> Run:
        def run(frames: Frames) -> Value:
            found = function(frames)
            return found([one(frames) for one in given], {}) if callable(found) else found

        return run

    def _apply(self, function: Run, node: ast.Call) -> Run:
        given = [self._argument(part) for part in node.args]
        named = {word.arg: self._argument(word.value) for word in node.keywords if word.arg}
        if len(named) != len(node.keywords):
            raise refused(node.lineno, written(node))
        machine, line, text = self.machine, node.lineno, written(node.func)

        def run(frames: Frames) -> Value:
            machine.line = line
            found = function(frames)
            if not callable(found):
                raise NoValue(f"{text} is no function")
            return found(
                [one(frames) for one in given], {key: one(frames) for key, one in named.items()}
            )

        return run

    def _argument(self, node: ast.expr) -> Run:
        """An argument that may be an object, such as ``args``, of which only parts have values."""
        found = self.expression(node)
        if not dotted(node):
            return found

        def run(frames: Frames) -> Value:
            try:
                return found(frames)
            except GradatimError as error:
                return Unknown(error)

        return run

    def _method(self, node: ast.Call, function: ast.Attribute, name: str) -> Run:
        """A method of a list, a dictionary or a group; or of something of the file."""
        root = dotted(function.value).split(".")[0].split("[")[0]
        if root and self._local(root) is None:
            return self._free(node)
        source, given = self.expression(function.value), [*map(self.expression, node.args)]
        machine, line = self.machine, node.lineno

        def run(frames: Frames) -> Value:
            held, values = source(frames), [one(frames) for one in given]
            machine.line = line
            if name == "clamp":
                return CHOOSING["clamp"](machine, [held, *values])
            if isinstance(held, Group):
                key, default = str(values[0]), values[1] if len(values) > 1 else None
                if key in ("lr", "initial_lr"):
                    return of_group(machine, key)
                machine.notes[_own_key(key)] = None
                return default
            if name == "get" and isinstance(held, Mapping):
                return held.get(values[0], values[1] if len(values) > 1 else None)
            found = tuple(entries(held))
            try:
                return found.index(values[0]) if name == "index" else found.count(values[0])
            except ValueError:
                raise NoValue(f"{values[0]!r} is not in the list") from None

        return run


def _once(run: Run) -> Run:
    """Evaluate an expression at the first step that needs it, and keep its value."""
    kept: list[Value] = []

    def first(frames: Frames) -> Value:
        if not kept:
            kept.append(run(frames))
        return kept[0]

    return first


def of_group(machine: Machine, key: str) -> Value:
    """An entry of a parameter group.

    Raises:
        GradatimError: If the function does not need it for a rate.
    """
    if key == "lr":
        return machine.current()
    if key in ("initial_lr", "base_lr", "init_lr"):
        if machine.base is None:
            machine.current()
        return machine.base
    if any(part in key for part in _SCALES):
        machine.notes[_own_key(key)] = None
        return 1.0
    raise refused(machine.line, f"the entry {key!r} of a parameter group")


def _own_key(key: str) -> str:
    return f"Parameter groups with an entry {key!r} get other rates; this is that of the others."


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
