"""The algebra: schedules made of schedules, nested at will.

Every combination is a schedule itself. Boundaries are derived from the lengths of the pieces, so
there is no second list to keep in step. Only ``Join`` branches on the step.
"""

from __future__ import annotations

from functools import cached_property
from itertools import accumulate
from typing import Any

from gradatim.core._fields import Falling, Number, Offset, Phase, Steps, Times
from gradatim.core._frameworks import surely
from gradatim.core.decays import Constant
from gradatim.core.errors import GradatimError, refuse
from gradatim.core.schedule import Schedule

_FARTHEST = 2**63


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
            raise refuse("join", f"argument {i + 1}", piece, "a schedule")
    return pieces[0] if len(pieces) == 1 else Join(pieces)


def _flatten(chain: Schedule, field: str) -> None:
    """Give a chain one form however it was built: a chain inside it becomes its parts."""
    parts = tuple(
        part for one in getattr(chain, field)
        for part in (getattr(one, field) if type(one) is type(chain) else (one,))
    )  # fmt: skip
    if len(parts) < 2:
        raise refuse(type(chain).__name__, field, parts, "two schedules or more")
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

    def _agree(self) -> None:
        _flatten(self, "pieces")
        for i, piece in enumerate(self.pieces[:-1]):
            if piece.length is None:
                raise GradatimError(
                    f"join: piece {i + 1} of {len(self.pieces)} has no end, so what follows would "
                    f"never come: {piece!r}. Give it a length: steps=..., or .cut(steps)."
                )

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The step at which each piece begins."""
        return (0, *accumulate(piece.length or 0 for piece in self.pieces[:-1]))

    @cached_property
    def length(self) -> int | None:
        last = self.pieces[-1].length
        return None if last is None else self.starts[-1] + last

    def at(self, t: Any, xp: Any) -> Any:
        return xp.switch(self.pieces, self.starts, t)

    def __repr__(self) -> str:
        return " >> ".join(_inside(piece, Join) for piece in self.pieces)


def _inside(schedule: Schedule, *looser: type) -> str:
    """The text of a part, in brackets where an operator around it would tear it apart."""
    return f"({schedule!r})" if isinstance(schedule, looser) else repr(schedule)


def _longest(schedules: tuple[Schedule, ...]) -> int | None:
    # A number that is added to a curve, or multiplied with it, does not take its end away.
    lengths = [one.length for one in schedules if one.length or not isinstance(one, Constant)]
    known = [length for length in lengths if length is not None]
    return max(known) if known and len(known) == len(lengths) else None


def multiply(schedule: Schedule, other: Any) -> Schedule:
    """The product of a schedule with another, or with a number."""
    return Product((schedule, other)) if isinstance(other, Schedule) else Scale(schedule, other)


def add(schedule: Schedule, other: Any) -> Schedule:
    """The sum of a schedule and another, or a number."""
    return Sum((schedule, other if isinstance(other, Schedule) else Constant(other)))


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

    def at(self, t: Any, xp: Any) -> Any:
        return self.factor * self.schedule.at(t, xp)

    def __repr__(self) -> str:
        return f"{self.factor!r} * {_inside(self.schedule, Join, Sum, Product, Scale)}"


class Product(Schedule):
    """Schedules multiplied, step by step. Write ``a * b``.

    Args:
        factors: Two or more schedules.

    >>> from gradatim import Constant, Linear
    >>> (Linear(start=0.0, end=1.0, steps=4) * Constant(value=0.5))(2)
    0.25
    """

    factors: tuple[Schedule, ...]

    def _agree(self) -> None:
        _flatten(self, "factors")

    @property
    def length(self) -> int | None:
        return _longest(self.factors)

    def at(self, t: Any, xp: Any) -> Any:
        value = self.factors[0].at(t, xp)
        for factor in self.factors[1:]:
            value = value * factor.at(t, xp)
        return value

    def __repr__(self) -> str:
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

    def _agree(self) -> None:
        _flatten(self, "terms")

    @property
    def length(self) -> int | None:
        return _longest(self.terms)

    def at(self, t: Any, xp: Any) -> Any:
        value = self.terms[0].at(t, xp)
        for term in self.terms[1:]:
            value = value + term.at(t, xp)
        return value

    def __repr__(self) -> str:
        return " + ".join(_inside(term, Join, Sum) for term in self.terms)


class Clip(Schedule):
    """A schedule held between two bounds. Write ``schedule.clip(low, high)``.

    Args:
        schedule: The schedule.
        low: The lowest value, or None.
        high: The highest value, or None.

    >>> from gradatim import Linear
    >>> Linear(start=1.0, end=0.0, steps=4).clip(low=0.1)(4)
    0.1
    """

    schedule: Schedule
    low: Number | None = None
    high: Number | None = None

    def _agree(self) -> None:
        if self.low is None and self.high is None:
            raise GradatimError("Clip: low and high are both None. Give one, or leave clip out.")
        if self.low is not None and self.high is not None and surely(self.low > self.high):
            raise refuse("Clip", "low", self.low, f"at most high, {self.high!r}")

    @property
    def length(self) -> int | None:
        return self.schedule.length

    def at(self, t: Any, xp: Any) -> Any:
        return xp.clip(self.schedule.at(t, xp), self.low, self.high)


class Shift(Schedule):
    """A curve moved along the axis of steps. Write ``schedule.shift(by)``.

    Args:
        schedule: The schedule.
        by: Above 0 the curve begins that many updates later, and its first value holds until
            then; below 0 its first updates are left out.

    >>> from gradatim import Linear
    >>> line = Linear(start=0.0, end=1.0, steps=4)
    >>> line.shift(1)(2), line.shift(-1)(2), line.shift(-1).length
    (0.25, 0.75, 3)
    """

    schedule: Schedule
    by: Offset

    @property
    def length(self) -> int | None:
        length = self.schedule.length
        return None if length is None else max(length + self.by, 0)

    def at(self, t: Any, xp: Any) -> Any:
        return self.schedule.at(xp.moved(t, self.by), xp)


class Staircase(Schedule):
    """A curve that changes only every so often. Write ``schedule.staircase(every)``.

    Args:
        schedule: The schedule.
        every: The length of a stair in updates. Each stair has the value of its first step.

    >>> from gradatim import ExponentialDecay
    >>> [ExponentialDecay(start=1.0, rate=0.5, every=10).staircase(10)(k) for k in (9, 10, 29)]
    [1.0, 0.5, 0.25]
    """

    schedule: Schedule
    every: Steps

    @property
    def length(self) -> int | None:
        # The stair that the last step of the schedule begins, or is reached by.
        length = self.schedule.length
        return None if length is None else -(-length // self.every) * self.every

    def at(self, t: Any, xp: Any) -> Any:
        _, late = xp.split(t, self.every)
        return self.schedule.at(t - late, xp)


class Cut(Schedule):
    """The first updates of a schedule, as a piece with an end. Write ``schedule.cut(steps)``.

    Args:
        schedule: The schedule.
        steps: How many updates are kept. After them the value reached holds.

    >>> from gradatim import Constant, Linear
    >>> cooldown = Linear(start=1.0, end=0.0, steps=10)
    >>> (Constant(value=1.0).cut(80) >> cooldown).length
    90
    """

    schedule: Schedule
    steps: Phase

    @property
    def length(self) -> int:
        return self.steps

    def at(self, t: Any, xp: Any) -> Any:
        return self.schedule.at(xp.clip(t, None, self.steps), xp)


class Repeat(Schedule):
    """A schedule again and again. Write ``schedule.repeat(times, stretch=..., shrink=...)``.

    Args:
        schedule: One cycle; it has an end.
        times: The number of cycles; None, the default, for no end.
        stretch: How many times as long each cycle is as the one before it, a whole number: every
            length inside the schedule grows with it.
        shrink: What the values of each cycle are multiplied with to give the next one's, at
            most 1.

    After the last cycle its last value holds.

    >>> from gradatim import Linear
    >>> saw = Linear(start=1.0, end=0.0, steps=4).repeat(3, stretch=2, shrink=0.5)
    >>> [saw(k) for k in (0, 2, 4, 8, 12, 28)], saw.length
    ([1.0, 0.5, 0.5, 0.25, 0.25, 0.0], 28)
    """

    schedule: Schedule
    times: Times | None = None
    stretch: Times = 1
    shrink: Falling = 1.0

    def _agree(self) -> None:
        if not self.schedule.length:
            raise GradatimError(
                f"repeat: the schedule must have an end, got {self.schedule!r}. "
                "Give it a length: steps=..., or .cut(steps)."
            )

    @property
    def length(self) -> int | None:
        if self.times is None:
            return None
        if self.stretch == 1:
            return self._cycle * self.times
        if self.times >= _FARTHEST.bit_length():
            return None
        return self._cycle * (int(self.stretch**self.times) - 1) // (self.stretch - 1)

    @cached_property
    def _cycle(self) -> int:
        return self.schedule.length or 0

    @cached_property
    def _cycles(self) -> Schedule:
        # Cycles that at least double leave the range of any step after at most 64 of them.
        pieces: list[Schedule] = []
        start = 0
        while start < _FARTHEST and (self.times is None or len(pieces) < self.times):
            piece = self.schedule.stretched(self.stretch ** len(pieces))
            pieces.append(
                piece if surely(self.shrink == 1.0) else self.shrink ** len(pieces) * piece
            )
            start += pieces[-1].length or 0
        return join(*pieces)

    def at(self, t: Any, xp: Any) -> Any:
        if self.stretch > 1:
            return self._cycles.at(t, xp)
        last = None if self.times is None else self.times - 1
        cycle, local = xp.split(t, self._cycle, last)
        value = self.schedule.at(local, xp)
        return value if surely(self.shrink == 1.0) else value * xp.geometric(self.shrink, cycle)
