"""The Trainer of transformers, and those of TRL: a callback that observes, and logs what was used."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

from gradatim.core.errors import GradatimError, unknown
from gradatim.torch.inner import innermost
from gradatim.torch.scheduler import Scheduler


class SchedulerCallback(TrainerCallback):
    """Shows each evaluation to the rules, and makes the Trainer log the rate that was used.

    The Trainer logs what ``get_last_lr`` answers after the update, when the value of the next one
    is in place already. With this, ``learning_rate`` in its log, wherever that goes, is what the
    update used.

    Args:
        metric: The metric of an evaluation that the rules are shown, such as "eval_loss".

    Raises:
        GradatimError: When training begins: if the Trainer has another scheduler, or the scheduler
            drives another optimizer than the Trainer's. After an evaluation: if it did not have the
            metric.

    ::

        trainer = Trainer(..., optimizers=(optimizer, scheduler), callbacks=[SchedulerCallback()])
    """

    def __init__(self, metric: str = "eval_loss") -> None:
        self.metric = metric
        self._scheduler: Scheduler | None = None
        self._missed: list[str] | None = None
        self._used: list[float] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Take up the Trainer's scheduler."""
        self._scheduler = _scheduler_of(kwargs["lr_scheduler"], kwargs["optimizer"])
        self._missed, self._used = None, self._scheduler.get_last_lr()
        # What the Trainer asks for the rate that it logs.
        vars(self._scheduler)["get_last_lr"] = lambda: list(self._used)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Leave the scheduler as it was."""
        vars(self._scheduler).pop("get_last_lr", None)
        self._scheduler = None

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Show the metric to the rules."""
        scheduler, metrics = self._scheduler, kwargs.get("metrics") or {}
        if scheduler is None or not scheduler.driver.plan.rules:
            return
        if self.metric in metrics:
            scheduler.observe(metrics[self.metric])
            self._missed = None
        else:
            # Where there are several data sets, another one of them may have it.
            self._missed = [*(self._missed or []), *metrics]

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Refuse to go on past an evaluation that did not have the metric."""
        if self._missed is not None:
            raise unknown("SchedulerCallback", "metric", self.metric, self._missed)

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Note what the update uses: after it, the values of the next one are in place."""
        self._used = [float(group["lr"]) for group in kwargs["optimizer"].param_groups]


def _scheduler_of(scheduler: Any, optimizer: Any) -> Scheduler:
    """The Trainer's scheduler, if it drives the Trainer's optimizer."""
    scheduler = getattr(scheduler, "scheduler", scheduler)  # Accelerate wraps it
    if not isinstance(scheduler, Scheduler):
        raise GradatimError(
            f"SchedulerCallback: the Trainer's scheduler is a {type(scheduler).__name__}, not one of "
            "gradatim.torch. Write Trainer(..., optimizers=(optimizer, scheduler)), or build it in "
            "the Trainer's create_scheduler."
        )
    if scheduler.optimizer is not innermost(optimizer):
        raise GradatimError(
            "SchedulerCallback: the scheduler drives another optimizer than the Trainer's, so it would "
            "change nothing. Give the Trainer both, optimizers=(optimizer, scheduler), with the "
            "optimizer that the scheduler was built on."
        )
    return scheduler
