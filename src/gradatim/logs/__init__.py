"""Losses and learning rates of training runs, read from the logs of many trainers.

May import ``core``. To add a format of logs, write one function in ``files.py``.
"""

from gradatim.logs.curve import LossCurve
from gradatim.logs.files import Log, read_log

__all__ = ["Log", "LossCurve", "read_log"]
