"""Operators and mathematical functions on numbers, each with bounds on what it may compute."""

from __future__ import annotations

import ast
import math
import operator
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from gradatim.peers.evaluation.machine import Group, Groups, Machine, NoValue, Unknown, Value
from gradatim.peers.syntax import ARITHMETIC

Number = float
Binary = Callable[[Number, Number], Number]
_NUMBERS = {int, float, bool}
_HUGE = 1 << 1100
_MOST_ENTRIES, _MOST_PARTS = 10_000, 50_000
_MOST_DIGITS = 40


def number(value: Value) -> Number:
    """A value that must be a number.

    Raises:
        NoValue: If it is something else.
    """
    if value.__class__ in _NUMBERS:
        return value  # type: ignore[return-value]
    if isinstance(value, Unknown):
        raise value.error
    raise NoValue(f"{_kind(value)} where a number is needed")


def _kind(value: Value) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _power(a: Number, b: Number) -> Number:
    if a.__class__ is not float and b.__class__ is not float and abs(b) > 1100 and abs(a) > 1:
        raise NoValue("a power that is too large")
    result = a**b
    if result.__class__ is complex:
        raise NoValue("a root of a negative number")
    return bounded(result)


def bounded(value: Number) -> Number:
    """A number that is not too long for further arithmetic."""
    if value.__class__ is int and not -_HUGE < value < _HUGE:
        raise NoValue("a number that is too large")
    return value


def repeated(entries: tuple[Value, ...], times: Value) -> tuple[Value, ...]:
    """A list several times over, if that is not too long."""
    if times.__class__ is not int or len(entries) * number(times) > _MOST_ENTRIES:
        raise NoValue("a list that is too long")
    return sized(entries * int(number(times)))


S = TypeVar("S", tuple[Value, ...], dict[Value, Value])


def sized(value: S) -> S:
    """A list or a dictionary, if it and all inside it have not too many parts together.

    A list of the same list again and again is small until it is printed, compared or hashed.
    """
    count = 0
    waiting: list[tuple[Value, ...] | dict[Value, Value]] = [value]
    while waiting:
        one = waiting.pop()
        parts = one if isinstance(one, tuple) else tuple(one.values())
        count += len(parts)
        if count > _MOST_PARTS:
            raise NoValue(f"a list with more than {_MOST_PARTS} parts")
        waiting += [part for part in parts if isinstance(part, tuple | dict)]
    return value


L = TypeVar("L", tuple[Value, ...], str)


def joined(one: L, other: L) -> L:
    """Two lists or texts as one, if that is not too long."""
    if len(one) + len(other) > _MOST_ENTRIES:
        raise NoValue("a list that is too long")
    both = one + other
    return both if isinstance(both, str) else sized(both)


def _product(a: Number, b: Number) -> Number:
    return bounded(a * b)


OPERATORS: dict[type[ast.operator], Binary] = {
    **ARITHMETIC,
    ast.Mult: _product,
    ast.Pow: _power,
    ast.LShift: lambda a, b: _product(a, _power(2, b)),
}


def in_arrays(operation: Binary) -> Binary:
    """The operation on arrays, where a division by zero is infinite and no error."""

    def run(a: Number, b: Number) -> Number:
        try:
            return operation(a, b)
        except ZeroDivisionError:
            top = 1.0 if operation is _power else a
            return math.copysign(math.inf, top) if top else math.nan

    return run


def _round(x: Number, digits: Number | None = None) -> Number:
    return round(x) if digits is None else round(x, int(digits))


def _sigmoid(x: Number) -> float:
    return 1.0 / (1.0 + math.exp(-x))


# Functions of numbers alone. Both the names of math and those of arrays.
PLAIN: dict[str, Callable[..., Number]] = {
    "cos": math.cos,
    "sin": math.sin,
    "tan": math.tan,
    "tanh": math.tanh,
    "cosh": math.cosh,
    "sinh": math.sinh,
    "exp": math.exp,
    "expm1": math.expm1,
    "log": math.log,
    "log1p": math.log1p,
    "log2": math.log2,
    "log10": math.log10,
    "sqrt": math.sqrt,
    "rsqrt": lambda x: 1.0 / math.sqrt(x),
    "square": lambda x: _product(x, x),
    "floor": math.floor,
    "ceil": math.ceil,
    "trunc": math.trunc,
    "round": _round,
    "sigmoid": _sigmoid,
    "radians": math.radians,
    "pow": _power,
    "power": _power,
    "mod": operator.mod,
    "fmod": math.fmod,
    "divide": operator.truediv,
    "multiply": _product,
    "subtract": operator.sub,
    "floor_divide": operator.floordiv,
}
CONSTANTS = {"pi": math.pi, "e": math.e, "tau": math.tau, "inf": math.inf}
# Ways to say what type a number has; the number stays what it is.
SAME = {
    *("asarray", "array", "tensor", "as_tensor", "constant", "convert_to_tensor", "cast"),
    *("float32", "float64", "float16", "int32", "int64", "Tensor", "FloatTensor", "float_"),
    *("stop_gradient", "identity", "squeeze", "double", "get_value", "astype"),
}
METHODS = {"item", "numpy", "astype", "to", "float", "cpu", "detach", "tolist", "cuda", "double"}
"""Methods of a number that give the number."""


def smallest(machine: Machine, values: Sequence[Value]) -> Number:
    """The smallest number, and which one it is."""
    given = [number(value) for value in values]
    found = min(given)
    machine.path.append(given.index(found))
    return found


def largest(machine: Machine, values: Sequence[Value]) -> Number:
    """The largest number, and which one it is."""
    given = [number(value) for value in values]
    found = max(given)
    machine.path.append(given.index(found))
    return found


def _extreme(machine: Machine, values: Sequence[Value], by: str) -> Number:
    if len(values) == 1:
        values = entries(values[0])
    return (smallest if by == "min" else largest)(machine, values)


def absolute(machine: Machine, values: Sequence[Value]) -> Number:
    """The absolute value, and the sign."""
    value = number(values[0])
    machine.path.append(value < 0)
    return abs(value)


def clipped(machine: Machine, values: Sequence[Value]) -> Number:
    """A number between two bounds, either of which may be None."""
    value, low, high = (*values, None, None)[:3]
    found, where = number(value), 0
    if low is not None and found < number(low):
        found, where = number(low), -1
    if high is not None and found > number(high):
        found, where = number(high), 1
    machine.path.append(where)
    return found


def interpolated(machine: Machine, values: Sequence[Value]) -> Value:
    """``np.interp``: straight lines between points."""
    if isinstance(values[0], tuple):
        return tuple(interpolated(machine, [x, *values[1:]]) for x in values[0])
    x = number(values[0])
    at, to = ([number(v) for v in entries(part)] for part in values[1:3])
    k = bisect_right(at, x)
    machine.path.append(k)
    if k in (0, len(at)):
        return to[0 if k == 0 else -1]
    share = (x - at[k - 1]) / (at[k] - at[k - 1])
    return to[k - 1] + share * (to[k] - to[k - 1])


def position_in(machine: Machine, values: Sequence[Value], right: bool) -> int:
    """Where a number belongs in a sorted list."""
    given = [number(entry) for entry in entries(values[0])]
    found = (bisect_right if right else bisect_left)(given, number(values[1]))
    machine.path.append(found)
    return found


def total(machine: Machine, values: Sequence[Value]) -> Number:
    """The sum of a list."""
    return sum(number(entry) for entry in (*entries(values[0]), *values[1:]))


def mean(machine: Machine, values: Sequence[Value]) -> Number:
    """The mean of a list, or a number."""
    found = entries(values[0]) if isinstance(values[0], tuple) else (values[0],)
    return math.fsum(number(entry) for entry in found) / len(found)


def ranged(machine: Machine, values: Sequence[Value]) -> tuple[Value, ...]:
    """``range``, if it is short."""
    given = [number(value) for value in values]
    if any(value.__class__ is not int for value in given):
        raise NoValue("a range of numbers that are not whole")
    found = range(*map(int, given))
    if len(found) > _MOST_ENTRIES:
        raise NoValue(f"a range of more than {_MOST_ENTRIES} numbers")
    return tuple(found)


def length(machine: Machine, values: Sequence[Value]) -> int:
    """The length of a list; a loader that the user gives as a number has that length."""
    if values[0].__class__ is int:
        return int(number(values[0]))
    if isinstance(values[0], Groups):
        machine.notes[
            "It counts the parameter groups, which may get different rates; this is that of the "
            "first."
        ] = None
    return len(entries(values[0]))


def entries(value: Value) -> Sequence[Value]:
    """The entries of a list, a tuple, or a dictionary.

    Raises:
        NoValue: If it is none of these.
    """
    if isinstance(value, tuple | str):
        return value
    if isinstance(value, Mapping):
        return tuple(value)
    if isinstance(value, Groups):
        return (Group(),)
    if isinstance(value, Unknown):
        raise value.error
    raise NoValue(f"{_kind(value)} where a list is needed")


def _short(text: str) -> str:
    if len(text) > _MOST_ENTRIES:
        raise NoValue("a text that is too long")
    return text


def replaced(text: str, old: str, new: str) -> str:
    """A text with another part in place of one, if it is not too long then."""
    if len(text) + text.count(old) * len(new) > _MOST_ENTRIES:
        raise NoValue("a text that is too long")
    return text.replace(old, new)


def _from_text(kind: Callable[..., Number]) -> Callable[[Machine, Sequence[Value]], Number]:
    """``int`` or ``float``, of a number or of a text."""

    def run(machine: Machine, values: Sequence[Value]) -> Number:
        (value,) = values or (0,)
        if not isinstance(value, str):
            return kind(number(value))
        if len(value) > _MOST_DIGITS:
            raise NoValue("a number of too many digits")
        return kind(value)

    return run


# Functions that choose one of several formulas, or that take lists or texts.
CHOOSING: dict[str, Callable[[Machine, Sequence[Value]], Value]] = {
    "min": lambda machine, values: _extreme(machine, values, "min"),
    "max": lambda machine, values: _extreme(machine, values, "max"),
    "amin": lambda machine, values: _extreme(machine, values, "min"),
    "amax": lambda machine, values: _extreme(machine, values, "max"),
    "minimum": smallest,
    "maximum": largest,
    "fmin": smallest,
    "fmax": largest,
    "abs": absolute,
    "fabs": absolute,
    "absolute": absolute,
    "clip": clipped,
    "clamp": clipped,
    "clip_by_value": clipped,
    "interp": interpolated,
    "bisect": lambda machine, values: position_in(machine, values, right=True),
    "bisect_right": lambda machine, values: position_in(machine, values, right=True),
    "bisect_left": lambda machine, values: position_in(machine, values, right=False),
    "searchsorted": lambda machine, values: position_in(machine, values, right=False),
    "digitize": lambda machine, values: position_in(machine, values[::-1], right=True),
    "int": _from_text(int),
    "float": _from_text(float),
    "str": lambda machine, values: _short(str(values[0])),
    "sum": total,
    "mean": mean,
    "reduce_mean": mean,
    "range": ranged,
    "arange": ranged,
    "len": length,
    "list": lambda machine, values: tuple(entries(values[0])) if values else (),
    "tuple": lambda machine, values: tuple(entries(values[0])) if values else (),
    "sorted": lambda machine, values: tuple(sorted(number(x) for x in entries(values[0]))),
    "reversed": lambda machine, values: tuple(reversed(entries(values[0]))),
    "enumerate": lambda machine, values: tuple(
        (k + (int(number(values[1])) if len(values) > 1 else 0), x)
        for k, x in enumerate(entries(values[0]))
    ),
    "zip": lambda machine, values: sized(tuple(zip(*map(entries, values), strict=False))),
    "any": lambda machine, values: _noted(machine, any(entries(values[0]))),
    "all": lambda machine, values: _noted(machine, all(entries(values[0]))),
    "bool": lambda machine, values: _noted(machine, bool(values[0])),
}


def _noted(machine: Machine, outcome: bool) -> bool:
    machine.path.append(outcome)
    return outcome
