"""One reading of a file: what the user gave for its names, and what was taken from it."""

from __future__ import annotations

import ast

from gradatim.core.build import Scalar
from gradatim.core.syntax_trees import NOT_PYTHON, expression_of
from gradatim.errors import GradatimError
from gradatim.peers.found import Given
from gradatim.peers.python.options import options
from gradatim.peers.python.script import Binding, CallSite, Scope, Script
from gradatim.peers.syntax import called, dotted, written

_MOST_PARTS, _DEEPEST = 50_000, 80


class World:
    """A file and the values that the user gave for names in it.

    Args:
        script: The file.
        given: What the user adds; its values by the names that the file uses.
    """

    def __init__(self, script: Script, given: Given) -> None:
        self.script = script
        self.values = {_spelled(name): (name, value) for name, value in given.values.items()}
        self._used = given.used
        self.said: dict[str, str] = {}
        """What is said of the defaults that were used, by their names."""
        self.tests: dict[int, bool | None] = {}
        self.options = options(script)
        self.depth = 0
        self._parts = 0
        self._attributes: dict[str, list[Binding]] | None = None
        self._loaded: set[str] | None = None

    def count(self) -> None:
        """Count one more part of the code; there is an end to it.

        Raises:
            GradatimError: If there were too many, such as in names of lists of names of lists.
        """
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise GradatimError(
                f"what it is made of has more than {_MOST_PARTS} parts. Write the numbers out."
            )

    @property
    def too_deep(self) -> bool:
        """Whether names stand for names so deeply that it may have no end."""
        return self.depth > _DEEPEST

    def say(self, name: str, value: ast.expr, where: str) -> None:
        """Note that a default was used."""
        if name not in self.values:
            self.said.setdefault(name, f"{name} = {written(value)} is the default of {where}.")

    def given(self, node: ast.AST) -> ast.expr | None:
        """What the user gave for a part of the code, by how it is written."""
        if not self.values:
            return None
        text = written(node)
        if text not in self.values:
            text = text.removeprefix("self.")
        if text not in self.values:
            return None
        name, value = self.values[text]
        self._used.add(name)
        return ast.copy_location(_literal(value), node)

    def full_name(self, node: ast.AST) -> str:
        """A dotted name with what its first part was imported as: "torch.optim.SGD"."""
        name = dotted(node)
        first, dot, rest = name.partition(".")
        return f"{self.script.imports.get(first, first)}{dot}{rest}"

    def assigned_anywhere(self, name: str) -> list[Binding]:
        """The assignments to an attribute or an entry, such as "args.lr", in all scopes."""
        if self._attributes is None:
            self._attributes = {}
            for scope in self.script.all_scopes:
                for text, bindings in scope.bindings.items():
                    if "." in text or "[" in text:
                        self._attributes.setdefault(text, []).extend(bindings)
        return self._attributes.get(name, [])

    def callers(self, scope: Scope) -> list[CallSite]:
        """The calls of a function, or of the class whose ``__init__`` it is.

        A call in a function that nothing in the file uses counts only if there is no other.
        """
        sites = self._calls_of(scope)
        if len(sites) > 1:
            sites = [site for site in sites if self._is_used(site.place.scope)] or sites
        return sites

    def _is_used(self, scope: Scope) -> bool:
        """Whether the file uses the function, or is not known not to."""
        node = scope.node
        if not isinstance(node, ast.FunctionDef) or _is_method(scope) or node.decorator_list:
            return True
        if self._loaded is None:
            tree = self.script.module.node
            self._loaded = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}
        return scope.name in self._loaded

    def _calls_of(self, scope: Scope) -> list[CallSite]:
        name, owner = scope.name, scope.owner
        if name == "__init__" and owner is not None:
            return self.script.calls.get(owner.name, [])
        sites = self.script.calls.get(name, [])
        if not _is_method(scope):
            return [site for site in sites if isinstance(site.node.func, ast.Name)]
        sites = [site for site in sites if isinstance(site.node.func, ast.Attribute)]
        if len(self.script.scopes.get(name, ())) == 1:
            return sites
        return [  # methods of one name in several classes: those that are called on self
            site
            for site in sites
            if site.place.scope.owner is owner and dotted(site.node.func)[:5] == "self."
        ]

    def function(self, node: ast.Call) -> Scope | None:
        """The only function or method of the file that a call may be of."""
        scopes = self.script.scopes.get(called(node), [])
        plain = isinstance(node.func, ast.Name)
        fitting = [s for s in scopes if not s.is_class and _is_method(s) is not plain]
        return fitting[0] if len(fitting) == 1 else None


def _is_method(scope: Scope) -> bool:
    return scope.parent is not None and scope.parent.is_class


def _literal(value: Scalar) -> ast.expr:
    """A value as code; a text that is a list or a dictionary, such as "[30, 60]", as one."""
    if isinstance(value, str) and value[:1] in ("[", "(", "{"):
        try:
            node = expression_of(value)
            ast.literal_eval(node)
        except NOT_PYTHON:
            return ast.Constant(value)
        return node
    return ast.Constant(value)


def _spelled(name: str) -> str:
    """A name as ``ast.unparse`` writes it."""
    try:
        return written(expression_of(name.strip()))
    except NOT_PYTHON:
        return name
