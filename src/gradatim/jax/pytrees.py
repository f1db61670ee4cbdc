"""Schedules and rules as pytrees, so that ``grad``, ``vmap`` and ``jit`` accept them.

Float fields are leaves: peaks, ends, factors, powers. Lengths in updates, counts and modes decide
which formula is compiled, so they are static, part of the tree structure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from jax import tree_util

from gradatim.core.values.fields import declared_types
from gradatim.core.values.value import Value, on_register

Leaves = tuple[Any, ...]
"""Per field, the numbers in it: a number, an array, or a nested tuple of them."""

Static = tuple[Any, ...]
"""Per field, the hashable rest of it."""

_NO_LEAVES: Leaves = ()


def register() -> None:
    """Register all classes of schedules and rules, including classes that are defined later."""
    on_register(_register)


def _register(cls: type[Value]) -> None:
    tree_util.register_pytree_with_keys(cls, _flatten_with_keys, partial(_unflatten, cls), _flatten)


def _declared(cls: type) -> tuple[tuple[str, Any], ...]:
    return tuple(declared_types(cls).items())


_fields: Callable[[type], tuple[tuple[str, Any], ...]] = cache(_declared)


def _flatten(value: Value) -> tuple[Leaves, Static]:
    cls = type(value)
    split = [_split(declared, getattr(value, name)) for name, declared in _fields(cls)]
    computed = tuple((name, getattr(value, name)) for name in cls._computed)
    return tuple(leaves for leaves, _ in split), (*(static for _, static in split), computed)


def _flatten_with_keys(value: Value) -> tuple[tuple[tuple[Any, Any], ...], Static]:
    leaves, static = _flatten(value)
    names = (tree_util.GetAttrKey(name) for name, _ in _fields(type(value)))
    return tuple(zip(names, leaves, strict=True)), static


def _unflatten(cls: type[Value], static: Static, leaves: Iterable[Any]) -> Value:
    # Without __init__, which validates: JAX also unflattens with placeholders as leaves.
    value = object.__new__(cls)
    *each, computed = static
    for (name, declared), fixed, leaf in zip(_fields(cls), each, leaves, strict=True):
        object.__setattr__(value, name, _merge(declared, fixed, leaf))
    for name, attribute in computed:
        object.__setattr__(value, name, attribute)
    return value


def _split(declared: Any, value: Any) -> tuple[Any, Any]:
    """The leaves and the static part of a field's value."""
    inner = _leaf_type(declared)
    if value is None or inner is None:
        return _NO_LEAVES, value
    if get_origin(inner) is tuple:
        pairs = [_split(one, entry) for one, entry in _typed_entries(inner, value)]
        return tuple(leaves for leaves, _ in pairs), tuple(static for _, static in pairs)
    return value, None


def _merge(declared: Any, static: Any, leaves: Any) -> Any:
    """A field's value from its static part and its leaves; the inverse of ``_split``."""
    inner = _leaf_type(declared)
    if inner is None or (static is None and leaves is _NO_LEAVES):
        return static
    if get_origin(inner) is tuple and isinstance(static, tuple):
        trios = zip(_typed_entries(inner, static), leaves, strict=True)
        return tuple(_merge(one, entry, leaf) for (one, entry), leaf in trios)
    return leaves


@cache
def _leaf_type(declared: Any) -> Any:
    """The type of a field that can hold leaves, without Optional and Annotated; else None."""
    if get_origin(declared) in (Union, UnionType):
        (declared,) = (part for part in get_args(declared) if part is not type(None))
    if get_origin(declared) is Annotated:
        declared = get_args(declared)[0]
    if declared is float or (isinstance(declared, type) and issubclass(declared, Value)):
        return declared
    entries = [part for part in get_args(declared) if part is not Ellipsis]
    holds = get_origin(declared) is tuple and any(_leaf_type(part) is not None for part in entries)
    return declared if holds else None


def _typed_entries(declared: Any, entries: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    """The entries of a tuple, each with its declared type."""
    parts = get_args(declared)
    each = (parts[0],) * len(entries) if parts[-1] is Ellipsis else parts
    return zip(each, entries, strict=True)
