"""Functions that take a value to where it is used, for values outside of any optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradatim.drive.plan import Plan, Target
from gradatim.errors import invalid_value, unknown_name


class _Setter:
    """One function, and the number it was last called with."""

    column: int
    as_int: bool

    def __init__(self, target: Target, function: Callable[[Any], object]) -> None:
        self.target, self.function = target, function
        self.last: float | None = None


class Setters:
    """Calls each function when its value changes, and again if it raised the last time.

    Args:
        where: What the user called, for an error.
        plan: The plan.
        given: The functions, by the names of the values.

    Raises:
        GradatimError: If something is no function, or there is no such value.
    """

    def __init__(
        self, where: str, plan: Plan, given: Mapping[str, Callable[[Any], object]]
    ) -> None:
        self._setters: list[_Setter] = []
        self.has_failed = False
        for name, function in given.items():
            self.add(where, plan, name, function)

    def __bool__(self) -> bool:
        return bool(self._setters)

    def add(self, where: str, plan: Plan, name: str, function: Callable[[Any], object]) -> None:
        """Call one more function from now on."""
        if Target.read(name) not in plan:
            raise unknown_name(where, "value to set", name, map(str, plan))
        if not callable(function):
            raise invalid_value(
                where, f"the setter of {name!r}", function, "a function of one number"
            )
        self._setters.append(_Setter(Target.read(name), function))
        self.locate(plan)

    def drop_last(self) -> None:
        """Take back the function that was added last."""
        self._setters.pop()
        self.has_failed = False

    def locate(self, plan: Plan) -> None:
        """Find the columns of the values in the rows of a plan."""
        columns = {target: column for column, target in enumerate(plan)}
        for setter in self._setters:
            setter.column, setter.as_int = columns[setter.target], plan.is_whole(setter.target)

    def call(self, row: Sequence[float]) -> None:
        """Call each function whose value is not the one it was last called with."""
        self.has_failed = True
        for setter in self._setters:
            value = row[setter.column]
            if value != setter.last:
                try:
                    setter.function(int(value) if setter.as_int else value)
                except Exception as error:
                    error.add_note(f"It was raised by the setter of {str(setter.target)!r}.")
                    raise
                setter.last = value
        self.has_failed = False

    def stale(self, row: Sequence[float]) -> dict[Target, float]:
        """The numbers that are in force because a function has refused newer ones."""
        return {
            setter.target: setter.last
            for setter in self._setters
            if setter.last is not None and setter.last != row[setter.column]
        }
