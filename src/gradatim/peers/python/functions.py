"""Operators and functions whose value is known when that of their arguments is."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from gradatim.peers.syntax import ARITHMETIC

_LARGEST = 1e18
_MOST = 10_000


def number(value: Any) -> Any:
    """A finite number of a size that occurs, which is no boolean.

    Raises:
        TypeError: If it is no number.
        ValueError: If it is NaN or too large.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if math.isnan(value) or abs(value) > _LARGEST:
        raise ValueError
    return value


def _power(a: Any, b: Any) -> Any:
    if abs(b) * math.log2(max(abs(a), 2)) > 64:  # 9**9**9 would take days
        raise ValueError
    return a**b


def _shift(a: Any, b: Any) -> Any:
    return _power(2, b) * a


_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    **ARITHMETIC,
    ast.Pow: _power,
    ast.LShift: _shift,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: lambda a, b: a is b or (type(a) is type(b) and a == b),
    ast.IsNot: lambda a, b: not (a is b or (type(a) is type(b) and a == b)),
}


def arithmetic(sign: ast.operator, a: Any, b: Any) -> Any:
    """``a`` and ``b`` with an operator between them: numbers, or lists to join or repeat."""
    if isinstance(a, tuple) and isinstance(b, tuple) and isinstance(sign, ast.Add):
        return _short(a + b)
    if isinstance(a, tuple) and isinstance(sign, ast.Mult) and type(b) is int:
        if len(a) * b > _MOST:
            raise ValueError
        return a * b
    if isinstance(a, str) and isinstance(b, str) and isinstance(sign, ast.Add):
        return _short(a + b)
    if type(sign) not in _ARITHMETIC:
        raise ValueError
    return number(_ARITHMETIC[type(sign)](number(a), number(b)))


def comparison(sign: ast.cmpop, a: Any, b: Any) -> bool:
    """Whether ``a`` and ``b`` compare as an operator says."""
    return bool(_COMPARISONS[type(sign)](a, b))


def negated(sign: ast.unaryop, value: Any) -> Any:
    """The value with a sign or a ``not`` in front."""
    if isinstance(sign, ast.Not):
        return not value
    if isinstance(sign, ast.USub):
        return -number(value)
    if isinstance(sign, ast.UAdd):
        return number(value)
    raise ValueError


def _short(value: Any) -> Any:
    if len(value) > _MOST:
        raise ValueError
    return value


def _integer(value: Any = 0) -> int:
    if isinstance(value, bool):
        raise TypeError
    return int(_short(value)) if isinstance(value, str) else int(number(value))


def _float(value: Any = 0.0) -> float:
    if isinstance(value, bool):
        raise TypeError
    return float(number(float(_short(value)))) if isinstance(value, str) else float(number(value))


def _largest(*values: Any) -> Any:
    return max([number(x) for x in (values[0] if len(values) == 1 else values)])


def _least(*values: Any) -> Any:
    return min([number(x) for x in (values[0] if len(values) == 1 else values)])


def _range(*ends: Any) -> tuple[int, ...]:
    return tuple(_short(range(*ends)))


def _list(values: Any = ()) -> tuple[Any, ...]:
    return tuple(_short(values))


def _split(text: str, by: str | None = None) -> tuple[str, ...]:
    return tuple(_short(text.split(by)))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": lambda x: abs(number(x)),
    "bool": bool,
    "float": _float,
    "int": _integer,
    "len": lambda x: len(x) if isinstance(x, tuple | str | dict) else number(x),
    "list": _list,
    "max": _largest,
    "min": _least,
    "pow": lambda a, b: _power(number(a), number(b)),
    "range": _range,
    "round": lambda x, n=None: round(number(x), n),
    "sorted": lambda xs: tuple(sorted(xs)),
    "str": lambda x: _short(str(x)),
    "sum": lambda xs: sum(map(number, xs)),
    "tuple": _list,
    "math.ceil": lambda x: math.ceil(number(x)),
    "math.floor": lambda x: math.floor(number(x)),
    "math.trunc": lambda x: math.trunc(number(x)),
    "math.sqrt": lambda x: math.sqrt(number(x)),
    "math.log": lambda *xs: math.log(*map(number, xs)),
    "math.log2": lambda x: math.log2(number(x)),
    "math.log10": lambda x: math.log10(number(x)),
    "math.exp": lambda x: math.exp(number(x)),
    "math.cos": lambda x: math.cos(number(x)),
    "math.pow": lambda a, b: float(_power(number(a), number(b))),
    "numpy.ceil": lambda x: float(math.ceil(number(x))),
    "numpy.floor": lambda x: float(math.floor(number(x))),
    "numpy.sqrt": lambda x: math.sqrt(number(x)),
    "numpy.arange": _range,
    "numpy.array": _list,
}
"""By their full names."""
METHODS: Mapping[str, Callable[..., Any]] = {
    "split": _split,
    "lower": lambda text: str.lower(text),
    "upper": lambda text: str.upper(text),
    "strip": lambda text, *more: str.strip(text, *more),
    "startswith": lambda text, start: str.startswith(text, start),
    "endswith": lambda text, end: str.endswith(text, end),
    "replace": lambda text, a, b: _short(str.replace(_short(text), a, b)),
    "tolist": _list,
}
"""Methods of texts and lists."""
CONSTANTS: Mapping[str, float] = {
    "math.pi": math.pi,
    "math.e": math.e,
    "math.inf": math.inf,
    "numpy.pi": math.pi,
    "numpy.inf": math.inf,
}
