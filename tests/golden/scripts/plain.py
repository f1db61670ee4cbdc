"""Shared by writers and readers: how values are stored as JSON. Must not import gradatim."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

METRICS = [3.0, 2.5, 2.0, 2.125, 2.0, 1.5, 1.5, 1.5, 1.625, 1.5, 1.75, 1.5]
METRICS += [1.0, 0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0.25, -0.5, -0.25, -0.75, -0.75, -0.75]
"""Metrics for the rules: better, worse and equal ones, and negative ones at the end."""


def plain(value: Any) -> Any:
    """The value as JSON data. Floats become hexadecimal text, which keeps every bit."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, Iterable):
        return [plain(entry) for entry in value]
    raise TypeError(f"{value!r} has no place in a golden file")


def write(folder: Path, name: str, entries: Mapping[str, Mapping[str, Any]]) -> None:
    """Write one golden file: entries by name, and under "read" what the version read from each.

    Only "read" has its floats in hexadecimal; the rest of an entry is as the version writes it.
    """
    table = {key: {**entry, "read": plain(entry["read"])} for key, entry in entries.items()}
    assert len(table) == len(entries)
    (folder / name).write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
