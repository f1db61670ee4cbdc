"""Everything that changes while a run goes on: plan, position, clock, rules, history, state.

May import ``core`` and, for a path in place of a plan, ``plans``: no framework, no file format.
To add a clock that is measured, start in ``clocks.py``, and in ``agreed.py`` for several ranks. A
binding tells the driver of each real update and writes the values it gives.
"""

from gradatim.drive.driver import Driver
from gradatim.drive.plan import Plan, Target
from gradatim.drive.resume.mismatch import OnMismatch

__all__ = ["Driver", "OnMismatch", "Plan", "Target"]
