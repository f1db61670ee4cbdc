"""``check_schedule``: tests for your own schedules, the same as for the schedules of this package.

``claims`` has the checks on single numbers, ``arrays`` those on arrays and gradients of each
framework.

May import ``core`` and the frameworks that are installed. To add a claim, write one function there.
"""

from gradatim.testing.check import BrokenClaim, check_schedule

__all__ = ["BrokenClaim", "check_schedule"]
