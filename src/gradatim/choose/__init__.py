"""Choose a schedule: by training under several, or by reasoning about them."""

from gradatim.choose.compare import Comparison, Standing
from gradatim.choose.contest import race
from gradatim.choose.report import write_report
from gradatim.choose.result import Race
from gradatim.choose.task import Task, task
from gradatim.choose.trial import FinishedRun

__all__ = ["Comparison", "FinishedRun", "Race", "Standing", "Task", "race", "task", "write_report"]
