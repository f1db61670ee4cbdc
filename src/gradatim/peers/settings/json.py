"""JSON of other projects: as in plan files, but larger, and with NaN as Python writes it."""

from __future__ import annotations

from gradatim.core.build import Node
from gradatim.peers.settings.tree import MOST, Setting
from gradatim.plans import json as plans


def read_json(text: str) -> Setting:
    """The tree of a JSON text.

    Raises:
        GradatimError: With the line, as for a plan file.
    """
    return _setting(plans.read_json(text, most=MOST, not_finite=True))


def _setting(node: Node) -> Setting:
    line = node.line or 1
    if isinstance(node.value, dict):
        return Setting({key: _setting(entry) for key, entry in node.value.items()}, line)
    if isinstance(node.value, list):
        return Setting([_setting(entry) for entry in node.value], line)
    assert not isinstance(node.value, tuple)  # a call, which JSON has not
    return Setting(node.value, line)
