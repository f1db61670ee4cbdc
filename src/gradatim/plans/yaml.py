"""A YAML reader without tags, anchors, constructors and recursion.

PyYAML yields events; ``tree`` decides what a scalar means, since YAML 1.1 reads 1e-3 as a string,
010 as 8, 12:30:45 as 45045 and no as False.
"""

from __future__ import annotations

from typing import Any

from gradatim.core.build import Node, at_line
from gradatim.errors import GradatimError
from gradatim.plans.tree import DEEPEST, MOST, scalar_of, shown, too_deep, too_many


def read_yaml(text: str) -> Node:
    """The tree of a YAML text.

    Raises:
        GradatimError: With the line, for what is not YAML, for tags, anchors and aliases, for a
            key that comes twice, for text that YAML readers take for something else, and for
            data that is too deep or too large.
    """
    try:
        import yaml
    except ModuleNotFoundError:
        raise GradatimError(
            "a plan in YAML needs the package PyYAML, which is not installed. "
            'Write pip install "gradatim[cli]", or write the plan as TOML or JSON.'
        ) from None
    builder = _NodeBuilder()
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            builder.take(event, type(event).__name__.removesuffix("Event"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = str(error.problem or error.context or "unreadable").split("\n")[0]
        raise at_line(
            mark.line + 1 if mark else None, f"this is not YAML: {reason[:120]}."
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, GradatimError):
            raise
        reason = str(error).split("\n")[0]
        raise GradatimError(f"this is not YAML: {reason[:120]}.") from None
    return builder.root or Node(None, 1)


class _NodeBuilder:
    """Builds nodes from events, with a stack of the open containers."""

    def __init__(self) -> None:
        self.root: Node | None = None
        # Each open container, with a key and its line if a value must follow.
        self.open: list[tuple[Node, list[tuple[str, int]]]] = []
        self.nodes = 0

    def take(self, event: Any, kind: str) -> None:
        line = event.start_mark.line + 1
        if kind == "Alias" or getattr(event, "anchor", None) is not None:
            raise at_line(line, "anchors and aliases (& and *) are not read. Write it out.")
        if getattr(event, "tag", None) not in (None, "!"):
            raise at_line(line, f"tags such as {shown(event.tag)} are not read. Leave it out.")
        if kind == "DocumentStart" and self.root is not None:
            raise at_line(line, "a second document begins. A file is one plan.")
        if kind in ("MappingEnd", "SequenceEnd"):
            self.open.pop()
        elif kind in ("MappingStart", "SequenceStart"):
            node = Node({} if kind == "MappingStart" else [], line)
            self.add(node)
            self.open.append((node, []))
            if len(self.open) > DEEPEST:
                raise too_deep(line)
        elif kind == "Scalar":
            quoted = event.style is not None or event.tag == "!"
            self.scalar(event.value, quoted, line)

    def scalar(self, text: str, quoted: bool, line: int) -> None:
        if self.open and isinstance(self.open[-1][0].value, dict) and not self.open[-1][1]:
            mapping, waiting = self.open[-1]
            if text in mapping.value:  # type: ignore[operator]
                raise at_line(line, f"the key {shown(text)} comes twice.")
            if text == "<<":
                raise at_line(line, "merging with << is not read. Write it out.")
            waiting.append((text, line))
            self.count(line)
        else:
            self.add(Node(text if quoted else scalar_of(text, line), line))

    def add(self, node: Node) -> None:
        self.count(node.line)
        if not self.open:
            self.root = node
            return
        container, waiting = self.open[-1]
        if isinstance(container.value, list):
            container.value.append(node)
        elif isinstance(container.value, dict):
            if not waiting:
                raise at_line(node.line, "a key must be a string.")
            # Errors name the line of the key.
            key, line = waiting.pop()
            container.value[key] = Node(node.value, line)

    def count(self, line: int | None) -> None:
        self.nodes += 1
        if self.nodes > MOST:
            raise too_many(line)
