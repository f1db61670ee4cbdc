"""Losses and learning rates of training runs, read from the logs of many trainers.

May import ``core``. To add a format of logs, write one function in ``rows.py``.
"""

from gradatim.logs.curve import LossCurve
from gradatim.logs.files import Log, read_log
from gradatim.logs.logged_rates import read_rates
from gradatim.logs.races import read_race
from gradatim.logs.rate_series import RateSeries

__all__ = ["Log", "LossCurve", "RateSeries", "read_log", "read_race", "read_rates"]
