"""What is in the compiled step: the formulas of the plan, or a variable that Python writes."""

from __future__ import annotations

from typing import Any

import keras

from gradatim.core.errors import GradatimError
from gradatim.core.run.by_updates import ByUpdates
from gradatim.core.schedule import Schedule
from gradatim.drive import Driver
from gradatim.drive.clocks import tick_after
from gradatim.keras import optimizer
from gradatim.keras.feed import FedRate, Feed
from gradatim.keras.learning_rate import LearningRate, check_reached
from gradatim.keras.memory import Memory


def is_known(driver: Driver) -> bool:
    """Whether the tick follows from the position, and is neither measured nor counted."""
    return tick_after(driver.plan.run, 0) is not None


class Installed:
    """Puts the values that hold now into the optimizer, so that its compiled step uses them.

    Args:
        inner: The optimizer that makes the updates.
        memory: What goes into files with it.
    """

    def __init__(self, inner: Any, memory: Memory) -> None:
        self._inner, self._memory = inner, memory
        self._accumulate = optimizer.accumulation(inner)
        self._formulas: dict[str, Schedule] = {}
        self._columns: list[int] = []
        self.feed: Feed | None = None

    def put(self, driver: Driver, model: Any, origin: int) -> None:
        """Put in what is not in it yet; the step is then compiled again, before the next batch.

        Args:
            driver: Says what holds.
            model: The model, whose step is compiled.
            origin: The updates that the optimizer had made at position 0.
        """
        if driver.clock.unit == "updates":
            changed = self._put_formulas(driver, origin)
        else:
            changed = self._put_feed(driver, model)
        # A compiled step keeps what it has read.
        if changed and model.train_function is not None:
            model.make_train_function(force=True)

    def _put_formulas(self, driver: Driver, origin: int) -> bool:
        scales, outside = driver.scales, driver.plan.external
        now = {
            value: _formula(schedule, origin, scales.get(value, 1.0))
            for (value, _), schedule in driver.plan.schedules.items()
            if value not in outside
        }
        if now == self._formulas:
            return False
        for schedule in now.values():
            check_reached("Scheduler", schedule, self._accumulate)
        self._formulas, self.feed = now, None
        rate = LearningRate(now["lr"], self._accumulate, self._memory)
        optimizer.set_rate(self._inner, rate)
        optimizer.drive(self._inner, {name: one for name, one in now.items() if name != "lr"})
        return True

    def _put_feed(self, driver: Driver, model: Any) -> bool:
        on_jax = keras.backend.backend() == "jax"
        if self.feed is not None or (on_jax and not self._inner.built):
            return False
        if is_known(driver) and getattr(model, "steps_per_execution", 1) > 1:
            raise GradatimError(
                f"Scheduler: under a clock in {driver.clock.unit}, each update has a value of its "
                "own. Write compile(..., steps_per_execution=1)."
            )
        targets = [(i, t) for i, t in enumerate(driver.plan) if t.value not in driver.plan.external]
        self._columns, self._formulas = [i for i, _ in targets], {}
        both = list(dict.fromkeys((self._inner, model.optimizer)))
        self.feed = feed = Feed(both, len(targets))
        sources = {target.value: feed.source(at) for at, (_, target) in enumerate(targets)}
        at = [target.value for _, target in targets].index("lr")
        optimizer.set_rate(self._inner, FedRate(driver.clock.unit, self._memory, feed, at))
        optimizer.drive(self._inner, {name: one for name, one in sources.items() if name != "lr"})
        return True

    def write(self, driver: Driver, model: Any) -> None:
        """Let the next batch use the values of the next update."""
        if self.feed is not None:
            row = driver.due_next()
            self.feed.write([row[column] for column in self._columns], model)

    def open(self) -> None:
        """A fit begins whose callback writes the values."""
        if self.feed is not None:
            self.feed.is_open = True

    def close(self, model: Any) -> None:
        """Let no fit without the callback train on at the last values: it is refused."""
        if self.feed is not None:
            self.feed.is_open = False
            model.make_train_function(force=True)


def _formula(schedule: Schedule, origin: int, scale: float) -> Schedule:
    one = schedule.schedule if isinstance(schedule, ByUpdates) else schedule
    one = one.shift(origin) if origin else one
    return one if scale == 1.0 else scale * one
