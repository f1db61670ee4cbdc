"""Numbers as recipes give them, and the checks of what a scheduler is built with."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from numbers import Real
from typing import Any, Literal, TypeVar

import torch

from gradatim.core.errors import refuse
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import Number, Steps, check_argument

Compat = Literal["1.1"] | None
"""Which release's numbers are wanted where a fix changed some; None for the fixed ones."""


S = TypeVar("S", bound=Schedule)


def remembered(build: Callable[..., S]) -> Callable[..., S]:
    """Build a curve again only when an attribute it is made of has changed."""
    # typed: 1 and True are equal, and one of them is no number.
    known = lru_cache(maxsize=256, typed=True)(build)

    @wraps(build)
    def of(*attributes: Any) -> S:
        try:
            return known(*attributes)
        except TypeError:  # what cannot be looked up is no number, and is refused by name
            return build(*attributes)

    return of


def plain(value: Any) -> Any:
    """A number without its framework: a scalar of NumPy or torch becomes Python's own."""
    if isinstance(value, torch.Tensor):
        value = value.detach()
    try:
        return value.item() if hasattr(value, "item") else value
    except (RuntimeError, ValueError):
        return value  # more than one number: what it is asked for says what is wanted


def kept(value: Any) -> Any:
    """A metric as it is stored: a tensor stays one, but without its graph and its device."""
    return value.detach().cpu() if isinstance(value, torch.Tensor) else plain(value)


def number(where: str, name: str, value: Any, kind: Any = Number) -> float:
    """An argument that is a number, or the error that says what it may be."""
    checked: float = check_argument(where, name, kind, plain(value))
    return checked


def reading(where: str, name: str, value: Any) -> float:
    """A metric, which may be no number or infinite, as a Python number."""
    found = plain(value)
    if isinstance(found, bool) or not isinstance(found, Real):
        raise refuse(where, name, value, "a number")
    return float(found)


def length(where: str, name: str, value: Any, kind: Any = Steps) -> int:
    """An argument that counts steps. A yaml file that divides gives whole numbers as floats."""
    value = plain(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    checked: int = check_argument(where, name, kind, value)
    return checked


def wanted(where: str, compat: Any) -> Compat:
    """The ``compat`` argument, checked."""
    checked: Compat = check_argument(where, "compat", Compat, compat)
    return checked


def stage(curve: Schedule, steps: int) -> tuple[Schedule, ...]:
    """The first steps of a curve as a piece to join; nothing if there are none."""
    return (curve.cut(steps),) if steps else ()
