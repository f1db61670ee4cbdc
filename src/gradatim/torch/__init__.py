"""Schedules that drive torch optimizers.

May import ``core``, ``drive``, ``peers`` and torch. To add a trainer, write one page in
``docs/trainers`` and, only if it needs more than the one line, one file in ``trainers``.
"""

from typing import TYPE_CHECKING

from gradatim.torch.relative import relative
from gradatim.torch.scheduler import Scheduler

if TYPE_CHECKING:
    from gradatim.torch.migrate import from_torch

__all__ = ["Scheduler", "from_torch", "relative"]

if not TYPE_CHECKING:  # or mypy would accept any attribute

    def __getattr__(name: str):
        """Import ``from_torch`` on first use: it brings all converters."""
        if name != "from_torch":
            raise AttributeError(f"module 'gradatim.torch' has no attribute {name!r}")
        from gradatim.torch.migrate import from_torch

        return from_torch
