"""Schedules as code and settings of other projects, and back.

May import ``core`` and ``plans``. To add a project, write one file.
"""

from gradatim.convert.dialects import TARGETS, convert, read
from gradatim.convert.stages import Read, Written

__all__ = ["TARGETS", "Read", "Written", "convert", "read"]
