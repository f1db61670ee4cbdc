"""Names in a function: its own variables, and what others stand for in the file around it."""

from __future__ import annotations

import ast
import re
from abc import ABC, abstractmethod
from typing import Protocol

from gradatim.errors import GradatimError
from gradatim.peers.evaluation.arithmetic import CONSTANTS, number
from gradatim.peers.evaluation.groups import of_group
from gradatim.peers.evaluation.machine import (
    Callee,
    Frames,
    Groups,
    Machine,
    NoValue,
    Previous,
    Run,
    Unknown,
    Value,
    refused,
)
from gradatim.peers.found import Missing
from gradatim.peers.syntax import dotted, written

MODULES = {"math", "numpy", "np", "torch", "jax", "jnp", "tensorflow", "tf", "keras", "K", "ops"}
MODULES |= {"bisect", "builtins", "lax", "F", "mx", "paddle", "mindspore"}
"""The modules whose functions are known, by their names and by those that people give them."""
_COUNTS = {"last_epoch", "base_lrs", "_step_count"}
_LENGTH = re.compile(
    r"(total|max|num|n|training|decay|end|all)\w*_?(step|iter|update|epoch)s?|epochs\b|T_max|"
    r"(steps|iterations|updates)\b",
    re.IGNORECASE,
)

Function = ast.FunctionDef | ast.Lambda


class Outside(Protocol):
    """The file around a function: what its names stand for there."""

    def value(self, node: ast.expr, inside: Function | None) -> Value:
        """The value of a name, an attribute or a call that is not known in the function.

        Raises:
            GradatimError: If the file does not set it.
        """

    def function(self, node: ast.expr, inside: Function | None) -> Function | None:
        """The function of the file that this name stands for."""

    def defines(self, name: str) -> bool:
        """Whether the file has a function or a class of this name."""

    def full_name(self, node: ast.expr) -> str:
        """A dotted name with what its first part was imported as: "numpy.cos"."""


class Names(ABC):
    """Builds the closures that look up names.

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
        self._unknown: dict[tuple[int, str], GradatimError] = {}
        self.functions: dict[int, Callee] = {}
        self._fixed: dict[int, bool] = {}

    def missing(self) -> dict[str, str]:
        """The names without a value, also those that no step has needed yet, and why."""
        found: dict[str, str] = {}
        for find in self.lookups:
            try:
                find(())
            except Missing as error:
                found |= error.reasons
            except (GradatimError, NoValue):
                continue
        return found

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

    @abstractmethod
    def expression(self, node: ast.expr) -> Run:
        """The closure that evaluates an expression."""

    def is_fixed(self, node: ast.AST) -> bool:
        """Whether an expression has the same value at all steps: it has no local names."""
        key = id(node)
        if key not in self._fixed:
            local = isinstance(node, ast.Name) and self._local(node.id) is not None
            self._fixed[key] = not (local or self._changes(node)) and all(
                map(self.is_fixed, ast.iter_child_nodes(node))
            )
        return self._fixed[key]

    def _changes(self, node: ast.AST) -> bool:
        """Whether an expression may have another value at each step without a local name."""
        own = isinstance(node, ast.Attribute) and node.attr == "param_groups"
        return bool(self.inside) and (own or isinstance(node, ast.Lambda))

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
        text, known, inside = written(node), self.free, self._around
        if "__" in text and inside is not None:
            raise refused(node.lineno, text)
        root = dotted(node).split(".")[0].split("[")[0]
        full = self.outside.full_name(node) if root else ""
        if full.partition(".")[0] in MODULES and text.rpartition(".")[2] in CONSTANTS:
            constant = CONSTANTS[text.rpartition(".")[2]]
            return lambda frames: constant
        function = self._named(node)
        if function is not None:
            return self._of_file(function)
        outside, key = self.outside, (id(inside), text)

        def run(frames: Frames) -> Value:
            if key in self._unknown:
                raise self._unknown[key]
            try:
                if key not in known:
                    known[key] = outside.value(node, inside)
            except GradatimError as error:
                self._unknown[key] = error
                raise
            return known[key]

        own = self._local(root) is not None
        named = {one.arg for one in inside.args.args} if inside is not None else set()
        argument = root in named and not isinstance(node, ast.Name)
        if argument or not own:
            self.lookups.append(run)
        return run

    def _of_object(self, node: ast.expr, root: str, run: Run) -> Run:
        """A part of a local variable; of an object such as ``args``, what the file sets it to."""
        depth, free = self._local(root), self._free(node)
        if depth is None:
            return free

        def chosen(frames: Frames) -> Value:
            held = frames[depth].get(root, Groups)
            return free(frames) if held is Groups or isinstance(held, Unknown) else run(frames)

        return chosen

    @property
    def _around(self) -> Function | None:
        """The function that is compiled; None outside of functions."""
        return self.inside[0] if self.inside else None

    def _named(self, node: ast.expr) -> Function | None:
        return self.outside.function(node, self._around)

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
