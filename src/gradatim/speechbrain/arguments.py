"""Checks of scheduler arguments, which may be NumPy or torch scalars or floats from YAML."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from numbers import Real
from typing import Any, Literal, TypeVar, TypeVarTuple

import torch

from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import Number, Steps, check_argument
from gradatim.errors import invalid_value

Compat = Literal["1.1"] | None
"""The SpeechBrain release whose numbers to reproduce, bugs included; None for the fixed ones."""

Ts = TypeVarTuple("Ts")
S = TypeVar("S", bound=Schedule)


def cached_curve(build: Callable[[*Ts], S]) -> Callable[[*Ts], S]:
    """Build a schedule again only when an attribute that it depends on has changed."""
    # typed: 1 == True, but a boolean must be refused.
    cached = lru_cache(maxsize=256, typed=True)(build)

    @wraps(build)
    def curve(*attributes: *Ts) -> S:
        try:
            return cached(*attributes)
        except TypeError:  # not hashable, so not a number: raises an error with its name
            return build(*attributes)

    return curve


def as_python_number(value: Any) -> Any:
    """A NumPy or torch scalar as a Python number; everything else unchanged."""
    if isinstance(value, torch.Tensor):
        value = value.detach()
    try:
        return value.item() if hasattr(value, "item") else value
    except (RuntimeError, ValueError):
        return value  # an array of several numbers, which the caller's check refuses


def detached(value: Any) -> Any:
    """A metric to store: a tensor without its graph and on the CPU, otherwise a Python number."""
    return value.detach().cpu() if isinstance(value, torch.Tensor) else as_python_number(value)


def number(where: str, name: str, value: Any, field_type: Any = Number) -> float:
    """An argument as a Python number.

    Raises:
        GradatimError: If it is not a number of this field type.
    """
    checked: float = check_argument(where, name, field_type, as_python_number(value))
    return checked


def metric_number(where: str, name: str, value: Any) -> float:
    """A metric as a Python float; NaN and infinity are allowed.

    Raises:
        GradatimError: If it is not a number.
    """
    found = as_python_number(value)
    if isinstance(found, bool) or not isinstance(found, Real):
        raise invalid_value(where, name, value, "a number")
    return float(found)


def step_count(where: str, name: str, value: Any, field_type: Any = Steps) -> int:
    """An argument that counts steps; YAML arithmetic gives whole numbers as floats.

    Raises:
        GradatimError: If it is not a whole number of this field type.
    """
    value = as_python_number(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    checked: int = check_argument(where, name, field_type, value)
    return checked


def checked_compat(where: str, compat: Any) -> Compat:
    """The ``compat`` argument.

    Raises:
        GradatimError: If there is no such release to reproduce.
    """
    checked: Compat = check_argument(where, "compat", Compat, compat)
    return checked


def first_steps(curve: Schedule, steps: int) -> tuple[Schedule, ...]:
    """The first steps of a curve as pieces to join: one, or none for 0 steps."""
    return (curve.cut(steps),) if steps else ()
