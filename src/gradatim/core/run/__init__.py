"""A run: how long it is, what its clock counts, and what a length such as "5%" means in it.

May import the rest of ``core`` but ``recipes``. To add a clock, start in ``clocks.py``.
"""

from gradatim.core.run.run import Run

__all__ = ["Run"]  # what version 0.1 pickled names it here
