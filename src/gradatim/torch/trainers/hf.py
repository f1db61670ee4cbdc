"""The Trainer of transformers, and those of TRL: a callback that observes, counts and logs."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from transformers import TrainerCallback

from gradatim.core.errors import GradatimError, unknown
from gradatim.drive.clocks import Counter
from gradatim.torch.scheduler import Scheduler
from gradatim.torch.unwrap import unwrap_optimizer


class SchedulerCallback(TrainerCallback):
    """Connects a Trainer with the scheduler that it was given, in ``optimizers=``.

    - It shows each evaluation to the rules.
    - The Trainer logs what ``get_last_lr`` answers after the update, when the value of the next one
      is in place. With this, ``learning_rate`` is what the update used, wherever the log goes.
    - If the run's clock is in tokens, it counts those of each update. If it is time, evaluations
      and checkpoints are left out of it.
    - It ends the training when the run is over by its clock.

    Args:
        metric: The metric of an evaluation that the rules are shown, such as "eval_loss".

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

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Take up the Trainer's scheduler."""
        self._scheduler = scheduler = _scheduler_of(kwargs["lr_scheduler"], kwargs["optimizer"])
        clock = scheduler.driver.clock
        self._counts_tokens = isinstance(clock, Counter) and clock.unit == "tokens"
        if self._counts_tokens and args.include_num_input_tokens_seen in ("no", False):
            raise GradatimError(
                "SchedulerCallback: the clock of this run is in tokens, and the Trainer does not "
                'track them. Write TrainingArguments(..., include_num_input_tokens_seen="all").'
            )
        self._tokens = state.num_input_tokens_seen
        self._missed: list[str] | None = None
        self._pause = ExitStack()
        self._note_rates()
        self._hooks = [
            one.register_step_pre_hook(self._note_rates) for one in scheduler.optimizers.values()
        ]
        # The Trainer asks this for the rate that it logs.
        vars(scheduler)["get_last_lr"] = lambda: list(self._used)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Leave the scheduler as it was."""
        self._pause.close()
        for hook in self._hooks:
            hook.remove()
        vars(self._scheduler).pop("get_last_lr", None)
        self._scheduler = None

    def _note_rates(self, *_: Any) -> None:
        """Note what the update uses: after it, the values of the next one are in group_value."""
        assert self._scheduler is not None  # training has begun
        optimizers = self._scheduler.optimizers.values()
        self._used = [float(group["lr"]) for one in optimizers for group in one.param_groups]

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Refuse to go on past an evaluation that did not have the metric."""
        self._pause.close()
        if self._missed is not None:
            raise unknown("SchedulerCallback", "metric", self.metric, self._missed)

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Count what the update sees."""
        assert self._scheduler is not None  # training has begun
        if self._counts_tokens:
            self._scheduler.count(tokens=state.num_input_tokens_seen - self._tokens)
            self._tokens = state.num_input_tokens_seen

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """End the training if the run is over; leave out the time until the next step."""
        assert self._scheduler is not None  # training has begun
        if self._scheduler.driver.plan.run is not None and self._scheduler.done:
            control.should_training_stop = True
            control.should_save |= args.save_strategy != "no"
        self._pause_if_busy(control)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Leave out the time until the next step."""
        self._pause_if_busy(control)

    def _pause_if_busy(self, control: Any) -> None:
        if self._scheduler is not None and (control.should_evaluate or control.should_save):
            self._pause.close()
            self._pause.enter_context(self._scheduler.paused())

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


def _scheduler_of(scheduler: Any, optimizer: Any) -> Scheduler:
    """The Trainer's scheduler, if it drives the Trainer's optimizer."""
    scheduler = getattr(scheduler, "scheduler", scheduler)  # Accelerate wraps it
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
