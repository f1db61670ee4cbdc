"""Plots, terminal charts and reports of schedules and plans.

May import ``core``, ``drive``, ``findings`` and ``peers``. To add a plot, write one function that
returns a figure; to add a page, use ``html.py``.
"""

from gradatim.look.comparison import Comparison, compare
from gradatim.look.curves import plot
from gradatim.look.panels import panels
from gradatim.look.plan_report import report

__all__ = ["Comparison", "compare", "panels", "plot", "report"]
