"""The callback that applies schedules and rules to a Keras optimizer."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from gradatim.core.rules import Rule
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.drive import OnMismatch, Plan
from gradatim.errors import GradatimError, unknown_name
from gradatim.keras.arguments import check_options, plan_from_arguments
from gradatim.keras.fit_checks import check_not_over, check_position_known, warn_of_repeated_updates
from gradatim.keras.optimizer import batch_count
from gradatim.keras.scheduler_base import SchedulerBase
from gradatim.keras.value_variable import synchronise


class Scheduler(SchedulerBase):
    """A callback that sets the learning rate, and other numbers of an optimizer, by schedules.

    The values are computed inside the compiled training step, from the optimizer's own count of
    updates, so nothing is written or read between batches. At the end of each epoch the rules get
    the metric; if one changes its scale, the step is compiled again. In a run with another clock,
    such as time, the values are written before each batch instead, and training stops when the
    run is over.

    Each epoch's logs get "lr" and the name of every other scheduled value: the value that the
    last update of the epoch used. Put callbacks that read the logs, such as ``CSVLogger``, after
    this one in the list. The state is saved in the model's own files, so ``BackupAndRestore``, or
    ``load_model`` and ``initial_epoch``, resume exactly. Before ``load_weights``, call
    ``scheduler.set_model(model)``.

    Args:
        lr: The schedule of the learning rate; None for the one the optimizer has.
        plan: A ``Plan``, or the path of a plan file, in place of the arguments that it holds.
        rule: A rule that scales the learning rate, or a mapping from names to rules.
        run: The run, for a clock other than updates: ``Run(seconds=600)``.
        external: Schedules of values outside of the optimizer: read them with ``value``, or
            write them with ``setters``.
        setters: For a value, a function that is called with each new number, such as
            ``{"kl": model.kl_weight.assign}``.
        monitor: The metric that the rules get at the end of each epoch.
        on_mismatch: If a checkpoint was saved under other schedules: "strict" raises an error that
            lists the differences, "keep" uses those of the checkpoint, "override" those given here.
        now: A clock in seconds in place of ``time.monotonic``, for a run measured in time.
        values: A schedule for any other number of the optimizer, such as ``weight_decay``,
            ``momentum`` or ``beta_1``.

    Raises:
        GradatimError: If an argument is not a schedule or a rule. When training begins: if the
            optimizer has no such number, or a schedule of its own beside ``lr``; if the checkpoint
            was saved under other schedules, the position in the schedule is not known, or the
            schedule is over.

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
        options = {"rule": rule, "run": run, "external": external}
        plan, own_lr = plan_from_arguments(lr, plan, values, options)
        super().__init__(plan, own_lr, on_mismatch, setters or {}, now)
        self.monitor = monitor
        self._fit_begins = False
        self._observed = False

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Called by Keras: exclude the time since the last batch of an earlier fit."""
        if self._optimizer is None:
            raise GradatimError("Scheduler: the model has no optimizer. Compile it with one.")
        self._fit_begins = True
        self._clock.exclude()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras: go to the optimizer's update count, and load what a file brought."""
        self._resume()
        if self._unseen is not None and self._unseen[0] == epoch - 1:
            # The file was saved at the end of that epoch, before on_epoch_end of this callback.
            self.driver.observe(self._unseen[1])
        if self._fit_begins:
            self._begin_fit(epoch)
        self._unseen = self._loaded_epoch = None
        self._update_step()
        self._epoch, self._metric, self._epoch_start = epoch, None, self.driver.position

    def _begin_fit(self, epoch: int) -> None:
        if not self._position_is_given:
            check_position_known(self.driver, epoch, self._updates(), self._position_is_known)
        check_not_over(self.driver)
        warn_of_repeated_updates(self._loaded_epoch, epoch, self.driver.position)
        self._fit_begins, self._position_is_given, self._position_is_known = False, False, True
        self._update_step()
        if self._compiled is not None:
            self._compiled.fit_begins()

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras: write the values of the next update, if they are not compiled in."""
        if self._compiled is not None and self._variable is not None:
            self.driver.check_ready()
            self._compiled.write(self.driver, self._model)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras: count the update, and add its learning rate to the logs."""
        if self._every_batch_counts and self.driver.clock.unit != "time":
            # Reading the model forces a device sync on JAX.
            self._step((self._batches + batch + 1) // self._accumulate - self._origin)
        elif self._variable is not None or self.driver.plan.external:
            synchronise(self._model)
            batches = batch_count(self._optimizer)
            self._step(batches // self._accumulate - self._origin)
        if self._variable is not None:
            self._clock.include()
            if self.driver.done:
                self._model.stop_training = True
        if logs is None:
            return
        self._metric = logs.get(self.monitor)
        if self._every_batch_counts and self._rate is not None:
            logs["lr"] = self._rate

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        """Called by Keras: the time of an evaluation is not training time."""
        self._clock.include()

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        """Called by Keras: note the validation metric, for a file saved before the epoch ends."""
        self._clock.exclude()
        if self._epoch is not None and logs and self.monitor.startswith("val_"):
            self._metric = logs.get(self.monitor.removeprefix("val_"))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras: count the updates, log the values, give the rules the metric."""
        logs = {} if logs is None else logs
        position = self._updates() - self._origin
        self._step(position)
        while self.driver.position > position:  # a custom train_step skipped updates
            self.driver.retract()
        metric = logs.get(self.monitor)
        for name, value in (self.driver.applied or {}).items():
            # A metric may have the same name, such as a KL term and its weight.
            is_metric = name in self.driver.plan.external and name in logs
            logs[f"{name}_schedule" if is_metric else name] = value
        if self.driver.plan.rules:
            self._observe(metric, logs)
        self._epoch = None
        self._update_step()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Called by Keras: warn if the rules never got a metric."""
        self._clock.include()
        if self._compiled is not None:
            self._compiled.fit_ends(self._model)
        if self.driver.plan.rules and not self._observed:
            warnings.warn(
                f"Scheduler: {self.monitor!r} was never logged, so no rule had any effect. "
                "Give fit(...) validation data, or another monitor.",
                stacklevel=2,
            )

    def _observe(self, metric: float | None, logs: Mapping[str, float]) -> None:
        if metric is not None:
            self.driver.observe(metric)
            self._observed = True
        elif self.monitor.removeprefix("val_") not in logs or not self.monitor.startswith("val_"):
            raise unknown_name("Scheduler", "metric to monitor", self.monitor, logs)
