"""The operations of a formula on arrays of any framework.

``frameworks`` passes in each framework's own functions. Every operation has a finite value and a
finite gradient wherever a formula may call it: ``where`` selects a value, but a NaN gradient of the
other side would still propagate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from functools import cache
from types import ModuleType
from typing import Any

from gradatim.xp.numeric import Condition, Function, Index, Numeric, Pair
from gradatim.xp.operations import Piece
from gradatim.xp.scalar import EARLY, in_order, is_known

# Keeps the argument of log above 0: smaller than any remaining fraction before the end of a run,
# larger than the smallest float32.
_TINY = 1e-37


@cache
def _logarithm(rate: float) -> tuple[float, float]:
    """The logarithm as a sum of an 11-bit number and a remainder, beyond float precision."""
    exact = Context(prec=40).ln(Decimal(rate))
    mantissa, binary = math.frexp(float(exact))
    short = math.ldexp(math.trunc(mantissa * 2048.0), binary - 11)
    return short, float(exact - Decimal(short))


class Array:
    """Whole arrays, eager or traced: both sides of every choice are computed, then selected."""

    sin: Function
    cos: Function
    sinh: Function
    exp: Function
    expm1: Function
    log: Function
    log1p: Function
    floor: Function

    def __init__(
        self,
        functions: ModuleType,
        *,
        steps: Callable[[Any], Numeric],
        real: Callable[[Any], Numeric],
        where: Callable[[Condition, Numeric, Numeric], Numeric],
        full: Callable[[Numeric, Any], Numeric],
        largest: Callable[[Any], float],
        divide: Callable[[Any, Any], Numeric],
        index: Callable[[Sequence[int], Any], Index],
        take: Callable[[Sequence[Numeric], Index, Any], Numeric],
    ) -> None:
        self.pi = math.pi
        self.sin, self.cos, self.sinh = functions.sin, functions.cos, functions.sinh
        self.exp, self.expm1, self.floor = functions.exp, functions.expm1, functions.floor
        self.log, self.log1p = functions.log, functions.log1p
        self._sqrt = functions.sqrt
        self.steps, self.real, self.where, self._full = steps, real, where, full
        self._largest, self._divide, self._index, self.take = largest, divide, index, take

    def constant(self, value: Numeric, t: Numeric) -> Numeric:
        return self._full(value, self.real(t))

    def clip(self, x: Numeric, low: Numeric | None, high: Numeric | None) -> Numeric:
        if low is not None:
            low = self._like(low, x)
            x = self.where(x < low, low, x)
        # No step of an integer type can exceed a bound that the type cannot hold.
        if high is not None and not (is_known(high) and high > self._largest(x)):
            high = self._like(high, x)
            x = self.where(x > high, high, x)
        return x

    def mix(self, of_start: Numeric, start: Numeric, of_end: Numeric, end: Numeric) -> Numeric:
        return self.clip(of_start * start + of_end * end, *in_order(start, end))

    def at_most(self, t: Numeric, last: int) -> Numeric:
        return self.clip(t, None, last)

    def _like(self, number: Numeric, x: Numeric) -> Numeric:
        # JAX reads a Python int as an int32, however large, even next to a float.
        return float(number) if isinstance(number, int) and self._largest(x) == math.inf else number

    def divmod_steps(self, t: Numeric, steps: int, most: int | None = None) -> Pair:
        if steps > self._largest(t):
            return 0 * t, t
        divisor = self._like(steps, t)
        whole = self.clip(self._divide(t, divisor), None, most)
        return whole, t - whole * divisor

    def shifted(self, t: Numeric, by: int) -> Numeric:
        t = self.widened_for(t, abs(by))
        if by < 0:  # the sum must fit into the type of the step
            return self.clip(t, None, self._largest(t) + by) + self._like(-by, t)
        return self._after(t, by)

    def _after(self, t: Numeric, start: int) -> Numeric:
        """The steps since ``start``; 0 before it."""
        return self.clip(t - self._like(start, t), 0, None)

    def widened_for(self, t: Numeric, last: int) -> Numeric:
        return t if last <= self._largest(t) else self.real(t)

    def geometric(self, rate: Numeric, exponent: Numeric) -> Numeric:
        number = self.real(exponent)
        if not isinstance(rate, float):
            return rate**number
        # rate**n multiplies the rounding error of the rate n times. So the power is computed as exp
        # of n * log(rate), split into products that are exact and a small remainder.
        short, tail = _logarithm(rate)
        high, low = (self.real(part) for part in self.divmod_steps(exponent, 4096))
        large, small = short * 4096.0 * high, short * low
        both = large + small
        value = self.exp(both)
        # Not exp(both) * exp(rest), which XLA fuses into one exp of a rounded sum.
        return value + value * self.expm1((small - (both - large)) + tail * number)

    def sqrt(self, x: Numeric) -> Numeric:
        positive = x > 0
        return self.where(positive, self._sqrt(self.where(positive, x, 1.0)), 0.0 * x)

    def power(self, base: Numeric, exponent: Numeric) -> Numeric:
        # The gradient of a root at 0 is infinite, so 0 is computed without it.
        positive = base > 0
        inside = self.where(positive, base, 1.0)
        if isinstance(exponent, float):
            short = round(exponent * 2048.0) / 2048.0
            value = inside**short
            if short != exponent:  # correct the rounding error of the exponent
                value = value + value * self.expm1((exponent - short) * self.log(inside))
        else:
            value = inside**exponent
        return self.where(positive, value, 0.0 * base)

    def progress(self, t: Numeric, steps: int) -> Pair:
        total, largest = float(steps), self._largest(t)
        t = self.clip(t, 0, steps)
        if steps > largest:
            # In two parts, because ``steps`` does not fit into the type of the step.
            whole = int(largest)
            left = self.real(self._like(whole, t) - t) + float(steps - whole)
        else:
            left = self.real(self._like(steps, t) - t)
        return self.real(t) / total, left / total

    def remaining(self, t: Numeric, steps: int) -> Numeric:
        return self.progress(t, steps)[1]

    def one_minus_power(self, done: Numeric, left: Numeric, exponent: Numeric) -> Numeric:
        early = done < EARLY
        logarithm = self.where(
            early,
            self.log1p(-self.where(early, done, 0.0 * done)),
            self.log(self.clip(left, _TINY, None)),
        )
        return self.where(left > 0, -self.expm1(exponent * logarithm), 0.0 * left + 1.0)

    def switch(self, pieces: Sequence[Piece], starts: Sequence[int], t: Numeric) -> Numeric:
        value: Numeric | None = None
        for piece, start in zip(pieces, starts, strict=True):
            if start > self._largest(t):
                break
            # Clip to the steps of this piece, as its formula may be undefined elsewhere.
            here = piece.held(self.clip(self._after(t, start), None, piece.length), self)
            begun = t >= self._like(start, t)
            value = here if value is None else self.where(begun, here, value)
        assert value is not None  # the first piece starts at 0
        return value

    def index(self, boundaries: Sequence[int], t: Numeric) -> Index:
        largest = self._largest(t)
        return self._index([b for b in boundaries if b <= largest], t)
