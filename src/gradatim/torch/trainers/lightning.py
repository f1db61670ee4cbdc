"""A callback for Lightning's Trainer: it observes, counts and logs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from gradatim.errors import GradatimError, invalid_value, unknown_name
from gradatim.torch.scheduler import Scheduler


class SchedulerCallback(Callback):
    """Connects a Trainer with the schedulers that ``configure_optimizers`` returned.

    - It calls ``scheduler.observe`` after each evaluation, before checkpoints are written.
    - It logs what each update used, as ``lr``, ``momentum`` and so on, every ``log_every_n_steps``.
    - It counts what each update sees, if the run's clock is in tokens, samples or another unit. If
      it is time, evaluations are left out of it.
    - It ends the training when the run is over by its clock.

    Args:
        monitor: The metric that the rules observe; needed if a scheduler has rules.
        count: Returns, for a batch, the arguments of ``scheduler.count``, over all processes. The
            batches of an accumulation are added up.

    Raises:
        GradatimError: When training begins: if no scheduler of gradatim was returned, or one has
            rules and there is no ``monitor``. After an evaluation: if it did not log the metric.

    ::

        def tokens(batch):
            return {"tokens": batch["input_ids"].numel() * trainer.world_size}


        trainer = Trainer(..., callbacks=[SchedulerCallback(monitor="val_loss", count=tokens)])
    """

    def __init__(
        self, monitor: str | None = None, count: Callable[[Any], dict[str, int]] | None = None
    ) -> None:
        self.monitor, self.count = monitor, count
        self._schedulers: list[Scheduler] = []

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Find the schedulers among those of the Trainer."""
        configured = [one.scheduler for one in trainer.lr_scheduler_configs]
        self._schedulers = [one for one in configured if isinstance(one, Scheduler)]
        if not self._schedulers:
            kinds = ", ".join(type(one).__name__ for one in configured) or "none"
            raise GradatimError(
                "SchedulerCallback: configure_optimizers returned no scheduler of gradatim.torch, "
                f"but {kinds}. Write return [optimizer], [Scheduler(optimizer, ...)]."
            )
        if self.monitor is None and any(one.driver.plan.rules for one in self._schedulers):
            hint = 'Write SchedulerCallback(monitor="val_loss").'
            raise invalid_value(
                "SchedulerCallback", "monitor", None, "the metric for the rules", hint
            )
        self._logged = [one.position for one in self._schedulers]
        self._pauses = ExitStack()

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Count the batch, before the forward pass that is part of its step."""
        if self.count is not None:
            counted = self.count(batch)
            for scheduler in self._schedulers:
                scheduler.count(**counted)

    # Any: Trainer.log_every_n_steps is set by a connector, where no type checker finds it.
    def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
        """Log what the updates used, and end the training if the run is over."""
        for i, scheduler in enumerate(self._schedulers):
            if scheduler.position == self._logged[i]:
                continue  # a batch of an accumulation
            self._logged[i] = scheduler.position
            if scheduler.position % trainer.log_every_n_steps == 0:
                prefix = f"{i}/" if len(self._schedulers) > 1 else ""
                used = {f"{prefix}{name}": v for name, v in (scheduler.applied or {}).items()}
                for logger in trainer.loggers:
                    logger.log_metrics(used, step=scheduler.position - 1)
            if scheduler.driver.plan.run is not None and scheduler.done:
                trainer.should_stop = True

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Pause the clocks during the evaluation."""
        for scheduler in self._schedulers:
            self._pauses.enter_context(scheduler.paused())

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Give the metric to the rules."""
        if not self._schedulers:
            return  # the sanity check, or trainer.validate()
        for scheduler in self._schedulers:
            if scheduler.driver.plan.rules:
                if self.monitor not in trainer.callback_metrics:
                    known = trainer.callback_metrics
                    raise unknown_name("SchedulerCallback", "metric", self.monitor, known)
                scheduler.observe(trainer.callback_metrics[self.monitor])
        self._pauses.close()

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Forget the schedulers."""
        self._schedulers = []
