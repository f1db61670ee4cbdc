"""Look at schedules and at runs: plots and reports."""

from gradatim.look.curves import plot
from gradatim.look.page import report
from gradatim.look.panels import panels

__all__ = ["plot", "panels", "report"]
