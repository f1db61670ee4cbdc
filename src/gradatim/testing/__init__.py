"""Tests for a schedule of your own: what every schedule of this package is held to.

``check_schedule`` is all you need. ``claims`` holds what it checks of single numbers, ``arrays``
what it checks of the arrays and gradients of each framework.

May import ``core`` and the frameworks that are installed. To add a claim, write one function there.
"""

from gradatim.testing.check import BrokenClaim, check_schedule

__all__ = ["BrokenClaim", "check_schedule"]
