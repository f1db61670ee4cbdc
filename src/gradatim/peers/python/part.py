"""A part of some code at its place, for the files that say what it stands for."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

from gradatim.peers.found import Missing
from gradatim.peers.python.script import Binding, Place, Scope
from gradatim.peers.python.world import World
from gradatim.peers.syntax import written


class Frame(NamedTuple):
    """The arguments of the call through which the inside of a function is read."""

    scope: Scope
    arguments: Mapping[str, Part]


class Part(ABC):
    """A part of some code at its place.

    Args:
        node: The part.
        place: Where it stands.
        world: The file, and what the user gave for its names.
        frame: The call through which it is read, if it is one of several.
    """

    def __init__(
        self, node: ast.expr, place: Place, world: World, frame: Frame | None = None
    ) -> None:
        self.node, self.place, self.world, self.frame = node, place, world, frame
        self.unset = ""
        """Of the value None, the option without a default that it stands for."""

    @abstractmethod
    def resolved(self) -> Part:
        """What it stands for, where names are followed to what they were set to."""

    @abstractmethod
    def known(self) -> Any:
        """Its value.

        Raises:
            Missing: If it depends on names that have no value.
            ValueError: If it is no literal, and nothing that can be computed.
        """

    def known_or_none(self) -> Any:
        """Its value, or None if it has none that can be known."""
        try:
            return self.known()
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
            return None

    def inner(self, node: ast.expr) -> Part:
        """Another part of the same place."""
        return type(self)(node, self.place, self.world, self.frame)

    def at(self, node: ast.expr, place: Place, frame: Frame | None = None) -> Part:
        """A part of another place."""
        return type(self)(node, place, self.world, frame)

    def bound(self, binding: Binding) -> Part | None:
        """What an assignment set its name to."""
        if binding.value is None:
            return None
        frame = self.frame if self.frame and self.frame.scope is binding.place.scope else None
        return self.at(binding.value, binding.place, frame)

    @property
    def line(self) -> int:
        """The line where it begins."""
        return getattr(self.node, "lineno", 1)

    def text(self) -> str:
        """How it is written, in short."""
        return written(self.node)

    def missing(self, why: str = "is not set in the file") -> Missing:
        """The error for a part that has no value; the caller raises it."""
        return Missing({self.text(): why})
