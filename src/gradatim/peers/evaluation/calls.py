"""Calls in Python code: of mathematical functions, of functions of the file, and of methods."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence

from gradatim.errors import GradatimError
from gradatim.peers.evaluation.arithmetic import (
    CHOOSING,
    METHODS,
    PLAIN,
    SAME,
    bounded,
    entries,
    in_arrays,
    number,
    replaced,
)
from gradatim.peers.evaluation.expressions import Expressions
from gradatim.peers.evaluation.groups import of_group, own_key
from gradatim.peers.evaluation.machine import Frames, Group, NoValue, Run, Unknown, Value, refused
from gradatim.peers.evaluation.names import MODULES
from gradatim.peers.syntax import called, dotted, written

UNKNOWABLE = {"eval", "exec", "open", "compile", "input", "globals", "locals", "vars", "setattr"}
UNKNOWABLE |= {"os", "sys", "time", "random", "subprocess", "datetime", "socket", "importlib"}
"""What a function may do that no value in the file says."""
_KEYWORDS = {
    "clip": ("", "a_min", "a_max"),
    "clamp": ("input", "min", "max"),
    "where": ("condition", "x", "y"),
}
_OF_MAPPING: dict[str, Callable[[Mapping[Value, Value], list[Value]], Value]] = {
    "get": lambda held, given: held.get(given[0], given[1] if len(given) > 1 else None),
    "keys": lambda held, given: tuple(held),
    "values": lambda held, given: tuple(held.values()),
    "items": lambda held, given: tuple(held.items()),
}
OF_TEXT: dict[str, Callable[..., Value]] = {
    "split": lambda text, *by: tuple(text.split(*by)),
    "lower": str.lower,
    "upper": str.upper,
    "strip": str.strip,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "replace": replaced,
}
"""Methods of texts."""
_CHOICES = {"where", "cond", "select"}
_FUNCTIONS = {*_CHOICES, *SAME, *CHOOSING, *PLAIN}


class Calls(Expressions):
    """Builds the closures of calls."""

    def call(self, node: ast.Call) -> Run:
        """The closure that evaluates a call.

        Raises:
            GradatimError: If what is called is not known, and no value of the file either.
        """
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
        of_module = not bare and self._local(root) is None and full.partition(".")[0] in MODULES
        if of_module or (bare and "." not in full) or full.partition(".")[0] in MODULES:
            found = self._known(node, name)
            if found is not None:
                return found
        if isinstance(node.func, ast.Attribute) and name in METHODS:
            return self.expression(node.func.value)
        if isinstance(node.func, ast.Attribute) and (
            name in ("get", "index", "count", "clamp") or name in {**_OF_MAPPING, **OF_TEXT}
        ):
            return self._method(node, node.func, name)
        if name == "getattr" and len(node.args) >= 2:
            match node.args[1]:
                case ast.Constant(value=str() as attribute):
                    inner = ast.Attribute(node.args[0], attribute, ast.Load())
                    return self._free(ast.copy_location(inner, node))
        if not full or of_module or full.partition(".")[0] in UNKNOWABLE or not self.is_fixed(node):
            raise refused(node.lineno, written(node))
        return self._free(node)

    def _known(self, node: ast.Call, name: str) -> Run | None:
        """A call of a function of Python, math, NumPy, torch, JAX or TensorFlow."""
        if name not in _FUNCTIONS:
            return None
        machine, line = self.machine, node.lineno
        given = [self.expression(part) for part in node.args]
        if name in _CHOICES and len(given) >= 3:
            test, yes, no = given[:3]
            if name == "cond":
                yes, no = self._applied(yes, given[3:]), self._applied(no, given[3:])
            return self.choice(test, yes, no)
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
        plain: Callable[..., float] = PLAIN[name]
        if machine.arrays and name in ("power", "pow", "divide"):
            plain = in_arrays(plain)
        if len(given) == 1:
            (only,) = given

            return lambda frames: plain(number(only(frames)))
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
        known = name in _OF_MAPPING or name in OF_TEXT
        if root and self._local(root) is None and not known:
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
                machine.notes[own_key(key)] = None
                return default
            if isinstance(held, Mapping) and name in _OF_MAPPING:
                return _OF_MAPPING[name](held, values)
            if isinstance(held, str) and name in OF_TEXT:
                return OF_TEXT[name](held, *values)
            found = tuple(entries(held))
            try:
                return found.index(values[0]) if name == "index" else found.count(values[0])
            except ValueError:
                raise NoValue(f"{values[0]!r} is not in the list") from None

        if root and dotted(function.value) and name == "get":
            return self._of_object(node, root, run)
        return run
