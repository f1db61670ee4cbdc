"""The calls in the text of a plan file and the places of their arguments."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from gradatim.core.run.run import Run
from gradatim.core.values.value import buildable
from gradatim.studio.calls import Argument, Call, units


def calls_in_plan(text: str) -> list[Call]:
    """The calls in a plan in YAML or JSON, which is YAML, too; none if it cannot be read.

    A plan that ``read_plan`` has accepted has no tags, anchors or aliases.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return []
    return list(_Places(text).plan(root))


class _Places:
    def __init__(self, text: str) -> None:
        self.text = text

    def at(self, mark: yaml.Mark) -> int:
        """The place of a mark."""
        return units(self.text[: mark.index])

    def plan(self, root: yaml.Node | None) -> Iterator[Call]:
        for key, node in _entries(root):
            if key == "run":
                yield from self.call("Run", "run", node)
            elif key in ("schedules", "external", "rules"):
                for target, inner in _entries(node):
                    yield from self.value(f"rule of {target}" if key == "rules" else target, inner)

    def value(self, about: str, node: yaml.Node) -> Iterator[Call]:
        """The call that a mapping of one name is, or those in a list."""
        if isinstance(node, yaml.SequenceNode):
            for entry in node.value:
                yield from self.value(about, entry)
            return
        entries = list(_entries(node))
        if len(entries) == 1 and entries[0][0] in buildable():
            yield from self.call(entries[0][0], about, entries[0][1])

    def call(self, name: str, about: str, node: yaml.Node) -> Iterator[Call]:
        if not isinstance(node, yaml.MappingNode):
            return
        arguments = tuple(
            Argument(
                key,
                self.text[value.start_mark.index : value.end_mark.index],
                self.at(value.start_mark),
                self.at(value.end_mark),
            )
            for key, value in _entries(node)
            if isinstance(value, yaml.ScalarNode)
            or (isinstance(value, yaml.CollectionNode) and value.flow_style)
        )
        make = Run if name == "Run" else buildable().get(name)
        start, end = self.at(node.start_mark), self.at(node.end_mark)
        yield Call(name, about, make, arguments, start, end, *self.insertion(node))
        for _, value in _entries(node):
            yield from self.value(about, value)

    def insertion(self, node: yaml.MappingNode) -> tuple[int, str, str]:
        """Where an argument can be written into a mapping: in front of its first one."""
        quoted = '"{name}": ' if self.text.lstrip().startswith("{") else "{name}: "
        if not node.value:
            return self.at(node.start_mark) + 1, quoted, ""
        first = node.value[0][0].start_mark
        after = ", " if node.flow_style else f"\n{' ' * first.column}"
        return self.at(first), quoted, after


def _entries(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key.value, value
