"""The JSON of a request, read by name and type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from gradatim.errors import GradatimError, invalid_value

Data: TypeAlias = (
    "Mapping[str, Data] | Sequence[Data] | str | int | float | bool | None"  # what JSON can hold
)
LONGEST = 65_536
"""The characters of a text: those of a plan file."""


class Body:
    """The entries of a JSON object.

    Args:
        data: The object.

    Raises:
        GradatimError: If it is no object; and from each method, if an entry is missing or is not
            of its type.

    >>> Body({"text": "Constant(1.0)", "width": 800}).integer("width", 1, 4000)
    800
    """

    def __init__(self, data: Data) -> None:
        self.data = self._object("the body", data)

    def text(self, name: str, most: int = LONGEST) -> str:
        """A text of at most so many characters."""
        value = self.data.get(name)
        if not isinstance(value, str) or len(value) > most:
            raise invalid_value("studio", name, value, f"a text of at most {most:,} characters")
        return value

    def texts(self, name: str, most: int) -> list[str]:
        """A list of at most so many texts."""
        value = self.data.get(name)
        if not isinstance(value, list) or len(value) > most:
            raise invalid_value("studio", name, value, f"a list of at most {most} texts")
        return [Body({name: entry}).text(name) for entry in value]

    def integer(self, name: str, least: int, most: int) -> int:
        """A whole number in a range."""
        value = self.data.get(name)
        if type(value) is not int or not least <= value <= most:
            raise invalid_value("studio", name, value, f"a whole number, {least} to {most:,}")
        return value

    def number(self, name: str) -> float | None:
        """A number, or None where the entry is missing or null."""
        value = self.data.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
            raise invalid_value("studio", name, value, "a number or null")
        return float(value)

    def numbers(self, name: str, most: int) -> list[float]:
        """A list of at most so many numbers."""
        value = self.data.get(name)
        if not isinstance(value, list) or len(value) > most:
            raise invalid_value("studio", name, value, f"a list of at most {most:,} numbers")
        found = [Body({name: entry}).number(name) for entry in value]
        if None in found:
            raise GradatimError(f"studio: {name} must be numbers, got null.")
        return [entry for entry in found if entry is not None]

    def choice(self, name: str, known: Sequence[str]) -> str:
        """One of some texts."""
        value = self.data.get(name)
        if not isinstance(value, str) or value not in known:
            raise invalid_value("studio", name, value, f"one of {', '.join(known)}")
        return value

    def mapping(self, name: str) -> Mapping[str, Data]:
        """An object; empty where the entry is missing or null."""
        value = self.data.get(name)
        return {} if value is None else self._object(name, value)

    @staticmethod
    def _object(name: str, value: Data) -> Mapping[str, Data]:
        if not isinstance(value, dict):
            raise invalid_value("studio", name, value, "an object")
        return value
