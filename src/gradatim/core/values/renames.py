"""What classes and arguments were called in version 0.1, and what they are called now.

Everything that reads stored things goes through ``current``: configs (and so saved states), texts,
plan files and pickles. A call in Python does not; there an old name is an error that says the new.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")

_DEEPEST = 200
"""Levels of plain data; no config has as many."""

CLASSES: Mapping[str, str] = {"Glide": "FractionalRamp"}
"""Old name of a class: new name."""

ARGUMENTS: Mapping[str, Mapping[str, str]] = {
    "Run": {"tokens": "tokens_per_sample", "updates": "steps"},
    "CosineWave": {"half": "half_period", "peak": "peak_step"},
    "ExponentialDecay": {"rate": "factor"},
    "FractionalRamp": {"begun": "elapsed"},
    "KDecay": {"k": "power"},
    "Repeat": {"shrink": "factor"},
    "Triangle": {"half": "half_period", "scale": "factor"},
    "cosine_restarts": {"shrink": "factor"},
    "cyclic": {"gamma": "factor"},
    "extend": {"to": "steps"},
    "infinite": {"cooldown": "decay", "anneal": "cooldown"},
    "power": {"exponent": "power"},
    "repeat": {"shrink": "factor"},
    "rewarm": {"to": "steps"},
    "tri_stage": {"decay": "cooldown"},
    "warm_cool_decay": {"rate": "factor"},
}
"""New name of a class, recipe or method: the old name of each renamed argument, and the new."""


def current_names(name: str, given: Mapping[str, T]) -> tuple[str, dict[str, T]]:
    """A stored name and its arguments, in the words of this version.

    An old word that means something else now, as ``cooldown`` of ``infinite`` does, is taken for
    the old one only where its new name is not given: the new name is of a required argument.

    >>> current("ExponentialDecay", {"start": 1.0, "rate": 0.5})
    ('ExponentialDecay', {'start': 1.0, 'factor': 0.5})
    >>> current("infinite", {"cooldown": 5, "anneal": 3})
    ('infinite', {'decay': 5, 'cooldown': 3})
    >>> current("infinite", {"decay": 5, "cooldown": 3})
    ('infinite', {'decay': 5, 'cooldown': 3})
    """
    name = CLASSES.get(name, name)
    words = ARGUMENTS.get(name, {})

    def is_old(word: str) -> bool:
        # Given by both of its names, an argument stays, and the old one is refused as unknown.
        return word in words and (words[word] not in given or is_old(words[word]))

    return name, {words[word] if is_old(word) else word: value for word, value in given.items()}


def current_config(config: Any, depth: int = 0) -> Any:
    """A stored config, or any data that holds some, in the words of this version.

    >>> current_config({"lr": {"Repeat": {"schedule": {"KDecay": {"k": 2.0}}, "shrink": 0.5}}})
    {'lr': {'Repeat': {'schedule': {'KDecay': {'power': 2.0}}, 'factor': 0.5}}}
    """
    if depth > _DEEPEST:
        return config  # no config of ours: whoever builds it refuses it
    if isinstance(config, (list, tuple)):
        return [current_config(entry, depth + 1) for entry in config]
    if not isinstance(config, Mapping):
        return config
    inside = {name: current_config(entry, depth + 1) for name, entry in config.items()}
    if len(inside) != 1:
        return inside
    ((name, fields),) = inside.items()
    if not isinstance(name, str) or not isinstance(fields, Mapping):
        return inside
    name, fields = current_names(name, fields)
    return {name: fields}


def renamed_class(module: str, name: str, members: Mapping[str, Any]) -> Any:
    """The class that a module calls otherwise now: pickles name it as it was."""
    if name not in CLASSES or CLASSES[name] not in members:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    return members[CLASSES[name]]
