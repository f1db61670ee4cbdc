"""Look at schedules and at runs: plots and reports."""

from gradatim.look.curves import plot
from gradatim.look.page import report

__all__ = ["plot", "report"]
