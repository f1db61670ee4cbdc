"""Everything that changes while a run goes on: the plan in force, position, rules, history, state.

Imports ``core`` only; no framework and no file format is named here.
A binding tells the driver of each real optimizer update and writes the values it gives.
"""

from gradatim.drive.driver import Driver
from gradatim.drive.mismatch import OnMismatch
from gradatim.drive.plan import Plan, Target

__all__ = ["Driver", "OnMismatch", "Plan", "Target"]
