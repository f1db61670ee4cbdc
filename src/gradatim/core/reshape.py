"""Changes of one schedule: clipped, shifted, cut, repeated, or in stairs."""

from __future__ import annotations

from functools import cached_property

from gradatim.core.combine import join
from gradatim.core.schedule import Schedule, parts_of
from gradatim.core.values.fields import (
    DecayFactor,
    Number,
    PositiveInt,
    PositiveSteps,
    SignedSteps,
    Steps,
)
from gradatim.errors import GradatimError, invalid_value
from gradatim.xp.dispatch import known_true
from gradatim.xp.numeric import Numeric
from gradatim.xp.operations import Operations

_FARTHEST = 2**63


class Clip(Schedule):
    """A schedule limited by two bounds. Write ``schedule.clip(low, high)``.

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

    def _validate(self) -> None:
        if self.low is None and self.high is None:
            raise GradatimError("Clip: low and high are both None. Give one, or leave clip out.")
        if self.low is not None and self.high is not None and known_true(self.low > self.high):
            raise invalid_value("Clip", "low", self.low, f"at most high, {self.high!r}")

    @property
    def length(self) -> int | None:
        return self.schedule.length

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        return xp.clip(self.schedule.held(t, xp), self.low, self.high)

    held = at

    def _steps_to_check(self) -> tuple[int, ...]:
        return ()  # each value is a bound or that of the schedule, which was checked


class Shift(Schedule):
    """A curve that begins earlier or later. Write ``schedule.shift(by)``.

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
    by: SignedSteps

    @property
    def length(self) -> int | None:
        length = self.schedule.length
        return None if length is None else max(length + self.by, 0)

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        return self.schedule.held(xp.shifted(t, self.by), xp)

    held = at


class Staircase(Schedule):
    """A curve that changes only every so often. Write ``schedule.staircase(every)``.

    Args:
        schedule: The schedule.
        every: The length of a stair in updates. Each stair has the value of its first step.

    >>> from gradatim import ExponentialDecay
    >>> [ExponentialDecay(start=1.0, factor=0.5, every=10).staircase(10)(k) for k in (9, 10, 29)]
    [1.0, 0.5, 0.25]
    """

    schedule: Schedule
    every: PositiveSteps

    @property
    def length(self) -> int | None:
        # The end of the stair in which the schedule ends.
        length = self.schedule.length
        return None if length is None else -(-length // self.every) * self.every

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        _, late = xp.divmod_steps(t, self.every)
        return self.schedule.held(t - late, xp)

    held = at

    def _steps_to_check(self) -> tuple[int, ...]:
        return ()  # each value is that of the schedule, which was checked


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
    steps: Steps

    @property
    def length(self) -> int:
        return self.steps

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        return self.schedule.held(xp.at_most(t, self.steps), xp)

    held = at

    def cut(self, steps: int) -> Schedule:
        """Only the first ``steps`` updates: a cut of the schedule itself, not of this cut."""
        again = super().cut(steps)  # raises for an invalid length
        return self.schedule.cut(steps) if steps <= self.steps else again


class Repeat(Schedule):
    """A schedule repeated. Write ``schedule.repeat(times, stretch=..., factor=...)``.

    Args:
        schedule: One cycle; it has an end.
        times: The number of cycles; None, the default, for no end.
        stretch: How many times as long each cycle is as the one before it, a whole number: every
            length inside the schedule grows with it.
        factor: What the values of each cycle are multiplied with to give the next one's, at
            most 1.

    After the last cycle its last value holds.

    >>> from gradatim import Linear
    >>> saw = Linear(start=1.0, end=0.0, steps=4).repeat(3, stretch=2, factor=0.5)
    >>> [saw(k) for k in (0, 2, 4, 8, 12, 28)], saw.length
    ([1.0, 0.5, 0.5, 0.25, 0.25, 0.0], 28)
    """

    schedule: Schedule
    times: PositiveInt | None = None
    stretch: PositiveInt = 1
    factor: DecayFactor = 1.0

    def _validate(self) -> None:
        if not self.schedule.length:
            raise GradatimError(
                f"Repeat: the schedule must have an end, got {self.schedule!r}. "
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
        # Each cycle is at least twice as long as the last: at most 64 begin before step 2**63.
        pieces: list[Schedule] = []
        start = 0
        while start < _FARTHEST and (self.times is None or len(pieces) < self.times):
            piece = self.schedule.stretched(self.stretch ** len(pieces))
            pieces.append(
                piece if known_true(self.factor == 1.0) else self.factor ** len(pieces) * piece
            )
            start += pieces[-1].length or 0
        return join(*pieces)

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        if self.stretch > 1:
            return self._cycles.held(t, xp)
        last = None if self.times is None else self.times - 1
        cycle, local = xp.divmod_steps(t, self._cycle, last)
        value = self.schedule.held(local, xp)
        return value if known_true(self.factor == 1.0) else value * xp.geometric(self.factor, cycle)

    held = at

    def _steps_to_check(self) -> tuple[int, ...]:
        # There may be too many nested cycles to check them all at construction.
        nested = self.stretch > 1 and _stretches(self.schedule)
        return () if nested else super()._steps_to_check()


def _stretches(schedule: Schedule) -> bool:
    """Whether it contains a Repeat with ``stretch`` above 1."""
    inside = any(_stretches(part) for part in parts_of(schedule))
    return inside or (isinstance(schedule, Repeat) and schedule.stretch > 1)
