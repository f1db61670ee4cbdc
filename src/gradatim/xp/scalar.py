"""The operations of a formula on single numbers, such as Python's."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from gradatim.xp.numeric import Condition, Function, Index, Numeric, Pair
from gradatim.xp.operations import Piece

# Below this ``log1p(-done)`` is more accurate than ``log(left)``. They are equal at 1/2, but XLA's
# log1p loses two digits from 0.35 on.
EARLY = 0.3


def is_known(number: Numeric) -> bool:
    """Whether it is a Python number, not a JAX tracer."""
    return isinstance(number, (int, float))


def in_order(a: Numeric, b: Numeric) -> tuple[Numeric | None, Numeric | None]:
    """The smaller and the larger of two numbers; None for both if one is a JAX tracer."""
    if not (is_known(a) and is_known(b)):
        return None, None
    return (a, b) if a < b else (b, a)


class Scalar:
    """Single numbers: plain branches, and the functions of ``math`` or of mpmath."""

    sin: Function
    cos: Function
    sinh: Function
    exp: Function
    expm1: Function
    log: Function
    log1p: Function
    floor: Function
    sqrt: Function

    def __init__(self, functions: Any) -> None:
        self.pi = functions.pi
        self.sin, self.cos, self.sinh = functions.sin, functions.cos, functions.sinh
        self.exp, self.expm1, self.floor = functions.exp, functions.expm1, functions.floor
        self.log, self.log1p = functions.log, functions.log1p
        self.sqrt = functions.sqrt

    def real(self, t: Numeric) -> Numeric:
        # Stays an int: Python divides ints of any size with a single rounding.
        return t

    def constant(self, value: Numeric, t: Numeric) -> Numeric:
        return value

    def where(self, condition: Condition, yes: Numeric, no: Numeric) -> Numeric:
        return yes if condition else no

    def clip(self, x: Numeric, low: Numeric | None, high: Numeric | None) -> Numeric:
        if low is not None and x < low:
            return low
        return high if high is not None and x > high else x

    def mix(self, of_start: Numeric, start: Numeric, of_end: Numeric, end: Numeric) -> Numeric:
        return self.clip(of_start * start + of_end * end, *in_order(start, end))

    def at_most(self, t: Numeric, last: int) -> Numeric:
        return last if t > last else t

    def divmod_steps(self, t: Numeric, steps: int, most: int | None = None) -> Pair:
        whole = self.clip(t // steps, None, most)
        return whole, t - whole * steps

    def shifted(self, t: Numeric, by: int) -> Numeric:
        return self.clip(t - by, 0, None)

    def widened_for(self, t: Numeric, last: int) -> Numeric:
        return t

    def geometric(self, rate: Numeric, exponent: Numeric) -> Numeric:
        return rate ** self.real(exponent)

    def power(self, base: Numeric, exponent: Numeric) -> Numeric:
        return base**exponent

    def progress(self, t: Numeric, steps: int) -> Pair:
        if t >= steps:
            return 1.0, 0.0
        return t / steps, (steps - t) / steps

    def remaining(self, t: Numeric, steps: int) -> Numeric:
        return (steps - t) / steps if t < steps else 0.0

    def one_minus_power(self, done: Numeric, left: Numeric, exponent: Numeric) -> Numeric:
        if left == 0:
            return 1.0
        logarithm = self.log1p(-done) if done < EARLY else self.log(left)
        return -self.expm1(exponent * logarithm)

    def switch(self, pieces: Sequence[Piece], starts: Sequence[int], t: Any) -> Numeric:
        i = bisect_right(starts, t) - 1
        return pieces[i].held(t - starts[i], self)

    def index(self, boundaries: Sequence[int], t: Any) -> Index:
        return bisect_right(boundaries, t)

    def take(self, values: Sequence[Numeric], i: Index, like: Numeric) -> Numeric:
        value: Numeric = values[i]
        return value


PYTHON = Scalar(math)
