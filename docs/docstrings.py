"""A griffe extension for the reference: signatures of value classes, examples as code."""

import re
from collections.abc import Iterator
from typing import Any

from griffe import (
    Attribute,
    Class,
    Extension,
    Function,
    Object,
    Parameter,
    ParameterKind,
    Parameters,
)

_VALUE = "gradatim.core.values.value.Value"
_EXAMPLE = re.compile(r"^( *)>>> (?:.*\S.*\n?)+", re.MULTILINE)
_LITERAL = re.compile(r"^::\n\n((?:    .*\n?|\n)+)", re.MULTILINE)


class Docstrings(Extension):
    """Gives Markdown and mkdocstrings what they need to show our docstrings."""

    def on_object(self, *, obj: Object, **kwargs: Any) -> None:
        """Fence examples, which Markdown takes for quotations."""
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)

    def on_package(self, *, pkg: Object, **kwargs: Any) -> None:
        """Give each value class the ``__init__`` that its fields stand for."""
        for found in list(_classes(pkg)):
            if found.path != _VALUE and "__init__" not in found.members:
                parents = found.mro()
                if any(parent.path == _VALUE for parent in parents):
                    _set_init(found, [*reversed(parents), found])


def fenced(text: str) -> str:
    """The docstring with its doctests, and what follows ``::``, as Markdown's code blocks."""
    text = _LITERAL.sub(lambda m: "```python\n" + re.sub("(?m)^    ", "", m[1]) + "\n```\n", text)
    return _EXAMPLE.sub(lambda m: f"{m[1]}```pycon\n{m[0].rstrip()}\n{m[1]}```\n", text)


def _classes(found: Object) -> Iterator[Class]:
    for member in found.members.values():
        if not member.is_alias and (member.is_module or member.is_class):
            if isinstance(member, Class):
                yield member
            yield from _classes(member)


def _set_init(found: Class, family: list[Class]) -> None:
    fields = {
        name: Parameter(
            name,
            annotation=member.annotation,
            kind=ParameterKind.positional_or_keyword,
            default=member.value,
        )
        for parent in family
        for name, member in parent.members.items()
        if isinstance(member, Attribute)
        and member.annotation is not None
        and "instance-attribute" in member.labels
        and not name.startswith("_")
    }
    itself = Parameter("self", kind=ParameterKind.positional_or_keyword)
    init = Function("__init__", parent=found, parameters=Parameters(itself, *fields.values()))
    init.lineno = init.endlineno = found.lineno
    found.set_member("__init__", init)
