"""Drives an optimizer of Keras along schedules, and shows the metrics of each epoch to rules."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from typing import Any, Literal, get_args

import keras

from gradatim.core._config import build
from gradatim.core.decays import Constant
from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.rules import Rule
from gradatim.core.schedule import Schedule
from gradatim.drive import Driver, Plan, Target
from gradatim.drive.plan import as_plan
from gradatim.keras import optimizer
from gradatim.keras.learning_rate import LearningRate
from gradatim.keras.memory import Memory

# Not "rescale": the position is Keras' own count of updates, which goes on where it was.
Policy = Literal["strict", "keep", "override"]


class Scheduler(keras.callbacks.Callback):  # type: ignore[misc]
    """Drives any number of an optimizer along a schedule, with rules on top.

    The values are computed inside the compiled training step, from the optimizer's own count of
    updates, so nothing is written or read between batches. Once an epoch the rules see the
    metric; if one changes its scale, the step is compiled again.

    Each epoch's logs get "lr" and every other name driven: the value that the epoch's last update
    used. Callbacks that read the logs, such as ``CSVLogger``, stand after this one in the list.
    The state is kept in the model's own files, so ``BackupAndRestore``, or ``load_model`` and
    ``initial_epoch``, go on exactly.

    Args:
        lr: The schedule of the learning rate; None for the one the optimizer has.
        plan: A ``Plan``, or the path of a plan file, in place of ``lr``, ``rule`` and ``values``.
        rule: A rule that scales the learning rate, or a mapping from names to rules.
        monitor: The metric that the rules see at the end of each epoch.
        on_mismatch: If what a checkpoint was driven by differs: "strict" refuses and names each
            difference, "keep" takes the checkpoint's, "override" this script's.
        values: A schedule for any other number of the optimizer, such as ``weight_decay``,
            ``momentum`` or ``beta_1``.

    Raises:
        GradatimError: If something is no schedule or no rule, or there is nothing to do. When
            training begins: if the optimizer has no such number, or a schedule of its own beside
            ``lr``, or the checkpoint does not fit.

    >>> from gradatim import Plateau, warmup_cosine
    >>> schedule = warmup_cosine(peak=1e-3, steps=1000, warmup=100)
    >>> callback = Scheduler(lr=schedule, rule=Plateau(mode="min", factor=0.5, patience=2))
    """

    def __init__(
        self,
        lr: Schedule | None = None,
        *,
        plan: Plan | str | os.PathLike[str] | None = None,
        rule: Rule | Mapping[str, Rule] | None = None,
        monitor: str = "val_loss",
        on_mismatch: Policy = "strict",
        **values: Schedule,
    ) -> None:
        super().__init__()
        if plan is None and lr is None and rule is None and not values:
            raise GradatimError("Scheduler: nothing to drive. Write lr=..., a schedule.")
        if plan is not None and (lr is not None or rule is not None or values):
            raise GradatimError(
                "Scheduler: a plan has its schedules and rules already; give nothing beside plan=."
            )
        if not isinstance(monitor, str):
            raise refuse("Scheduler", "monitor", monitor, "the name of a metric, as in the logs")
        if on_mismatch not in get_args(Policy):
            raise unknown("Scheduler", "on_mismatch", on_mismatch, get_args(Policy))
        self.monitor = monitor
        if plan is None:
            # Until training begins and the optimizer's own rate is known, 1.0 stands for it.
            schedules = {"lr": Constant(1.0) if lr is None else lr, **values}
            given, self._lr = as_plan("Scheduler", schedules, rule), lr
        else:
            given = as_plan("Scheduler", plan)
            self._lr = given.schedules.get(Target("lr"))
            if self._lr is None:
                given = given.with_schedules({Target("lr"): Constant(1.0)})
        for target in given:
            if target.part is not None:
                raise GradatimError(
                    f"Scheduler: {target}: an optimizer of Keras has no parameter groups. Give one "
                    f"schedule of {target.value} for all of it."
                )
        self.driver = Driver(given)
        self._on_mismatch: Policy = on_mismatch
        self._optimizer: Any = None
        self._memory = Memory()
        self._in_force: dict[str, Schedule] = {}
        self._accumulate = 1
        self._each_counts = True
        self._batches = 0  # micro-batches before this epoch
        self._epoch: int | None = None  # the epoch that is going on
        self._metric: float | None = None  # of that epoch, so far
        self._unseen: tuple[int, float] | None = None  # an epoch's metric that no rule has seen
        self._observed = False

    @property
    def lrs(self) -> list[float]:
        """The rate that each update used, up to the end of the last epoch.

        Since the start of the run, or since the last load.
        """
        return [value for _, value in self.driver.history("lr")]

    # Keras calls set_model, then on_train_begin of each callback in turn. BackupAndRestore loads
    # in the latter, so what it loads into must be there before, and is taken up after.

    def set_model(self, model: Any) -> None:
        """Called by Keras: attach to the model's optimizer."""
        super().set_model(model)
        inner = optimizer.innermost(model)
        if inner is not None and inner is not self._optimizer:
            self._attach(inner)
        # A loss scale leaves updates out, and only the optimizer's own count knows of it.
        self._each_counts = inner is getattr(model, "optimizer", None)

    def _attach(self, inner: Any) -> None:
        memory = getattr(inner, "gradatim", None) or getattr(inner._learning_rate, "memory", None)
        text = None if memory is None else memory.text()
        # Another optimizer is another run. What drove this one so far is in its memory, so that
        # is what to compare with, and not the scaled schedule that it has been given.
        if text is None:
            lr = optimizer.rate(inner, self._lr)
        else:
            lr = _remembered(text) if self._lr is None else self._lr
        for name in self.driver.plan.values:
            if name != "lr":
                optimizer.check(inner, name)
        self.driver = Driver(self.driver.plan.with_schedules({Target("lr"): lr}))
        self._accumulate, self._in_force, self._unseen = optimizer.accumulation(inner), {}, None
        self._memory = Memory(text)
        self._memory.attach(self._note)
        self._resume(inner)
        inner.gradatim = self._memory
        self._optimizer = inner
        self._install()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Called by Keras: go on where the optimizer stands."""
        self._resume(self._optimizer)
        if self._unseen is not None and self._unseen[0] == epoch - 1:
            # The file was written after that epoch and before this callback had its turn.
            self.driver.observe(self._unseen[1])
        self._unseen = None
        self._install()
        self._epoch, self._metric = epoch, None

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Called by Keras: tell the callbacks that follow which rate the last update used."""
        # Reading the model forces a device sync on JAX.
        if logs is None:
            return
        self._metric = logs.get(self.monitor)
        updates = (self._batches + batch + 1) // self._accumulate
        if updates and self._each_counts:
            logs["lr"] = self._in_force["lr"](updates - 1)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Called by Keras: the metric of a validation is known before the epoch's end."""
        if self._epoch is not None and logs and self.monitor.startswith("val_"):
            self._metric = logs.get(self.monitor.removeprefix("val_"))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Called by Keras: take note of the updates, log the values, show the metric."""
        logs = {} if logs is None else logs
        self._batches = optimizer.batches(optimizer.innermost(self.model))
        self.driver.advance(max(self._batches // self._accumulate - self.driver.position, 0))
        shown = logs.get(self.monitor)
        for name, value in (self.driver.applied or {}).items():
            logs[name] = value
        if self.driver.plan.rules:
            self._show(shown, logs)
        self._epoch = None
        self._install()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Called by Keras: say so if the rules never had anything to go by."""
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

    def _note(self) -> dict[str, Any]:
        """What a file must hold: the driver's state, and a metric it has not seen yet."""
        going_on = self._epoch is not None and self._metric is not None
        unseen = [self._epoch, self._metric] if going_on and self.driver.plan.rules else None
        return {"driver": self.driver.state(), "unseen": unseen}

    def _resume(self, inner: Any) -> None:
        """Take up what a file brought, and stand where the optimizer stands."""
        self._batches = optimizer.batches(inner)
        position = self._batches // self._accumulate
        note = self._memory.arrived()
        if note is not None:
            self.driver.load(note["driver"], self._on_mismatch)
            self._unseen = None if note["unseen"] is None else tuple(note["unseen"])
        if position != self.driver.position:
            self.driver.seek(position)

    def _install(self) -> None:
        """Put the schedules that hold now into the compiled step, if they are not in it."""
        scales = self.driver.scales
        now = {
            value: schedule if scales.get(value, 1.0) == 1.0 else scales[value] * schedule
            for (value, _), schedule in self.driver.plan.schedules.items()
        }
        if now == self._in_force:
            return
        self._in_force = now
        self._optimizer.learning_rate = LearningRate(now["lr"], self._accumulate, self._memory)
        others = {name: schedule for name, schedule in now.items() if name != "lr"}
        optimizer.drive(self._optimizer, others)
        # A compiled step keeps the old schedule; recompile before the next batch.
        if self._model.train_function is not None:
            self._model.make_train_function(force=True)


def _remembered(note: str) -> Schedule:
    """The schedule of the rate that a file's own callback had."""
    schedule: Schedule = build(json.loads(note)["driver"]["schedules"]["lr"])
    return schedule
