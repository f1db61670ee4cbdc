"""The operations of a formula on one number at a time: Python's, or those of its like."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

# Up to here ``log1p(-done)`` has more correct digits than ``log(left)``. They are equal at 1/2,
# but the log1p of XLA loses two digits from 0.35 on.
EARLY = 0.3


class Scalar:
    """One number at a time: plain branches, the functions of ``math`` or of its like."""

    def __init__(self, functions: Any) -> None:
        self.pi = functions.pi
        self.sin, self.cos, self.sinh = functions.sin, functions.cos, functions.sinh
        self.exp, self.expm1, self.floor = functions.exp, functions.expm1, functions.floor
        self.log, self.log1p = functions.log, functions.log1p
        self.sqrt = functions.sqrt

    def real(self, t: Any) -> Any:
        # Python divides integers of any size with one rounding, so they stay integers here.
        return t

    def constant(self, value: Any, t: Any) -> Any:
        return value

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        return yes if condition else no

    def clip(self, x: Any, low: Any, high: Any) -> Any:
        if low is not None and x < low:
            return low
        return high if high is not None and x > high else x

    def at_most(self, t: Any, last: int) -> Any:
        return last if t > last else t

    def divmod_steps(self, t: Any, steps: int, most: int | None = None) -> tuple[Any, Any]:
        whole = self.clip(t // steps, None, most)
        return whole, t - whole * steps

    def shifted(self, t: Any, by: int) -> Any:
        return self.clip(t - by, 0, None)

    def widened_for(self, t: Any, last: int) -> Any:
        return t

    def geometric(self, rate: Any, exponent: Any) -> Any:
        return rate ** self.real(exponent)

    def power(self, base: Any, exponent: Any) -> Any:
        return base**exponent

    def progress(self, t: Any, steps: int) -> tuple[Any, Any]:
        if t >= steps:
            return 1.0, 0.0
        return t / steps, (steps - t) / steps

    def remaining(self, t: Any, steps: int) -> Any:
        return (steps - t) / steps if t < steps else 0.0

    def one_minus_power(self, done: Any, left: Any, exponent: Any) -> Any:
        if left == 0:
            return 1.0
        logarithm = self.log1p(-done) if done < EARLY else self.log(left)
        return -self.expm1(exponent * logarithm)

    def switch(self, pieces: Sequence[Any], starts: Sequence[int], t: Any) -> Any:
        i = bisect_right(starts, t) - 1
        return pieces[i].held(t - starts[i], self)

    def index(self, boundaries: Sequence[int], t: Any) -> Any:
        return bisect_right(boundaries, t)

    def take(self, values: Sequence[Any], i: Any, like: Any) -> Any:
        return values[i]


PYTHON = Scalar(math)
