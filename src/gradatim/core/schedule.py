"""A schedule: a number as a function of the step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, overload

from gradatim.core.values.fields import (
    PositiveInt,
    check_argument,
    declared_types,
    stretched_field,
    whole_number,
)
from gradatim.core.values.foreign_names import unknown_argument
from gradatim.core.values.limits import FARTHEST, refuse_infinite
from gradatim.core.values.value import Value
from gradatim.errors import GradatimError, invalid_value, shown
from gradatim.xp import dispatch
from gradatim.xp.conditions import asks_for_one_truth_value
from gradatim.xp.numeric import Array, Numeric, Shaped
from gradatim.xp.operations import Operations
from gradatim.xp.scalar import PYTHON

if TYPE_CHECKING:
    from gradatim.core.reshape import Clip, Repeat, Shift, Staircase
    from gradatim.core.rounded import Rounded
    from gradatim.core.run.run import Run
    from gradatim.findings import Finding
    from gradatim.xp.numeric import NumPyNumber, NumPyStep, NumPyValue


class Schedule(Value, ABC, abstract=True):
    """A number as a function of the step, as an immutable value.

    Step k is the value used by update k + 1: a run that has completed n updates uses
    ``schedule(n)`` next. After its end a schedule keeps its last value.

    A subclass declares its fields, its ``length`` if it has an end, and writes the formula, ``at``.
    Checks, config, text, equality, every framework, and the value after the end follow from these.

    >>> from gradatim import Cosine, Linear
    >>> schedule = Linear(start=0.0, end=0.5, steps=10) >> Cosine(start=0.5, end=0.0, steps=90)
    >>> schedule(0), schedule(5), schedule(10), schedule(55), schedule(100), schedule(10**9)
    (0.0, 0.25, 0.5, 0.25, 0.0, 0.0)
    """

    if TYPE_CHECKING:
        # Not a field: the length, computed once at construction.
        _end: ClassVar[int | None]

    _computed = (*Value._computed, "_end")

    outermost = False
    """Whether it cannot be a part of another schedule, as ``ByUpdates`` cannot."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        for name in vars(cls).get("__annotations__", ()):
            if name in dir(Schedule):
                raise GradatimError(
                    f"{cls.__name__}: a field cannot be named {name!r}, because every schedule has "
                    f"an attribute of that name. Give the field another name, such as "
                    f"{'steps' if name == 'length' else f'{name}_'}."
                )
        super().__init_subclass__(**kwargs)
        # A base class may define ``held = at``, which is not right for another formula.
        if "at" in vars(cls) and "held" not in vars(cls):
            cls.held = Schedule.held  # type: ignore[method-assign]

    def __init__(self, /, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._refuse_outermost()
        length = self.length
        if length is not None:
            try:
                length = whole_number(length, 0)
            except (TypeError, ValueError, OverflowError):
                raise invalid_value(
                    type(self).__name__,
                    "length",
                    length,
                    "a whole number of updates, 0 or more, or None for a schedule without end",
                ) from None
        object.__setattr__(self, "_end", length)
        if not self._extent.opaque:
            refuse_infinite(self, self._steps_to_check())

    def _refuse_outermost(self) -> None:
        for part in parts_of(self):
            if part.outermost:
                raise GradatimError(
                    f"{type(self).__name__}: {shown(part)} cannot be a part of another schedule. "
                    "Put by_updates(...) around the whole schedule."
                )

    def _steps_to_check(self) -> tuple[int, ...]:
        """The steps whose value is checked to be finite at construction."""
        last = FARTHEST if self._end is None else self._end
        return (0, 1, last // 2, last)

    @property
    def length(self) -> int | None:
        """The updates after which the value no longer changes; None if there is no end."""
        return None

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers, as those of ``rounded`` are."""
        return False

    @abstractmethod
    def at(self, t: Numeric, xp: Operations) -> Numeric:
        """The formula: the value at step ``t``, from 0 to ``length``.

        Args:
            t: The step, counted from this schedule's own start: a number or an array.
            xp: The operations for this kind of number, see ``gradatim.xp.Operations``.
        """

    def held(self, t: Numeric, xp: Operations) -> Numeric:
        """The value at any step: that of ``at``, and after ``length`` the last one.

        A schedule made of others calls this for them. A class whose ``at`` itself keeps the last
        value after the end may define ``held = at``.

        Raises:
            GradatimError: If ``at`` decides by an ``if`` on an array of steps.
        """
        end = self._end
        try:
            return self.at(t if end is None else xp.at_most(t, end), xp)
        except Exception as error:
            if not asks_for_one_truth_value(error):
                raise
            raise GradatimError(
                f"{type(self).__name__}.at: where t is an array, a condition on it cannot be that "
                "of an if, and, or, not, min or max: it holds for some steps and not for others. "
                "Write xp.where(t < 100, 0.1, 0.01), which chooses for each step."
            ) from error

    @overload
    def __call__(self, step: float | NumPyNumber) -> float: ...
    @overload
    def __call__(self, step: NumPyStep) -> NumPyValue: ...
    @overload
    def __call__(self, step: Array) -> Array: ...
    # With complex this accepts jax.typing.ArrayLike, which makes a schedule an ``optax.Schedule``.
    @overload
    def __call__(self, step: complex | Shaped) -> Any: ...
    def __call__(self, step: Any = None) -> Any:
        """The value for update ``step + 1``.

        Args:
            step: Completed updates: an int, or an array of whole numbers of NumPy, torch, JAX or
                TensorFlow (also while tracing).

        Returns:
            A Python float for a number, otherwise an array of the step's shape: float64 for
            NumPy, the framework's default float elsewhere (a float step keeps its own type).

        Raises:
            GradatimError: For a step that is negative, not finite, or no number; for an array,
                if the formula decides by an ``if``.
        """
        if type(step) is int and step >= 0 and step < 2**63:
            return self.held(step, PYTHON)
        return dispatch.evaluate(self, step)

    @property
    def last_boundary(self) -> int:
        """The last step at which one of its pieces begins or ends; 0 if it is all one curve."""
        from gradatim.core.pieces import last_boundary

        return last_boundary(self)

    def formula(self) -> Any:
        """The schedule as a SymPy expression in ``t``, from the same code that computes it.

        It holds for steps up to ``length``. That the last value holds afterwards is not printed.

        >>> from gradatim import Linear
        >>> Linear(start=1.0, end=0.0, steps=4).formula()
        1.0 - 0.25*t
        """
        xp = dispatch.symbolic()
        return self.held(xp.step, xp)

    def stretched(self, factor: int | Fraction) -> Self:
        """The same curve, ``factor`` times as long: every length in it is multiplied.

        Args:
            factor: A whole number; or a ``Fraction`` that leaves every length whole, for a counter
                in a coarser unit: tokens by the thousand are ``Fraction(1, 1000)``.

        >>> from fractions import Fraction
        >>> from gradatim import Linear
        >>> Linear(start=1.0, end=0.0, steps=4).stretched(10)
        Linear(start=1.0, end=0.0, steps=40)
        >>> Linear(start=1.0, end=0.0, steps=4000).stretched(Fraction(1, 1000))
        Linear(start=1.0, end=0.0, steps=4)
        """
        if not (isinstance(factor, Fraction) and factor > 0):
            factor = check_argument("stretched", "factor", PositiveInt, factor)
        fields = declared_types(type(self)).items()
        return self.replace(
            **{
                name: stretched_field(getattr(self, name), wanted, factor)
                for name, wanted in fields
            }
        )

    def _repr_html_(self) -> str:
        """The curve and its key points, for a notebook; needs no other package."""
        from gradatim.look.notebook import schedule_html

        return schedule_html(self)

    def values(self, steps: int | Run) -> list[float]:
        """The values at the first ``steps`` steps, or at all of a run.

        >>> from gradatim import Linear
        >>> Linear(start=1.0, end=0.0, steps=4).values(6)
        [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
        """
        from gradatim.core.run.run import ticks_of_run

        return [self(step) for step in range(ticks_of_run("values", "steps", steps))]

    def plot(self, **options: Any) -> Any:
        """Plot the curve with matplotlib; the options are those of ``gradatim.look.plot``.

        Returns:
            The axes. matplotlib comes with ``pip install "gradatim[look]"``.
        """
        from gradatim.look import plot

        return plot(self, **options)

    def check(self, run: Run | int, value: str = "lr") -> list[Finding]:
        """Problems of the schedule on a run, the most severe first; see ``gradatim.check``.

        >>> from gradatim import Linear
        >>> Linear(start=1.0, end=0.1, steps=100).check(100)
        []
        """
        from gradatim.findings import check

        return check(self, run, value)

    # The algebra. Its classes are schedules themselves, so they can only be imported when called.

    def then(self, *others: Schedule) -> Schedule:
        """This schedule, then the others, each from its own step 0; also ``a >> b``.

        >>> from gradatim import Constant, Linear
        >>> Linear(start=0.0, end=1.0, steps=4).then(Constant(value=0.5))(4)
        0.5
        """
        from gradatim.core.combine import join

        return join(self, *others)

    def __rshift__(self, other: Schedule) -> Schedule:
        return self.then(other) if isinstance(other, Schedule) else NotImplemented

    def __mul__(self, other: Schedule | float) -> Schedule:
        from gradatim.core.combine import multiply

        return multiply(self, other)

    def __rmul__(self, other: float) -> Schedule:
        return self * other

    def __truediv__(self, other: float) -> Schedule:
        from gradatim.core.combine import divide

        return divide(self, other)

    def __rtruediv__(self, other: float) -> Schedule:
        from gradatim.core.combine import divide

        return divide(other, self)

    def __neg__(self) -> Schedule:
        return self * -1.0

    def __add__(self, other: Schedule | float) -> Schedule:
        from gradatim.core.combine import add

        return add(self, other)

    def __radd__(self, other: float) -> Schedule:
        from gradatim.core.combine import add

        return add(self, other)

    def __sub__(self, other: Schedule | float) -> Schedule:
        from gradatim.core.combine import subtract

        return subtract(self, other)

    def __rsub__(self, other: float) -> Schedule:
        from gradatim.core.combine import subtract

        return subtract(other, self)

    def clip(self, low: float | None = None, high: float | None = None) -> Clip:
        """The value, limited to at least ``low`` and at most ``high``."""
        from gradatim.core.reshape import Clip

        return Clip(self, low, high)

    def repeat(
        self, times: int | None = None, *, stretch: int = 1, factor: float = 1.0, **unknown: Any
    ) -> Repeat:
        """The schedule repeated: ``times`` cycles, or without end.

        Each cycle lasts ``stretch`` times as long as the one before it, and its values are
        ``factor`` times those of the one before it.
        """
        from gradatim.core.reshape import Repeat

        for name, value in unknown.items():
            raise unknown_argument("repeat", name, value, ("times", "stretch", "factor"))
        return Repeat(self, times, stretch, factor)

    def shift(self, by: int) -> Shift:
        """The curve ``by`` updates later; with a negative number, earlier."""
        from gradatim.core.reshape import Shift

        return Shift(self, by)

    def staircase(self, every: int) -> Staircase:
        """The value changes only every ``every`` updates, and is constant in between."""
        from gradatim.core.reshape import Staircase

        return Staircase(self, every)

    def rounded(self, to: int = 1, way: Literal["nearest", "up", "down"] = "nearest") -> Rounded:
        """The value rounded to multiples of ``to``, for window and batch sizes, for example."""
        from gradatim.core.rounded import Rounded

        return Rounded(self, to, way)

    def cut(self, steps: int) -> Schedule:
        """Only the first ``steps`` updates; add what follows with ``then``."""
        from gradatim.core.reshape import Cut

        return Cut(self, steps)


def parts_of(schedule: Schedule) -> Iterator[Schedule]:
    """The schedules in the fields of a schedule."""
    for _, field in schedule.items():
        for part in field if isinstance(field, tuple) else (field,):
            if isinstance(part, Schedule):
                yield part
