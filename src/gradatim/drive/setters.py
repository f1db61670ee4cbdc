"""Functions that take a value to where it is used, for values outside of any optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gradatim.core.errors import refuse, unknown
from gradatim.drive.plan import Plan, Target


class _Setter:
    """One function, and the number it was last called with."""

    def __init__(self, target: Target, function: Callable[[Any], object]) -> None:
        self.target, self.function = target, function
        self.last: Any = None


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

    def add(self, where: str, plan: Plan, name: str, function: Callable[[Any], object]) -> None:
        """Call one more function from now on."""
        if Target.read(name) not in plan:
            raise unknown(where, "value to set", name, map(str, plan))
        if not callable(function):
            raise refuse(where, f"the setter of {name!r}", function, "a function of one number")
        self._setters.append(_Setter(Target.read(name), function))

    def __bool__(self) -> bool:
        return bool(self._setters)

    def call(self, value_of: Callable[[Target], Any]) -> None:
        """Call each function whose value is not the one it was last called with."""
        self.has_failed = True
        for setter in self._setters:
            value = value_of(setter.target)
            if value != setter.last:
                setter.function(value)
                setter.last = value
        self.has_failed = False

    def stale(self, value_of: Callable[[Target], Any]) -> dict[Target, float]:
        """The numbers that are in force because a function has refused newer ones."""
        return {
            setter.target: float(setter.last)
            for setter in self._setters
            if setter.last is not None and setter.last != value_of(setter.target)
        }
