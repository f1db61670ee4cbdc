"""A callback that follows the update count of its optimizer, and resumes from model files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from gradatim.core.schedule import Schedule
from gradatim.drive import Driver, OnMismatch, Plan, Target
from gradatim.drive.driven import Driven
from gradatim.errors import GradatimError
from gradatim.keras.checkpoint_note import CheckpointNote
from gradatim.keras.compiled_values import CompiledValues, has_computed_tick
from gradatim.keras.conflicts import callbacks_of_fit, check_conflicts
from gradatim.keras.fit_checks import check_optimizer_loaded, mismatch_error
from gradatim.keras.optimizer import (
    accumulation_steps,
    batch_count,
    check_value,
    inner_optimizer,
    rate_schedule,
)
from gradatim.keras.scheduler_state import SchedulerState
from gradatim.keras.training_clock import TrainingClock
from gradatim.keras.value_variable import ValueVariable, synchronise


class SchedulerBase(Driven, keras.callbacks.Callback):  # type: ignore[misc]
    """The part of a ``Scheduler`` that deals with its optimizer: attach, count, save, resume.

    Args:
        plan: The plan.
        lr: The schedule of the learning rate; None for the optimizer's own.
        on_mismatch: What to do if a file was saved under other schedules.
        setters: For values outside of the optimizer, functions called with each new number.
        now: A clock in seconds.
    """

    def __init__(
        self,
        plan: Plan,
        lr: Schedule | None,
        on_mismatch: OnMismatch,
        setters: Mapping[str, Callable[[Any], object]],
        now: Callable[[], float],
    ) -> None:
        super().__init__()
        self._lr, self._on_mismatch = lr, on_mismatch
        self._setters, self._clock = setters, TrainingClock(now)
        self.driver = self._driver(plan)
        self._optimizer: keras.optimizers.Optimizer | None = None
        # Created in set_model: tuners copy callbacks, and a Layer cannot be copied.
        self._note: CheckpointNote | None = None
        self._compiled: CompiledValues | None = None
        self._accumulate = 1
        self._every_batch_counts = True
        self._origin = 0  # the optimizer's count of updates at position 0
        self._seek_to: tuple[int, int | None] | None = None  # position and tick for the next fit
        self._position_is_given = False  # whether seek was called for this fit
        self._position_is_known = True  # whether all updates of the optimizer were seen
        self._batches = 0  # batches before this epoch
        self._epoch_start = 0  # the position at the start of this epoch
        self._epoch: int | None = None  # the current epoch, or an interrupted one
        self._metric: float | None = None  # the monitored metric of that epoch, so far
        self._rate: float | None = None  # the learning rate of the last update
        self._column = 0  # the index of the learning rate among the values
        self._unseen: tuple[int, float] | None = None  # an epoch, and its metric, not yet observed
        self._loaded_epoch: tuple[int, int] | None = None  # an epoch during which a file was saved

    def _driver(self, plan: Plan) -> Driver:
        return Driver(plan, setters=self._setters, now=self._clock)

    @property
    def lrs(self) -> list[float]:
        """The rate that each update used since the start of the run, or since the last load."""
        return [value for _, value in self.history("lr")]

    def seek(self, position: int, tick: int | None = None) -> None:
        """Set the position at which the next fit begins, whatever the optimizer has counted.

        ``seek(0)`` is for a second phase with other schedules; another position is for weights
        that were loaded without the optimizer's state. State of an earlier
        ``Scheduler`` is ignored.

        Args:
            position: The number of completed updates.
            tick: The run's clock there, in samples, tokens, milliseconds. Not needed if it can be
                computed from the position, or the position is 0.

        Raises:
            GradatimError: If the position is not a whole number, 0 or more, or a tick is needed.
        """
        self._seek_to = position, 0 if position == 0 and tick is None else tick
        self._seek(*self._seek_to)

    def _seek(self, position: int, tick: int | None = None) -> None:
        self.driver.seek(position, tick)

    def count(self, unnamed: object = None, /, **counted: float) -> None:
        """Count what the next update uses, before the step: ``scheduler.count(tokens=4096)``.

        Call it in ``on_train_batch_begin`` of a callback that is before this one in the list.

        Args:
            unnamed: Not allowed; give the number by name.
            counted: One argument, named like the run's clock: the number of samples, tokens or
                other units. ``progress`` is the fraction of the run that is done.

        Raises:
            GradatimError: If the clock of the run counts something else, or would run backwards.
                Nothing has changed then.
        """
        if self.driver.setters and self._optimizer is not None:
            synchronise(self._model)  # setters write to variables
        super().count(unnamed, **counted)

    # Keras calls set_model of all callbacks, then on_train_begin. BackupAndRestore loads weights in
    # on_train_begin, so the note is attached in set_model and read in on_epoch_begin.

    def set_model(self, model: keras.Model) -> None:
        """Attach to the model's optimizer. Keras calls it; call it before ``load_weights``."""
        super().set_model(model)
        callbacks = callbacks_of_fit(self)
        check_conflicts(self, callbacks or [], SchedulerBase)
        inner = inner_optimizer(model)
        if inner is None:
            return
        if callbacks is None and model.built and not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)  # Keras loads into built objects only
        if inner is not self._optimizer:
            try:
                self._attach(inner)
            except GradatimError:
                self._optimizer = None
                raise
        if self._seek_to is not None:
            self._seek(*self._seek_to)
            self._origin = self._updates() - self._seek_to[0]
            self._seek_to, self._epoch = None, None
            self._position_is_given = self._position_is_known = True
        self._update_step()
        # A loss scale skips batches, and the last execution of an epoch may have fewer batches:
        # then only the optimizer's own count is right.
        several = getattr(model, "steps_per_execution", 1) > 1
        self._every_batch_counts = inner is model.optimizer and not several

    def _attach(self, inner: keras.optimizers.Optimizer) -> None:
        old = getattr(inner, "gradatim", None) or getattr(inner._learning_rate, "note", None)
        saved = None if old is None else old.json()
        plan = self.driver.plan
        # Where an earlier Scheduler set the optimizer's schedule, scaled by its rules, the schedule
        # to compare with is in its state.
        if saved is None:
            lr = rate_schedule(inner, self._lr, self.driver)
        else:
            lr = self._lr or SchedulerState.from_json(saved).lr_schedule()
        for target, schedule in plan.schedules.items():
            if target.value != "lr" and target.value not in plan.external:
                check_value(inner, target.value, schedule)
        self.driver = self._driver(plan.with_schedules({Target("lr"): lr}))
        self._column = list(self.driver.plan).index(Target("lr"))
        self._optimizer, self._accumulate = inner, accumulation_steps(inner)
        self._origin, self._unseen, self._loaded_epoch, self._epoch = 0, None, None, None
        self._rate = None
        self._note = note = CheckpointNote(saved if self._seek_to is None else None)
        note.save_state_of(self._state_to_save)
        self._compiled = CompiledValues(inner, note)
        self._resume(old is not None and old.has_scheduler)
        inner.gradatim = note  # Keras saves attributes of the optimizer under their names

    def _updates(self) -> int:
        """The optimizer's own count of updates."""
        self._batches = batch_count(self._optimizer)
        return self._batches // self._accumulate

    def _resume(self, same_process: bool = False) -> None:
        """Load the state that came with the optimizer, and go to the optimizer's update count."""
        updates = self._updates()
        loaded = None if self._note is None else self._note.pop_loaded()
        if loaded is not None:
            check_optimizer_loaded(loaded, updates)
            state = loaded.driver_at(updates - loaded.origin)
            policy = self._on_mismatch
            try:
                self.driver.load(state, policy)
            except GradatimError as error:
                raise mismatch_error(error, loaded, self.driver, policy, same_process) from None
            self._origin = loaded.origin
            self._unseen, self._loaded_epoch = loaded.unseen, loaded.within
            self._position_is_known = True
        elif self._epoch is not None:  # the last updates of an interrupted fit
            self._step(updates - self._origin)
        elif updates - self._origin != self.driver.position:
            self._origin, self._position_is_known = 0, False
            if has_computed_tick(self.driver):
                self._seek(updates)

    def _step(self, position: int) -> None:
        """Count the updates up to a position, and call the setters."""
        driver = self.driver
        missing = position - driver.position
        used = driver.due_next()
        if missing > 1 and self._variable is not None:
            driver.advance(missing)  # several steps in one execution share one value
        else:
            for _ in range(missing):
                used = driver.due_next()
                driver.stepped()
        if missing > 0:
            self._rate = used[self._column]
            if driver.setters:
                synchronise(self._model)
                driver.call_setters()

    @property
    def _variable(self) -> ValueVariable | None:
        return None if self._compiled is None else self._compiled.variable

    def _update_step(self) -> None:
        if self._compiled is not None:
            self._compiled.update(self.driver, self._model, self._origin)

    def _state_to_save(self) -> SchedulerState:
        if self._epoch is None:
            return SchedulerState(self.driver.state(), origin=self._origin)
        unseen = None
        if self._metric is not None and self.driver.plan.rules:
            unseen = self._epoch, float(self._metric)
        within = self._epoch, self._epoch_start
        return SchedulerState(self.driver.state(), unseen, self._origin, within)
