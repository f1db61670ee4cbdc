"""A callback that stands where its optimizer stands, and goes on where a file was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from gradatim.core.errors import GradatimError
from gradatim.core.schedule import Schedule
from gradatim.drive import Driver, OnMismatch, Plan, Target
from gradatim.drive.driven import Driven
from gradatim.keras import optimizer
from gradatim.keras.begin import check_loaded, mismatch
from gradatim.keras.feed import Feed, synchronise
from gradatim.keras.installed import Installed, is_known
from gradatim.keras.memory import Memory
from gradatim.keras.note import Note
from gradatim.keras.others import callbacks_beside, check_beside
from gradatim.keras.training_time import TrainingTime


class Attached(Driven, keras.callbacks.Callback):  # type: ignore[misc]
    """The part of a ``Scheduler`` that knows its optimizer: attach, count, save, go on.

    Args:
        plan: What to drive.
        lr: The schedule of the rate; None for the optimizer's own.
        on_mismatch: What to do about a file that something else drove.
        setters: Functions that take values to where they are used.
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
        self._setters, self._time = setters, TrainingTime(now)
        self.driver = self._driver(plan)
        self._optimizer: Any = None
        self._memory: Memory | None = None  # a tuner copies callbacks, which no layer likes
        self._installed: Installed | None = None
        self._accumulate = 1
        self._each_counts = True
        self._origin = 0  # the updates of the optimizer at position 0
        self._sought: tuple[int, int | None] | None = None  # where the next fit is to begin
        self._is_stated = False  # whether the user said where this fit begins
        self._is_explained = True  # whether it is known how the optimizer came to its count
        self._batches = 0  # micro-batches before this epoch
        self._begun = 0  # the position at which this epoch began
        self._epoch: int | None = None  # the epoch that is going on, or was interrupted
        self._metric: float | None = None  # of that epoch, so far
        self._rate: float | None = None  # of the last update
        self._column = 0  # of the rate among the values
        self._unseen: tuple[int, float] | None = None  # an epoch's metric that no rule has seen
        self._within: tuple[int, int] | None = None  # an epoch that a file was written in

    def _driver(self, plan: Plan) -> Driver:
        return Driver(plan, setters=self._setters, now=self._time)

    @property
    def lrs(self) -> list[float]:
        """The rate that each update used since the start of the run, or since the last load."""
        return [value for _, value in self.history("lr")]

    def seek(self, position: int, tick: int | None = None) -> None:
        """Let the next fit begin at a position, whatever the optimizer has counted.

        ``seek(0)`` is for a second phase with schedules of its own; another position for weights
        that came without the optimizer's state. What an earlier ``Scheduler`` knew is left out.

        Args:
            position: The completed updates.
            tick: What the run's clock shows there: samples, tokens, milliseconds. It may be left
                out where it follows from the position, or both are 0.

        Raises:
            GradatimError: If it is no whole number, 0 or more, or the tick is not known.
        """
        self._sought = position, 0 if position == 0 and tick is None else tick
        self._seek(*self._sought)

    def _seek(self, position: int, tick: int | None = None) -> None:
        self.driver.seek(position, tick)

    def count(self, unnamed: object = None, /, **counted: float) -> None:
        """Count what the coming update sees, before the step: ``scheduler.count(tokens=4096)``.

        Call it in a callback that stands before this one, ``on_train_batch_begin``.

        Args:
            unnamed: Not allowed; the name says what is counted.
            counted: One argument, named as the run's clock: the number of samples, tokens or
                whatever is counted. ``progress`` is the share of the run that is done.

        Raises:
            GradatimError: If the clock of the run counts something else, or it would run
                backwards. Nothing changed.
        """
        if self.driver.setters and self._optimizer is not None:
            synchronise(self._model)  # a setter may be called
        super().count(unnamed, **counted)

    # Keras calls set_model, then on_train_begin of each callback in turn. BackupAndRestore loads
    # in the latter, so what it loads into must be there before, and is taken up after.

    def set_model(self, model: Any) -> None:
        """Attach to the model's optimizer. Keras calls it; call it yourself before a load."""
        super().set_model(model)
        beside = callbacks_beside(self)
        check_beside(self, beside or [], Attached)
        inner = optimizer.innermost(model)
        if inner is None:
            return
        if beside is None and model.built and not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)  # a load skips what is not built
        if inner is not self._optimizer:
            try:
                self._attach(inner)
            except GradatimError:
                self._optimizer = None
                raise
        if self._sought is not None:
            self._seek(*self._sought)
            self._origin = self._updates() - self._sought[0]
            self._sought, self._epoch = None, None
            self._is_stated = self._is_explained = True
        self._install()
        # Only the optimizer knows which batches a loss scale leaves out, and how many batches the
        # last execution of an epoch has.
        several = getattr(model, "steps_per_execution", 1) > 1
        self._each_counts = inner is model.optimizer and not several

    def _attach(self, inner: Any) -> None:
        memory = getattr(inner, "gradatim", None) or getattr(inner._learning_rate, "memory", None)
        text = None if memory is None else memory.text()
        plan = self.driver.plan
        # Another optimizer is another run. What drove this one so far is in its memory, so that
        # is what to compare with, and not the scaled schedule that it has been given.
        if text is None:
            lr = optimizer.rate(inner, self._lr, self.driver)
        else:
            lr = self._lr or Note.read(text).rate()
        for target, schedule in plan.schedules.items():
            if target.value != "lr" and target.value not in plan.external:
                optimizer.check(inner, target.value, schedule)
        self.driver = self._driver(plan.with_schedules({Target("lr"): lr}))
        self._column = list(self.driver.plan).index(Target("lr"))
        self._optimizer, self._accumulate = inner, optimizer.accumulation(inner)
        self._origin, self._unseen, self._within, self._epoch = 0, None, None, None
        self._rate = None
        self._memory = new = Memory(text if self._sought is None else None)
        new.attach(self._note)
        self._installed = Installed(inner, new)
        self._resume(memory is not None and memory.is_live)
        inner.gradatim = new

    def _updates(self) -> int:
        """The updates that the optimizer has made."""
        self._batches = optimizer.batches(self._optimizer)
        return self._batches // self._accumulate

    def _resume(self, is_live: bool = False) -> None:
        """Take up what a file brought, and stand where the optimizer stands."""
        updates, memory = self._updates(), self._memory
        note = None if memory is None else memory.arrived()
        if note is not None:
            check_loaded(note, updates)
            state = note.at(updates - note.origin)
            try:
                self.driver.load(state, self._on_mismatch)
            except GradatimError as error:
                raise mismatch(error, note, self.driver, self._on_mismatch, is_live) from None
            self._origin, self._unseen, self._within = note.origin, note.unseen, note.within
            self._is_explained = True
        elif self._epoch is not None:  # an interrupted fit: its last updates
            self._step(updates - self._origin)
        elif updates - self._origin != self.driver.position:
            self._origin, self._is_explained = 0, False
            if is_known(self.driver):
                self._seek(updates)

    def _step(self, position: int) -> None:
        """Take up the updates up to this position."""
        driver = self.driver
        missing = position - driver.position
        used = driver.due_next()
        if missing > 1 and self._feed is not None:
            driver.advance(missing)  # one execution of several steps: all used one value
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
    def _feed(self) -> Feed | None:
        return None if self._installed is None else self._installed.feed

    def _install(self) -> None:
        if self._installed is not None:
            self._installed.put(self.driver, self._model, self._origin)

    def _note(self) -> Note:
        """What a file must hold: the driver's state, and a metric it has not seen yet."""
        if self._epoch is None:
            return Note(self.driver.state(), origin=self._origin)
        unseen = None
        if self._metric is not None and self.driver.plan.rules:
            unseen = self._epoch, float(self._metric)
        within = self._epoch, self._begun
        return Note(self.driver.state(), unseen, self._origin, within)
