"""Puts scheduled values into the compiled training step: as formulas, or through a variable."""

from __future__ import annotations

import keras

from gradatim.core.run.by_updates import ByUpdates
from gradatim.core.schedule import Schedule
from gradatim.drive import Driver
from gradatim.drive.clocks import tick_after
from gradatim.errors import GradatimError
from gradatim.keras.checkpoint_note import CheckpointNote
from gradatim.keras.learning_rate import LearningRate, check_countable
from gradatim.keras.optimizer import accumulation_steps, drive_values, set_rate
from gradatim.keras.value_variable import ValueVariable, VariableRate


def has_computed_tick(driver: Driver) -> bool:
    """Whether the tick is computed from the position, neither measured nor counted by the user."""
    return tick_after(driver.plan.run, 0) is not None


class CompiledValues:
    """Makes the compiled step of an optimizer use the values of a plan.

    Args:
        inner: The optimizer that makes the updates.
        note: Saves the state of the ``Scheduler`` with the optimizer.
    """

    def __init__(self, inner: keras.optimizers.Optimizer, note: CheckpointNote) -> None:
        self._inner, self._note = inner, note
        self._accumulate = accumulation_steps(inner)
        self._formulas: dict[str, Schedule] = {}
        self._columns: list[int] = []
        self.variable: ValueVariable | None = None

    def update(self, driver: Driver, model: keras.Model, origin: int) -> None:
        """Compile the step again if the formulas, or the clock, have changed.

        Args:
            driver: The driver of the plan.
            model: The model that the optimizer trains.
            origin: The optimizer's count of updates at position 0.
        """
        if driver.clock.unit == "updates":
            changed = self._use_formulas(driver, origin)
        else:
            changed = self._use_variable(driver, model)
        # A compiled step keeps the attributes that it read while it was traced.
        if changed and model.train_function is not None:
            model.make_train_function(force=True)

    def _use_formulas(self, driver: Driver, origin: int) -> bool:
        scales, external = driver.scales, driver.plan.external
        formulas = {
            value: _formula(schedule, origin, scales.get(value, 1.0))
            for (value, _), schedule in driver.plan.schedules.items()
            if value not in external
        }
        if formulas == self._formulas:
            return False
        for schedule in formulas.values():
            check_countable("Scheduler", schedule, self._accumulate)
        self._formulas, self.variable = formulas, None
        rate = LearningRate(formulas["lr"], self._accumulate, self._note)
        set_rate(self._inner, rate)
        drive_values(self._inner, {k: one for k, one in formulas.items() if k != "lr"})
        return True

    def _use_variable(self, driver: Driver, model: keras.Model) -> bool:
        on_jax = keras.backend.backend() == "jax"
        if self.variable is not None or (on_jax and not self._inner.built):
            return False
        if has_computed_tick(driver) and getattr(model, "steps_per_execution", 1) > 1:
            raise GradatimError(
                f"Scheduler: under a clock in {driver.clock.unit}, each update has its own "
                "value. Write compile(..., steps_per_execution=1)."
            )
        targets = [(i, t) for i, t in enumerate(driver.plan) if t.value not in driver.plan.external]
        self._columns, self._formulas = [i for i, _ in targets], {}
        optimizers = list(dict.fromkeys((self._inner, model.optimizer)))
        self.variable = variable = ValueVariable(optimizers, len(targets))
        elements = {t.value: variable.element(at) for at, (_, t) in enumerate(targets)}
        at = [target.value for _, target in targets].index("lr")
        set_rate(self._inner, VariableRate(driver.clock.unit, self._note, variable, at))
        drive_values(self._inner, {k: one for k, one in elements.items() if k != "lr"})
        return True

    def write(self, driver: Driver, model: keras.Model) -> None:
        """Write the values of the next update, where the step reads them from a variable."""
        if self.variable is not None:
            row = driver.due_next()
            self.variable.write([row[column] for column in self._columns], model)

    def fit_begins(self) -> None:
        """From now on a callback writes the variable before each batch."""
        if self.variable is not None:
            self.variable.is_used = True

    def fit_ends(self, model: keras.Model) -> None:
        """Make a later fit without the callback fail, rather than train at the last values."""
        if self.variable is not None:
            self.variable.is_used = False
            model.make_train_function(force=True)


def _formula(schedule: Schedule, origin: int, scale: float) -> Schedule:
    one = schedule.schedule if isinstance(schedule, ByUpdates) else schedule
    one = one.shift(origin) if origin else one
    return one if scale == 1.0 else scale * one
