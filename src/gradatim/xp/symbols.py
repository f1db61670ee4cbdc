"""Numbers of any precision, and formulas instead of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from gradatim.xp.scalar import Scalar


class HighPrecision(Scalar):
    """The numbers of mpmath, with as many digits as it is set to."""

    def __init__(self, mpmath: ModuleType) -> None:
        super().__init__(mpmath.mp)
        self._number = mpmath.mp.mpf

    def real(self, t: Any) -> Any:
        return self._number(t)

    def constant(self, value: Any, t: Any) -> Any:
        return self._number(value)

    def divmod_steps(self, t: Any, steps: int, most: int | None = None) -> tuple[Any, Any]:
        # Its numbers have no //.
        whole = t // steps if isinstance(t, int) else self.floor(t / steps)
        whole = self.clip(whole, None, most)
        return whole, t - whole * steps

    def progress(self, t: Any, steps: int) -> tuple[Any, Any]:
        done, left = super().progress(self._number(t), steps)
        return self._number(done), self._number(left)

    def remaining(self, t: Any, steps: int) -> Any:
        return self.progress(t, steps)[1]


class Symbolic:
    """Formulas instead of numbers: what a schedule computes, for a reader."""

    def __init__(self, sympy: ModuleType) -> None:
        self._sympy = sympy
        self.step = sympy.Symbol("t", nonnegative=True)
        self.pi = sympy.pi
        self.sin, self.cos, self.sinh = sympy.sin, sympy.cos, sympy.sinh
        self.floor = sympy.floor
        self.exp, self.expm1 = sympy.exp, lambda x: sympy.exp(x) - 1
        self.log, self.log1p = sympy.log, lambda x: sympy.log(1 + x)
        self.sqrt = sympy.sqrt

    def real(self, t: Any) -> Any:
        return t

    def constant(self, value: Any, t: Any) -> Any:
        return value

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        # Two forms of one formula, chosen for their digits, are one formula to a reader.
        if self._sympy.simplify(self._sympy.expand_log(yes - no, force=True)) == 0:
            return yes
        return self._sympy.Piecewise((yes, condition), (no, True))

    def clip(self, x: Any, low: Any, high: Any) -> Any:
        x = x if low is None else self._sympy.Max(x, low)
        return x if high is None else self._sympy.Min(x, high)

    def at_most(self, t: Any, last: Any) -> Any:
        # A printed formula is that of the steps up to the end; a number may lie past it.
        return self._sympy.Min(t, last) if getattr(t, "is_number", True) else t

    def divmod_steps(self, t: Any, steps: Any, most: Any = None) -> tuple[Any, Any]:
        whole = self.clip(self._sympy.floor(t / steps), None, most)
        return whole, t - whole * steps

    def shifted(self, t: Any, by: Any) -> Any:
        return self.clip(t - by, 0, None)

    def widened_for(self, t: Any, last: Any) -> Any:
        return t

    def geometric(self, rate: Any, exponent: Any) -> Any:
        return rate**exponent

    def power(self, base: Any, exponent: Any) -> Any:
        return base**exponent

    def progress(self, t: Any, steps: Any) -> tuple[Any, Any]:
        done = self.at_most(t, steps) / steps
        return done, 1 - done

    def remaining(self, t: Any, steps: Any) -> Any:
        return self.progress(t, steps)[1]

    def one_minus_power(self, done: Any, left: Any, exponent: Any) -> Any:
        return 1 - left**exponent

    def switch(self, pieces: Sequence[Any], starts: Sequence[int], t: Any) -> Any:
        rows = [
            (piece.held(t - start, self), t < end)
            for piece, start, end in zip(pieces, starts, (*starts[1:], None), strict=True)
            if end is not None
        ]
        last = pieces[-1].held(t - starts[-1], self)
        return self._sympy.Piecewise(*rows, (last, True)) if rows else last

    def index(self, boundaries: Sequence[int], t: Any) -> Any:
        rows = [(i, t < boundary) for i, boundary in enumerate(boundaries)]
        return self._sympy.Piecewise(*rows, (len(rows), True))

    def take(self, values: Sequence[Any], i: Any, like: Any) -> Any:
        if i.is_Integer:
            return values[int(i)]
        return self._sympy.Piecewise(*((values[int(n)], where) for n, where in i.args))
