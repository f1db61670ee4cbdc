"""A callback for the Trainer of transformers, and those of TRL: it observes, counts and logs."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from gradatim.drive.clocks import Counter
from gradatim.errors import GradatimError, unknown_name
from gradatim.torch.scheduler import Scheduler
from gradatim.torch.unwrap import OptimizerLike, unwrap_optimizer


class SchedulerCallback(TrainerCallback):
    """Connects a Trainer with the scheduler that it was given, in ``optimizers=``.

    - It calls ``scheduler.observe`` after each evaluation.
    - The Trainer logs ``get_last_lr()`` after the update, when it is already the rate of the next
      one. With this callback, ``learning_rate`` is what the update used, in every log.
    - If the run's clock is in tokens, it counts those of each update. If it is time, evaluations
      and checkpoints are left out of it.
    - It ends the training when the run is over by its clock.

    Args:
        metric: The metric of an evaluation that the rules observe, such as "eval_loss".

    Raises:
        GradatimError: When training begins: if the Trainer has another scheduler, the scheduler
            drives another optimizer than the Trainer's, or the Trainer does not track tokens.
            After an evaluation: if it did not have the metric.

    ::

        trainer = Trainer(..., optimizers=(optimizer, scheduler), callbacks=[SchedulerCallback()])
    """

    def __init__(self, metric: str = "eval_loss") -> None:
        self.metric = metric
        self._scheduler: Scheduler | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Find the scheduler among what the Trainer has."""
        self._scheduler = scheduler = _scheduler_of(kwargs["lr_scheduler"], kwargs["optimizer"])
        clock = scheduler.driver.clock
        self._counts_tokens = isinstance(clock, Counter) and clock.unit == "tokens"
        if self._counts_tokens and args.include_num_input_tokens_seen in ("no", False):
            raise GradatimError(
                "SchedulerCallback: the clock of this run is in tokens, and the Trainer does not "
                'track them. Write TrainingArguments(..., include_num_input_tokens_seen="all").'
            )
        self._tokens = state.num_input_tokens_seen
        # The metrics of evaluations that did not have the one to observe.
        self._other_metrics: list[str] | None = None
        self._pause = ExitStack()
        self._save_rates()
        self._hooks = [
            one.register_step_pre_hook(self._save_rates) for one in scheduler.optimizers.values()
        ]
        # The Trainer calls this for the rate that it logs.
        vars(scheduler)["get_last_lr"] = lambda: list(self._used)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Restore ``get_last_lr`` of the scheduler."""
        self._pause.close()
        for hook in self._hooks:
            hook.remove()
        vars(self._scheduler).pop("get_last_lr")
        self._scheduler = None

    def _save_rates(self, *_: Any) -> None:
        """Save what the update uses: after it, the groups hold the values of the next one."""
        assert self._scheduler is not None  # training has begun
        optimizers = self._scheduler.optimizers.values()
        self._used = [float(group["lr"]) for one in optimizers for group in one.param_groups]

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Raise if the evaluation before did not have the metric."""
        self._pause.close()
        if self._other_metrics is not None:
            raise unknown_name("SchedulerCallback", "metric", self.metric, self._other_metrics)

    def on_pre_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Count the tokens of the update."""
        assert self._scheduler is not None  # training has begun
        if self._counts_tokens:
            self._scheduler.count(tokens=state.num_input_tokens_seen - self._tokens)
            self._tokens = state.num_input_tokens_seen

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """End the training if the run is over; pause the clock during an evaluation or save."""
        assert self._scheduler is not None  # training has begun
        if self._scheduler.driver.plan.run is not None and self._scheduler.done:
            control.should_training_stop = True
            control.should_save |= args.save_strategy != "no"
        self._pause_until_next_step(control)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Pause the clock during an evaluation or save."""
        self._pause_until_next_step(control)

    def _pause_until_next_step(self, control: TrainerControl) -> None:
        if self._scheduler is not None and (control.should_evaluate or control.should_save):
            self._pause.close()
            self._pause.enter_context(self._scheduler.paused())

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Give the metric to the rules."""
        scheduler, metrics = self._scheduler, kwargs.get("metrics") or {}
        if scheduler is None or not scheduler.driver.plan.rules:
            return
        if self.metric in metrics:
            scheduler.observe(metrics[self.metric])
            self._other_metrics = None
        else:
            # With several evaluation datasets, another one may have it.
            self._other_metrics = [*(self._other_metrics or []), *metrics]


def _scheduler_of(lr_scheduler: Any, optimizer: OptimizerLike) -> Scheduler:
    """The Trainer's scheduler, if it drives the Trainer's optimizer."""
    scheduler = getattr(lr_scheduler, "scheduler", lr_scheduler)  # Accelerate wraps it
    if not isinstance(scheduler, Scheduler):
        raise GradatimError(
            f"SchedulerCallback: the Trainer's scheduler is a {type(scheduler).__name__}, not one "
            "of gradatim.torch. Write Trainer(..., optimizers=(optimizer, scheduler)), or build it "
            "in the Trainer's create_scheduler; with deepspeed=, where the Trainer ignores "
            "optimizers, only the latter."
        )
    if not any(unwrap_optimizer(optimizer) is one for one in scheduler.optimizers.values()):
        raise GradatimError(
            "SchedulerCallback: the scheduler drives another optimizer than the Trainer's, so it "
            "changes nothing. Write Trainer(..., optimizers=(optimizer, scheduler)), with the "
            "optimizer that the scheduler was built on."
        )
    return scheduler
