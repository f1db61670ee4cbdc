"""Drives an optimizer of Keras along schedules, and shows the metrics of each epoch to rules."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import keras

from gradatim.core.errors import GradatimError, unknown
from gradatim.core.rules import Rule
from gradatim.core.run import Run
from gradatim.core.schedule import Schedule
from gradatim.drive import Driver, OnMismatch, Plan, Target
from gradatim.drive.driven import Driven
from gradatim.keras import optimizer
from gradatim.keras.begin import (
    check_known,
    check_left,
    check_loaded,
    mismatch,
    warn_of_repeated,
)
from gradatim.keras.feed import Feed, synchronise
from gradatim.keras.given import check_options, plan_of
from gradatim.keras.installed import Installed, is_known
from gradatim.keras.memory import Memory
from gradatim.keras.note import Note
from gradatim.keras.others import callbacks_beside, check_beside
from gradatim.keras.training_time import TrainingTime


class Scheduler(Driven, keras.callbacks.Callback):  # type: ignore[misc]
    """Drives any number of an optimizer along a schedule, with rules on top.

    The values are computed inside the compiled training step, from the optimizer's own count of
    updates, so nothing is written or read between batches. Once an epoch the rules see the
    metric; if one changes its scale, the step is compiled again. In a run by another clock, such
    as time, the values are written before each batch instead, and training stops when it is over.

    Each epoch's logs get "lr" and every other name driven: the value that the epoch's last update
    used. Callbacks that read the logs, such as ``CSVLogger``, stand after this one in the list.
    The state is kept in the model's own files, so ``BackupAndRestore``, or ``load_model`` and
    ``initial_epoch``, go on exactly. Before ``load_weights``, call ``scheduler.set_model(model)``.

    Args:
        lr: The schedule of the learning rate; None for the one the optimizer has.
        plan: A ``Plan``, or the path of a plan file, in place of all that it holds.
        rule: A rule that scales the learning rate, or a mapping from names to rules.
        run: The run, for a clock other than updates: ``Run(seconds=600)``.
        external: Schedules of values outside of the optimizer: read them by ``value``, or let
            ``setters`` take them where they are used.
        setters: For a value, a function that is called with each new number, such as
            ``{"kl": model.kl_weight.assign}``.
        monitor: The metric that the rules see at the end of each epoch.
        on_mismatch: If what a checkpoint was driven by differs: "strict" refuses and names each
            difference, "keep" takes the checkpoint's, "override" this script's.
        now: A clock in seconds in place of ``time.monotonic``, for a run measured in time.
        values: A schedule for any other number of the optimizer, such as ``weight_decay``,
            ``momentum`` or ``beta_1``.

    Raises:
        GradatimError: If something is no schedule or no rule. When training begins: if the
            optimizer has no such number, or a schedule of its own beside ``lr``; if the checkpoint
            does not fit, or the place in the schedule is not known; if the schedule is over.

    >>> from gradatim import Plateau, warmup_cosine
    >>> schedule = warmup_cosine(peak=1e-3, steps=1000, warmup=100)
    >>> callback = Scheduler(lr=schedule, rule=Plateau(mode="min", factor=0.5, patience=2))
    """

    def __init__(
        self,
        lr: Schedule | float | None = None,
        *,
        plan: Plan | str | os.PathLike[str] | None = None,
        rule: Rule | Mapping[str, Rule] | None = None,
        run: Run | None = None,
        external: Mapping[str, Schedule | float] | None = None,
        setters: Mapping[str, Callable[[Any], object]] | None = None,
        monitor: str = "val_loss",
        on_mismatch: OnMismatch = "strict",
        now: Callable[[], float] = time.monotonic,
        **values: Schedule | float,
    ) -> None:
        super().__init__()
        check_options(monitor, on_mismatch)
        beside = {"rule": rule, "run": run, "external": external}
        given, self._lr = plan_of(lr, plan, values, beside)
        self.monitor, self._on_mismatch = monitor, on_mismatch
        self._setters, self._time = setters or {}, TrainingTime(now)
        self.driver = self._driver(given)
        self._optimizer: Any = None
        self._memory = Memory()
        self._installed: Installed | None = None
        self._accumulate = 1
        self._each_counts = True
        self._origin = 0  # the updates of the optimizer at position 0
        self._sought: tuple[int, int | None] | None = None  # where the next fit is to begin
        self._is_stated = False  # whether the user said where this fit begins
        self._is_explained = True  # whether it is known how the optimizer came to its count
        self._fit_begins = False
        self._batches = 0  # micro-batches before this epoch
        self._begun = 0  # the position at which this epoch began
        self._epoch: int | None = None  # the epoch that is going on, or was interrupted
        self._metric: float | None = None  # of that epoch, so far
        self._unseen: tuple[int, float] | None = None  # an epoch's metric that no rule has seen
        self._within: tuple[int, int] | None = None  # an epoch that a file was written in
        self._observed = False

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
        self.driver.updates.begin(self.driver.position)  # what stepped last is of another run
        self.driver.seek(position, tick)

    # Keras calls set_model, then on_train_begin of each callback in turn. BackupAndRestore loads
    # in the latter, so what it loads into must be there before, and is taken up after.

    def set_model(self, model: Any) -> None:
        """Attach to the model's optimizer. Keras calls it; call it yourself before a load."""
        super().set_model(model)
        beside = callbacks_beside(self)
        check_beside(self, beside or [], Scheduler)
        inner = optimizer.innermost(model)
        if inner is None:
            return
        if beside is None and model.built and not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)  # a load skips what is not built
        if inner is not self._optimizer:
            self._attach(inner)
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
        self._optimizer, self._accumulate = inner, optimizer.accumulation(inner)
        self._origin, self._unseen, self._within, self._epoch = 0, None, None, None
        self._memory = Memory(text if self._sought is None else None)
        self._memory.attach(self._note)
        self._installed = Installed(inner, self._memory)
        self._resume(memory is not None and memory.is_live)
        inner.gradatim = self._memory

    def _updates(self) -> int:
        """The updates that the optimizer has made."""
        self._batches = optimizer.batches(self._optimizer)
        return self._batches // self._accumulate

    def _resume(self, is_live: bool = False) -> None:
        """Take up what a file brought, and stand where the optimizer stands."""
        updates, note = self._updates(), self._memory.arrived()
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
        missing = position - self.driver.position
        if missing > 1 and self._feed is not None:
            self.driver.advance(missing)  # one execution of several steps: all used one value
        else:
            for _ in range(missing):
                self.driver.stepped()
        if missing > 0 and self.driver.setters:
            synchronise(self._model)
            self.driver.call_setters()

    @property
    def _feed(self) -> Feed | None:
        return None if self._installed is None else self._installed.feed

    def _install(self) -> None:
        if self._installed is not None:
            self._installed.put(self.driver, self._model, self._origin)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Called by Keras: a fit begins; what has passed since the last batch was no training."""
        self._fit_begins = True
        self._time.skip()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Called by Keras: go on where the optimizer stands."""
        self._resume()
        if self._unseen is not None and self._unseen[0] == epoch - 1:
            # The file was written after that epoch and before this callback had its turn.
            self.driver.observe(self._unseen[1])
        if self._fit_begins:
            self._begin_fit(epoch)
        self._unseen = self._within = None
        self._install()
        self._epoch, self._metric, self._begun = epoch, None, self.driver.position

    def _begin_fit(self, epoch: int) -> None:
        if not self._is_stated:
            check_known(self.driver, epoch, self._updates(), self._is_explained)
        check_left(self.driver)
        warn_of_repeated(self._within, epoch, self.driver.position)
        self._fit_begins, self._is_stated, self._is_explained = False, False, True
        self._install()
        if self._installed is not None:
            self._installed.open()

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Called by Keras: hand over the values of the next update, under another clock."""
        if self._installed is not None and self._feed is not None:
            self.driver.check_ready()
            self._installed.write(self.driver, self._model)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Called by Keras: count the update, and tell callbacks that follow what it used."""
        if self._each_counts and self.driver.clock.unit != "time":
            # Reading the model forces a device sync on JAX.
            self._step((self._batches + batch + 1) // self._accumulate - self._origin)
        elif self._feed is not None or self.driver.plan.external:
            synchronise(self._model)
            batches = optimizer.batches(self._optimizer)
            self._step(batches // self._accumulate - self._origin)
        self._time.keep()
        if self._feed is not None and self.driver.done:
            self._model.stop_training = True
        if logs is None:
            return
        self._metric = logs.get(self.monitor)
        applied = self.driver.applied if self._each_counts else None
        if applied is not None:
            logs["lr"] = applied["lr"]

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Called by Keras: an evaluation is no training."""
        self._time.keep()

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Called by Keras: the metric of a validation is known before the epoch's end."""
        self._time.skip()
        if self._epoch is not None and logs and self.monitor.startswith("val_"):
            self._metric = logs.get(self.monitor.removeprefix("val_"))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Called by Keras: take note of the updates, log the values, show the metric."""
        logs = {} if logs is None else logs
        position = self._updates() - self._origin
        self._step(position)
        while self.driver.position > position:  # a train_step that leaves updates out
            self.driver.retract()
        shown = logs.get(self.monitor)
        for name, value in (self.driver.applied or {}).items():
            # A metric of the same name, such as a KL term beside its weight, keeps it.
            is_metric = name in self.driver.plan.external and name in logs
            logs[f"{name}_schedule" if is_metric else name] = value
        if self.driver.plan.rules:
            self._show(shown, logs)
        self._epoch = None
        self._install()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Called by Keras: say so if the rules never had anything to go by."""
        self._time.keep()
        if self._installed is not None:
            self._installed.close(self._model)
        if self.driver.plan.rules and not self._observed:
            warnings.warn(
                f"Scheduler: {self.monitor!r} never came, so no rule did anything. "
                "Give fit(...) validation data, or another monitor.",
                stacklevel=2,
            )

    def _show(self, metric: float | None, logs: Mapping[str, Any]) -> None:
        if metric is not None:
            self.driver.observe(metric)
            self._observed = True
        elif self.monitor.removeprefix("val_") not in logs or not self.monitor.startswith("val_"):
            raise unknown("Scheduler", "metric to monitor", self.monitor, logs)

    def _note(self) -> Note:
        """What a file must hold: the driver's state, and a metric it has not seen yet."""
        if self._epoch is None:
            return Note(self.driver.state(), origin=self._origin)
        unseen = None
        if self._metric is not None and self.driver.plan.rules:
            unseen = self._epoch, float(self._metric)
        within = self._epoch, self._begun
        return Note(self.driver.state(), unseen, self._origin, within)
