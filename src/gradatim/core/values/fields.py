"""The types of fields and of recipes' arguments, such as ``Number`` and ``PositiveSteps``.

A class declares ``steps: PositiveSteps`` and ``start: Number``. From these declarations follow the
checks at construction and their error messages, the config, and building from a config.
"""

from __future__ import annotations

import math
import operator
import types
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from numbers import Integral, Real
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from gradatim.errors import invalid_value, unknown_name
from gradatim.xp import dispatch


class FieldType(NamedTuple):
    """What a field accepts, as metadata of its ``Annotated`` type."""

    allowed: str
    """The accepted values, for errors: "a finite number above 0"."""
    convert: Callable[[Any], Any]
    """Returns the value in the form that is stored; raises if it is not accepted."""
    hint: str = ""
    """What to write instead, for errors."""
    is_length: bool = False
    """Whether it counts steps, so that ``stretched`` multiplies it."""


def _as_float(value: Any, test: Callable[[float], bool]) -> Any:
    if dispatch.is_traced(value):
        return value  # a JAX tracer: its value cannot be range-checked
    value = dispatch.unwrap_scalar(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError
    number = float(value)
    if not (math.isfinite(number) and test(number)):
        raise ValueError
    return number


class HintedError(ValueError):
    """A value is not accepted, and the hint fits this value better than that of its field."""

    def __init__(self, hint: str) -> None:
        super().__init__(hint)
        self.hint = hint


def whole_number(value: Any, lowest: float) -> int:
    """The value as an int; an error if it is not a whole number, or below ``lowest``.

    >>> whole_number(1e4, 0)
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
    if float(number) < lowest:  # OverflowError above 1e308: formulas divide by it as a float
        raise ValueError
    return number


_IN_UPDATES = "Write a whole number of optimizer updates."
_LEAVE_OUT = f"{_IN_UPDATES} To leave a phase out, leave it out of join(...)."


def _float_type(allowed: str, test: Callable[[float], bool]) -> FieldType:
    return FieldType(allowed, lambda value: _as_float(value, test))


def _steps_type(allowed: str, lowest: float, hint: str = _IN_UPDATES) -> FieldType:
    return FieldType(allowed, lambda value: whole_number(value, lowest), hint, is_length=True)


Number = Annotated[float, _float_type("a finite number", lambda x: True)]
DecayFactor = Annotated[float, _float_type("a number above 0 and at most 1", lambda x: 0 < x <= 1)]
Positive = Annotated[float, _float_type("a finite number above 0", lambda x: x > 0)]
NonNegative = Annotated[float, _float_type("a finite number, 0 or more", lambda x: x >= 0)]
OpenFraction = Annotated[float, _float_type("a number above 0 and below 1", lambda x: 0 < x < 1)]
NonNegativeInt = Annotated[
    int, FieldType("a whole number, 0 or more", lambda value: whole_number(value, 0))
]
PositiveInt = Annotated[
    int, FieldType("a whole number, 1 or more", lambda value: whole_number(value, 1))
]
PositiveSteps = Annotated[int, _steps_type("a whole number of updates, 1 or more", 1, _LEAVE_OUT)]
Steps = Annotated[int, _steps_type("a whole number of updates, 0 or more", 0)]
SignedSteps = Annotated[int, _steps_type("a whole number of updates", -math.inf)]
_SHORTEST = 1e-100
"""A step divided by a shorter length would not be finite."""
RealSteps = Annotated[
    float,
    FieldType(
        "a finite number of updates above 0, whole or not",
        lambda value: _as_float(value, lambda x: x > _SHORTEST),
        f"It must be above {_SHORTEST}.",
        is_length=True,
    ),
]


def check_argument(where: str, name: str, wanted: Any, value: Any) -> Any:
    """The value, converted to its declared type.

    Args:
        where: The class or function that the user called, for errors.
        name: The field or argument, for errors.
        wanted: Its declared type.
        value: The value that was given.

    Raises:
        GradatimError: If the type does not accept the value.
    """
    if get_origin(wanted) is Annotated:
        field_type = next(part for part in get_args(wanted) if isinstance(part, FieldType))
        try:
            return field_type.convert(value)
        except (TypeError, ValueError, OverflowError) as error:
            hint = error.hint if isinstance(error, HintedError) else field_type.hint
            raise invalid_value(where, name, value, field_type.allowed, hint) from None
    if get_origin(wanted) in (Union, types.UnionType):
        (inner,) = (part for part in get_args(wanted) if part is not type(None))
        return None if value is None else check_argument(where, name, inner, value)
    if get_origin(wanted) is Literal:
        if not isinstance(value, str):
            raise invalid_value(
                where, name, value, f"one of {', '.join(map(repr, get_args(wanted)))}"
            )
        if value not in get_args(wanted):
            raise unknown_name(where, name, value, get_args(wanted))
        return value
    if get_origin(wanted) is tuple:
        return _tuple(where, name, get_args(wanted), value)
    if (type(value) is bool and wanted is not bool) or not isinstance(value, wanted):
        raise invalid_value(where, name, value, f"a {wanted.__name__}")
    return value


def _tuple(where: str, name: str, parts: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, (tuple, list)):
        raise invalid_value(where, name, value, "a list")
    if parts[-1] is Ellipsis:
        parts = (parts[0],) * len(value)
    if len(value) != len(parts):
        raise invalid_value(where, name, value, f"a list of {len(parts)} entries")
    return tuple(
        check_argument(where, f"{name}[{i}]", part, entry)
        for i, (part, entry) in enumerate(zip(parts, value, strict=True))
    )


def _declared(make: Callable[..., Any]) -> dict[str, Any]:
    hints = get_type_hints(make, include_extras=True)
    bases = make.__mro__ if isinstance(make, type) else (make,)
    names = [name for base in reversed(bases) for name in getattr(base, "__annotations__", {})]
    return {name: _as_tuple(hints[name]) for name in dict.fromkeys(names) if name != "return"}


def _as_tuple(wanted: Any) -> Any:
    # Callers may pass any sequence; a tuple is stored, because values are immutable.
    if get_origin(wanted) is not Sequence:
        return wanted
    return tuple.__class_getitem__((get_args(wanted)[0], ...))


declared_types: Callable[[Callable[..., Any]], dict[str, Any]] = cache(_declared)
"""The names and types of a class's fields or of a recipe's arguments, in order of declaration."""


def stretched_field(value: Any, wanted: Any, factor: int | Fraction) -> Any:
    """A field's value with every length in it multiplied by ``factor``."""
    if value is None:
        return None
    if get_origin(wanted) is Annotated:
        field_type = next(part for part in get_args(wanted) if isinstance(part, FieldType))
        return value * factor if field_type.is_length else value
    if get_origin(wanted) in (Union, types.UnionType):
        (inner,) = (part for part in get_args(wanted) if part is not type(None))
        return stretched_field(value, inner, factor)
    if get_origin(wanted) is tuple:
        parts = get_args(wanted)
        parts = (parts[0],) * len(value) if parts[-1] is Ellipsis else parts
        return tuple(stretched_field(v, part, factor) for v, part in zip(value, parts, strict=True))
    return value.stretched(factor) if hasattr(value, "stretched") else value
