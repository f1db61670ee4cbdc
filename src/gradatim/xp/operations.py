"""``Operations``: what a formula may use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gradatim.xp.numeric import Condition, Index, Numeric, Pair


class Piece(Protocol):
    """What ``switch`` needs of a schedule."""

    @property
    def length(self) -> int | None:
        """The steps after which its value stays the same."""

    @property
    def last_boundary(self) -> int:
        """The last step at which a part of it begins or ends."""

    def held(self, t: Numeric, xp: Operations) -> Numeric:
        """The value at any step."""


class Operations(Protocol):
    """The operations that a formula may use: ``xp`` in ``at(self, t, xp)``.

    A formula is written once, with these operations and ``+ - * / **``, and runs on every type of
    step: on Python numbers ``xp`` calls ``math``, on tensors ``torch``, and so on. The result has
    the type of the step.

    On arrays both sides of a choice are computed, so there is no ``if``: write ``xp.where``. The
    arguments of both sides must be in the domains given here.

    >>> from gradatim.xp import PYTHON, operations_for
    >>> PYTHON.where(3 < 4, 0.5, 1.0)
    0.5
    >>> operations_for(3) == (PYTHON, 3)
    True
    """

    @property
    def pi(self) -> float:
        """The number pi.

        >>> from gradatim.xp import PYTHON as xp
        >>> round(xp.pi, 4)
        3.1416
        """

    # Functions of one number.

    def sin(self, x: Numeric, /) -> Numeric:
        """The sine of an angle in radians; any finite ``x``.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.sin(xp.pi / 2)
        1.0
        """

    def cos(self, x: Numeric, /) -> Numeric:
        """The cosine of an angle in radians; any finite ``x``.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.cos(0.0)
        1.0
        """

    def sinh(self, x: Numeric, /) -> Numeric:
        """The hyperbolic sine, ``(exp(x) - exp(-x)) / 2``; ``abs(x)`` at most 80 for float32.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.sinh(0.0)
        0.0
        """

    def exp(self, x: Numeric, /) -> Numeric:
        """``e ** x``; ``x`` at most 80 for float32.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.exp(0.0)
        1.0
        """

    def expm1(self, x: Numeric, /) -> Numeric:
        """``exp(x) - 1``, with all digits where ``x`` is near 0; ``x`` at most 80 for float32.

        >>> from gradatim.xp import PYTHON as xp
        >>> round(1e10 * xp.expm1(1e-10), 6)
        1.0
        """

    def log(self, x: Numeric, /) -> Numeric:
        """The natural logarithm; ``x`` above 0, so clip it first where it can be 0.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.log(1.0)
        0.0
        """

    def log1p(self, x: Numeric, /) -> Numeric:
        """``log(1 + x)``, with all digits where ``x`` is near 0; ``x`` above -1.

        >>> from gradatim.xp import PYTHON as xp
        >>> round(1e10 * xp.log1p(1e-10), 6)
        1.0
        """

    def sqrt(self, x: Numeric, /) -> Numeric:
        """The square root; ``x`` 0 or more. On arrays its gradient at 0 is 0, not infinite.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.sqrt(2.25)
        1.5
        """

    def floor(self, x: Numeric, /) -> Numeric:
        """The largest whole number that is not above ``x``; any finite ``x``.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.floor(2.75)
        2
        """

    def power(self, base: Numeric, exponent: Numeric) -> Numeric:
        """``base ** exponent``; ``base`` 0 or more, ``exponent`` above 0 where ``base`` can be 0.

        On arrays its gradient at ``base = 0`` is 0, not infinite.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.power(0.25, 1.5)
        0.125
        """

    def geometric(self, rate: Numeric, exponent: Numeric) -> Numeric:
        """``rate ** exponent``; ``rate`` above 0, ``exponent`` a whole number, 0 or more.

        More accurate than ``power`` in float32, where the rounding error of ``rate`` multiplies.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.geometric(0.5, 3)
        0.125
        """

    # Choices.

    def where(self, condition: Condition, yes: Numeric, no: Numeric, /) -> Numeric:
        """``yes`` where the condition is true, else ``no``: the ``if`` of a formula.

        On arrays both are computed for every step, so both must be finite everywhere.

        >>> from gradatim.xp import PYTHON as xp
        >>> t = 7
        >>> xp.where(t < 5, 1.0, 0.5)
        0.5
        """

    def clip(self, x: Numeric, low: Numeric | None, high: Numeric | None) -> Numeric:
        """``min(max(x, low), high)``; None is no bound.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.clip(7, 0, 5), xp.clip(-1.5, 0.0, None)
        (5, 0.0)
        """

    def mix(self, of_start: Numeric, start: Numeric, of_end: Numeric, end: Numeric) -> Numeric:
        """``of_start * start + of_end * end``, a weighted sum that rounding takes past no end.

        The weights are 0 or more and sum to 1, up to rounding. Where an end is a JAX tracer, and in
        printed formulas, it is the plain sum, which rounding may take past an end.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.mix(0.25, 1.0, 0.75, 0.0)
        0.25
        >>> 0.25 * 0.3 + 0.7500000000000001 * 0.3, xp.mix(0.25, 0.3, 0.7500000000000001, 0.3)
        (0.30000000000000004, 0.3)
        """

    # The step, which is an integer until a formula converts it.

    def real(self, t: Numeric) -> Numeric:
        """The step as a float, of the type that the value will have.

        Use it for a step in a formula, except with ``progress``. Compute differences of steps
        before it: only integers are exact.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.real(3) / 4
        0.75
        """

    def constant(self, value: Numeric, t: Numeric) -> Numeric:
        """``value``, in the shape and float type for the step ``t``.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.constant(0.5, 3)
        0.5
        """

    def progress(self, t: Numeric, steps: int) -> Pair:
        """The fraction of ``steps`` that is done at ``t``, and the fraction that is left.

        ``t / steps`` and ``(steps - t) / steps``, each rounded once. From ``t = steps`` on they
        are 1 and 0. A mix ``left * start + done * end`` is exact at both ends.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.progress(3, 4), xp.progress(9, 4)
        ((0.75, 0.25), (1.0, 0.0))
        """

    def remaining(self, t: Numeric, steps: int) -> Numeric:
        """The fraction of ``steps`` that is left at ``t``: the second result of ``progress``.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.remaining(3, 4), xp.remaining(9, 4)
        (0.25, 0.0)
        """

    def one_minus_power(self, done: Numeric, left: Numeric, exponent: Numeric) -> Numeric:
        """``1 - left ** exponent`` with all its digits; ``done`` is ``1 - left``, both 0 to 1.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.one_minus_power(0.0, 1.0, 2.0), round(xp.one_minus_power(0.5, 0.5, 2.0), 12)
        (0.0, 0.75)
        """

    def at_most(self, t: Numeric, last: int) -> Numeric:
        """``min(t, last)``, for the end of a curve; printed formulas omit it.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.at_most(3, 4), xp.at_most(9, 4)
        (3, 4)
        """

    def shifted(self, t: Numeric, by: int) -> Numeric:
        """``max(t - by, 0)``: the step of a curve that begins ``by`` updates later.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.shifted(10, 4), xp.shifted(3, 4), xp.shifted(3, -4)
        (6, 0, 7)
        """

    def divmod_steps(self, t: Numeric, steps: int, most: int | None = None) -> Pair:
        """Integer division of ``t`` by ``steps``, with a quotient of at most ``most``.

        ``n = min(t // steps, most)`` and ``t - n * steps``; ``steps`` 1 or more.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.divmod_steps(11, 4), xp.divmod_steps(11, 4, most=1)
        ((2, 3), (1, 7))
        """

    def widened_for(self, t: Numeric, last: int) -> Numeric:
        """The step in a type that can hold ``last``: a float if its integer type cannot.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.widened_for(3, 2**40)
        3
        """

    # Pieces and tables.

    def switch(self, pieces: Sequence[Piece], starts: Sequence[int], t: Numeric) -> Numeric:
        """The value of the piece that ``t`` falls into, at its local step.

        Args:
            pieces: Schedules.
            starts: The step at which each begins, rising from 0.
            t: The step.

        >>> from gradatim import Constant, Linear
        >>> from gradatim.xp import PYTHON as xp
        >>> xp.switch((Constant(1.0), Linear(1.0, 0.0, 4)), (0, 10), 11)
        0.75
        """

    def index(self, boundaries: Sequence[int], t: Numeric) -> Index:
        """The number of boundaries, in rising order, that are at most ``t``.

        >>> from gradatim.xp import PYTHON as xp
        >>> [xp.index((10, 20), t) for t in (9, 10, 25)]
        [0, 1, 2]
        """

    def take(self, values: Sequence[Numeric], i: Index, like: Numeric, /) -> Numeric:
        """``values[i]``, in the type of ``like``; ``i`` comes from ``index``.

        >>> from gradatim.xp import PYTHON as xp
        >>> xp.take((1.0, 0.1, 0.01), xp.index((10, 20), 15), xp.real(15))
        0.1
        """
