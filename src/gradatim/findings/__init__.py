"""What is wrong with a schedule or a plan on a run, said before the run is paid for.

May import ``core`` and ``drive``. To add a finding, write a generator in the file of what it looks
at (the curve, the bounds of a value, a rule, the run) and yield from it in that file's one entry.
"""

from gradatim.findings.finding import Finding, Severity
from gradatim.findings.plans import check

__all__ = ["Finding", "Severity", "check"]
