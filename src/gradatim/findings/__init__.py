"""What is wrong with a schedule or a plan on a run, said before the run is paid for.

One file for each thing that is looked at: the curve of a schedule, the bounds of a value, a rule,
the run. To add a finding, write a generator there and yield from it in its file's one entry.
"""

from gradatim.findings.finding import Finding, Severity
from gradatim.findings.whole import check

__all__ = ["Finding", "Severity", "check"]
