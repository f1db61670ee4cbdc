"""Schedules as pytrees: what is a number can be traced, what is a length or a name cannot.

A leaf is what ``grad`` and ``vmap`` make sense for: peaks, ends, factors, powers. Lengths in
updates, counts and modes decide which formula is compiled, so they belong to the structure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from jax import tree_util

from gradatim.core.values.fields import declared_types
from gradatim.core.values.value import Value, on_register

_NO_PARTS: tuple[Any, ...] = ()


def register() -> None:
    """Make pytrees of all classes of schedules and rules, and of each that is defined later."""
    on_register(_register)


def _register(cls: type[Value]) -> None:
    tree_util.register_pytree_with_keys(cls, _flatten_with_keys, partial(_unflatten, cls), _flatten)


def _declared(cls: type) -> tuple[tuple[str, Any], ...]:
    return tuple(declared_types(cls).items())


_fields: Callable[[type], tuple[tuple[str, Any], ...]] = cache(_declared)


def _flatten(value: Value) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    cls = type(value)
    parts = [
        (part, fixed)
        for name, wanted in _fields(cls)
        for part, fixed in [_split(wanted, getattr(value, name))]
    ]
    computed = tuple((name, getattr(value, name)) for name in cls._computed)
    return tuple(part for part, _ in parts), (*(fixed for _, fixed in parts), computed)


def _flatten_with_keys(value: Value) -> tuple[tuple[tuple[Any, Any], ...], tuple[Any, ...]]:
    parts, fixed = _flatten(value)
    names = (tree_util.GetAttrKey(name) for name, _ in _fields(type(value)))
    return tuple(zip(names, parts, strict=True)), fixed


def _unflatten(cls: type[Value], fixed: tuple[Any, ...], parts: Iterable[Any]) -> Value:
    # Not through __init__: JAX also puts placeholders in the place of numbers.
    value = object.__new__(cls)
    *held, computed = fixed
    for (name, wanted), one, part in zip(_fields(cls), held, parts, strict=True):
        object.__setattr__(value, name, _merge(wanted, one, part))
    for name, one in computed:
        object.__setattr__(value, name, one)
    return value


def _split(wanted: Any, held: Any) -> tuple[Any, Any]:
    """What a field holds, as a tree of numbers and the rest, which must be hashable."""
    inner = _inner(wanted)
    if held is None or inner is None:
        return _NO_PARTS, held
    if get_origin(inner) is tuple:
        pairs = [_split(one, entry) for one, entry in _entries(inner, held)]
        return tuple(part for part, _ in pairs), tuple(fixed for _, fixed in pairs)
    return held, None


def _merge(wanted: Any, fixed: Any, part: Any) -> Any:
    inner = _inner(wanted)
    if inner is None or (fixed is None and part is _NO_PARTS):
        return fixed
    if get_origin(inner) is tuple and isinstance(fixed, tuple):
        trios = zip(_entries(inner, fixed), part, strict=True)
        return tuple(_merge(one, entry, piece) for (one, entry), piece in trios)
    return part


@cache
def _inner(wanted: Any) -> Any:
    """The type of a field if it can hold numbers or values, without its wrappings; else None."""
    if get_origin(wanted) in (Union, UnionType):
        (wanted,) = (part for part in get_args(wanted) if part is not type(None))
    if get_origin(wanted) is Annotated:
        wanted = get_args(wanted)[0]
    if wanted is float or (isinstance(wanted, type) and issubclass(wanted, Value)):
        return wanted
    entries = [part for part in get_args(wanted) if part is not Ellipsis]
    holds = get_origin(wanted) is tuple and any(_inner(part) is not None for part in entries)
    return wanted if holds else None


def _entries(wanted: Any, held: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    parts = get_args(wanted)
    each = (parts[0],) * len(held) if parts[-1] is Ellipsis else parts
    return zip(each, held, strict=True)
