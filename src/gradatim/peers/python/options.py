"""Options of a command in the same file: argparse, absl, click and typer, with their defaults."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import NamedTuple

from gradatim.peers.python.script import CallSite, Script

PARSED = {"parse_args", "parse_known_args", "parse_intermixed_args", "parse_known_intermixed_args"}
_TYPES = {"int", "float", "str", "bool"}


class Option(NamedTuple):
    """One option of a command."""

    default: ast.expr | None
    """None where it has none."""
    type: str
    """The function that its text goes through, such as "int"; or ""."""
    site: CallSite


def options(script: Script) -> Mapping[str, list[Option]]:
    """The options that a file declares, by their names in it; a name may be declared twice."""
    found: dict[str, list[Option]] = {}
    for site in script.calls.get("add_argument", ()):
        name, option = _argparse(site)
        if name:
            found.setdefault(name, []).append(option)
    for site in script.calls.get("set_defaults", ()):
        for word in site.node.keywords:
            if word.arg:
                found.setdefault(word.arg, []).append(Option(word.value, "", site))
    for name, sites in script.calls.items():
        if name.startswith("DEFINE_"):
            for site in sites:
                match site.node.args:
                    case [ast.Constant(value=str() as key), default, *_]:
                        found.setdefault(key, []).append(Option(default, "", site))
    return found


def _argparse(site: CallSite) -> tuple[str, Option]:
    named = {word.arg: word.value for word in site.node.keywords if word.arg}
    flags = [
        part.value
        for part in site.node.args
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    dest = named.get("dest")
    if isinstance(dest, ast.Constant) and isinstance(dest.value, str):
        name = dest.value
    else:
        long = [flag for flag in flags if flag.startswith("--")] or flags
        name = long[0].lstrip("-").replace("-", "_") if long else ""
    default = named.get("default")
    action = named.get("action")
    if default is None and isinstance(action, ast.Constant):
        values = {"store_true": False, "store_false": True}
        if action.value in values:
            default = ast.copy_location(ast.Constant(values[str(action.value)]), site.node)
    kind = named.get("type")
    name_of_type = kind.id if isinstance(kind, ast.Name) and kind.id in _TYPES else ""
    return name, Option(default, name_of_type, site)
