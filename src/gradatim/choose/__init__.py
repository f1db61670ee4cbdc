"""Choose a schedule: by training under several, or by reasoning about them.

``race`` trains. The modules ``forecast``, ``bound``, ``optimise``, ``seesaw`` and ``memory`` only
reason, and ``logs`` reads what they start from; each is loaded when it is first asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

from gradatim.choose.compare import Comparison, Standing
from gradatim.choose.contest import race
from gradatim.choose.report import write_report
from gradatim.choose.result import Dropped, Race
from gradatim.choose.task import Task, task
from gradatim.choose.trial import FinishedRun

if TYPE_CHECKING:
    from gradatim.choose import bound, forecast, logs, memory, optimise, seesaw
    from gradatim.choose.curve import LossCurve

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
    "LossCurve",
    "bound",
    "forecast",
    "logs",
    "memory",
    "optimise",
    "seesaw",
]


def __getattr__(name: str) -> Any:
    # These need numpy, and a race of a task without it is quicker to start.
    if name == "LossCurve":
        return importlib.import_module(f"{__name__}.curve").LossCurve
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
