"""Schedules that drive torch optimizers."""

from gradatim.torch.migrate import from_torch
from gradatim.torch.parts import relative
from gradatim.torch.scheduler import Scheduler

__all__ = ["Scheduler", "from_torch", "relative"]
