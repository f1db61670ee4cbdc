"""Train under several schedules and seeds, and test which differences are significant.

May import ``core``, ``logs``, ``forecast``, ``look`` and ``torch``. To add a task, write one file
in ``tasks/``; to add a place where runs are made, one file like ``workers`` and ``cluster``.
"""

from gradatim.race.compare import Comparison, Standing
from gradatim.race.race import race
from gradatim.race.report import write_report
from gradatim.race.result import Dropped, Race
from gradatim.race.task import Task, task
from gradatim.race.trial import FinishedRun

__all__ = [
    "Comparison",
    "Dropped",
    "FinishedRun",
    "Race",
    "Standing",
    "Task",
    "race",
    "task",
    "write_report",
]
