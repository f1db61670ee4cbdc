"""Combinations of schedules: joined one after another, scaled, multiplied, added.

Every combination is a schedule itself. Boundaries follow from the lengths of the pieces. Only
``Join`` branches on the step.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar

from gradatim.core.decays import Constant
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import Number, check_argument
from gradatim.errors import GradatimError, invalid_value, shown
from gradatim.xp.dispatch import known_true
from gradatim.xp.numeric import Numeric
from gradatim.xp.operations import Operations


def join(*pieces: Schedule) -> Schedule:
    """One schedule after another, each from its own step 0.

    Joining is associative: ``join(join(a, b), c) == join(a, join(b, c)) == join(a, b, c)``, and
    ``join(a) == a``.

    Raises:
        GradatimError: For no piece at all, or a piece without an end that is not the last.

    >>> from gradatim import Constant, Linear
    >>> join(Linear(start=0.0, end=1.0, steps=4), Constant(value=1.0, steps=6)).length
    10
    """
    for i, piece in enumerate(pieces):
        if not isinstance(piece, Schedule):
            raise invalid_value("join", f"argument {i + 1}", piece, "a schedule")
    return pieces[0] if len(pieces) == 1 else Join(pieces)


def _flatten(chain: Schedule, field: str) -> None:
    """Replace nested chains of the same class by their parts: (a + b) + c has three terms."""
    parts = tuple(
        part
        for one in getattr(chain, field)
        for part in (getattr(one, field) if type(one) is type(chain) else (one,))
    )
    if len(parts) < 2:
        raise invalid_value(type(chain).__name__, field, parts, "two schedules or more")
    object.__setattr__(chain, field, parts)


class Join(Schedule):
    """One schedule after another, each from its own step 0. Write ``join(a, b)`` or ``a >> b``.

    Args:
        pieces: Two or more schedules. All but the last have an end.

    >>> from gradatim import Constant, Linear
    >>> Linear(start=0.0, end=1.0, steps=4) >> Constant(value=1.0)
    Linear(start=0.0, end=1.0, steps=4) >> Constant(value=1.0)
    """

    pieces: tuple[Schedule, ...]

    if TYPE_CHECKING:
        # Not a field: computed once at construction, because every call needs it.
        _starts: ClassVar[tuple[int, ...]]

    _computed = (*Schedule._computed, "_starts")

    def _validate(self) -> None:
        _flatten(self, "pieces")
        lengths = (piece.length or 0 for piece in self.pieces[:-1])
        object.__setattr__(self, "_starts", (0, *accumulate(lengths)))
        for i, piece in enumerate(self.pieces[:-1]):
            if piece.length is None:
                raise GradatimError(
                    f"join: piece {i + 1} of {len(self.pieces)} has no end, so the next piece "
                    f"would never begin: {piece!r}. Give it a length: steps=..., or .cut(steps)."
                )

    @property
    def starts(self) -> tuple[int, ...]:
        """The step at which each piece begins."""
        return self._starts

    @property
    def length(self) -> int | None:
        last = self.pieces[-1].length
        return None if last is None else self._starts[-1] + last

    @property
    def is_whole(self) -> bool:
        return all(piece.is_whole for piece in self.pieces)

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        return xp.switch(self.pieces, self._starts, t)

    held = at

    def _steps_to_check(self) -> tuple[int, ...]:
        return ()  # each value is that of a piece, which was checked

    def cut(self, steps: int) -> Schedule:
        """Only the first ``steps`` updates: whole pieces, and the first part of one."""
        whole = super().cut(steps)  # raises for an invalid length
        if self.length is not None and steps > self.length:
            return whole
        i = bisect_right(self.starts, steps) - 1
        return join(*self.pieces[:i], self.pieces[i].cut(steps - self.starts[i]))

    def __repr__(self) -> str:
        if len(self.pieces) > _LONGEST_CHAIN:
            return f"join({', '.join(map(repr, self.pieces))})"
        return " >> ".join(_inside(piece, Join) for piece in self.pieces)


# The most boundaries in a sum or product at which the value is checked to be finite.
_MOST_JOINS = 20

# Longer chains are printed without operators: Python's parser limits the nesting of operators.
_LONGEST_CHAIN = 200


def _inside(schedule: Schedule, *looser: type) -> str:
    """The ``repr`` of an operand, in parentheses if it is of a class that binds less tightly."""
    return f"({schedule!r})" if isinstance(schedule, looser) else repr(schedule)


def _longest(schedules: tuple[Schedule, ...]) -> int | None:
    # Each length is computed once. Twice per level would be exponential in the nesting depth.
    lengths = [(one, one.length) for one in schedules]
    # An unbounded Constant does not make a sum unbounded.
    known = [length for one, length in lengths if length or not isinstance(one, Constant)]
    ends = [length for length in known if length is not None]
    return max(ends) if ends and len(ends) == len(known) else None


def _where_pieces_meet(schedule: Schedule) -> Iterator[int]:
    from gradatim.core.pieces import boundaries

    for step in boundaries(schedule)[:_MOST_JOINS]:
        yield from (step - 1, step)


def multiply(schedule: Schedule, other: Schedule | float) -> Schedule:
    """The product of a schedule with another, or with a number."""
    return Product((schedule, other)) if isinstance(other, Schedule) else Scale(schedule, other)


def divide(schedule: Schedule | float, number: Schedule | float) -> Schedule:
    """A schedule divided by a number."""
    if not isinstance(schedule, Schedule) or isinstance(number, Schedule):
        raise GradatimError(
            f"{shown(schedule)} / {shown(number)}: a schedule can be divided by a number only."
        )
    divisor: float = check_argument("Scale", "the divisor", Number, number)
    if known_true(divisor == 0.0) or not known_true(abs(divisor) > _SMALLEST):
        raise invalid_value("Scale", "the divisor", divisor, "a number that is not 0")
    return Scale(schedule, 1.0 / divisor)


def add(one: Schedule | float, other: Schedule | float) -> Schedule:
    """The sum of two schedules, or of a schedule and a number."""
    return Sum((_term(one), _term(other)))


def subtract(one: Schedule | float, other: Schedule | float) -> Schedule:
    """The difference of two schedules, or of a schedule and a number."""
    return add(one, -other if isinstance(other, Schedule) else _negative(other))


def _term(part: Schedule | float) -> Schedule:
    return part if isinstance(part, Schedule) else Constant(part)


def _negative(number: float) -> float:
    number = check_argument("Constant", "value", Number, number)
    return -number


# The reciprocal of anything smaller is more than a float holds.
_SMALLEST = 1e-307


class Scale(Schedule):
    """A schedule times a number. Write ``3e-4 * schedule``.

    Args:
        schedule: The schedule.
        factor: The number.

    >>> from gradatim import Linear
    >>> (0.5 * Linear(start=1.0, end=0.0, steps=4))(2)
    0.25
    """

    schedule: Schedule
    factor: Number

    @property
    def length(self) -> int | None:
        return self.schedule.length

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        return self.factor * self.schedule.held(t, xp)

    held = at

    def _steps_to_check(self) -> tuple[int, ...]:
        if abs(self.factor) <= 1.0:
            return ()  # no value is larger than that of the schedule, which was checked
        return (*super()._steps_to_check(), *_where_pieces_meet(self))

    def __repr__(self) -> str:
        inside = _inside(self.schedule, Join, Sum, Product, Scale)
        return f"-{inside}" if known_true(self.factor == -1.0) else f"{self.factor!r} * {inside}"


class Product(Schedule):
    """Schedules multiplied, step by step. Write ``a * b``.

    Args:
        factors: Two or more schedules.

    >>> from gradatim import Constant, Linear
    >>> (Linear(start=0.0, end=1.0, steps=4) * Constant(value=0.5))(2)
    0.25
    """

    factors: tuple[Schedule, ...]

    def _validate(self) -> None:
        _flatten(self, "factors")

    @property
    def length(self) -> int | None:
        return _longest(self.factors)

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        value = self.factors[0].held(t, xp)
        for factor in self.factors[1:]:
            value = value * factor.held(t, xp)
        return value

    held = at

    def _steps_to_check(self) -> tuple[int, ...]:
        return (*super()._steps_to_check(), *_where_pieces_meet(self))

    def __repr__(self) -> str:
        if len(self.factors) > _LONGEST_CHAIN:
            return super().__repr__()
        return " * ".join(_inside(factor, Join, Sum, Product, Scale) for factor in self.factors)


class Sum(Schedule):
    """Schedules added, step by step. Write ``a + b``.

    Args:
        terms: Two or more schedules.

    >>> from gradatim import Linear
    >>> (Linear(start=0.0, end=1.0, steps=4) + 0.5)(2)
    1.0
    """

    terms: tuple[Schedule, ...]

    def _validate(self) -> None:
        _flatten(self, "terms")

    @property
    def length(self) -> int | None:
        return _longest(self.terms)

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        value = self.terms[0].held(t, xp)
        for term in self.terms[1:]:
            value = value + term.held(t, xp)
        return value

    held = at

    def _steps_to_check(self) -> tuple[int, ...]:
        return (*super()._steps_to_check(), *_where_pieces_meet(self))

    def __repr__(self) -> str:
        if len(self.terms) > _LONGEST_CHAIN:
            return super().__repr__()
        text = _inside(self.terms[0], Join, Sum)
        for term in self.terms[1:]:
            negative = isinstance(term, Scale) and known_true(term.factor == -1.0)
            sign, part = ("-", term.schedule) if negative else ("+", term)  # type: ignore[attr-defined]
            text += f" {sign} {_inside(part, Join, Sum)}"
        return text
