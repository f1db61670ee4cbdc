"""Predict the loss of runs that were not made, from laws fitted to a few logged runs.

May import ``core``, ``logs`` and ``look``. To add a law, write one class in ``laws.py``.
"""

from gradatim.forecast.forecast import Forecast, fit
from gradatim.forecast.optimise import Optimised, optimise
from gradatim.forecast.prediction import Estimate, Prediction, Ranked

__all__ = ["Estimate", "Forecast", "Optimised", "Prediction", "Ranked", "fit", "optimise"]
