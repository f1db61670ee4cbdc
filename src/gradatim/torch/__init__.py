"""Schedules that drive torch optimizers."""

from gradatim.torch.scheduler import Scheduler

__all__ = ["Scheduler"]
