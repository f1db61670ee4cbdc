"""Drives an optimizer of Keras along schedules, and shows the metrics of each epoch to rules."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from gradatim.core.errors import GradatimError, unknown
from gradatim.core.rules import Rule
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.drive import OnMismatch, Plan
from gradatim.keras import optimizer
from gradatim.keras.attached import Attached
from gradatim.keras.begin import check_known, check_left, warn_of_repeated
from gradatim.keras.feed import synchronise
from gradatim.keras.given import check_options, plan_of


class Scheduler(Attached):
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
        check_options(monitor, on_mismatch)
        beside = {"rule": rule, "run": run, "external": external}
        given, own = plan_of(lr, plan, values, beside)
        super().__init__(given, own, on_mismatch, setters or {}, now)
        self.monitor = monitor
        self._fit_begins = False
        self._observed = False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Called by Keras: a fit begins; what has passed since the last batch was no training."""
        if self._optimizer is None:
            raise GradatimError("Scheduler: the model has no optimizer. Compile it with one.")
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
        if self._feed is not None:
            self._time.keep()
            if self.driver.done:
                self._model.stop_training = True
        if logs is None:
            return
        self._metric = logs.get(self.monitor)
        if self._each_counts and self._rate is not None:
            logs["lr"] = self._rate

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
