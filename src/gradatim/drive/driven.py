"""The members that the schedulers of all frameworks share, passed on to their driver."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

from gradatim.drive.driver import Driver

P = ParamSpec("P")
T = TypeVar("T")


def _forwarded(
    method: Callable[Concatenate[Driver, P], T],
) -> Callable[Concatenate[Driven, P], T]:
    """A method that calls this one of the driver; signature and docstring are the driver's."""

    def forwarded(driven: Driven, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return method(driven.driver, *args, **kwargs)

    return update_wrapper(forwarded, method)


class Driven:
    """Something that is driven by a ``Driver``: position, clock, values, history."""

    driver: Driver

    @property
    def position(self) -> int:
        """The completed optimizer updates."""
        return self.driver.position

    @property
    def tick(self) -> int:
        """What the schedules are evaluated at: updates, or what the run's clock counts instead."""
        return self.driver.tick

    @property
    def done(self) -> bool:
        """Whether the run is over, by its clock: ``while not scheduler.done: ...``.

        Raises:
            GradatimError: If the length of the run is not known.
        """
        return self.driver.done

    @property
    def remaining(self) -> float:
        """What is left of the run: seconds if its clock is time, otherwise updates, tokens, ...

        Raises:
            GradatimError: If the length of the run is not known.
        """
        return self.driver.remaining

    count = _forwarded(Driver.count)
    paused = _forwarded(Driver.paused)
    value = _forwarded(Driver.value)
    history = _forwarded(Driver.history)
    save_history = _forwarded(Driver.save_history)
    log_history = _forwarded(Driver.log_history)
