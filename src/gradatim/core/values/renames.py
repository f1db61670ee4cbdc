"""Names of version 0.1 that have changed: classes and arguments.

Stored names are translated by ``current_names`` when configs, saved states, expressions, plan files
and pickles are read. A call in Python is not translated: an old name raises an error with the new
one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")

_DEEPEST = 200
"""Deeper data is not translated: no config is nested as deeply."""

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
"""New name of a class, recipe or method: {old name of an argument: new name}."""


def current_names(name: str, given: Mapping[str, T]) -> tuple[str, dict[str, T]]:
    """A stored class or recipe name and its arguments, under their present names.

    Some old names have another meaning now, such as ``cooldown`` of ``infinite``. They are read in
    the old meaning only if the new name (``decay``), which is required, is missing.

    >>> current_names("ExponentialDecay", {"start": 1.0, "rate": 0.5})
    ('ExponentialDecay', {'start': 1.0, 'factor': 0.5})
    >>> current_names("infinite", {"cooldown": 5, "anneal": 3})
    ('infinite', {'decay': 5, 'cooldown': 3})
    >>> current_names("infinite", {"decay": 5, "cooldown": 3})
    ('infinite', {'decay': 5, 'cooldown': 3})
    """
    name = CLASSES.get(name, name)
    words = ARGUMENTS.get(name, {})

    def is_old(word: str) -> bool:
        # If both names are given, nothing is renamed, and the old one is an unknown argument.
        return word in words and (words[word] not in given or is_old(words[word]))

    return name, {words[word] if is_old(word) else word: value for word, value in given.items()}


def current_config(config: Any, depth: int = 0) -> Any:
    """A stored config, or data that contains configs, under the present names.

    >>> current_config({"lr": {"Repeat": {"schedule": {"KDecay": {"k": 2.0}}, "shrink": 0.5}}})
    {'lr': {'Repeat': {'schedule': {'KDecay': {'power': 2.0}}, 'factor': 0.5}}}
    """
    if depth > _DEEPEST:
        return config  # building it raises the error
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
    """The renamed class under its old name, for pickles; a module calls this in ``__getattr__``."""
    if name not in CLASSES or CLASSES[name] not in members:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    return members[CLASSES[name]]
