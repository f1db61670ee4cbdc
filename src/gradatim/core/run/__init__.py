"""``Run``: the length of a training run, its clock, and the resolution of lengths such as "5%".

May import the rest of ``core`` but ``recipes``. To add a clock, start in ``clocks.py``.
"""

from gradatim.core.run.run import Run

__all__ = ["Run"]  # pickles of version 0.1 name it here
