"""The interface of ``torch.optim.lr_scheduler``, which trainers call."""

from __future__ import annotations

from typing import NoReturn

from torch import Tensor
from torch.optim.lr_scheduler import LRScheduler

from gradatim.drive import Driver
from gradatim.errors import GradatimError, invalid_value
from gradatim.torch.attachments import Attachments
from gradatim.torch.distributed_metric import Metric
from gradatim.torch.unused_optimizer import UnusedOptimizerCheck


class LRSchedulerInterface(LRScheduler):
    """The methods and attributes of torch's schedulers: none of them moves the position."""

    driver: Driver
    _attachments: Attachments
    _unused_optimizer_check: UnusedOptimizerCheck

    # Some trainers add to this counter of torch; it is not used here.
    _step_count = 1

    def step(self, epoch: float | None = None, metric: Metric = None) -> None:
        """Do not advance the schedule; only write the current values if they are not written yet.

        Raises:
            GradatimError: If it is given an epoch or a metric.
        """
        for name, given in (("epoch", epoch), ("metric", metric)):
            if given is not None:
                raise invalid_value(
                    "Scheduler.step",
                    name,
                    given,
                    "left out",
                    "A metric goes to scheduler.observe(metric); updates count by themselves.",
                )
        self._attachments.write_if_due()
        self._unused_optimizer_check.on_step(self.driver.position)

    def step_update(self, num_updates: int | None = None, metric: Metric = None) -> NoReturn:
        """Raise: timm's loop calls this after each update, and ``step`` with a metric each epoch.

        Raises:
            GradatimError: Always.
        """
        raise GradatimError(
            "Scheduler.step_update: updates count by themselves. In the loop of timm's train.py, "
            "set lr_scheduler = None once this scheduler is built; a metric goes to "
            "scheduler.observe(metric)."
        )

    def get_last_lr(self) -> list[float | Tensor]:
        """The learning rate of each group for the next update, as torch's schedulers return it."""
        rates = [group["lr"] for group in self._attachments.groups]
        return [rate.clone() if isinstance(rate, Tensor) else rate for rate in rates]

    def get_lr(self) -> list[float | Tensor]:
        """The same as ``get_last_lr``: the rate does not depend on when this is called."""
        return self.get_last_lr()

    @property
    def last_epoch(self) -> int:
        """torch's name for the position. Setting it, as some trainers do, changes nothing."""
        return self.driver.position

    @last_epoch.setter
    def last_epoch(self, value: int) -> None:
        pass
