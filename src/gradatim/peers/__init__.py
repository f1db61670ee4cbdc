"""Schedules as objects, code and settings of other projects, and back: a file a project.

May import ``core``, ``plans`` and ``xp``, and no framework. To add a project, write one file that
declares its schedulers (``peer.py`` says how), and name it in ``projects.py``.
"""

from gradatim.peers.files import SUFFIXES, find, nothing_found, read
from gradatim.peers.found import Found, Given, Read
from gradatim.peers.objects import call_of, read_object
from gradatim.peers.projects import TARGETS, convert, read_call
from gradatim.peers.stages import Written

__all__ = [
    "SUFFIXES",
    "TARGETS",
    "Found",
    "Given",
    "Read",
    "Written",
    "call_of",
    "convert",
    "find",
    "nothing_found",
    "read",
    "read_call",
    "read_object",
]
