"""Objects of JSON files, of which Python's reader keeps the last of two equal keys."""

from __future__ import annotations

from typing import Any


def no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object with these keys: an ``object_pairs_hook`` for Python's reader of JSON.

    Raises:
        ValueError: If a key comes twice.

    >>> no_key_twice([("step", 1), ("lr", 0.5)])
    {'step': 1, 'lr': 0.5}
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} comes twice")
    return found
