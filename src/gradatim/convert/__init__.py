"""Schedules as code and settings of other projects, and back.

One file a project. Each says in words what differs there; what cannot be said there is an error.
"""

from gradatim.convert.dialects import TARGETS, convert, read
from gradatim.convert.stages import Read, Written

__all__ = ["TARGETS", "Read", "Written", "convert", "read"]
