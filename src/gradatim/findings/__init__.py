"""``check``: find problems of a schedule or a plan before the run starts.

May import ``core`` and ``drive``. To add a check, write a generator in the file of its subject (the
curve, the bounds of a value, a rule, the run) and yield from it where that file's others are.
"""

from gradatim.findings.finding import Finding, Severity
from gradatim.findings.plans import check

__all__ = ["Finding", "Severity", "check"]
