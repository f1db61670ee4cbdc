"""Constants, decays without an end, tables, and user functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property
from importlib import import_module
from typing import Annotated, Any, Literal, Self

from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import (
    DecayFactor,
    FieldType,
    NonNegative,
    Number,
    Positive,
    PositiveSteps,
    SignedSteps,
)
from gradatim.errors import GradatimError, invalid_value
from gradatim.xp.numeric import Index, Numeric
from gradatim.xp.operations import Operations


class Constant(Schedule):
    """One value, for ``steps`` updates or without end.

    Args:
        value: The value.
        steps: The length in updates; None, the default, for no end.

    >>> Constant(value=0.1)(10**12)
    0.1
    """

    value: Number
    steps: PositiveSteps | None = None

    @property
    def length(self) -> int | None:
        return self.steps

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        return xp.constant(self.value, t)

    held = at


class PowerDecay(Schedule):
    """A falling power of the step: ``start * (scale / (t + scale)) ** power``.

    After a warm-up of n updates, ``scale=n`` continues it as a power of the step since the very
    start: ``PowerDecay(start=peak, power=0.5, scale=n)`` is the inverse square root of Noam and
    T5, ``peak * sqrt(n / step)``.

    Args:
        start: The value at step 0.
        power: 0.5 for the inverse square root, 1 for the inverse of time.
        scale: The updates after which the value has fallen to ``start / 2 ** power``.

    Sources: Vaswani et al., "Attention Is All You Need", 2017 (arXiv:1706.03762), power 0.5; Shen
    et al., "Power Scheduler", 2024 (arXiv:2408.13359), power about 0.51.

    >>> [PowerDecay(start=1.0, power=0.5, scale=100)(k) for k in (0, 300)]
    [1.0, 0.5]
    """

    start: Number
    power: Positive
    scale: PositiveSteps

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        scale = float(self.scale)
        return self.start * xp.power(scale / (xp.real(t) + scale), self.power)

    held = at


class InverseSqrtDecay(Schedule):
    """One over the square root of the step: ``start * sqrt(scale / (t + scale))``.

    The same as ``PowerDecay`` with power 1/2, but exact to the last digit.

    Args:
        start: The value at step 0.
        scale: The updates after which the value has fallen to ``start / sqrt(2)``; after a
            warm-up of n updates, n.

    Source: Vaswani et al., "Attention Is All You Need", 2017 (arXiv:1706.03762).

    >>> [InverseSqrtDecay(start=1.0, scale=100)(k) for k in (0, 300, 1500)]
    [1.0, 0.5, 0.25]
    """

    start: Number
    scale: PositiveSteps

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        scale = float(self.scale)
        return self.start / xp.sqrt((xp.real(t) + scale) / scale)

    held = at


class InverseTimeDecay(Schedule):
    """One over the step: ``start / (1 + rate * t / every)``.

    Args:
        start: The value at step 0.
        rate: How much the divisor grows in ``every`` updates, 0 or more.
        every: The length of one unit of time, in updates.

    The formula of Keras' ``InverseTimeDecay`` (``every`` is its ``decay_steps``).

    >>> [InverseTimeDecay(start=1.0, rate=1.0, every=10)(k) for k in (0, 10, 30)]
    [1.0, 0.5, 0.25]
    """

    start: Number
    rate: NonNegative
    every: PositiveSteps = 1

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        return self.start / (1.0 + self.rate * (xp.real(t) / float(self.every)))

    held = at


class ExponentialDecay(Schedule):
    """Exponential decay: ``start * factor ** (t / every)``.

    With ``.staircase(every)`` the value falls once every ``every`` updates: step decay.

    Args:
        start: The value at step 0.
        factor: The factor of ``every`` updates, at most 1. For growth write ``Exponential``, which
            has an end.
        every: The updates it takes to multiply with ``factor`` once.

    >>> [ExponentialDecay(start=1.0, factor=0.5, every=10)(k) for k in (0, 10, 30)]
    [1.0, 0.5, 0.125]
    """

    start: Number
    factor: DecayFactor
    every: PositiveSteps = 1

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        # Split t / every into integer and fraction: one large exponent loses digits.
        whole, rest = xp.divmod_steps(t, self.every)
        part = xp.real(rest) / float(self.every)
        return self.start * xp.geometric(self.factor, whole) * self.factor**part

    held = at


class Table(Schedule):
    """Values at given steps, constant or linear in between.

    Args:
        points: Pairs (step, value), the first at step 0, steps rising.
        between: "hold" keeps each value until the next step (piecewise constant); "linear" draws
            straight lines (piecewise linear).

    Keras' ``PiecewiseConstantDecay`` changes one update later: it keeps the old value at its
    boundary.

    >>> Table(points=[(0, 0.0), (10, 1.0), (30, 0.0)], between="linear")(20)
    0.5
    >>> Table(points=[(0, 1.0), (10, 0.1)], between="hold")(9)
    1.0
    """

    points: Sequence[tuple[SignedSteps, Number]]
    between: Literal["hold", "linear"]

    def _validate(self) -> None:
        if not self.points or self.points[0][0] != 0:
            first = self.points[0][0] if self.points else None
            raise invalid_value("Table", "the step of points[0]", first, "0, the first update")
        for i, (before, after) in enumerate(zip(self._steps, self._steps[1:], strict=False)):
            if after <= before:
                raise invalid_value(
                    "Table",
                    f"the step of points[{i + 1}]",
                    after,
                    f"above the one before, {before}",
                )

    @cached_property
    def _steps(self) -> tuple[int, ...]:
        return tuple(step for step, _ in self.points)

    @cached_property
    def _values(self) -> tuple[float, ...]:
        return tuple(value for _, value in self.points)

    @property
    def length(self) -> int:
        return self._steps[-1]

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        reached = xp.index(self._steps[1:], t)
        if self.between == "hold":
            return xp.take(self._values, reached, xp.real(t))
        return self._line(t, reached, xp)

    held = at

    def _line(self, t: Numeric, reached: Index, xp: Operations) -> Numeric:
        # A last segment of one update keeps the last value.
        steps, values = (*self._steps, self._steps[-1] + 1), (*self._values, self._values[-1])
        t = xp.clip(xp.widened_for(t, steps[-1]), None, self._steps[-1])
        begin, end = xp.take(steps, reached, t), xp.take(steps[1:], reached, t)
        length, value = xp.real(end - begin), xp.real(t)
        return xp.real(end - t) / length * xp.take(values, reached, value) + xp.real(
            t - begin
        ) / length * xp.take(values[1:], reached, value)


def _importable(function: Any) -> str:
    if callable(function) and hasattr(function, "__qualname__"):
        return f"{function.__module__}:{function.__qualname__}"
    if not isinstance(function, str):
        raise TypeError
    return function


_FUNCTION = FieldType(
    "importable as 'package.module:name'",
    _importable,
    "A lambda or a function inside another cannot be found again after a restart: "
    "move it to the top of a module.",
)


class Function(Schedule):
    """A Python function, given by the name it can be imported under.

    Configs and checkpoints contain the name. Reading them imports and runs the named code, so
    ``build`` and ``parse`` require ``imports=True``.

    Args:
        function: "package.module:name", or the function itself if it can be imported. It takes a
            step (an int, or an array where you use arrays) and returns the value.
        steps: The length in updates; None, the default, for no end.

    Raises:
        GradatimError: If it cannot be imported, or does not return a finite number for step 0 and
            for step ``steps``, whose value stays.

    >>> Function(function="math:sqrt")(9)
    3.0
    """

    imports_code = True

    function: Annotated[str, _FUNCTION]
    steps: PositiveSteps | None = None

    def _validate(self) -> None:
        call = self._call
        for step in (0,) if self.steps is None else (0, self.steps):
            try:
                value = call(step)
            except Exception as error:  # user code may raise anything
                raise self._refused(step, error) from error
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value - value != 0:
                raise self._refused(step, value)

    def _refused(self, step: int, got: Any) -> GradatimError:
        return invalid_value("Function", f"{self.function}({step})", got, "a finite number")

    @cached_property
    def _call(self) -> Callable[[Numeric], Numeric]:
        module, _, name = self.function.partition(":")
        found: Any = None
        cause = None
        try:
            found = import_module(module)
            for part in name.split("."):
                found = getattr(found, part)
        except Exception as error:  # importing user code may raise anything
            found, cause = None, error
        if not callable(found):
            wanted = _FUNCTION
            raise invalid_value(
                "Function", "function", self.function, wanted.allowed, wanted.hint
            ) from cause
        function: Callable[[Numeric], Numeric] = found
        return function

    @property
    def length(self) -> int | None:
        return self.steps

    def stretched(self, factor: int | Fraction) -> Self:
        raise GradatimError(
            f"Function: {self.function} is a function, whose lengths cannot be multiplied by "
            f"{factor}. Repeat it with stretch=1, or write a second function."
        )

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        return self._call(t)
