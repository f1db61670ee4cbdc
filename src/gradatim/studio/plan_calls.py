"""The calls in the text of a plan file and the places of their arguments."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import yaml

from gradatim.core.run.run import Run
from gradatim.core.values.value import buildable
from gradatim.errors import GradatimError
from gradatim.plans.toml import parse_toml
from gradatim.studio.calls import Argument, Call, units

Tree = TypeVar("Tree")


def calls_in_plan(text: str, ending: str) -> list[Call]:
    """The calls in a plan in YAML, JSON or TOML; none if it cannot be read.

    A plan in YAML that ``read_plan`` has accepted has no tags, anchors or aliases.
    """
    if ending == ".toml":
        places = _TomlPlaces(text)
        try:
            return list(places.plan(parse_toml(places.numbered)))
        except GradatimError:
            return []
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)  # JSON is YAML, too
    except (yaml.YAMLError, RecursionError, ValueError):
        return []
    return list(_YamlPlaces(text).plan(root))


class _Places(ABC, Generic[Tree]):
    """The calls in the tree of a plan, which each format has another form of."""

    def __init__(self, text: str) -> None:
        self.text = text

    @abstractmethod
    def entries(self, tree: Tree) -> list[tuple[str, Tree]]:
        """The entries of a mapping; none of what is no mapping."""

    @abstractmethod
    def items(self, tree: Tree) -> list[Tree]:
        """The entries of a list; none of what is no list."""

    @abstractmethod
    def place(self, tree: Tree) -> tuple[int, int] | None:
        """Where in the text a value is written that can be edited as one field."""

    @abstractmethod
    def insertion(self, tree: Tree) -> tuple[int, str, str]:
        """Where another argument can be written, and what to write before and after its value."""

    def plan(self, root: Tree) -> Iterator[Call]:
        """The calls of a whole plan."""
        for key, tree in self.entries(root):
            if key == "run":
                yield from self.call("Run", "run", tree)
            elif key in ("schedules", "external", "rules"):
                for target, inner in self.entries(tree):
                    yield from self.value(f"rule of {target}" if key == "rules" else target, inner)

    def value(self, about: str, tree: Tree) -> Iterator[Call]:
        """The call that a mapping of one name is, or those in a list."""
        for item in self.items(tree):
            yield from self.value(about, item)
        entries = self.entries(tree)
        if len(entries) == 1 and entries[0][0] in buildable():
            yield from self.call(entries[0][0], about, entries[0][1])

    def call(self, name: str, about: str, tree: Tree) -> Iterator[Call]:
        """A call, and those in its arguments."""
        entries = self.entries(tree)
        arguments = tuple(
            Argument(key, self.text[place[0] : place[1]], self.at(place[0]), self.at(place[1]))
            for key, value in entries
            if (place := self.place(value)) is not None
        )
        make = Run if name == "Run" else buildable().get(name)
        start, before, after = self.insertion(tree)
        at = self.at(start)
        yield Call(name, about, make, arguments, at, at, at, before, after)
        for _, value in entries:
            yield from self.value(about, value)

    def at(self, index: int) -> int:
        """The place of a character."""
        return units(self.text[:index])


class _YamlPlaces(_Places["yaml.Node | None"]):
    def entries(self, tree: yaml.Node | None) -> list[tuple[str, yaml.Node | None]]:
        if not isinstance(tree, yaml.MappingNode):
            return []
        return [(key.value, value) for key, value in tree.value if isinstance(key, yaml.ScalarNode)]

    def items(self, tree: yaml.Node | None) -> list[yaml.Node | None]:
        return list(tree.value) if isinstance(tree, yaml.SequenceNode) else []

    def place(self, tree: yaml.Node | None) -> tuple[int, int] | None:
        if tree is None or (isinstance(tree, yaml.CollectionNode) and not tree.flow_style):
            return None
        return tree.start_mark.index, tree.end_mark.index

    def insertion(self, tree: yaml.Node | None) -> tuple[int, str, str]:
        """In front of the first argument."""
        quoted = '"{name}": ' if self.text.lstrip().startswith("{") else "{name}: "
        if not isinstance(tree, yaml.MappingNode):
            return 0, "", ""
        if not tree.value:
            return tree.start_mark.index + 1, quoted, ""
        first = tree.value[0][0].start_mark
        after = ", " if tree.flow_style else f"\n{' ' * first.column}"
        return first.index, quoted, after


_KEY = r"(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')"
_ENTRY = re.compile(
    rf"((?:{_KEY}[ \t]*\.[ \t]*)*){_KEY}[ \t]*=[ \t]*"
    r"(\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|\[[^\[\]{}]*(?:\[[^\[\]{}]*\][^\[\]{}]*)*\]|[\w+.:-]+)"
)
_FIRST = 7_310_000_000_000_000
"""The number that stands for the first value of a text; no plan has one like it."""


class _TomlPlaces(_Places[Any]):
    """Each value is replaced by a number of its own, which the parser then shows the place of."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.found = list(_ENTRY.finditer(text))
        numbered, end = "", 0
        for at, entry in enumerate(self.found):
            numbered += f"{text[end : entry.start(2)]}{_FIRST + at}"
            end = entry.end(2)
        self.numbered = numbered + text[end:]

    def entry(self, tree: Any) -> re.Match[str] | None:
        """What is written for a number of ours."""
        if isinstance(tree, int) and 0 <= tree - _FIRST < len(self.found):
            return self.found[tree - _FIRST]
        return None

    def entries(self, tree: Any) -> list[tuple[str, Any]]:
        return list(tree.items()) if isinstance(tree, dict) else []

    def items(self, tree: Any) -> list[Any]:
        return tree if isinstance(tree, list) else []

    def place(self, tree: Any) -> tuple[int, int] | None:
        entry = self.entry(tree)
        return None if entry is None else entry.span(2)

    def insertion(self, tree: Any) -> tuple[int, str, str]:
        """In front of the first argument, with the keys that are written before its own."""
        first = next((one for _, value in self.entries(tree) if (one := self.entry(value))), None)
        if first is None:
            return 0, "", ""
        line = self.text[self.text.rfind("\n", 0, first.start()) + 1 : first.start()]
        after = f"\n{line}" if not line.strip() else ", "
        return first.start(), f"{first[1]}{{name}} = ", after
