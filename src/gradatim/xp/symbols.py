"""The operations of mpmath (numbers of any precision) and of SymPy (formulas)."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from gradatim.xp.numeric import Condition, Index, Numeric, Pair
from gradatim.xp.operations import Piece
from gradatim.xp.scalar import Scalar


class HighPrecision(Scalar):
    """mpmath, at its current precision."""

    def __init__(self, mpmath: ModuleType) -> None:
        super().__init__(mpmath.mp)
        self._number = mpmath.mp.mpf

    def real(self, t: Numeric) -> Numeric:
        number: Numeric = self._number(t)
        return number

    def constant(self, value: Numeric, t: Numeric) -> Numeric:
        number: Numeric = self._number(value)
        return number

    def divmod_steps(self, t: Numeric, steps: int, most: int | None = None) -> Pair:
        # mpmath numbers have no //.
        whole = t // steps if isinstance(t, int) else self.floor(t / steps)
        whole = self.clip(whole, None, most)
        return whole, t - whole * steps

    def progress(self, t: Numeric, steps: int) -> Pair:
        done, left = super().progress(self._number(t), steps)
        return self._number(done), self._number(left)

    def remaining(self, t: Numeric, steps: int) -> Numeric:
        return self.progress(t, steps)[1]


class Symbolic:
    """SymPy: the formula of a schedule, to be printed."""

    def __init__(self, sympy: ModuleType) -> None:
        self._sympy = sympy
        self.step = sympy.Symbol("t", nonnegative=True)
        self.pi = sympy.pi
        self.sin, self.cos, self.sinh = sympy.sin, sympy.cos, sympy.sinh
        self.floor = sympy.floor
        self.exp, self.expm1 = sympy.exp, lambda x: sympy.exp(x) - 1
        self.log, self.log1p = sympy.log, lambda x: sympy.log(1 + x)
        self.sqrt = sympy.sqrt

    def real(self, t: Numeric) -> Numeric:
        return t

    def constant(self, value: Numeric, t: Numeric) -> Numeric:
        return value

    def where(self, condition: Condition, yes: Numeric, no: Numeric) -> Numeric:
        # If both sides are equal and differ only in accuracy, print one of them.
        if self._sympy.simplify(self._sympy.expand_log(yes - no, force=True)) == 0:
            return yes
        choice: Numeric = self._sympy.Piecewise((yes, condition), (no, True))
        return choice

    def clip(self, x: Numeric, low: Numeric | None, high: Numeric | None) -> Numeric:
        x = x if low is None else self._sympy.Max(x, low)
        return x if high is None else self._sympy.Min(x, high)

    def mix(self, of_start: Numeric, start: Numeric, of_end: Numeric, end: Numeric) -> Numeric:
        return of_start * start + of_end * end

    def at_most(self, t: Numeric, last: int) -> Numeric:
        # Printed formulas hold up to the end and omit the minimum; numbers may be past it.
        return self._sympy.Min(t, last) if getattr(t, "is_number", True) else t

    def divmod_steps(self, t: Numeric, steps: int, most: int | None = None) -> Pair:
        whole = self.clip(self._sympy.floor(t / steps), None, most)
        return whole, t - whole * steps

    def shifted(self, t: Numeric, by: int) -> Numeric:
        return self.clip(t - by, 0, None)

    def widened_for(self, t: Numeric, last: int) -> Numeric:
        return t

    def geometric(self, rate: Numeric, exponent: Numeric) -> Numeric:
        return rate**exponent

    def power(self, base: Numeric, exponent: Numeric) -> Numeric:
        return base**exponent

    def progress(self, t: Numeric, steps: int) -> Pair:
        done = self.at_most(t, steps) / steps
        return done, 1 - done

    def remaining(self, t: Numeric, steps: int) -> Numeric:
        return self.progress(t, steps)[1]

    def one_minus_power(self, done: Numeric, left: Numeric, exponent: Numeric) -> Numeric:
        return 1 - left**exponent

    def switch(self, pieces: Sequence[Piece], starts: Sequence[int], t: Numeric) -> Numeric:
        rows = [
            (piece.held(t - start, self), t < end)
            for piece, start, end in zip(pieces, starts, (*starts[1:], None), strict=True)
            if end is not None
        ]
        last: Numeric = pieces[-1].held(t - starts[-1], self)
        return self._sympy.Piecewise(*rows, (last, True)) if rows else last

    def index(self, boundaries: Sequence[int], t: Numeric) -> Index:
        rows = [(i, t < boundary) for i, boundary in enumerate(boundaries)]
        return self._sympy.Piecewise(*rows, (len(rows), True))

    def take(self, values: Sequence[Numeric], i: Index, like: Numeric) -> Numeric:
        if i.is_Integer:
            return values[int(i)]
        choice: Numeric = self._sympy.Piecewise(*((values[int(n)], where) for n, where in i.args))
        return choice
