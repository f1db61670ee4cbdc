"""The members that the schedulers of all frameworks share, passed on to their driver."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from gradatim.drive.driver import Driver


class Driven:
    """Something that is driven by a ``Driver``: position, clock, values, history."""

    driver: Driver

    @property
    def position(self) -> int:
        """The completed optimizer updates."""
        return self.driver.position

    @property
    def tick(self) -> int:
        """What the schedules are asked for: updates, or what the run's clock counts instead."""
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

    def count(self, unnamed: object = None, /, **counted: float) -> None:
        """Count what the coming update sees, before the step: ``scheduler.count(tokens=4096)``.

        Args:
            unnamed: Not allowed; the name says what is counted.
            counted: One argument, named as the run's clock: the number of samples, tokens or
                whatever is counted, over all processes; what a skipped update saw counts, too.
                ``progress`` is the share of the run that is done, from 0.0 to 1.0, and the coming
                update uses the values for it.

        Raises:
            GradatimError: If the clock of the run counts something else, or it would run
                backwards. Nothing changed.
        """
        self.driver.count(unnamed, **counted)

    def paused(self) -> AbstractContextManager[None]:
        """Leave out the time of a ``with`` block, such as an evaluation, if the clock is time."""
        return self.driver.paused()

    def value(self, name: str) -> float | int:
        """The number that the next update uses, for a value outside of the optimizer.

        Args:
            name: Its name in ``external``, or that of any other target, such as "lr/head".

        Raises:
            GradatimError: If there is no such value.
        """
        return self.driver.value(name)

    def history(self, name: str = "lr") -> Iterator[tuple[int, float]]:
        """The updates so far (since the last load) and the value that each one used."""
        return self.driver.history(name)

    def save_history(self, path: str | os.PathLike[str]) -> None:
        """Write the history of all values, continuing the file of that name if there is one.

        Args:
            path: A name ending in ".jsonl" is that of a full record, which ``gradatim history FILE
                --verify`` computes again, any other that of a CSV table.

        Raises:
            GradatimError: If the file is something else. It is untouched.
        """
        self.driver.save_history(path)

    def log_history(self, log: Callable[[str, float, int], object]) -> None:
        """Log every update since the last call: ``scheduler.log_history(writer.add_scalar)``.

        Args:
            log: Takes the name, the value and the position, as TensorBoard's ``add_scalar`` does.
        """
        self.driver.log_history(log)
