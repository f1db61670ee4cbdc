"""What a field of a value may hold, declared once as its type.

A class writes ``steps: Steps`` and ``start: Number``; from that one line come the check at
construction and the sentence of its error, the config, and the reading back.
"""

from __future__ import annotations

import math
import operator
import types
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from numbers import Integral, Real
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from gradatim.core.errors import refuse, unknown
from gradatim.xp import dispatch


class Kind(NamedTuple):
    """One kind of field: how it reads in a sentence, and which values it accepts."""

    allowed: str
    accept: Callable[[Any], Any]
    hint: str = ""
    updates: bool = False
    """Whether it is a length of time, which grows when a schedule is stretched."""


def _real(value: Any, test: Callable[[float], bool]) -> Any:
    if dispatch.traced(value):
        return value  # a gradient or a batch of schedules is being taken: there is no number yet
    value = dispatch.unwrapped(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError
    number = float(value)
    if not (math.isfinite(number) and test(number)):
        raise ValueError
    return number


class Refused(ValueError):
    """A value that is not accepted, with a hint for this value alone."""

    def __init__(self, hint: str) -> None:
        super().__init__(hint)
        self.hint = hint


def whole(value: Any, lowest: float) -> int:
    """The value as an int, if it is a whole number, not below ``lowest``; else an error.

    >>> whole(1e4, 0)
    10000
    """
    if isinstance(value, bool):
        raise TypeError
    number: int
    if isinstance(value, Real) and not isinstance(value, Integral):
        number = int(value)  # type: ignore[call-overload]
        if number != value:
            raise ValueError
    else:
        number = operator.index(value)
    if float(number) < lowest:  # float() refuses a number that no formula could divide by
        raise ValueError
    return number


_IN_UPDATES = "Write a whole number of optimizer updates."
_LEAVE_OUT = f"{_IN_UPDATES} To leave a phase out, leave it out of join(...)."


def _kind(allowed: str, test: Callable[[float], bool]) -> Kind:
    return Kind(allowed, lambda value: _real(value, test))


def _updates(allowed: str, lowest: float, hint: str = _IN_UPDATES) -> Kind:
    return Kind(allowed, lambda value: whole(value, lowest), hint, updates=True)


Number = Annotated[float, _kind("a finite number", lambda x: True)]
Falling = Annotated[float, _kind("a number above 0 and at most 1", lambda x: 0 < x <= 1)]
Positive = Annotated[float, _kind("a finite number above 0", lambda x: x > 0)]
NotNegative = Annotated[float, _kind("a finite number, 0 or more", lambda x: x >= 0)]
Share = Annotated[float, _kind("a number above 0 and below 1", lambda x: 0 < x < 1)]
Count = Annotated[int, Kind("a whole number, 0 or more", lambda value: whole(value, 0))]
Times = Annotated[int, Kind("a whole number, 1 or more", lambda value: whole(value, 1))]
Steps = Annotated[int, _updates("a whole number of updates, 1 or more", 1, _LEAVE_OUT)]
Phase = Annotated[int, _updates("a whole number of updates, 0 or more", 0)]
Offset = Annotated[int, _updates("a whole number of updates", -math.inf)]
Span = Annotated[
    float,
    Kind(
        "a finite number of updates above 0, whole or not",
        lambda value: _real(value, lambda x: x > 0),
        updates=True,
    ),
]


def check(where: str, name: str, wanted: Any, value: Any) -> Any:
    """The value in its declared form, or the error that says what the field takes."""
    if get_origin(wanted) is Annotated:
        kind = next(part for part in get_args(wanted) if isinstance(part, Kind))
        try:
            return kind.accept(value)
        except (TypeError, ValueError, OverflowError) as error:
            hint = error.hint if isinstance(error, Refused) else kind.hint
            raise refuse(where, name, value, kind.allowed, hint) from None
    if get_origin(wanted) in (Union, types.UnionType):
        (inner,) = (part for part in get_args(wanted) if part is not type(None))
        return None if value is None else check(where, name, inner, value)
    if get_origin(wanted) is Literal:
        if not isinstance(value, str):
            raise refuse(where, name, value, f"one of {', '.join(map(repr, get_args(wanted)))}")
        if value not in get_args(wanted):
            raise unknown(where, name, value, get_args(wanted))
        return value
    if get_origin(wanted) is tuple:
        return _tuple(where, name, get_args(wanted), value)
    if (type(value) is bool and wanted is not bool) or not isinstance(value, wanted):
        raise refuse(where, name, value, f"a {wanted.__name__}")
    return value


def _tuple(where: str, name: str, parts: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, (tuple, list)):
        raise refuse(where, name, value, "a list")
    if parts[-1] is Ellipsis:
        parts = (parts[0],) * len(value)
    if len(value) != len(parts):
        raise refuse(where, name, value, f"a list of {len(parts)} entries")
    return tuple(
        check(where, f"{name}[{i}]", part, entry)
        for i, (part, entry) in enumerate(zip(parts, value, strict=True))
    )


def _declared(make: Callable[..., Any]) -> dict[str, Any]:
    hints = get_type_hints(make, include_extras=True)
    bases = make.__mro__ if isinstance(make, type) else (make,)
    names = [name for base in reversed(bases) for name in getattr(base, "__annotations__", {})]
    return {name: _as_tuple(hints[name]) for name in dict.fromkeys(names) if name != "return"}


def _as_tuple(wanted: Any) -> Any:
    # A caller may give any sequence, and gets a tuple: a value never changes.
    if get_origin(wanted) is not Sequence:
        return wanted
    return tuple.__class_getitem__((get_args(wanted)[0], ...))


declared: Callable[[Callable[..., Any]], dict[str, Any]] = cache(_declared)
"""The fields of a class, or the arguments of a recipe, and their declared types, in order."""


def stretched(value: Any, wanted: Any, factor: int | Fraction) -> Any:
    """The same field value with every length of time in it ``factor`` times as long."""
    if value is None:
        return None
    if get_origin(wanted) is Annotated:
        kind = next(part for part in get_args(wanted) if isinstance(part, Kind))
        return value * factor if kind.updates else value
    if get_origin(wanted) in (Union, types.UnionType):
        (inner,) = (part for part in get_args(wanted) if part is not type(None))
        return stretched(value, inner, factor)
    if get_origin(wanted) is tuple:
        parts = get_args(wanted)
        parts = (parts[0],) * len(value) if parts[-1] is Ellipsis else parts
        return tuple(stretched(v, part, factor) for v, part in zip(value, parts, strict=True))
    return value.stretched(factor) if hasattr(value, "stretched") else value
