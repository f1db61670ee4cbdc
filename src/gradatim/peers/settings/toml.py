"""TOML of other projects: the standard library parses, and the lines of keys are searched for."""

from __future__ import annotations

from typing import Any

from gradatim.peers.settings.tree import MOST, Setting
from gradatim.plans.toml import line_of, lines_of, parse_toml
from gradatim.plans.tree import too_many

Place = tuple[str | int, ...]


def read_toml(text: str) -> Setting:
    """The tree of a TOML text. A date is its text.

    Raises:
        GradatimError: With the line, for what is not TOML, or too deep or too large.
    """
    return _Tree(lines_of(text)).setting(parse_toml(text), ())


class _Tree:
    def __init__(self, lines: dict[Place, int]) -> None:
        self.lines, self.count = lines, 0

    def setting(self, value: Any, place: Place) -> Setting:
        self.count += 1
        line = line_of(place, self.lines) or 1
        if self.count > MOST:
            raise too_many(line, MOST)
        if isinstance(value, dict):
            return Setting({key: self.setting(v, (*place, key)) for key, v in value.items()}, line)
        if isinstance(value, list):
            return Setting([self.setting(v, (*place, i)) for i, v in enumerate(value)], line)
        return Setting(value if isinstance(value, str | int | float | bool) else str(value), line)
